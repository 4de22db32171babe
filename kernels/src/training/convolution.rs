//! Convolutions, transposed ones, matrix products and their gradients.
//!
//! A transposed convolution is the gradient of a convolution by its input, so three functions do for both.

use crate::geometry::{ConvolutionShape, Planes};

use super::value::{Number, Value};

/// What a convolution of one sample and its gradients need. `shape`'s batch is one sample; the weight is
/// [O, C / groups, kh, kw].
pub trait Convolutions<V: Value>: Sync {
    /// Adds the convolution of `input` [C, H, W] to `output` [O, H', W'].
    fn forward(&self, shape: &ConvolutionShape, weight: &[V::Number], input: &[V], output: &mut [V]);

    /// Adds to `input_gradient` [C, H, W], given the one by the output.
    fn input_gradient(
        &self,
        shape: &ConvolutionShape,
        weight: &[V::Number],
        output_gradient: &[V],
        input_gradient: &mut [V],
    );

    /// Adds to `weight_gradient` [O, C / groups, kh, kw] the sum over all lanes of so many blocks of samples.
    fn weight_gradient(
        &self,
        shape: &ConvolutionShape,
        blocks: usize,
        input: &[V],
        output_gradient: &[V],
        weight_gradient: &mut [V::Number],
    );
}

/// Plain loops.
pub struct Plain;

/// One tap of a window over all its places: where it begins in the input and in the output, and how often it is there.
pub(super) struct Tap {
    /// In the input's plane, at the first place.
    pub input: usize,
    /// In the output's plane, at the first place.
    pub output: usize,
    pub rows: usize,
    pub columns: usize,
}

/// The places of an output at which a tap is inside the input: `None` where there are none.
pub(super) fn tap(shape: &ConvolutionShape, tap: [usize; 2]) -> Option<Tap> {
    let window = &shape.window;
    let sizes = [[shape.input.height, shape.output.height], [shape.input.width, shape.output.width]];
    let mut first = [0; 2];
    let mut count = [0; 2];
    for axis in 0..2 {
        let [from, to] = sizes[axis];
        let (stride, offset, padding) =
            (window.stride[axis].max(1), tap[axis] * window.dilation[axis], window.padding[axis]);
        first[axis] = padding.saturating_sub(offset).div_ceil(stride);
        // The last place p has p * stride + offset - padding < from.
        let end = (from + padding).saturating_sub(offset).div_ceil(stride).min(to);
        count[axis] = end.checked_sub(first[axis]).filter(|&count| count > 0)?;
    }
    let source =
        |axis: usize| first[axis] * window.stride[axis] + tap[axis] * window.dilation[axis] - window.padding[axis];
    Some(Tap {
        input: source(0) * shape.input.width + source(1),
        output: first[0] * shape.output.width + first[1],
        rows: count[0],
        columns: count[1],
    })
}

/// Calls `each` with the indices of a weight, of the input's plane and of the output's plane, for every weight.
fn for_weights(shape: &ConvolutionShape, mut each: impl FnMut(usize, usize, usize, &Tap)) {
    let [height, width] = shape.window.kernel;
    let groups = shape.groups.max(1);
    let (inputs, outputs) = (shape.input.channels / groups, shape.output.channels / groups);
    for row in 0..height {
        for column in 0..width {
            let Some(tap) = tap(shape, [row, column]) else { continue };
            for output in 0..shape.output.channels {
                for input in 0..inputs {
                    let weight = ((output * inputs + input) * height + row) * width + column;
                    let channel = output / outputs.max(1) * inputs + input;
                    each(weight, channel * shape.input.area(), output * shape.output.area(), &tap);
                }
            }
        }
    }
}

impl<V: Value> Convolutions<V> for Plain {
    fn forward(&self, shape: &ConvolutionShape, weight: &[V::Number], input: &[V], output: &mut [V]) {
        let [down, across] = shape.window.stride;
        for_weights(shape, |index, from, to, tap| {
            let weight = V::splat(weight[index]);
            for row in 0..tap.rows {
                let from = from + tap.input + row * down * shape.input.width;
                let to = to + tap.output + row * shape.output.width;
                for column in 0..tap.columns {
                    let sum = &mut output[to + column];
                    *sum = input[from + column * across].times_plus(weight, *sum);
                }
            }
        });
    }

    fn input_gradient(
        &self,
        shape: &ConvolutionShape,
        weight: &[V::Number],
        output_gradient: &[V],
        input_gradient: &mut [V],
    ) {
        let [down, across] = shape.window.stride;
        for_weights(shape, |index, from, to, tap| {
            let weight = V::splat(weight[index]);
            for row in 0..tap.rows {
                let from = from + tap.input + row * down * shape.input.width;
                let to = to + tap.output + row * shape.output.width;
                for column in 0..tap.columns {
                    let sum = &mut input_gradient[from + column * across];
                    *sum = output_gradient[to + column].times_plus(weight, *sum);
                }
            }
        });
    }

    fn weight_gradient(
        &self,
        shape: &ConvolutionShape,
        blocks: usize,
        input: &[V],
        output_gradient: &[V],
        weight_gradient: &mut [V::Number],
    ) {
        let [down, across] = shape.window.stride;
        let [inputs, outputs] = [&shape.input, &shape.output].map(|planes| planes.channels * planes.area());
        for block in 0..blocks {
            let (input, output_gradient) = (&input[block * inputs..], &output_gradient[block * outputs..]);
            for_weights(shape, |index, from, to, tap| {
                let mut sum = V::default();
                for row in 0..tap.rows {
                    let from = from + tap.input + row * down * shape.input.width;
                    let to = to + tap.output + row * shape.output.width;
                    for column in 0..tap.columns {
                        sum = input[from + column * across].times_plus(output_gradient[to + column], sum);
                    }
                }
                let gradient = &mut weight_gradient[index];
                *gradient = V::Number::of(gradient.to_f64() + sum.sum(V::LANES));
            });
        }
    }
}

/// The convolution of which a transposed one is the gradient: from its output to its input.
pub fn transposed(shape: &ConvolutionShape) -> ConvolutionShape {
    ConvolutionShape { input: shape.output, output: shape.input, ..*shape }
}

/// The convolution that a matrix product of one row is.
pub fn matrix_product([inputs, outputs]: [usize; 2]) -> ConvolutionShape {
    let planes = |channels| Planes { batch: 1, channels, height: 1, width: 1 };
    let window = crate::geometry::Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: [0; 2] };
    ConvolutionShape { input: planes(inputs), output: planes(outputs), window, groups: 1 }
}

/// Sets every plane of `output` to its channel's bias, or to zero where there is none.
pub fn fill_bias<V: Value>(planes: &Planes, bias: &[V::Number], output: &mut [V]) {
    for (channel, plane) in output.chunks_exact_mut(planes.area().max(1)).enumerate() {
        plane.fill(bias.get(channel).map_or(V::default(), |&bias| V::splat(bias)));
    }
}

/// Adds to each channel's bias gradient the sum over its plane and all lanes.
pub fn bias_gradient<V: Value>(planes: &Planes, output_gradient: &[V], bias_gradient: &mut [V::Number]) {
    for (plane, gradient) in output_gradient.chunks_exact(planes.area().max(1)).zip(bias_gradient) {
        let sum = super::statistics::sum(plane, V::LANES);
        *gradient = V::Number::of(gradient.to_f64() + sum);
    }
}

/// `scale[c] * x + shift[c]`: an affine norm's last step.
pub fn scale_channels<V: Value>(
    planes: &Planes,
    scale: &[V::Number],
    shift: &[V::Number],
    input: &[V],
    output: &mut [V],
) {
    let area = planes.area().max(1);
    for (channel, (from, to)) in input.chunks_exact(area).zip(output.chunks_exact_mut(area)).enumerate() {
        let scale = scale.get(channel).map_or(V::of(1.0), |&scale| V::splat(scale));
        let shift = shift.get(channel).map_or(V::default(), |&shift| V::splat(shift));
        for (value, &x) in to.iter_mut().zip(from) {
            *value = x.times_plus(scale, shift);
        }
    }
}
