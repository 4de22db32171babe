//! The way back.

use std::mem::take;

use crate::engine::graph::TensorId;
use crate::engine::kernels::training::convolved::Convolved;
use crate::engine::kernels::training::normalization::{self, Affine, AffineGradient};
use crate::engine::kernels::training::value::Number;
use crate::engine::kernels::training::{activation, combine, convolution, pool, rearrange};
use crate::engine::operation::Operation;
use crate::training::program::{Dropout, Step, Work};

use super::Trainer;
use super::forward::instance_groups;

/// One block of samples on its way back through a step to one of its inputs.
struct Block<'a, V: Convolved> {
    /// Which input.
    part: usize,
    inputs: [&'a [V]; 2],
    output: &'a [V],
    output_gradient: &'a [V],
    /// Added to; empty where nobody needs it.
    input_gradient: &'a mut [V],
    extra: &'a [V],
}

/// Parameters of a step and their gradients, which are added to.
struct Learned<'a, N> {
    weight: &'a [N],
    bias: &'a [N],
    weight_gradient: &'a mut [N],
    bias_gradient: &'a mut [N],
}

impl<V: Convolved> Trainer<V> {
    /// From the outputs' gradients to those of all parameters.
    pub(super) fn backward(&mut self) {
        let mut gradients = take(&mut self.gradients);
        gradients.fill(V::Number::default());
        self.load_output_gradients();
        for index in (0..self.program.steps.len()).rev() {
            let Some(own) = self.places.of[self.program.steps[index].output.0] else { continue };
            if !self.program.steps[index].counts {
                continue;
            }
            for &tensor in &self.places.begin[index] {
                let used = self.blocks() * self.program.sizes[tensor];
                if let Some(buffer) = self.places.of[tensor] {
                    self.pool[buffer][..used].fill(V::default());
                }
            }
            let output_gradient = take(&mut self.pool[own]);
            for part in 0..self.program.steps[index].inputs.len().max(1) {
                let step = &self.program.steps[index];
                let passes = step.passes.get(part) == Some(&true);
                let place = step.inputs.get(part).filter(|_| passes).and_then(|&TensorId(input)| self.places.of[input]);
                let mut target = place.map_or_else(Vec::new, |place| take(&mut self.pool[place]));
                self.part_back(step, (index, part), &output_gradient, &mut target, &mut gradients);
                if let Some(place) = place {
                    self.pool[place] = target;
                }
            }
            self.pool[own] = output_gradient;
        }
        self.gradients = gradients;
    }

    /// The gradients of the loss by the outputs; zero in lanes without a sample.
    fn load_output_gradients(&mut self) {
        let TensorId(tensor) = self.program.output;
        let size = self.program.sizes[tensor].max(1);
        let Some(place) = self.places.of[tensor] else { return };
        let used = self.samples.div_ceil(V::LANES) * size;
        let values = &mut self.pool[place][..used];
        values.fill(V::default());
        for (sample, row) in self.output_gradients.chunks_exact(size).enumerate().take(self.samples) {
            let block = &mut values[sample / V::LANES * size..][..size];
            for (value, &number) in block.iter_mut().zip(row) {
                value.set_lane(sample % V::LANES, V::Number::of(number));
            }
        }
    }

    /// Back to one input, and with the first one to the parameters.
    fn part_back(
        &self,
        step: &Step,
        (index, part): (usize, usize),
        output_gradient: &[V],
        target: &mut [V],
        gradients: &mut [V::Number],
    ) {
        let (weight, bias) = (&self.parameters[step.weight.clone()], &self.parameters[step.bias.clone()]);
        let mut learned = if part == 0 {
            let [weight_gradient, bias_gradient] = parameter_gradients(step, gradients);
            Learned { weight, bias, weight_gradient, bias_gradient }
        } else {
            Learned { weight, bias, weight_gradient: &mut [], bias_gradient: &mut [] }
        };
        let size = |tensor: usize| self.program.sizes[tensor];
        let (output_size, input_size) = (size(step.output.0), step.inputs.get(part).map_or(0, |input| size(input.0)));
        let input = step.inputs.first().map_or(&[] as &[V], |input| &self.tensors[input.0]);
        match &step.work {
            Work::BatchNorm(norm) => {
                let affine = Affine { weight: learned.weight, bias: learned.bias };
                let mut gradient = AffineGradient { weight: learned.weight_gradient, bias: learned.bias_gradient };
                let batch = self.batch(&norm.planes);
                let statistics = &self.statistics[index];
                normalization::batch_norm_gradient(
                    &batch,
                    (&affine, &mut gradient),
                    statistics,
                    input,
                    output_gradient,
                    target,
                );
            }
            Work::Dropout(dropout) => dropout_gradient(dropout, &self.extras[index], output_gradient, target),
            Work::Plain(_) | Work::InstanceNorm(_) => {
                if let (Work::Plain(operation), 0) = (&step.work, part) {
                    let used = self.blocks() * output_size;
                    weights_back(operation, self.blocks(), input, &output_gradient[..used], learned.weight_gradient);
                }
                for block in 0..self.blocks() {
                    let slice = |at: usize| {
                        let Some(input) = step.inputs.get(at) else { return &[] as &[V] };
                        &self.tensors[input.0][block * size(input.0)..][..size(input.0)]
                    };
                    let range = block * output_size..(block + 1) * output_size;
                    let block = Block {
                        part,
                        inputs: [slice(0), slice(1)],
                        output: &self.tensors[step.output.0][range.clone()],
                        output_gradient: &output_gradient[range],
                        input_gradient: target
                            .get_mut(block * input_size..(block + 1) * input_size)
                            .unwrap_or_default(),
                        extra: &self.extras[index][block * step.extra..][..step.extra],
                    };
                    match &step.work {
                        Work::Plain(operation) => backward(operation, block, &mut learned),
                        Work::InstanceNorm(norm) => {
                            group_norm(&instance_groups(norm), block, &mut learned);
                        }
                        Work::BatchNorm(_) | Work::Dropout(_) => {}
                    }
                }
            }
        }
    }
}

/// The gradient by the weight of a convolution or a matrix product, of all blocks at once.
fn weights_back<V: Convolved>(
    operation: &Operation,
    blocks: usize,
    input: &[V],
    output_gradient: &[V],
    weight_gradient: &mut [V::Number],
) {
    let kernels = V::kernels();
    match operation {
        Operation::Convolution(shape, _) => {
            kernels.weight_gradient(shape, blocks, input, output_gradient, weight_gradient);
        }
        Operation::TransposedConvolution(shape, _) => {
            let back = convolution::transposed(shape);
            kernels.weight_gradient(&back, blocks, output_gradient, input, weight_gradient);
        }
        Operation::Linear(features, _) => {
            let rows = output_gradient.len() / features[1].max(1);
            let shape = convolution::matrix_product(*features);
            kernels.weight_gradient(&shape, rows, input, output_gradient, weight_gradient);
        }
        _ => {}
    }
}

/// A step's parts of all gradients.
fn parameter_gradients<'a, N>(step: &Step, gradients: &'a mut [N]) -> [&'a mut [N]; 2] {
    let (before, rest) = gradients.split_at_mut(step.weight.end.max(step.bias.start.min(step.weight.end)));
    let weight = before.get_mut(step.weight.clone()).unwrap_or_default();
    let offset = step.weight.end;
    // A bias follows its weight; where there is no weight, offset is 0.
    let bias = step.bias.start.checked_sub(offset).and_then(|start| rest.get_mut(start..start + step.bias.len()));
    [weight, bias.unwrap_or_default()]
}

fn dropout_gradient<V: Convolved>(dropout: &Dropout, mask: &[V], output_gradient: &[V], input_gradient: &mut [V]) {
    let runs = input_gradient.chunks_exact_mut(dropout.run).zip(output_gradient.chunks_exact(dropout.run));
    for ((to, from), &factor) in runs.zip(mask) {
        for (sum, &gradient) in to.iter_mut().zip(from) {
            *sum += gradient * factor;
        }
    }
}

fn group_norm<V: Convolved>(
    norm: &crate::engine::kernels::reference::normalization::GroupNorm,
    block: Block<'_, V>,
    learned: &mut Learned<'_, V::Number>,
) {
    let affine = Affine { weight: learned.weight, bias: learned.bias };
    let mut gradient = AffineGradient { weight: learned.weight_gradient, bias: learned.bias_gradient };
    normalization::group_norm_gradient(
        norm,
        (&affine, &mut gradient),
        block.extra,
        block.inputs[0],
        block.output_gradient,
        block.input_gradient,
    );
}

fn backward<V: Convolved>(operation: &Operation, block: Block<'_, V>, learned: &mut Learned<'_, V::Number>) {
    if let Operation::GroupNorm(norm, _) = operation {
        return group_norm(norm, block, learned);
    }
    let Block { part, inputs: [input, other], output, output_gradient, input_gradient, extra } = block;
    let Learned { weight, bias, weight_gradient, bias_gradient } = learned;
    let kernels = V::kernels();
    let wanted = !input_gradient.is_empty();
    match operation {
        Operation::Convolution(shape, _) => {
            convolution::bias_gradient(&shape.output, output_gradient, bias_gradient);
            if wanted {
                kernels.input_gradient(shape, weight, output_gradient, input_gradient);
            }
        }
        Operation::TransposedConvolution(shape, _) => {
            let back = convolution::transposed(shape);
            convolution::bias_gradient(&shape.output, output_gradient, bias_gradient);
            if wanted {
                kernels.forward(&back, weight, output_gradient, input_gradient);
            }
        }
        Operation::Linear(features, _) => {
            let shape = convolution::matrix_product(*features);
            let [inputs, outputs] = features.map(|size| size.max(1));
            for (row, gradient) in output_gradient.chunks_exact(outputs).enumerate() {
                convolution::bias_gradient(&shape.output, gradient, bias_gradient);
                if wanted {
                    kernels.input_gradient(&shape, weight, gradient, &mut input_gradient[row * inputs..][..inputs]);
                }
            }
        }
        Operation::Constant(_) => {
            for (sum, gradient) in weight_gradient.iter_mut().zip(output_gradient) {
                *sum = V::Number::of(sum.to_f64() + gradient.sum(V::LANES));
            }
        }
        Operation::ScaleNegatives(planes, _) => {
            activation::scale_negatives_gradient(
                planes,
                (weight, weight_gradient),
                input,
                output_gradient,
                input_gradient,
            );
        }
        Operation::AxisNorm(axis, ..) => {
            let affine = Affine { weight, bias };
            let mut gradient = AffineGradient { weight: weight_gradient, bias: bias_gradient };
            normalization::axis_norm_gradient(
                *axis,
                (&affine, &mut gradient),
                extra,
                input,
                output_gradient,
                input_gradient,
            );
        }
        _ if !wanted => {}
        Operation::Alias => {
            input_gradient.iter_mut().zip(output_gradient).for_each(|(sum, &gradient)| *sum += gradient)
        }
        // Behind no layer that is trained: a batch norm is a step of its own.
        Operation::ScaleChannels(..) | Operation::GroupNorm(..) => {}
        Operation::Activate(function) => {
            activation::activation_gradient(*function, input, output_gradient, input_gradient);
        }
        Operation::MaxPool(shape) => pool::max_pool_gradient(shape, extra, output_gradient, input_gradient),
        Operation::AveragePool(shape, divisor) => {
            pool::average_pool_gradient(shape, *divisor, output_gradient, input_gradient);
        }
        Operation::AdaptiveAveragePool(from, to) => {
            pool::adaptive_average_pool_gradient(from, to, output_gradient, input_gradient);
        }
        Operation::AdaptiveMaxPool(from, to) => {
            pool::adaptive_max_pool_gradient(from, to, extra, output_gradient, input_gradient);
        }
        Operation::Mean(axis) => pool::mean_gradient(*axis, output_gradient, input_gradient),
        Operation::LocalResponseNorm(planes, norm) => {
            normalization::local_response_norm_gradient(planes, norm, input, output_gradient, input_gradient);
        }
        Operation::Softmax(axis) => {
            normalization::softmax_gradient(*axis, false, output, output_gradient, input_gradient);
        }
        Operation::LogSoftmax(axis) => {
            normalization::softmax_gradient(*axis, true, output, output_gradient, input_gradient);
        }
        Operation::Broadcast(broadcast) => {
            let strides = &broadcast.strides;
            let other = if part == 0 { (other, strides[1].as_slice()) } else { (input, strides[0].as_slice()) };
            combine::broadcast_gradient(
                &broadcast.dims,
                broadcast.combination,
                &strides[part],
                other,
                output_gradient,
                input_gradient,
            );
        }
        Operation::Concatenate(axis, firsts) => {
            combine::concatenate_part_gradient(*axis, firsts[part], output_gradient, input_gradient);
        }
        Operation::Gather(gather) => {
            rearrange::gather_gradient(&gather.dims, gather.offset, &gather.strides, output_gradient, input_gradient);
        }
        Operation::Pad(padding) => {
            let (from, to) = (&padding.input, &padding.output);
            rearrange::pad_gradient(from, to, padding.top_left, padding.fill, output_gradient, input_gradient);
        }
        Operation::Upsample(from, to, resampling) => {
            rearrange::upsample_gradient(from, to, resampling, output_gradient, input_gradient);
        }
    }
}
