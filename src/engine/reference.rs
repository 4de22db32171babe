//! Runs an operation with the reference kernels.

use super::kernels::reference::convolution::Weights;
use super::kernels::reference::{combine, convolution, normalization, pool, rearrange};
use super::operation::{Operation, Parameters};

impl Parameters {
    pub(super) fn view(&self) -> Weights<'_> {
        Weights { weight: &self.weight, bias: &self.bias }
    }
}

/// Computes one operation over tensors in PyTorch's order.
pub(super) fn execute(operation: &Operation, inputs: &[&[f32]], output: &mut [f32]) {
    let input = inputs.first().copied().unwrap_or_default();
    match operation {
        Operation::Alias => output.copy_from_slice(input),
        Operation::Constant(values) => output.copy_from_slice(values),
        Operation::Convolution(shape, parameters) => convolution::convolution(shape, parameters.view(), input, output),
        Operation::TransposedConvolution(shape, parameters) => {
            convolution::transposed_convolution(shape, parameters.view(), input, output);
        }
        Operation::Linear(features, parameters) => convolution::linear(*features, parameters.view(), input, output),
        Operation::ScaleChannels(planes, parameters) => {
            convolution::scale_channels(planes, parameters.view(), input, output);
        }
        Operation::Activate(activation) => {
            output.copy_from_slice(input);
            activation.apply_to(output);
        }
        Operation::ScaleNegatives(planes, slopes) => convolution::scale_negatives(planes, slopes, input, output),
        Operation::MaxPool(shape) => pool::max_pool(shape, input, output),
        Operation::AveragePool(shape, divisor) => pool::average_pool(shape, *divisor, input, output),
        Operation::AdaptiveAveragePool(from, to) => pool::adaptive_pool(from, to, true, input, output),
        Operation::AdaptiveMaxPool(from, to) => pool::adaptive_pool(from, to, false, input, output),
        Operation::Mean(axis) => pool::mean(*axis, input, output),
        Operation::GroupNorm(norm, parameters) => normalization::group_norm(norm, parameters.view(), input, output),
        Operation::AxisNorm(axis, epsilon, parameters) => {
            normalization::axis_norm(*axis, *epsilon, parameters.view(), input, output);
        }
        Operation::LocalResponseNorm(planes, norm) => normalization::local_response_norm(planes, norm, input, output),
        Operation::Softmax(axis) => normalization::softmax(*axis, false, input, output),
        Operation::LogSoftmax(axis) => normalization::softmax(*axis, true, input, output),
        Operation::Broadcast(broadcast) => {
            let b = inputs.get(1).copied().unwrap_or_default();
            let operands = [(input, broadcast.strides[0].as_slice()), (b, broadcast.strides[1].as_slice())];
            combine::broadcast(&broadcast.dims, broadcast.combination, operands, output);
        }
        Operation::Concatenate(axis, firsts) => {
            for (part, &first) in inputs.iter().zip(firsts) {
                combine::concatenate_part(*axis, first, part, output);
            }
        }
        Operation::Gather(gather) => rearrange::gather(&gather.dims, gather.offset, &gather.strides, input, output),
        Operation::Pad(padding) => {
            rearrange::pad(&padding.input, &padding.output, padding.top_left, padding.fill, input, output);
        }
        Operation::Upsample(from, to, resampling) => rearrange::upsample(from, to, resampling, input, output),
    }
}
