//! The way forward.

use std::mem::take;

use crate::engine::kernels::reference::normalization::{GroupNorm, Scaling};
use crate::engine::kernels::training::convolved::Convolved;
use crate::engine::kernels::training::normalization::{self, Affine, Statistics};
use crate::engine::kernels::training::value::Number;
use crate::engine::kernels::training::{activation, combine, convolution, pool, rearrange};
use crate::engine::operation::Operation;
use crate::training::program::{BatchNorm, Dropout, DropoutKind, Step, Work};
use crate::training::random::Generator;

use super::{Mode, Trainer};

/// The values that AlphaDropout sets: `-scale * alpha` of SELU.
const ALPHA: f64 = 1.758_099_340_847_376_6;

/// One block of samples on its way through a step.
struct Block<'a, V: Convolved> {
    inputs: [&'a [V]; 2],
    output: &'a mut [V],
    extra: &'a mut [V],
    weight: &'a [V::Number],
    bias: &'a [V::Number],
}

impl<V: Convolved> Trainer<V> {
    pub(super) fn forward(&mut self, mode: Mode, generator: &mut Generator) {
        for index in 0..self.program.steps.len() {
            let output = self.program.steps[index].output.0;
            let mut values = take(&mut self.tensors[output]);
            let mut extra = take(&mut self.extras[index]);
            let mut statistics = take(&mut self.statistics[index]);
            let step = &self.program.steps[index];
            let input = step.inputs.first().map_or(&[] as &[V], |input| &self.tensors[input.0]);
            match &step.work {
                Work::Plain(operation) => self.plain(operation, step, &mut values, &mut extra),
                Work::Dropout(dropout) if mode == Mode::Train => {
                    self.draw(dropout, step.extra, &mut extra, generator);
                    apply_dropout(dropout, input, &extra, &mut values);
                }
                Work::Dropout(_) => values.copy_from_slice(input),
                Work::BatchNorm(norm) => {
                    let batch = self.batch(&norm.planes);
                    let affine = self.affine(step);
                    match (&norm.running, mode) {
                        (Some(running), Mode::Evaluate) => {
                            for (channel, found) in statistics.iter_mut().enumerate() {
                                let [mean, variance] =
                                    [0, 1].map(|at| self.buffers[running[at].start + channel].to_f64());
                                let inverse = 1.0 / libm::sqrt(variance + norm.epsilon);
                                *found = Statistics { mean, variance, inverse };
                            }
                        }
                        _ => normalization::batch_statistics(&batch, norm.epsilon, input, &mut statistics),
                    }
                    normalization::batch_norm(&batch, &affine, &statistics, input, &mut values);
                    if mode == Mode::Train {
                        let norm = norm.clone();
                        let count = batch.count();
                        self.track(&norm, count, |channel| [statistics[channel].mean, statistics[channel].variance]);
                    }
                }
                Work::InstanceNorm(norm) => self.instance_norm(norm.clone(), mode, index, &mut values, &mut extra),
            }
            self.tensors[output] = values;
            self.extras[index] = extra;
            self.statistics[index] = statistics;
        }
    }

    fn affine(&self, step: &Step) -> Affine<'_, V::Number> {
        Affine { weight: &self.parameters[step.weight.clone()], bias: &self.parameters[step.bias.clone()] }
    }

    fn plain(&self, operation: &Operation, step: &Step, values: &mut [V], extra: &mut [V]) {
        let size = |tensor: usize| self.program.sizes[tensor];
        let output_size = size(step.output.0);
        for block in 0..self.blocks() {
            let slice = |at: usize| {
                let Some(input) = step.inputs.get(at) else { return &[] as &[V] };
                &self.tensors[input.0][block * size(input.0)..][..size(input.0)]
            };
            let output = &mut values[block * output_size..][..output_size];
            if let Operation::Concatenate(axis, firsts) = operation {
                for (part, &first) in firsts.iter().enumerate() {
                    combine::concatenate_part(*axis, first, slice(part), output);
                }
                continue;
            }
            forward(
                operation,
                Block {
                    inputs: [slice(0), slice(1)],
                    output,
                    extra: &mut extra[block * step.extra..][..step.extra],
                    weight: &self.parameters[step.weight.clone()],
                    bias: &self.parameters[step.bias.clone()],
                },
            );
        }
    }

    /// By each sample's own statistics in training; by the running ones in evaluation.
    fn instance_norm(&mut self, norm: BatchNorm, mode: Mode, index: usize, values: &mut [V], extra: &mut [V]) {
        let step = &self.program.steps[index];
        let input = &self.tensors[step.inputs[0].0];
        let affine = self.affine(step);
        let (channels, area) = (norm.planes.channels, norm.planes.area());
        let size = channels * area;
        if let (Mode::Evaluate, Some(running)) = (mode, &norm.running) {
            let statistics: Vec<Statistics> = (0..channels)
                .map(|channel| {
                    let [mean, variance] = [0, 1].map(|at| self.buffers[running[at].start + channel].to_f64());
                    Statistics { mean, variance, inverse: 1.0 / libm::sqrt(variance + norm.epsilon) }
                })
                .collect();
            normalization::batch_norm(&self.batch(&norm.planes), &affine, &statistics, input, values);
            return;
        }
        let groups = instance_groups(&norm);
        let mut sums = vec![[0.0; 2]; channels];
        for block in 0..self.blocks() {
            let range = block * size..(block + 1) * size;
            let found = &mut extra[block * step.extra..][..step.extra];
            normalization::group_norm(&groups, &affine, &input[range.clone()], &mut values[range], found);
            for lane in 0..(self.samples - block * V::LANES).min(V::LANES) {
                for (channel, sum) in sums.iter_mut().enumerate() {
                    let [mean, inverse] = [0, 1].map(|at| found[2 * channel + at].lane(lane).to_f64());
                    sum[0] += mean;
                    sum[1] += (1.0 / (inverse * inverse) - norm.epsilon).max(0.0);
                }
            }
        }
        let samples = self.samples as f64;
        self.track(&norm, area, |channel| sums[channel].map(|sum| sum / samples));
    }

    /// Running statistics: the mean, and the variance over one less than the `count` values of a channel.
    fn track(&mut self, norm: &BatchNorm, count: usize, found: impl Fn(usize) -> [f64; 2]) {
        let Some(running) = &norm.running else { return };
        let share = norm.momentum.unwrap_or(1.0 / self.batches as f64);
        let unbiased = count as f64 / (count as f64 - 1.0);
        for channel in 0..norm.planes.channels {
            let [mean, variance] = found(channel);
            for (range, new) in running.iter().zip([mean, variance * unbiased]) {
                let old = &mut self.buffers[range.start + channel];
                *old = V::Number::of(old.to_f64() * (1.0 - share) + new * share);
            }
        }
    }

    /// Draws what stays, in PyTorch's order: sample after sample.
    fn draw(&self, dropout: &Dropout, units: usize, mask: &mut [V], generator: &mut Generator) {
        let kept = 1.0 - dropout.probability;
        let scale = match dropout.kind {
            DropoutKind::Alpha => alpha_scale(dropout.probability),
            // PyTorch divides float32 numbers.
            _ if kept > 0.0 => V::Number::of(1.0).to_f64() / V::Number::of(kept).to_f64(),
            _ => 0.0,
        };
        let mut draw = || V::Number::of(if kept > 0.0 && generator.bernoulli(kept) { scale } else { 0.0 });
        if dropout.kind == DropoutKind::Batch {
            mask.fill(V::splat(draw()));
            return;
        }
        for sample in 0..self.samples {
            for value in &mut mask[sample / V::LANES * units..][..units] {
                value.set_lane(sample % V::LANES, draw());
            }
        }
    }
}

/// The group norm that an instance norm is.
pub(super) fn instance_groups(norm: &BatchNorm) -> GroupNorm {
    let (channels, area) = (norm.planes.channels, norm.planes.area());
    GroupNorm { length: area, epsilon: norm.epsilon, scaling: Scaling::PerChannel { channels, area } }
}

fn alpha_scale(probability: f64) -> f64 {
    1.0 / libm::sqrt((ALPHA * ALPHA * probability + 1.0) * (1.0 - probability))
}

fn apply_dropout<V: Convolved>(dropout: &Dropout, input: &[V], mask: &[V], output: &mut [V]) {
    let runs = output.chunks_exact_mut(dropout.run).zip(input.chunks_exact(dropout.run));
    let shift = match dropout.kind {
        DropoutKind::Alpha => {
            let scale = alpha_scale(dropout.probability);
            let kept = ALPHA * scale * dropout.probability;
            [V::of(kept - ALPHA * scale), V::of(kept)]
        }
        DropoutKind::Sample | DropoutKind::Batch => [V::default(); 2],
    };
    for ((to, from), &factor) in runs.zip(mask) {
        let shift = factor.if_equal(V::default(), shift[0], shift[1]);
        for (value, &x) in to.iter_mut().zip(from) {
            *value = x.times_plus(factor, shift);
        }
    }
}

fn forward<V: Convolved>(operation: &Operation, block: Block<'_, V>) {
    let Block { inputs: [input, other], output, extra, weight, bias } = block;
    let affine = Affine { weight, bias };
    match operation {
        Operation::Alias => output.copy_from_slice(input),
        Operation::Constant(_) => {
            output.iter_mut().zip(weight).for_each(|(value, &weight)| *value = V::splat(weight));
        }
        Operation::Convolution(shape, _) => {
            convolution::fill_bias(&shape.output, bias, output);
            V::kernels().forward(shape, weight, input, output);
        }
        Operation::TransposedConvolution(shape, _) => {
            convolution::fill_bias(&shape.output, bias, output);
            V::kernels().input_gradient(&convolution::transposed(shape), weight, input, output);
        }
        Operation::Linear(features, _) => {
            let shape = convolution::matrix_product(*features);
            let [inputs, outputs] = features.map(|size| size.max(1));
            for (from, to) in input.chunks_exact(inputs).zip(output.chunks_exact_mut(outputs)) {
                convolution::fill_bias(&shape.output, bias, to);
                V::kernels().forward(&shape, weight, from, to);
            }
        }
        Operation::ScaleChannels(planes, _) => convolution::scale_channels(planes, weight, bias, input, output),
        Operation::Activate(function) => activation::activate(*function, input, output),
        Operation::ScaleNegatives(planes, _) => activation::scale_negatives(planes, weight, input, output),
        Operation::MaxPool(shape) => pool::max_pool(shape, input, output, extra),
        Operation::AveragePool(shape, divisor) => pool::average_pool(shape, *divisor, input, output),
        Operation::AdaptiveAveragePool(from, to) => pool::adaptive_average_pool(from, to, input, output),
        Operation::AdaptiveMaxPool(from, to) => pool::adaptive_max_pool(from, to, input, output, extra),
        Operation::Mean(axis) => pool::mean(*axis, input, output),
        Operation::GroupNorm(norm, _) => normalization::group_norm(norm, &affine, input, output, extra),
        Operation::AxisNorm(axis, epsilon, _) => {
            normalization::axis_norm(*axis, *epsilon, &affine, input, output, extra)
        }
        Operation::LocalResponseNorm(planes, norm) => normalization::local_response_norm(planes, norm, input, output),
        Operation::Softmax(axis) => normalization::softmax(*axis, false, input, output),
        Operation::LogSoftmax(axis) => normalization::softmax(*axis, true, input, output),
        Operation::Broadcast(broadcast) => {
            let operands = [(input, broadcast.strides[0].as_slice()), (other, broadcast.strides[1].as_slice())];
            combine::broadcast(&broadcast.dims, broadcast.combination, operands, output);
        }
        // Has any number of inputs: done by the caller.
        Operation::Concatenate(..) => {}
        Operation::Gather(gather) => rearrange::gather(&gather.dims, gather.offset, &gather.strides, input, output),
        Operation::Pad(padding) => {
            rearrange::pad(&padding.input, &padding.output, padding.top_left, padding.fill, input, output);
        }
        Operation::Upsample(from, to, resampling) => rearrange::upsample(from, to, resampling, input, output),
    }
}
