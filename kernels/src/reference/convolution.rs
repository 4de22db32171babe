//! Convolutions and matrix products.

use crate::geometry::{ConvolutionShape, Planes};

/// A weight and a bias; an empty bias stands for zeros.
#[derive(Clone, Copy)]
#[expect(missing_docs, reason = "the type says it")]
pub struct Weights<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
}

impl Weights<'_> {
    fn bias_of(&self, channel: usize) -> f64 {
        self.bias.get(channel).map_or(0.0, |&bias| f64::from(bias))
    }
}

/// `out[n, o, y, x] = bias[o] + sum over c, ky, kx of weight[o, c, ky, kx] * in[n, c of o's group, ..]`, with zeros
/// around the input. The weight is [O, C / groups, kh, kw].
pub fn convolution(shape: &ConvolutionShape, weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let [kernel_height, kernel_width] = window.kernel;
    let group_inputs = from.channels / shape.groups;
    let group_outputs = to.channels / shape.groups;
    let mut results = output.iter_mut();
    for image in 0..to.batch {
        for channel in 0..to.channels {
            let first_input = channel / group_outputs * group_inputs;
            let filter = &weights.weight[channel * group_inputs * kernel_height * kernel_width..];
            for y in 0..to.height {
                for x in 0..to.width {
                    let mut sum = weights.bias_of(channel);
                    for input_channel in 0..group_inputs {
                        let plane = (image * from.channels + first_input + input_channel) * from.area();
                        for tap_y in 0..kernel_height {
                            let Some(row) = window.source(0, y, tap_y, from.height) else { continue };
                            for tap_x in 0..kernel_width {
                                let Some(column) = window.source(1, x, tap_x, from.width) else { continue };
                                let weight = filter[(input_channel * kernel_height + tap_y) * kernel_width + tap_x];
                                sum += f64::from(weight) * f64::from(input[plane + row * from.width + column]);
                            }
                        }
                    }
                    *results.next().expect("the output has the planes' size") = sum as f32;
                }
            }
        }
    }
}

/// The transposed convolution: every input pixel adds its window to the output. The weight is [C, O / groups, kh, kw];
/// the window slides over the output.
pub fn transposed_convolution(shape: &ConvolutionShape, weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let [kernel_height, kernel_width] = window.kernel;
    let group_inputs = from.channels / shape.groups;
    let group_outputs = to.channels / shape.groups;
    for image in 0..to.batch {
        for channel in 0..to.channels {
            let (group, group_channel) = (channel / group_outputs, channel % group_outputs);
            let plane = &mut output[(image * to.channels + channel) * to.area()..][..to.area()];
            plane.fill(weights.bias_of(channel) as f32);
            for y in 0..from.height {
                for x in 0..from.width {
                    for tap_y in 0..kernel_height {
                        let Some(row) = window.source(0, y, tap_y, to.height) else { continue };
                        for tap_x in 0..kernel_width {
                            let Some(column) = window.source(1, x, tap_x, to.width) else { continue };
                            let mut sum = 0.0;
                            for input_channel in group * group_inputs..(group + 1) * group_inputs {
                                let filter = input_channel * group_outputs + group_channel;
                                let weight = weights.weight[(filter * kernel_height + tap_y) * kernel_width + tap_x];
                                let pixel =
                                    ((image * from.channels + input_channel) * from.height + y) * from.width + x;
                                sum += f64::from(weight) * f64::from(input[pixel]);
                            }
                            plane[row * to.width + column] += sum as f32;
                        }
                    }
                }
            }
        }
    }
}

/// `out[r, o] = bias[o] + sum over i of weight[o, i] * in[r, i]`: input [R, I], weight [O, I], output [R, O].
pub fn linear(features: [usize; 2], weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    let [inputs, outputs] = features;
    for (row, result) in input.chunks_exact(inputs.max(1)).zip(output.chunks_exact_mut(outputs.max(1))) {
        for (channel, value) in result.iter_mut().enumerate() {
            let filter = &weights.weight[channel * inputs..][..inputs];
            let products = filter.iter().zip(row).map(|(&weight, &x)| f64::from(weight) * f64::from(x));
            *value = (weights.bias_of(channel) + products.sum::<f64>()) as f32;
        }
    }
}

/// `out[n, c, y, x] = scale[c] * in[n, c, y, x] + shift[c]`: a batch norm with its statistics at hand.
pub fn scale_channels(planes: &Planes, weights: Weights<'_>, input: &[f32], output: &mut [f32]) {
    let area = planes.area().max(1);
    for (index, (from, to)) in input.chunks_exact(area).zip(output.chunks_exact_mut(area)).enumerate() {
        let channel = index % planes.channels;
        let (scale, shift) = (f64::from(weights.weight[channel]), weights.bias_of(channel));
        for (value, &x) in to.iter_mut().zip(from) {
            *value = (scale * f64::from(x) + shift) as f32;
        }
    }
}

/// `x` where positive, else the channel's slope times `x`; one slope may serve all channels (PReLU).
pub fn scale_negatives(planes: &Planes, slopes: &[f32], input: &[f32], output: &mut [f32]) {
    let area = planes.area().max(1);
    for (index, (from, to)) in input.chunks_exact(area).zip(output.chunks_exact_mut(area)).enumerate() {
        let slope = slopes.get(index % planes.channels).or(slopes.first()).copied().unwrap_or(1.0);
        for (value, &x) in to.iter_mut().zip(from) {
            *value = if x >= 0.0 { x } else { slope * x };
        }
    }
}
