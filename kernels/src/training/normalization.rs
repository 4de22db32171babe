//! Norms and softmax.

use crate::geometry::{Axis, Planes};
use crate::reference::normalization::{GroupNorm, LocalResponse, Scaling};

use super::statistics::{lane_sums, sum_of};
use super::value::{Number, Value};

/// A scale and a shift; empty where there is none.
#[expect(missing_docs, reason = "PyTorch's names")]
pub struct Affine<'a, N> {
    pub weight: &'a [N],
    pub bias: &'a [N],
}

/// The gradients of a scale and a shift, which are added to; empty where there is none.
#[expect(missing_docs, reason = "PyTorch's names")]
pub struct AffineGradient<'a, N> {
    pub weight: &'a mut [N],
    pub bias: &'a mut [N],
}

impl<N: Number> Affine<'_, N> {
    #[inline(always)]
    fn weight<V: Value<Number = N>>(&self, index: usize) -> V {
        self.weight.get(index).map_or(V::of(1.0), |&weight| V::splat(weight))
    }

    #[inline(always)]
    fn bias<V: Value<Number = N>>(&self, index: usize) -> V {
        self.bias.get(index).map_or(V::default(), |&bias| V::splat(bias))
    }
}

impl<N: Number> AffineGradient<'_, N> {
    fn add(&mut self, index: usize, weight: f64, bias: f64) {
        if let Some(gradient) = self.weight.get_mut(index) {
            *gradient = N::of(gradient.to_f64() + weight);
        }
        if let Some(gradient) = self.bias.get_mut(index) {
            *gradient = N::of(gradient.to_f64() + bias);
        }
    }
}

/// A batch: blocks of samples [C, A] after one another.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// C.
    pub channels: usize,
    /// Values of one channel of one sample.
    pub area: usize,
    /// Each as many samples as a value has lanes.
    pub blocks: usize,
    /// Samples in all; the last block may have fewer than it has lanes.
    pub samples: usize,
}

/// Mean, biased variance of a channel, and `1 / sqrt(variance + epsilon)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct Statistics {
    pub mean: f64,
    pub variance: f64,
    pub inverse: f64,
}

impl Batch {
    /// The lanes of a block that hold samples.
    fn lanes<V: Value>(&self, block: usize) -> usize {
        (self.samples - block * V::LANES).min(V::LANES)
    }

    fn plane(&self, block: usize, channel: usize) -> core::ops::Range<usize> {
        let start = (block * self.channels + channel) * self.area;
        start..start + self.area
    }

    /// Values of one channel.
    pub fn count(&self) -> usize {
        self.samples * self.area
    }
}

/// Each channel's statistics over the whole batch.
pub fn batch_statistics<V: Value>(batch: &Batch, epsilon: f64, input: &[V], statistics: &mut [Statistics]) {
    let count = batch.count() as f64;
    for (channel, found) in statistics.iter_mut().enumerate() {
        let over_blocks = |function: &dyn Fn(&[V], usize) -> f64| {
            (0..batch.blocks)
                .map(|block| function(&input[batch.plane(block, channel)], batch.lanes::<V>(block)))
                .sum::<f64>()
        };
        let mean = over_blocks(&|plane, lanes| super::statistics::sum(plane, lanes)) / count;
        let near = V::of(mean);
        let squares = over_blocks(&|plane, lanes| {
            sum_of(plane.len(), lanes, |at| {
                let off = plane[at] - near;
                off * off
            })
        });
        let off = mean - near.lane(0).to_f64();
        let variance = (squares / count - off * off).max(0.0);
        *found = Statistics { mean, variance, inverse: 1.0 / libm::sqrt(variance + epsilon) };
    }
}

/// `(x - mean) * inverse * weight + bias`, each channel by its statistics.
pub fn batch_norm<V: Value>(
    batch: &Batch,
    affine: &Affine<'_, V::Number>,
    statistics: &[Statistics],
    input: &[V],
    output: &mut [V],
) {
    for (channel, found) in statistics.iter().enumerate() {
        let (mean, scale) = (V::of(found.mean), affine.weight::<V>(channel) * V::of(found.inverse));
        let bias = affine.bias::<V>(channel);
        for block in 0..batch.blocks {
            let plane = batch.plane(block, channel);
            for (value, &x) in output[plane.clone()].iter_mut().zip(&input[plane]) {
                *value = (x - mean).times_plus(scale, bias);
            }
        }
    }
}

/// The gradient where the statistics are the batch's own. `input_gradient` may be empty here and below: then only the
/// affine gradient is wanted.
pub fn batch_norm_gradient<V: Value>(
    batch: &Batch,
    affine: (&Affine<'_, V::Number>, &mut AffineGradient<'_, V::Number>),
    statistics: &[Statistics],
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let (affine, gradient) = affine;
    let count = batch.count() as f64;
    for (channel, found) in statistics.iter().enumerate() {
        let (mean, inverse) = (V::of(found.mean), V::of(found.inverse));
        let mut sums = [0.0; 2];
        for block in 0..batch.blocks {
            let plane = batch.plane(block, channel);
            let (input, gradients) = (&input[plane.clone()], &output_gradient[plane]);
            sums[0] += super::statistics::sum(gradients, V::LANES);
            sums[1] += sum_of(input.len(), V::LANES, |at| (input[at] - mean) * gradients[at]);
        }
        let [bias, weight] = [sums[0], sums[1] * found.inverse];
        gradient.add(channel, weight, bias);
        let (shift, slope) = (V::of(bias / count), V::of(weight / count * found.inverse));
        let scale = affine.weight::<V>(channel) * inverse;
        for block in 0..batch.blocks {
            let lanes = batch.lanes::<V>(block);
            let plane = batch.plane(block, channel);
            if input_gradient.is_empty() {
                break;
            }
            let terms = input[plane.clone()].iter().zip(&output_gradient[plane.clone()]);
            for (sum, (&x, &gradient)) in input_gradient[plane].iter_mut().zip(terms) {
                let value = (gradient - shift - (x - mean) * slope) * scale;
                // What holds no sample has no gradient.
                *sum += if lanes < V::LANES { value.first(lanes) } else { value };
            }
        }
    }
}

/// Groups of neighbouring elements of one sample. `statistics` become the mean and the inverse deviation of each group.
pub fn group_norm<V: Value>(
    norm: &GroupNorm,
    affine: &Affine<'_, V::Number>,
    input: &[V],
    output: &mut [V],
    statistics: &mut [V],
) {
    let length = norm.length.max(1);
    let groups = input.chunks_exact(length).zip(output.chunks_exact_mut(length));
    for (group, ((from, to), found)) in groups.zip(statistics.chunks_exact_mut(2)).enumerate() {
        let share = V::of(1.0 / length as f64);
        let mean = lane_sums(length, |at| from[at]) * share;
        let variance = lane_sums(length, |at| (from[at] - mean) * (from[at] - mean)) * share;
        let inverse = variance.each(|variance| 1.0 / libm::sqrt(variance + norm.epsilon));
        found.copy_from_slice(&[mean, inverse]);
        for (at, (value, &x)) in to.iter_mut().zip(from).enumerate() {
            let normalized = (x - mean) * inverse;
            *value = match index(norm, group, at) {
                Some(index) => normalized.times_plus(affine.weight(index), affine.bias(index)),
                None => normalized,
            };
        }
    }
}

/// Adds to the gradients of the input, the scale and the shift, from what [`group_norm`] left in `statistics`.
pub fn group_norm_gradient<V: Value>(
    norm: &GroupNorm,
    affine: (&Affine<'_, V::Number>, &mut AffineGradient<'_, V::Number>),
    statistics: &[V],
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let (affine, gradient) = affine;
    let length = norm.length.max(1);
    for (group, found) in statistics.chunks_exact(2).enumerate() {
        let (mean, inverse) = (found[0], found[1]);
        let range = group * length..(group + 1) * length;
        let (input, output_gradient) = (&input[range.clone()], &output_gradient[range.clone()]);
        let scaled = |at: usize| match index(norm, group, at) {
            Some(index) => output_gradient[at] * affine.weight(index),
            None => output_gradient[at],
        };
        let normalized = |at: usize| (input[at] - mean) * inverse;
        let share = V::of(1.0 / length as f64);
        let shift = lane_sums(length, scaled) * share;
        let slope = lane_sums(length, |at| scaled(at) * normalized(at)) * share;
        for (at, sum) in input_gradient.get_mut(range).unwrap_or_default().iter_mut().enumerate() {
            *sum += (scaled(at) - shift - normalized(at) * slope) * inverse;
        }
        let mut at = 0;
        // Neighbours that share a weight are added up first.
        while at < length {
            let Some(own) = index(norm, group, at) else { break };
            let end = match norm.scaling {
                Scaling::PerChannel { area, .. } => (at + area - (group * length + at) % area).min(length),
                Scaling::Plain | Scaling::PerElement => at + 1,
            };
            let weight = sum_of(end - at, V::LANES, |offset| output_gradient[at + offset] * normalized(at + offset));
            let bias = super::statistics::sum(&output_gradient[at..end], V::LANES);
            gradient.add(own, weight, bias);
            at = end;
        }
    }
}

/// The weight of an element of a group.
#[inline(always)]
fn index(norm: &GroupNorm, group: usize, at: usize) -> Option<usize> {
    match norm.scaling {
        Scaling::Plain => None,
        Scaling::PerElement => Some(at),
        Scaling::PerChannel { channels, area } => Some((group * norm.length + at) / area % channels),
    }
}

/// As [`crate::reference::normalization::axis_norm`]; `statistics` as [`group_norm`]'s.
pub fn axis_norm<V: Value>(
    axis: Axis,
    epsilon: f64,
    affine: &Affine<'_, V::Number>,
    input: &[V],
    output: &mut [V],
    statistics: &mut [V],
) {
    let share = V::of(1.0 / axis.length as f64);
    for line in 0..axis.outer * axis.inner {
        let at = |index: usize| place(axis, line, index);
        let mean = lane_sums(axis.length, |index| input[at(index)]) * share;
        let variance = lane_sums(axis.length, |index| (input[at(index)] - mean) * (input[at(index)] - mean)) * share;
        let inverse = variance.each(|variance| 1.0 / libm::sqrt(variance + epsilon));
        statistics[2 * line..][..2].copy_from_slice(&[mean, inverse]);
        for index in 0..axis.length {
            let normalized = (input[at(index)] - mean) * inverse;
            output[at(index)] = normalized.times_plus(affine.weight(index), affine.bias(index));
        }
    }
}

/// Adds to the gradients of the input, the scale and the shift, from what [`axis_norm`] left in `statistics`.
pub fn axis_norm_gradient<V: Value>(
    axis: Axis,
    affine: (&Affine<'_, V::Number>, &mut AffineGradient<'_, V::Number>),
    statistics: &[V],
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let (affine, gradient) = affine;
    let share = V::of(1.0 / axis.length as f64);
    for line in 0..axis.outer * axis.inner {
        let at = |index: usize| place(axis, line, index);
        let (mean, inverse) = (statistics[2 * line], statistics[2 * line + 1]);
        let normalized = |index: usize| (input[at(index)] - mean) * inverse;
        let scaled = |index: usize| output_gradient[at(index)] * affine.weight(index);
        let shift = lane_sums(axis.length, scaled) * share;
        let slope = lane_sums(axis.length, |index| scaled(index) * normalized(index)) * share;
        if input_gradient.is_empty() {
            continue;
        }
        for index in 0..axis.length {
            input_gradient[at(index)] += (scaled(index) - shift - normalized(index) * slope) * inverse;
        }
    }
    for index in 0..axis.length {
        let lines = axis.outer * axis.inner;
        let normalized =
            |line: usize| (input[place(axis, line, index)] - statistics[2 * line]) * statistics[2 * line + 1];
        let weight = sum_of(lines, V::LANES, |line| output_gradient[place(axis, line, index)] * normalized(line));
        let bias = sum_of(lines, V::LANES, |line| output_gradient[place(axis, line, index)]);
        gradient.add(index, weight, bias);
    }
}

/// The place of an element of a line along an axis.
#[inline(always)]
fn place(axis: Axis, line: usize, index: usize) -> usize {
    let (outer, inner) = (line / axis.inner, line % axis.inner);
    (outer * axis.length + index) * axis.inner + inner
}

/// As [`crate::reference::normalization::local_response_norm`].
pub fn local_response_norm<V: Value>(planes: &Planes, norm: &LocalResponse, input: &[V], output: &mut [V]) {
    for_responses(planes, norm, input, |at, _, base| {
        output[at] = input[at] * base.each(|base| libm::pow(base, -norm.beta))
    });
}

/// Adds to the input's gradient that of [`local_response_norm`].
pub fn local_response_norm_gradient<V: Value>(
    planes: &Planes,
    norm: &LocalResponse,
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let area = planes.area();
    let factor = V::of(-2.0 * norm.alpha * norm.beta / norm.size as f64);
    for_responses(planes, norm, input, |at, window, base| {
        input_gradient[at] += output_gradient[at] * base.each(|base| libm::pow(base, -norm.beta));
        let common = output_gradient[at] * input[at] * base.each(|base| libm::pow(base, -norm.beta - 1.0)) * factor;
        for other in window.step_by(area.max(1)) {
            input_gradient[other] += common * input[other];
        }
    });
}

/// Calls `each` with an element's place, those of its window of channels and `k + alpha / size * sum of squares`.
fn for_responses<V: Value>(
    planes: &Planes,
    norm: &LocalResponse,
    input: &[V],
    mut each: impl FnMut(usize, core::ops::Range<usize>, V),
) {
    let area = planes.area();
    for channel in 0..planes.channels {
        let first = channel.saturating_sub(norm.size / 2);
        let last = (channel + (norm.size - 1) / 2).min(planes.channels - 1);
        for pixel in 0..area {
            let window = first * area + pixel..last * area + pixel + 1;
            let squares = lane_sums(last - first + 1, |at| {
                let x = input[(first + at) * area + pixel];
                x * x
            });
            let base = squares.times_plus(V::of(norm.alpha / norm.size as f64), V::of(norm.k));
            each(channel * area + pixel, window, base);
        }
    }
}

/// `e^(x - max) / sum`, or its logarithm, along one dimension.
pub fn softmax<V: Value>(axis: Axis, logarithm: bool, input: &[V], output: &mut [V]) {
    for line in 0..axis.outer * axis.inner {
        let at = |index: usize| place(axis, line, index);
        let largest = (0..axis.length).fold(V::of(f64::NEG_INFINITY), |largest, index| {
            let x = input[at(index)];
            x.if_greater(largest, x, largest)
        });
        let sum = lane_sums(axis.length, |index| (input[at(index)] - largest).each(libm::exp));
        for index in 0..axis.length {
            let shifted = input[at(index)] - largest;
            output[at(index)] = if logarithm { shifted - sum.each(libm::log) } else { shifted.each(libm::exp) / sum };
        }
    }
}

/// Adds to the input's gradient that of [`softmax`], from its `output`.
pub fn softmax_gradient<V: Value>(
    axis: Axis,
    logarithm: bool,
    output: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    for line in 0..axis.outer * axis.inner {
        let at = |index: usize| place(axis, line, index);
        if logarithm {
            let sum = lane_sums(axis.length, |index| output_gradient[at(index)]);
            for index in 0..axis.length {
                input_gradient[at(index)] += output_gradient[at(index)] - output[at(index)].each(libm::exp) * sum;
            }
        } else {
            let sum = lane_sums(axis.length, |index| output[at(index)] * output_gradient[at(index)]);
            for index in 0..axis.length {
                input_gradient[at(index)] += output[at(index)] * (output_gradient[at(index)] - sum);
            }
        }
    }
}
