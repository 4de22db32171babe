//! Convolutions of 8-bit numbers; everything else stays in f32, converted where the two meet.

use super::convolution::{Pieces, pieces, window_steps};
use super::{Builder, Choice, StoredImage};
use crate::engine::graph::{Graph, GraphNode, TensorId};
use crate::engine::kernels::geometry::{ConvolutionShape, Planes};
use crate::engine::kernels::image::{Border, ImageLayout};
use crate::engine::kernels::matrix::{PANEL, PixelSteps};
use crate::engine::kernels::quantized::{
    Conversion, LARGEST, QuantizedDepthwise, QuantizedMatrix, Rescaling, pack_depthwise, pack_matrix,
};
use crate::engine::kernels::simd::LANES;
use crate::engine::operation::{Operation, Parameters};
use crate::engine::program::{Kernel, Place};

/// For every tensor what a quantised 1 stands for, and whether it is kept quantised.
pub struct Quantization {
    scales: Vec<f32>,
    kept: Vec<bool>,
}

impl Quantization {
    /// From the largest magnitude each tensor had in calibration.
    pub fn of(graph: &Graph, largest: &[f32]) -> Self {
        let scale = |&largest: &f32| if largest.is_finite() && largest > 0.0 { largest / LARGEST } else { 1.0 };
        let mut kept = vec![false; graph.tensors.len()];
        for node in graph.nodes.iter().filter(|node| can_quantize(node)) {
            kept[node.output.0] = true;
        }
        for node in &graph.nodes {
            let reads_quantized = can_quantize(node);
            for &input in node.inputs.iter().chain(&node.residual) {
                kept[input.0] &= reads_quantized;
            }
        }
        kept[graph.output.0] = false;
        Self { scales: largest.iter().map(scale).collect(), kept }
    }

    fn scale(&self, tensor: TensorId) -> f32 {
        self.scales[tensor.0]
    }
}

/// Whether a node has a kernel for quantised numbers: convolutions whose channels come in whole vectors.
fn can_quantize(node: &GraphNode) -> bool {
    let Operation::Convolution(shape, _) = &node.operation else { return false };
    let (inputs, outputs) = (shape.input.channels, shape.output.channels);
    let whole = inputs.is_multiple_of(LANES) && outputs.is_multiple_of(LANES);
    let depthwise = shape.groups == inputs && inputs == outputs && node.residual.is_none();
    whole && (shape.groups == 1 || depthwise)
}

/// How the names of the kernels here begin.
pub(super) const KERNELS: &str = "int8";

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
        let (input_scale, output_scale) = (quantization.scale(node.inputs[0]), quantization.scale(node.output));
        let residual_scale = node.residual.map_or(1.0, |residual| quantization.scale(residual));
        let keeps = quantization.kept[node.output.0] && self.needs.part(node.output).is_none();
        let input = self.quantized_image(node.inputs[0])?;
        let residual = match node.residual {
            Some(residual) => Some(self.quantized_image(residual)?),
            None => None,
        };
        let output = if keeps {
            self.new_quantized(node.output, shape.output)
        } else {
            self.new_image(node.output, shape.output, &[])
        };
        let outputs = shape.output.channels;
        let fan_in = parameters.weight.len() / outputs;
        let weight_scales: Vec<f32> = parameters.weight.chunks_exact(fan_in).map(weight_scale).collect();
        let quantized = |index: usize| (parameters.weight[index] / weight_scales[index / fan_in]).round() as i16;
        let padded = |values: &mut dyn Iterator<Item = f32>| {
            let mut values: Vec<f32> = values.collect();
            values.resize(outputs.next_multiple_of(PANEL), 0.0);
            values
        };
        let rescaling = Rescaling {
            scale: padded(&mut weight_scales.iter().map(|scale| scale * input_scale)),
            bias: padded(&mut (0..outputs).map(|output| parameters.bias.get(output).copied().unwrap_or(0.0))),
            finish: node.activation.into(),
            quantize: keeps.then_some(1.0 / output_scale),
            residual: residual_scale,
        };
        let [height, width] = shape.window.kernel;
        let taps = height * width;
        let kernel = if shape.groups == 1 {
            let Pieces { segments, depth, sources } = pieces(shape, &input.layout, shape.input.channels);
            let weight = pack_matrix(outputs, sources.len(), |output, position| {
                let (channel, row, column) = sources[position];
                quantized(output * fan_in + channel * taps + row * width + column)
            });
            Kernel::QuantizedMatrix(Box::new(QuantizedMatrix {
                batch: shape.output.batch,
                height: shape.output.height,
                width: shape.output.width,
                outputs,
                segments,
                depth,
                input: window_steps(shape, &input.layout),
                output: output.layout.steps(),
                residual: residual.map_or(PixelSteps::default(), |residual| residual.layout.steps()),
                weight,
                rescaling,
            }))
        } else {
            let weight = pack_depthwise(outputs, [height, width], |channel, row, column| {
                quantized(channel * taps + row * width + column)
            });
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
                rescaling,
            }))
        };
        let residual = residual.map(|residual| self.program.whole(residual.buffer));
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        self.call_with_residual(kernel, &[from], residual, to);
        Some(match shape.groups {
            1 => Choice { kernel: "int8 matrix product", reason: "pairs of products in one instruction" },
            _ => Choice { kernel: "int8 depthwise", reason: "two taps of a row in one instruction" },
        })
    }

    /// A place for a quantised image; its layout counts quantised values.
    fn new_quantized(&mut self, tensor: TensorId, planes: Planes) -> StoredImage {
        let pixel = planes.channels.next_multiple_of(2 * LANES);
        let layout = ImageLayout { planes, border: self.needs.border(tensor), pixel, channel: 0 };
        let image = StoredImage { buffer: self.program.buffer(layout.length() / 2), layout };
        if layout.border != Border::default() {
            let place = self.program.whole(image.buffer);
            self.call(Kernel::ClearBorder(ImageLayout { pixel: pixel / 2, ..layout }), &[], place);
        }
        self.stored[tensor.0].quantized = Some(image);
        image
    }

    /// A tensor as a quantised image, converted if it must be.
    fn quantized_image(&mut self, tensor: TensorId) -> Option<StoredImage> {
        if let Some(image) = self.stored[tensor.0].quantized {
            return Some(image);
        }
        let from = self.image(tensor)?;
        let scale = self.quantization.as_ref()?.scale(tensor);
        let image = self.new_quantized(tensor, from.layout.planes);
        let conversion = conversion(&from, &image, scale);
        let (from, to) = (self.program.whole(from.buffer), self.program.whole(image.buffer));
        self.call(Kernel::Quantize(conversion), &[from], to);
        Some(image)
    }

    /// The f32 image of a tensor that is only there quantised.
    pub(super) fn dequantized(&mut self, tensor: TensorId) -> Option<StoredImage> {
        let from = self.stored[tensor.0].quantized?;
        let scale = self.quantization.as_ref()?.scale(tensor);
        let image = self.new_image(tensor, from.layout.planes, &[from.buffer]);
        let conversion = conversion(&image, &from, scale);
        let (from, to): (Place, Place) = (self.program.whole(from.buffer), self.program.whole(image.buffer));
        self.call(Kernel::Dequantize(conversion), &[from], to);
        Some(image)
    }
}

fn conversion(floats: &StoredImage, shorts: &StoredImage, scale: f32) -> Conversion {
    let planes = floats.layout.planes;
    let channels = planes.channels.next_multiple_of(LANES);
    let planes = Planes { channels, ..planes };
    Conversion { planes, floats: floats.layout.steps(), shorts: shorts.layout.steps(), scale }
}

/// The largest magnitude becomes the largest quantised number.
fn weight_scale(filter: &[f32]) -> f32 {
    let largest = filter.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    if largest > 0.0 { largest / LARGEST } else { 1.0 }
}
