//! Norms whose statistics come from the input, and softmax.

use super::convolution::Weights;
use crate::geometry::{Axis, Planes};

/// How the elements of a normalized group find their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// None.
    Plain,
    /// One for each position in the group (LayerNorm).
    PerElement,
    /// One for each channel of [N, C, H, W] (GroupNorm, InstanceNorm).
    #[expect(missing_docs, reason = "C, and H * W")]
    PerChannel { channels: usize, area: usize },
}

/// Groups of `length` neighbouring elements are brought to mean 0 and variance 1:
/// `(x - mean) / sqrt(variance + epsilon) * weight + bias`, with the variance over `length`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the formula says it")]
pub struct GroupNorm {
    pub length: usize,
    pub epsilon: f64,
    pub scaling: Scaling,
}

/// The local response norm's numbers: `x / (k + alpha * mean of squares over size channels)^beta`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the formula says it")]
pub struct LocalResponse {
    pub size: usize,
    pub alpha: f64,
    pub beta: f64,
    pub k: f64,
}

/// See [`GroupNorm`].
pub fn group_norm(norm: &GroupNorm, weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    let length = norm.length.max(1);
    for (group, (from, to)) in input.chunks_exact(length).zip(output.chunks_exact_mut(length)).enumerate() {
        let mean = from.iter().map(|&x| f64::from(x)).sum::<f64>() / length as f64;
        let variance = from.iter().map(|&x| (f64::from(x) - mean) * (f64::from(x) - mean)).sum::<f64>() / length as f64;
        let inverse = 1.0 / libm::sqrt(variance + norm.epsilon);
        for (position, (value, &x)) in to.iter_mut().zip(from).enumerate() {
            let index = match norm.scaling {
                Scaling::Plain => None,
                Scaling::PerElement => Some(position),
                Scaling::PerChannel { channels, area } => Some((group * length + position) / area % channels),
            };
            let weight = index.and_then(|index| weights.weight.get(index)).map_or(1.0, |&weight| f64::from(weight));
            let bias = index.and_then(|index| weights.bias.get(index)).map_or(0.0, |&bias| f64::from(bias));
            *value = ((f64::from(x) - mean) * inverse * weight + bias) as f32;
        }
    }
}

/// LayerNorm over one dimension, each position of the others by itself (ConvNeXt's, over the channels).
pub fn axis_norm(axis: Axis, epsilon: f64, weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    for outer in 0..axis.outer {
        for inner in 0..axis.inner {
            let at = |index: usize| (outer * axis.length + index) * axis.inner + inner;
            let values = || (0..axis.length).map(|index| f64::from(input[at(index)]));
            let mean = values().sum::<f64>() / axis.length as f64;
            let variance = values().map(|x| (x - mean) * (x - mean)).sum::<f64>() / axis.length as f64;
            let inverse = 1.0 / libm::sqrt(variance + epsilon);
            for index in 0..axis.length {
                let weight = weights.weight.get(index).map_or(1.0, |&weight| f64::from(weight));
                let bias = weights.bias.get(index).map_or(0.0, |&bias| f64::from(bias));
                output[at(index)] = ((f64::from(input[at(index)]) - mean) * inverse * weight + bias) as f32;
            }
        }
    }
}

/// `x / (k + alpha / size * sum of x^2 over the window of channels)^beta`; the window of an even size reaches one
/// further down, as in PyTorch.
pub fn local_response_norm(planes: &Planes, norm: &LocalResponse, input: &[f32], output: &mut [f32]) {
    let area = planes.area();
    for image in 0..planes.batch {
        for channel in 0..planes.channels {
            let first = channel.saturating_sub(norm.size / 2);
            let last = (channel + (norm.size - 1) / 2).min(planes.channels - 1);
            for pixel in 0..area {
                let at = |channel: usize| f64::from(input[(image * planes.channels + channel) * area + pixel]);
                let squares = (first..=last).map(|channel| at(channel) * at(channel)).sum::<f64>();
                let divisor = libm::pow(norm.k + norm.alpha * squares / norm.size as f64, norm.beta);
                output[(image * planes.channels + channel) * area + pixel] = (at(channel) / divisor) as f32;
            }
        }
    }
}

/// `e^(x - max) / sum`, or its logarithm, along one dimension.
pub fn softmax(axis: Axis, logarithm: bool, input: &[f32], output: &mut [f32]) {
    for outer in 0..axis.outer {
        for inner in 0..axis.inner {
            let at = |index: usize| (outer * axis.length + index) * axis.inner + inner;
            let largest = (0..axis.length).map(|index| input[at(index)]).fold(f32::NEG_INFINITY, f32::max);
            let shifted = |index: usize| f64::from(input[at(index)]) - f64::from(largest);
            let sum = (0..axis.length).map(|index| libm::exp(shifted(index))).sum::<f64>();
            for index in 0..axis.length {
                output[at(index)] =
                    if logarithm { shifted(index) - libm::log(sum) } else { libm::exp(shifted(index)) / sum } as f32;
            }
        }
    }
}
