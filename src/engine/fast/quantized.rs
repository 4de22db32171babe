//! Convolutions and matrix products of 8-bit numbers; everything else stays in f32, converted where the two meet.

use super::convolution::{Pieces, pieces, whole_image, window_steps};
use super::{Builder, StoredImage};
use crate::engine::graph::{Graph, GraphNode, TensorId};
use crate::engine::kernels::activation::Activation;
use crate::engine::kernels::geometry::{ConvolutionShape, Planes};
use crate::engine::kernels::image::{Border, ImageLayout};
use crate::engine::kernels::matrix::PixelSteps;
use crate::engine::kernels::quantized::{
    Conversion, LARGEST, Packing, QuantizedDepthwise, QuantizedGroup, QuantizedMatrix, Rescaling, STEP, pack_depthwise,
};
use crate::engine::kernels::reference::pool::Divisor;
use crate::engine::kernels::simd::LANES;
use crate::engine::operation::{Operation, Parameters};
use crate::engine::program::{Kernel, Place};
use crate::engine::step::Choice;

/// For every tensor what a quantised 1 stands for, whether it is kept quantised, and whether it is never negative.
pub(crate) struct Quantization {
    scales: Vec<f32>,
    kept: Vec<bool>,
    never_negative: Vec<bool>,
}

impl Quantization {
    /// From the largest magnitude of each tensor.
    pub(crate) fn of(graph: &Graph, largest: &[f32]) -> Self {
        let scale = |&largest: &f32| if largest.is_finite() && largest > 0.0 { largest / LARGEST } else { 1.0 };
        let mut kept = vec![false; graph.tensors.len()];
        let mut never_negative = vec![false; graph.tensors.len()];
        for node in &graph.nodes {
            kept[node.output.0] = can_quantize(node) && readers_quantize(graph, node);
            never_negative[node.output.0] = is_never_negative(node, &never_negative);
        }
        kept[graph.output.0] = false;
        Self { scales: largest.iter().map(scale).collect(), kept, never_negative }
    }

    /// What a quantised 1 of a tensor stands for.
    pub(crate) fn scale(&self, tensor: TensorId) -> f32 {
        self.scales[tensor.0]
    }

    /// Whether a tensor is there quantised only.
    pub(crate) fn is_kept(&self, tensor: TensorId) -> bool {
        self.kept[tensor.0]
    }
}

/// The longest sum of products that surely fits 32 bits.
const LONGEST_SUM: usize = (i32::MAX / (127 * 127)) as usize;

/// Whether a node has a kernel for quantised numbers.
pub(crate) fn can_quantize(node: &GraphNode) -> bool {
    let (outputs, parameters) = match &node.operation {
        Operation::Convolution(shape, parameters) => (shape.output.channels, parameters),
        Operation::Linear([_, outputs], parameters) if node.residual.is_none() => (*outputs, parameters),
        _ => return false,
    };
    let weights = parameters.weight.len();
    outputs > 0 && weights > 0 && weights / outputs <= LONGEST_SUM
}

/// Whether all readers of a node take its output as it is quantised: images as images, rows as rows.
fn readers_quantize(graph: &Graph, node: &GraphNode) -> bool {
    let dims = graph.dims(node.output);
    let (makes_rows, features) = match &node.operation {
        Operation::Linear([_, outputs], _) => (true, Some(outputs)),
        _ => (false, None),
    };
    let takes = |reader: &GraphNode| match &reader.operation {
        Operation::Convolution(..) => !makes_rows,
        Operation::Linear([inputs, _], _) => inputs * dims[0] == graph.elements(node.output),
        _ => false,
    };
    let reads = |reader: &&GraphNode| reader.inputs.iter().chain(&reader.residual).any(|&input| input == node.output);
    (!makes_rows || dims.len() == 2 && dims.last() == features)
        && graph.nodes.iter().filter(reads).all(|reader| can_quantize(reader) && takes(reader))
}

fn is_never_negative(node: &GraphNode, never_negative: &[bool]) -> bool {
    let inputs_are_not = node.inputs.iter().all(|input| never_negative[input.0]);
    match node.activation {
        Activation::Relu | Activation::Sigmoid | Activation::Hardsigmoid => return true,
        Activation::Clamp { low, .. } => return low >= 0.0,
        Activation::Identity => {}
        _ => return false,
    }
    match &node.operation {
        Operation::Activate(Activation::Relu | Activation::Sigmoid | Activation::Hardsigmoid) => {
            node.residual.is_none()
        }
        Operation::Activate(Activation::Clamp { low, .. }) => *low >= 0.0 && node.residual.is_none(),
        Operation::AveragePool(_, Divisor::Fixed(count)) if *count < 0.0 => false,
        Operation::MaxPool(_)
        | Operation::AveragePool(..)
        | Operation::AdaptiveAveragePool(..)
        | Operation::AdaptiveMaxPool(..)
        | Operation::Concatenate(..)
        | Operation::Gather(_) => inputs_are_not && node.residual.is_none(),
        _ => false,
    }
}

/// A filter's weights quantised, and what a quantised 1 stands for.
pub(crate) struct QuantizedWeights<'a> {
    parameters: &'a Parameters,
    fan_in: usize,
    scales: Vec<f32>,
}

impl<'a> QuantizedWeights<'a> {
    pub(crate) fn of(parameters: &'a Parameters, outputs: usize) -> Self {
        let fan_in = parameters.weight.len() / outputs;
        let scales = parameters.weight.chunks_exact(fan_in).map(weight_scale).collect();
        Self { parameters, fan_in, scales }
    }

    pub(crate) fn at(&self, index: usize) -> i8 {
        (self.parameters.weight[index] / self.scales[index / self.fan_in]).round() as i8
    }

    /// What a sum of 1 adds to each of these outputs, and their biases.
    pub(crate) fn scales_and_biases(
        &self,
        outputs: std::ops::Range<usize>,
        input_scale: f32,
        rescaling: &Rescaling,
    ) -> (Vec<f32>, Vec<f32>) {
        let scale = |output: usize| self.scales[output] * input_scale * rescaling.factor;
        let bias = |output: usize| self.parameters.bias.get(output).copied().unwrap_or(0.0) * rescaling.factor;
        (outputs.clone().map(scale).collect(), outputs.map(bias).collect())
    }
}

impl Builder<'_> {
    /// A convolution of quantised numbers, if this program has them and a kernel for this one.
    pub(super) fn quantized_convolution(
        &mut self,
        node: &GraphNode,
        shape: &ConvolutionShape,
        parameters: &Parameters,
    ) -> Option<Choice> {
        let quantization = self.quantization.as_ref()?;
        if !can_quantize(node) {
            return None;
        }
        let input_scale = quantization.scale(node.inputs[0]);
        let residual_scale = node.residual.map_or(1.0, |residual| quantization.scale(residual));
        let keeps = quantization.kept[node.output.0] && self.needs.part(node.output).is_none();
        let output_scale = keeps.then_some(quantization.scale(node.output));
        let packing = Packing::for_inputs(quantization.never_negative[node.inputs[0].0]);
        let input = self.quantized_image(node.inputs[0], &shape.input)?;
        if !self.covers(node, shape, &input) {
            return None;
        }
        let residual = match node.residual {
            Some(residual) => Some(self.quantized_image(residual, &shape.output)?),
            None => None,
        };
        let output = if keeps {
            self.new_quantized(node.output, shape.output)
        } else {
            self.new_image(node.output, shape.output, &[])
        };
        let outputs = shape.output.channels;
        let rescaling = Rescaling::new(node.activation.into(), output_scale, residual_scale);
        let weights = QuantizedWeights::of(parameters, outputs);
        let [height, width] = shape.window.kernel;
        let taps = height * width;
        let is_depthwise = shape.groups > 1 && shape.groups == shape.input.channels && shape.groups == outputs;
        let kernel = if is_depthwise && residual.is_none() {
            let weight = pack_depthwise(outputs, [height, width], |channel, row, column| {
                weights.at(channel * taps + row * width + column)
            });
            let (mut scale, mut bias) = weights.scales_and_biases(0..outputs, input_scale, &rescaling);
            scale.resize(outputs.next_multiple_of(STEP), 0.0);
            bias.resize(outputs.next_multiple_of(STEP), 0.0);
            Kernel::QuantizedDepthwise(Box::new(QuantizedDepthwise {
                batch: shape.output.batch,
                height: shape.output.height,
                width: shape.output.width,
                channels: outputs,
                kernel: [height, width],
                input: window_steps(shape, &input.layout),
                tap: [shape.window.dilation[0] * input.layout.row(), shape.window.dilation[1] * input.layout.pixel],
                output: output.layout.steps(),
                weight,
                scale,
                bias,
                rescaling,
            }))
        } else {
            let group_inputs = shape.input.channels / shape.groups;
            let group_outputs = outputs / shape.groups;
            let Steps { segments, depth, sources } = Steps::of(pieces(shape, &input.layout, group_inputs));
            let groups = (0..shape.groups).map(|group| {
                let first = group * group_outputs;
                let scales = weights.scales_and_biases(first..first + group_outputs, input_scale, &rescaling);
                QuantizedGroup::pack(packing, sources.len(), scales, |output, position| match sources[position] {
                    Some((channel, row, column)) => {
                        let filter = (first + output) * group_inputs + channel;
                        weights.at(filter * taps + row * width + column)
                    }
                    None => 0,
                })
            });
            Kernel::QuantizedMatrix(Box::new(QuantizedMatrix {
                batch: shape.output.batch,
                height: shape.output.height,
                width: shape.output.width,
                outputs: group_outputs,
                groups: groups.collect(),
                segments,
                depth,
                input: window_steps(shape, &input.layout),
                output: output.layout.steps(),
                residual: residual.map_or(PixelSteps::default(), |residual| residual.layout.steps()),
                group_inputs,
                packing,
                rescaling,
            }))
        };
        let is_matrix = matches!(kernel, Kernel::QuantizedMatrix(_));
        let residual = residual.map(|residual| self.program.whole(residual.buffer));
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        self.call_with_residual(kernel, &[from], residual, to);
        Some(if is_matrix { Choice::QuantizedMatrix(packing) } else { Choice::QuantizedDepthwise })
    }

    /// A matrix product of quantised numbers with the last dimension or a whole flattened image, if this program has
    /// them.
    pub(super) fn quantized_linear(
        &mut self,
        node: &GraphNode,
        [inputs, outputs]: [usize; 2],
        parameters: &Parameters,
    ) -> Option<Choice> {
        let quantization = self.quantization.as_ref()?;
        if !can_quantize(node) {
            return None;
        }
        let input_scale = quantization.scale(node.inputs[0]);
        let output_scale = quantization.kept[node.output.0].then_some(quantization.scale(node.output));
        let packing = Packing::for_inputs(quantization.never_negative[node.inputs[0].0]);
        let rows = self.graph.elements(node.output) / outputs;
        let stored = self.stored[node.inputs[0].0];
        let is_image = stored.dense.is_none() && stored.rows.is_none();
        let planes = self
            .planes(node.inputs[0])
            .filter(|planes| is_image && planes.batch == rows && planes.elements() == rows * inputs);
        let (input, pieces) = match planes {
            Some(planes) => {
                let image = self.quantized_image(node.inputs[0], &planes)?;
                let area = planes.area();
                let whole = whole_image(&image.layout);
                // The window covers the image: weights are [O, C, H, W] flattened.
                let sources = whole.sources.iter().map(|&(c, y, x)| (c * area + y * planes.width + x, 0, 0)).collect();
                (image, Pieces { sources, ..whole })
            }
            None => {
                let sources = (0..inputs).map(|feature| (feature, 0, 0)).collect();
                let image = self.quantized_rows(node.inputs[0], [rows, inputs])?;
                (image, Pieces { segments: vec![0], depth: inputs, sources })
            }
        };
        let (to, output) = if output_scale.is_some() {
            let image = self.new_rows([rows, outputs]);
            self.stored[node.output.0].rows = Some(image);
            (self.program.whole(image.buffer), image.layout.steps())
        } else {
            (self.new_dense(node.output), PixelSteps { first: 0, column: 0, row: 0, image: outputs })
        };
        let rescaling = Rescaling::new(node.activation.into(), output_scale, 1.0);
        let weights = QuantizedWeights::of(parameters, outputs);
        let Steps { segments, depth, sources } = Steps::of(pieces);
        let scales = weights.scales_and_biases(0..outputs, input_scale, &rescaling);
        let group = QuantizedGroup::pack(packing, sources.len(), scales, |output, position| match sources[position] {
            Some((feature, ..)) => weights.at(output * inputs + feature),
            None => 0,
        });
        let matrix = QuantizedMatrix {
            batch: rows,
            height: 1,
            width: 1,
            outputs,
            segments,
            depth,
            input: PixelSteps { row: 0, column: 0, ..input.layout.steps() },
            output,
            residual: PixelSteps::default(),
            group_inputs: inputs,
            packing,
            groups: vec![group],
            rescaling,
        };
        let from = self.program.whole(input.buffer);
        self.call(Kernel::QuantizedMatrix(Box::new(matrix)), &[from], to);
        Some(Choice::QuantizedMatrix(packing))
    }

    /// A place for a quantised image; its layout counts quantised values.
    fn new_quantized(&mut self, tensor: TensorId, planes: Planes) -> StoredImage {
        let pixel = if self.needs.exact(tensor) { planes.channels } else { pixel_length(&planes) };
        let layout = ImageLayout { planes, border: self.needs.border(tensor), pixel, channel: 0 };
        let image = self.new_bytes(layout);
        if layout.border != Border::default() {
            let place = self.program.whole(image.buffer);
            self.call(Kernel::ClearByteBorder(layout), &[], place);
        }
        self.stored[tensor.0].quantized = Some(image);
        image
    }

    /// A place for quantised rows.
    fn new_rows(&mut self, [rows, features]: [usize; 2]) -> StoredImage {
        let planes = Planes { batch: rows, channels: features, height: 1, width: 1 };
        let pixel = features.next_multiple_of(STEP);
        self.new_bytes(ImageLayout { planes, border: Border::default(), pixel, channel: 0 })
    }

    fn new_bytes(&mut self, layout: ImageLayout) -> StoredImage {
        StoredImage { buffer: self.program.buffer(layout.length().div_ceil(4)), layout }
    }

    /// A tensor as a quantised image of these sizes, converted if it must be; `None` where it is no such image.
    fn quantized_image(&mut self, tensor: TensorId, planes: &Planes) -> Option<StoredImage> {
        if self.planes(tensor)? != *planes {
            return None;
        }
        if let Some(image) = self.stored[tensor.0].quantized {
            return Some(image);
        }
        let from = self.image(tensor)?;
        let image = self.new_quantized(tensor, from.layout.planes);
        let place = self.program.whole(from.buffer);
        self.quantize(tensor, (place, from.layout.steps()), &image);
        Some(image)
    }

    /// A tensor as quantised rows, converted if it must be.
    fn quantized_rows(&mut self, tensor: TensorId, [rows, features]: [usize; 2]) -> Option<StoredImage> {
        let fits = |image: &StoredImage| image.layout.planes.batch == rows && image.layout.planes.channels == features;
        if let Some(image) = self.stored[tensor.0].rows.filter(fits) {
            return Some(image);
        }
        let from = self.dense(tensor);
        let image = self.new_rows([rows, features]);
        let steps = PixelSteps { first: 0, column: features, row: features, image: features };
        self.quantize(tensor, (from, steps), &image);
        Some(image)
    }

    fn quantize(&mut self, tensor: TensorId, (from, floats): (Place, PixelSteps), image: &StoredImage) {
        let scale = self.quantization.as_ref().map_or(1.0, |quantization| quantization.scale(tensor));
        let conversion = Conversion { planes: image.layout.planes, floats, bytes: image.layout.steps(), scale };
        let to = self.program.whole(image.buffer);
        self.call(Kernel::Quantize(conversion), &[from], to);
    }

    /// The f32 image of a tensor that is only there quantised.
    pub(super) fn dequantized(&mut self, tensor: TensorId) -> Option<StoredImage> {
        let from = self.stored[tensor.0].quantized?;
        let scale = self.quantization.as_ref()?.scale(tensor);
        let image = self.new_image(tensor, from.layout.planes, &[from.buffer]);
        let (floats, bytes) = (image.layout.steps(), from.layout.steps());
        let conversion = Conversion { planes: from.layout.planes, floats, bytes, scale };
        let (from, to): (Place, Place) = (self.program.whole(from.buffer), self.program.whole(image.buffer));
        self.call(Kernel::Dequantize(conversion), &[from], to);
        Some(image)
    }
}

/// Pieces in whole steps of a kernel: what is read beyond a piece has no weight.
struct Steps {
    segments: Vec<u32>,
    depth: usize,
    sources: Vec<Option<(usize, usize, usize)>>,
}

impl Steps {
    fn of(pieces: Pieces) -> Self {
        let depth = pieces.depth.next_multiple_of(STEP);
        let source = |position: usize| {
            let (piece, within) = (position / depth, position % depth);
            (within < pieces.depth).then(|| pieces.sources[piece * pieces.depth + within])
        };
        let sources = (0..pieces.segments.len() * depth).map(source).collect();
        Self { segments: pieces.segments, depth, sources }
    }
}

/// Values from one pixel to the next, as in f32.
fn pixel_length(planes: &Planes) -> usize {
    const SET: usize = 2048;
    let rounded = planes.channels.next_multiple_of(STEP);
    if planes.area() > 1 && rounded.is_multiple_of(SET) { rounded + 16 * LANES } else { rounded }
}

/// The largest magnitude becomes the largest quantised number.
fn weight_scale(filter: &[f32]) -> f32 {
    let largest = filter.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    if largest > 0.0 && largest.is_finite() { largest / LARGEST } else { 1.0 }
}
