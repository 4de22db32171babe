//! Convolutions and matrix products: packing, and the choice between kernels.

use super::{Builder, StoredImage};
use crate::engine::graph::{Graph, GraphNode};
use crate::engine::kernels::activation::Activation;
use crate::engine::kernels::aligned::Aligned;
use crate::engine::kernels::depthwise::{self, DepthwiseJob};
use crate::engine::kernels::geometry::ConvolutionShape;
use crate::engine::kernels::image::{Border, ImageLayout};
use crate::engine::kernels::matrix::{MatrixCall, PANEL, PixelSteps, pack, pack_bias};
use crate::engine::kernels::simd::LANES;
use crate::engine::kernels::winograd::{TileSize, WinogradJob};
use crate::engine::operation::{Operation, Parameters};
use crate::engine::program::{DepthwiseCall, Kernel, WinogradCall};
use crate::engine::step::Choice;

/// The pieces that a window reads of an image: their distances from the window's start, and their length.
pub(super) struct Pieces {
    pub segments: Vec<u32>,
    pub depth: usize,
    /// For each position in the pieces, in order: (input channel, tap row, tap column).
    pub sources: Vec<(usize, usize, usize)>,
}

impl Builder<'_> {
    pub(super) fn convolution(
        &mut self,
        node: &GraphNode,
        shape: &ConvolutionShape,
        parameters: &Parameters,
    ) -> Choice {
        if let Some(choice) = self.quantized_convolution(node, shape, parameters) {
            return choice;
        }
        let Some(input) = self.image_of(node.inputs[0], &shape.input) else { return self.plain(node) };
        if !self.covers(node, shape, &input) {
            return self.plain(node);
        }
        let residual = node.residual.and_then(|residual| self.image_of(residual, &shape.output));
        if node.residual.is_some() && residual.is_none() {
            return self.plain(node);
        }
        let mut reads = vec![input.buffer];
        reads.extend(residual.map(|residual| residual.buffer));
        let output = self.new_image(node.output, shape.output, &reads);
        let is_depthwise =
            shape.groups > 1 && shape.groups == shape.input.channels && shape.groups == shape.output.channels;
        if is_depthwise && residual.is_none() {
            return self.depthwise(node, shape, parameters, [input, output]);
        }
        if let Some(size) = winograd_tile(shape, self.needs.is_squeezed(node.output)) {
            return self.winograd(node, shape, parameters, (size, input, output, residual));
        }
        let group_inputs = shape.input.channels / shape.groups;
        let group_outputs = shape.output.channels / shape.groups;
        let pieces = pieces(shape, &input.layout, group_inputs);
        let taps = shape.window.kernel[0] * shape.window.kernel[1];
        let weights = (0..shape.groups).map(|group| {
            let weight = pack(group_outputs, pieces.sources.len(), |output, position| {
                let (channel, row, column) = pieces.sources[position];
                let filter = (group * group_outputs + output) * group_inputs + channel;
                parameters.weight[filter * taps + row * shape.window.kernel[1] + column]
            });
            let bias = parameters.bias.get(group * group_outputs..(group + 1) * group_outputs).unwrap_or_default();
            (weight, pack_bias(group_outputs, bias))
        });
        let call = MatrixCall {
            batch: shape.output.batch,
            height: shape.output.height,
            width: shape.output.width,
            outputs: if shape.groups == 1 { group_outputs.next_multiple_of(LANES) } else { group_outputs },
            weights: weights.collect(),
            input: window_steps(shape, &input.layout),
            output: output.layout.steps(),
            residual: residual.map_or(PixelSteps::default(), |residual| residual.layout.steps()),
            finish: node.activation.into(),
            group_inputs,
            segments: pieces.segments,
            depth: pieces.depth,
        };
        let residual = residual.map(|residual| self.program.whole(residual.buffer));
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        self.call_with_residual(Kernel::Matrix(Box::new(call)), &[from], residual, to);
        match (shape.groups, taps, shape.input.channels) {
            (1, 1, _) => Choice::PointwiseMatrix,
            (1, _, 1..LANES) => Choice::FirstLayerMatrix,
            (1, ..) => Choice::DirectMatrix,
            _ => Choice::GroupedMatrix,
        }
    }

    /// Whether an image has the border that a convolution of it wants.
    pub(super) fn covers(&self, node: &GraphNode, shape: &ConvolutionShape, image: &StoredImage) -> bool {
        image.layout.border.covers(wanted_border(shape, self.needs.is_squeezed(node.output)))
    }

    fn depthwise(
        &mut self,
        node: &GraphNode,
        shape: &ConvolutionShape,
        parameters: &Parameters,
        [input, output]: [StoredImage; 2],
    ) -> Choice {
        let window = &shape.window;
        let channels = shape.output.channels;
        let rounded = channels.next_multiple_of(LANES);
        let taps = window.kernel[0] * window.kernel[1];
        let weights = depthwise::pack(channels, taps, &parameters.weight, &parameters.bias);
        let job = DepthwiseJob {
            batch: shape.output.batch,
            height: shape.output.height,
            width: shape.output.width,
            channels: rounded,
            kernel: window.kernel,
            input: window_steps(shape, &input.layout),
            tap: [window.dilation[0] * input.layout.row(), window.dilation[1] * input.layout.pixel],
            output: output.layout.steps(),
            finish: node.activation.into(),
        };
        let call = DepthwiseCall { job, weights };
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        self.call(Kernel::Depthwise(Box::new(call)), &[from], to);
        Choice::Depthwise
    }

    fn winograd(
        &mut self,
        node: &GraphNode,
        shape: &ConvolutionShape,
        parameters: &Parameters,
        (size, input, output, residual): (TileSize, StoredImage, StoredImage, Option<StoredImage>),
    ) -> Choice {
        let (inputs, outputs) = (shape.input.channels, shape.output.channels);
        let points = size.input() * size.input();
        let panel = |output: usize| output / PANEL * inputs * PANEL + output % PANEL;
        let each = outputs.div_ceil(PANEL) * inputs * PANEL;
        let mut weight = Aligned::zeros(points * each);
        for output in 0..outputs {
            for channel in 0..inputs {
                let taps = &parameters.weight[(output * inputs + channel) * 9..][..9];
                let filter = [0, 1, 2].map(|row| [0, 1, 2].map(|column| f64::from(taps[row * 3 + column])));
                for (point, value) in size.filter_2d(filter).into_iter().enumerate() {
                    weight[point * each + panel(output) + channel * PANEL] = value as f32;
                }
            }
        }
        let job = WinogradJob {
            size,
            batch: shape.output.batch,
            height: shape.output.height,
            width: shape.output.width,
            input_channels: inputs,
            output_channels: outputs,
            input: window_steps(shape, &input.layout),
            output: output.layout.steps(),
            residual: residual.map_or(PixelSteps::default(), |residual| residual.layout.steps()),
            finish: node.activation.into(),
        };
        let call = WinogradCall { job, weight, bias: pack_bias(outputs, &parameters.bias) };
        let residual = residual.map(|residual| self.program.whole(residual.buffer));
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        self.call_with_residual(Kernel::Winograd(Box::new(call)), &[from], residual, to);
        Choice::Winograd(size)
    }

    /// A matrix product with the last dimension, or with a whole flattened image.
    pub(super) fn linear(&mut self, node: &GraphNode, features: [usize; 2], parameters: &Parameters) -> Choice {
        if let Some(choice) = self.quantized_linear(node, features, parameters) {
            return choice;
        }
        let [inputs, outputs] = features;
        let rows = self.graph.elements(node.output) / outputs.max(1);
        let planes = self.planes(node.inputs[0]).filter(|planes| {
            planes.batch == rows && planes.elements() == rows * inputs && self.stored[node.inputs[0].0].dense.is_none()
        });
        let residual = node.residual.map(|residual| self.dense(residual));
        let (from, input, pieces, batch, width) = match planes.and_then(|_| self.image(node.inputs[0])) {
            Some(StoredImage { buffer, layout }) => {
                let whole = whole_image(&layout);
                let steps = PixelSteps { row: 0, column: 0, ..layout.steps() };
                let planes = layout.planes;
                let area = planes.area();
                let pieces = Pieces {
                    // The window covers the image: weights are [O, C, H, W] flattened.
                    sources: whole.sources.iter().map(|&(c, y, x)| (c * area + y * planes.width + x, 0, 0)).collect(),
                    ..whole
                };
                (self.program.whole(buffer), steps, pieces, rows, 1)
            }
            None => {
                let from = self.dense(node.inputs[0]);
                let steps = PixelSteps { first: 0, column: inputs, row: 0, image: 0 };
                let sources = (0..inputs).map(|feature| (feature, 0, 0)).collect();
                (from, steps, Pieces { segments: vec![0], depth: inputs, sources }, 1, rows)
            }
        };
        let output = self.new_dense(node.output);
        let steps = PixelSteps { first: 0, column: outputs, row: 0, image: outputs };
        let weight = pack(outputs, pieces.sources.len(), |output, position| {
            parameters.weight[output * inputs + pieces.sources[position].0]
        });
        let call = MatrixCall {
            batch,
            height: 1,
            width,
            outputs,
            weights: vec![(weight, pack_bias(outputs, &parameters.bias))],
            input,
            output: steps,
            residual: steps,
            finish: node.activation.into(),
            group_inputs: inputs,
            segments: pieces.segments,
            depth: pieces.depth,
        };
        self.call_with_residual(Kernel::Matrix(Box::new(call)), &[from], residual, output);
        Choice::Matrix
    }
}

/// The Winograd tile for a convolution, where it has one that pays. The larger one's error is about 4e-6 of the largest
/// sum, which is too much of a result that is squeezed afterwards.
pub(super) fn winograd_tile(shape: &ConvolutionShape, is_squeezed: bool) -> Option<TileSize> {
    let window = &shape.window;
    let fits = window.kernel == [3, 3] && window.stride == [1, 1] && window.dilation == [1, 1] && shape.groups == 1;
    let whole_vectors = shape.input.channels.is_multiple_of(LANES) && shape.output.channels.is_multiple_of(LANES);
    let enough = shape.input.channels >= 8 && shape.output.channels >= 8 && shape.output.area() >= 16;
    // Each filter of 9 taps becomes one of 16 or 36, for which there has to be room.
    let few_filters = shape.input.channels * shape.output.channels <= 1 << 22;
    let size = if is_squeezed { TileSize::Two } else { TileSize::Four };
    (fits && whole_vectors && enough && few_filters).then_some(size)
}

/// For each tensor: whether a function follows, at once or behind scales of channels, whose values stay within 1
/// however large its argument.
pub(super) fn squeezed_tensors(graph: &Graph) -> Vec<bool> {
    let squeezes = |activation: Activation| match activation {
        Activation::Tanh | Activation::Sigmoid | Activation::Hardsigmoid | Activation::Softsign => true,
        Activation::Clamp { low, high } => low >= -1.0 && high <= 1.0,
        _ => false,
    };
    let mut squeezed = vec![false; graph.tensors.len()];
    // From the end, so that what follows a tensor is known.
    for node in graph.nodes.iter().rev() {
        squeezed[node.output.0] |= squeezes(node.activation);
        let passes_on = match &node.operation {
            Operation::Activate(activation) => squeezes(*activation),
            Operation::ScaleChannels(..) => squeezed[node.output.0],
            _ => false,
        };
        node.inputs.iter().filter(|_| passes_on).for_each(|input| squeezed[input.0] = true);
    }
    squeezed
}

/// Steps of the input from one window to the next. The border makes every window lie inside.
pub(super) fn window_steps(shape: &ConvolutionShape, layout: &ImageLayout) -> PixelSteps {
    let window = &shape.window;
    let steps = layout.steps();
    PixelSteps {
        first: steps.first - window.padding[0] * steps.row - window.padding[1] * steps.column,
        column: window.stride[1] * steps.column,
        row: window.stride[0] * steps.row,
        image: steps.image,
    }
}

/// A row of taps is one run of values where pixels have no gaps and taps none between them.
pub(super) fn pieces(shape: &ConvolutionShape, layout: &ImageLayout, channels: usize) -> Pieces {
    let window = &shape.window;
    let [height, width] = window.kernel;
    let one_run = layout.pixel == channels && window.dilation[1] == 1;
    let row = |tap: usize| tap * window.dilation[0] * layout.row();
    if one_run {
        let segments = (0..height).map(|tap| row(tap) as u32).collect();
        let run = (0..width).flat_map(|x| (0..channels).map(move |channel| (x, channel)));
        let sources = (0..height).flat_map(|y| run.clone().map(move |(x, channel)| (channel, y, x))).collect();
        return Pieces { segments, depth: width * channels, sources };
    }
    let taps = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let at = |(y, x): (usize, usize)| (row(y) + x * window.dilation[1] * layout.pixel) as u32;
    let sources = taps.clone().flat_map(|(y, x)| (0..channels).map(move |channel| (channel, y, x))).collect();
    Pieces { segments: taps.map(at).collect(), depth: channels, sources }
}

/// A window over a whole image.
pub(super) fn whole_image(layout: &ImageLayout) -> Pieces {
    use crate::engine::kernels::geometry::Window;
    let planes = layout.planes;
    let window = Window { kernel: [planes.height, planes.width], stride: [1, 1], dilation: [1, 1], padding: [0, 0] };
    pieces(&ConvolutionShape { input: planes, output: planes, window, groups: 1 }, layout, planes.channels)
}

/// How far the windows of a convolution reach beyond its input.
pub(super) fn wanted_border(shape: &ConvolutionShape, is_squeezed: bool) -> Border {
    let window = &shape.window;
    let beyond = |axis: usize, input: usize, output: usize| {
        let last = (output.max(1) - 1) * window.stride[axis] + (window.kernel[axis] - 1) * window.dilation[axis] + 1;
        last.saturating_sub(window.padding[axis] + input)
    };
    // Whole tiles.
    let side = winograd_tile(shape, is_squeezed).map_or(1, TileSize::output);
    Border {
        top: window.padding[0],
        left: window.padding[1],
        bottom: beyond(0, shape.input.height, shape.output.height.next_multiple_of(side)),
        right: beyond(1, shape.input.width, shape.output.width.next_multiple_of(side)),
    }
}
