//! Which tensors a layer has, in registration order, and how they are filled from a seed.

use crate::engine::weights::{Rule, TensorRule};
use crate::model::{Channels, Layer};

/// The parameters and float buffers of a layer whose first input has these sizes (batch first).
pub fn tensors(layer: &Layer, input: &[usize]) -> Vec<TensorRule> {
    let channels = input.get(1).copied().unwrap_or(0);
    match layer {
        Layer::Conv2d(conv) => {
            let Ok(sizes) = conv.channels(channels as u64) else { return Vec::new() };
            let taps = conv.kernel_size.height as usize * conv.kernel_size.width as usize;
            let outputs = sizes.output as usize;
            weight_and_bias(outputs, channels / sizes.groups as usize * taps, outputs, conv.bias)
        }
        Layer::ConvTranspose2d(conv) => {
            let Ok(sizes) = conv.channels(channels as u64) else { return Vec::new() };
            let taps = conv.kernel_size.height as usize * conv.kernel_size.width as usize;
            let outputs = sizes.output as usize;
            weight_and_bias(channels, outputs / sizes.groups as usize * taps, outputs, conv.bias)
        }
        Layer::Linear(linear) => {
            let outputs = linear.out_features as usize;
            weight_and_bias(outputs, input.last().copied().unwrap_or(0), outputs, linear.bias)
        }
        Layer::BatchNorm2d(norm) => norm_tensors(channels, norm.affine, norm.affine, norm.track_running_stats),
        Layer::BatchNorm1d(norm) => norm_tensors(channels, norm.affine, norm.affine, norm.track_running_stats),
        Layer::InstanceNorm2d(norm) => norm_tensors(channels, norm.affine, norm.affine, norm.track_running_stats),
        Layer::GroupNorm(norm) => norm_tensors(channels, norm.affine, norm.affine, false),
        Layer::LayerNorm(norm) => {
            let first = input.len().saturating_sub(norm.normalized_dims.max(0) as usize);
            let elements = input[first..].iter().product();
            norm_tensors(elements, norm.elementwise_affine, norm.elementwise_affine && norm.bias, false)
        }
        Layer::LayerNorm2d(norm) => {
            norm_tensors(channels, norm.elementwise_affine, norm.elementwise_affine && norm.bias, false)
        }
        Layer::PReLU(prelu) => {
            let length = match prelu.num_parameters {
                Channels::Count(count) => count as usize,
                Channels::TimesInput(times) => times as usize * channels,
            };
            vec![TensorRule { name: "weight", length, rule: Rule::Slope, is_buffer: false }]
        }
        Layer::Parameter(parameter) => {
            let length = parameter.shape.iter().map(|&size| size as usize).product::<usize>();
            let first = parameter.shape.first().map_or(1, |&size| size as usize);
            let rule = Rule::Uniform { fan_in: length / first.max(1) };
            vec![TensorRule { name: "parameter", length, rule, is_buffer: false }]
        }
        Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::Mean(_)
        | Layer::LocalResponseNorm(_)
        | Layer::ReLU(_)
        | Layer::ReLU6(_)
        | Layer::LeakyReLU(_)
        | Layer::ELU(_)
        | Layer::SELU(_)
        | Layer::CELU(_)
        | Layer::SiLU(_)
        | Layer::GELU(_)
        | Layer::Mish(_)
        | Layer::Hardswish(_)
        | Layer::Hardsigmoid(_)
        | Layer::Hardtanh(_)
        | Layer::Sigmoid(_)
        | Layer::LogSigmoid(_)
        | Layer::Tanh(_)
        | Layer::Softplus(_)
        | Layer::Softsign(_)
        | Layer::Softmax(_)
        | Layer::LogSoftmax(_)
        | Layer::Dropout(_)
        | Layer::Dropout2d(_)
        | Layer::AlphaDropout(_)
        | Layer::StochasticDepth(_)
        | Layer::Identity(_)
        | Layer::Flatten(_)
        | Layer::View(_)
        | Layer::Transpose(_)
        | Layer::Permute(_)
        | Layer::Contiguous(_)
        | Layer::Chunk(_)
        | Layer::Slice(_)
        | Layer::ChannelShuffle(_)
        | Layer::PixelShuffle(_)
        | Layer::PixelUnshuffle(_)
        | Layer::Upsample(_)
        | Layer::ZeroPad2d(_)
        | Layer::ConstantPad2d(_)
        | Layer::ReflectionPad2d(_)
        | Layer::ReplicationPad2d(_)
        | Layer::Add(_)
        | Layer::Mul(_)
        | Layer::Cat(_)
        | Layer::Scalar(_)
        | Layer::Unsupported(_) => Vec::new(),
    }
}

fn weight_and_bias(rows: usize, fan_in: usize, outputs: usize, bias: bool) -> Vec<TensorRule> {
    let rule = Rule::Uniform { fan_in };
    let mut tensors = vec![TensorRule { name: "weight", length: rows.saturating_mul(fan_in), rule, is_buffer: false }];
    if bias {
        tensors.push(TensorRule { name: "bias", length: outputs, rule, is_buffer: false });
    }
    tensors
}

fn norm_tensors(length: usize, weight: bool, bias: bool, statistics: bool) -> Vec<TensorRule> {
    let all = [
        (weight, TensorRule { name: "weight", length, rule: Rule::Scale, is_buffer: false }),
        (bias, TensorRule { name: "bias", length, rule: Rule::Shift, is_buffer: false }),
        (statistics, TensorRule { name: "running_mean", length, rule: Rule::Shift, is_buffer: true }),
        (statistics, TensorRule { name: "running_var", length, rule: Rule::Scale, is_buffer: true }),
    ];
    all.into_iter().filter_map(|(there, tensor)| there.then_some(tensor)).collect()
}
