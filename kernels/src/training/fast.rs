//! Convolutions over eight samples side by side, by vectors.
//!
//! A tile keeps the sums of several channels, or of several pixels, in registers while it goes through all their
//! products; every value that is read is multiplied several times.

use crate::geometry::{ConvolutionShape, Window};
use crate::simd::F32x4;

use super::convolution::{Convolutions, Plain};
use super::samples::Samples;

/// Register tiles.
pub struct Fast;

/// Two vectors hold eight samples.
type Pair = [F32x4; 2];

#[inline(always)]
fn load(from: &Samples) -> Pair {
    // SAFETY: there are eight f32.
    unsafe { [F32x4::load(from.0.as_ptr()), F32x4::load(from.0.as_ptr().add(4))] }
}

#[inline(always)]
fn store(to: &mut Samples, value: Pair) {
    // SAFETY: there are eight f32.
    unsafe {
        value[0].store(to.0.as_mut_ptr());
        value[1].store(to.0.as_mut_ptr().add(4));
    }
}

#[inline(always)]
fn add_product(sum: &mut Pair, value: Pair, weight: F32x4) {
    sum[0] = value[0].mul_add(weight, sum[0]);
    sum[1] = value[1].mul_add(weight, sum[1]);
}

/// The taps of one axis that lie inside the input for an output place.
#[inline(always)]
fn taps(window: &Window, axis: usize, place: usize, size: usize) -> (usize, usize) {
    let start = place * window.stride[axis];
    let dilation = window.dilation[axis].max(1);
    let first = window.padding[axis].saturating_sub(start).div_ceil(dilation);
    let end = (size + window.padding[axis]).saturating_sub(start).div_ceil(dilation).min(window.kernel[axis]);
    (first, end.max(first))
}

/// What a tile of a forward pass goes through: `channels` runs of rows of taps.
#[derive(Clone, Copy)]
struct Walk {
    channels: usize,
    rows: usize,
    columns: usize,
    /// From one channel to the next, from one row of taps to the next, from one tap to the next; in the input.
    input: [usize; 3],
    /// In the weight; neighbouring taps are neighbours there.
    weight: [usize; 2],
    /// From one output to the next, in the weight.
    weight_output: usize,
    /// From one pixel to the next, in the input.
    pixel: usize,
}

/// Adds `OUTPUTS` x `PIXELS` sums to the output; `output` has the step from one channel to the next.
#[inline(always)]
fn tile<const OUTPUTS: usize, const PIXELS: usize>(
    walk: &Walk,
    weight: &[f32],
    input: &[Samples],
    output: &mut [Samples],
    output_step: usize,
) {
    let mut sums: [[Pair; PIXELS]; OUTPUTS] =
        core::array::from_fn(|channel| core::array::from_fn(|pixel| load(&output[channel * output_step + pixel])));
    let last_input = (walk.channels - 1) * walk.input[0]
        + (walk.rows - 1) * walk.input[1]
        + (walk.columns - 1) * walk.input[2]
        + (PIXELS - 1) * walk.pixel;
    let last_weight = (walk.channels - 1) * walk.weight[0]
        + (walk.rows - 1) * walk.weight[1]
        + walk.columns
        + (OUTPUTS - 1) * walk.weight_output;
    assert!(last_input < input.len() && last_weight <= weight.len());
    for channel in 0..walk.channels {
        for row in 0..walk.rows {
            let from = channel * walk.input[0] + row * walk.input[1];
            let own = channel * walk.weight[0] + row * walk.weight[1];
            for column in 0..walk.columns {
                // SAFETY: no index is beyond the last ones, which the assertion bounds.
                let values: [Pair; PIXELS] = core::array::from_fn(|pixel| unsafe {
                    load(input.get_unchecked(from + column * walk.input[2] + pixel * walk.pixel))
                });
                for (output, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let weight = unsafe { *weight.get_unchecked(own + column + output * walk.weight_output) };
                    let weight = F32x4::splat(weight);
                    for (sum, &value) in sums.iter_mut().zip(&values) {
                        add_product(sum, value, weight);
                    }
                }
            }
        }
    }
    for (channel, sums) in sums.iter().enumerate() {
        for (pixel, &sum) in sums.iter().enumerate() {
            store(&mut output[channel * output_step + pixel], sum);
        }
    }
}

/// Whole tiles of 6, 4, 2 and 1 of `count` things.
#[inline(always)]
fn tiled(count: usize, mut each: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at < count {
        let size = match count - at {
            // Two fours are better than a six and a two.
            4 | 5 | 8 => 4,
            6.. => 6,
            2 | 3 => 2,
            _ => 1,
        };
        each(at, size);
        at += size;
    }
}

impl Convolutions<Samples> for Fast {
    fn forward(&self, shape: &ConvolutionShape, weight: &[f32], input: &[Samples], output: &mut [Samples]) {
        forward(shape, weight, input, output);
    }

    fn input_gradient(
        &self,
        shape: &ConvolutionShape,
        weight: &[f32],
        output_gradient: &[Samples],
        input_gradient: &mut [Samples],
    ) {
        self::input_gradient(shape, weight, output_gradient, input_gradient);
    }

    fn weight_gradient(
        &self,
        shape: &ConvolutionShape,
        blocks: usize,
        input: &[Samples],
        output_gradient: &[Samples],
        weight_gradient: &mut [f32],
    ) {
        self::weight_gradient(shape, blocks, input, output_gradient, weight_gradient);
    }
}

#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn forward(shape: &ConvolutionShape, weight: &[f32], input: &[Samples], output: &mut [Samples]) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let [kernel_height, kernel_width] = window.kernel;
    let groups = shape.groups.max(1);
    let (inputs, outputs) = (from.channels / groups, to.channels / groups);
    if inputs == 0 || kernel_height * kernel_width == 0 {
        return;
    }
    let taps_count = kernel_height * kernel_width;
    for y in 0..to.height {
        let (top, bottom) = taps(window, 0, y, from.height);
        let mut x = 0;
        while x < to.width {
            let (left, right) = taps(window, 1, x, from.width);
            // Neighbours with the same taps share their weights.
            let alike =
                |pixels: usize| x + pixels <= to.width && taps(window, 1, x + pixels - 1, from.width) == (left, right);
            let pixels = match outputs {
                1 if alike(6) => 6,
                1..=3 if alike(3) => 3,
                _ => 1,
            };
            if top < bottom && left < right {
                let walk = Walk {
                    channels: inputs,
                    rows: bottom - top,
                    columns: right - left,
                    input: [from.area(), window.dilation[0] * from.width, window.dilation[1]],
                    weight: [taps_count, kernel_width],
                    weight_output: inputs * taps_count,
                    pixel: window.stride[1],
                };
                let row = y * window.stride[0] + top * window.dilation[0] - window.padding[0];
                let column = x * window.stride[1] + left * window.dilation[1] - window.padding[1];
                let corner = top * kernel_width + left;
                for group in 0..groups {
                    let input = &input[group * inputs * from.area() + row * from.width + column..];
                    let place = y * to.width + x;
                    tiled(outputs, |first, size| {
                        let channel = group * outputs + first;
                        let weight = &weight[channel * inputs * taps_count + corner..];
                        let output = &mut output[channel * to.area() + place..];
                        let step = to.area();
                        match (size, pixels) {
                            (1, 6) => tile::<1, 6>(&walk, weight, input, output, step),
                            (1, 3) => tile::<1, 3>(&walk, weight, input, output, step),
                            (2, 3) => tile::<2, 3>(&walk, weight, input, output, step),
                            (1, _) => tile::<1, 1>(&walk, weight, input, output, step),
                            (2, _) => tile::<2, 1>(&walk, weight, input, output, step),
                            (4, _) => tile::<4, 1>(&walk, weight, input, output, step),
                            (_, _) => tile::<6, 1>(&walk, weight, input, output, step),
                        }
                    });
                }
            }
            x += pixels;
        }
    }
}

#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn input_gradient(
    shape: &ConvolutionShape,
    weight: &[f32],
    output_gradient: &[Samples],
    input_gradient: &mut [Samples],
) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let [kernel_height, kernel_width] = window.kernel;
    let groups = shape.groups.max(1);
    let (inputs, outputs) = (from.channels / groups, to.channels / groups);
    let taps_count = kernel_height * kernel_width;
    if inputs == 1 && outputs == 1 {
        match turned(shape) {
            Some(turned) => return depthwise_gradient(&turned, weight, output_gradient, input_gradient),
            None => return Plain.input_gradient(shape, weight, output_gradient, input_gradient),
        }
    }
    // The place of the output that a tap of an input pixel belongs to.
    let place = |axis: usize, pixel: usize, tap: usize, size: usize| {
        let start = (pixel + window.padding[axis]).checked_sub(tap * window.dilation[axis])?;
        let stride = window.stride[axis].max(1);
        (start.is_multiple_of(stride) && start / stride < size).then_some(start / stride)
    };
    for y in 0..from.height {
        for x in 0..from.width {
            for group in 0..groups {
                tiled(inputs, |first, size| {
                    let channel = group * inputs + first;
                    let target = &mut input_gradient[channel * from.area() + y * from.width + x..];
                    for row in 0..kernel_height {
                        let Some(down) = place(0, y, row, to.height) else { continue };
                        for column in 0..kernel_width {
                            let Some(across) = place(1, x, column, to.width) else { continue };
                            let gradients = &output_gradient[group * outputs * to.area() + down * to.width + across..];
                            let first_output = group * outputs;
                            let weight =
                                &weight[(first_output * inputs + first) * taps_count + row * kernel_width + column..];
                            let walk = Walk {
                                channels: outputs,
                                rows: 1,
                                columns: 1,
                                input: [to.area(), 0, 0],
                                weight: [inputs * taps_count, 0],
                                weight_output: taps_count,
                                pixel: 0,
                            };
                            let step = from.area();
                            match size {
                                1 => tile::<1, 1>(&walk, weight, gradients, target, step),
                                2 => tile::<2, 1>(&walk, weight, gradients, target, step),
                                4 => tile::<4, 1>(&walk, weight, gradients, target, step),
                                _ => tile::<6, 1>(&walk, weight, gradients, target, step),
                            }
                        }
                    }
                });
            }
        }
    }
}

#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn weight_gradient(
    shape: &ConvolutionShape,
    blocks: usize,
    input: &[Samples],
    output_gradient: &[Samples],
    weight_gradient: &mut [f32],
) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let [kernel_height, kernel_width] = window.kernel;
    let groups = shape.groups.max(1);
    let (inputs, outputs) = (from.channels / groups, to.channels / groups);
    let taps_count = kernel_height * kernel_width;
    let [input_size, output_size] = [from, to].map(|planes| planes.channels * planes.area());
    // So many blocks that a sum is worth adding up, and few enough that a tile's planes stay in the first cache.
    let together = PLACES.div_ceil(to.area().max(1)).clamp(1, blocks.max(1));
    // Few channels: neighbouring taps make up the tile.
    let by_taps = inputs < 3;
    let mut block = 0;
    while block < blocks {
        let some = together.min(blocks - block);
        let (input, gradients) = (&input[block * input_size..], &output_gradient[block * output_size..]);
        block += some;
        for group in 0..groups {
            let mut output = 0;
            while output < outputs {
                let tall = if outputs - output >= 4 { 4 } else { 1 };
                let channel = group * outputs + output;
                let mut first = 0;
                while first < inputs {
                    let wide = if inputs - first >= 3 { 3 } else { 1 };
                    for row in 0..kernel_height {
                        let mut column = 0;
                        while column < kernel_width {
                            let at = column;
                            column += 1;
                            let Some(tap) = super::convolution::tap(shape, [row, at]) else { continue };
                            let mut across = wide;
                            while by_taps
                                && across < 3
                                && column < kernel_width
                                && is_beside(shape, [row, column], &tap)
                            {
                                across += 1;
                                column += 1;
                            }
                            let (input_step, weight_step) =
                                if by_taps { (window.dilation[1], 1) } else { (from.area(), taps_count) };
                            let sweep = Sweep {
                                blocks: some,
                                rows: tap.rows,
                                columns: tap.columns,
                                input: [input_size, window.stride[0] * from.width, window.stride[1]],
                                output: [output_size, to.width],
                                channel: [input_step, to.area()],
                            };
                            let input = &input[(group * inputs + first) * from.area() + tap.input..];
                            let gradients = &gradients[channel * to.area() + tap.output..];
                            let weight = (channel * inputs + first) * taps_count + row * kernel_width + at;
                            let gradient = &mut weight_gradient[weight..];
                            let steps = [inputs * taps_count, weight_step];
                            match (tall, across) {
                                (4, 3) => sweep.add::<4, 3>(input, gradients, gradient, steps),
                                (4, 2) => sweep.add::<4, 2>(input, gradients, gradient, steps),
                                (4, _) => sweep.add::<4, 1>(input, gradients, gradient, steps),
                                (_, 3) => sweep.add::<1, 3>(input, gradients, gradient, steps),
                                (_, 2) => sweep.add::<1, 2>(input, gradients, gradient, steps),
                                (_, _) => sweep.add::<1, 1>(input, gradients, gradient, steps),
                            }
                        }
                    }
                    first += wide;
                }
                output += tall;
            }
        }
    }
}

/// The most taps of a depthwise window that is turned round.
const MOST_TAPS: usize = 64;

/// The convolution that the input's gradient of one with stride 1 is: from the output back, the window turned round.
fn turned(shape: &ConvolutionShape) -> Option<ConvolutionShape> {
    let window = &shape.window;
    let [height, width] = window.kernel;
    let along = |axis: usize| (window.dilation[axis] * (window.kernel[axis] - 1)).checked_sub(window.padding[axis]);
    let padding = [along(0)?, along(1)?];
    let fits = window.stride == [1; 2] && height * width <= MOST_TAPS;
    let window = Window { padding, ..*window };
    fits.then_some(ConvolutionShape { input: shape.output, output: shape.input, window, ..*shape })
}

/// Each channel by its own window, turned round.
fn depthwise_gradient(shape: &ConvolutionShape, weight: &[f32], input: &[Samples], output: &mut [Samples]) {
    let taps_count = shape.window.kernel[0] * shape.window.kernel[1];
    let one = ConvolutionShape {
        input: crate::geometry::Planes { channels: 1, ..shape.input },
        output: crate::geometry::Planes { channels: 1, ..shape.output },
        groups: 1,
        ..*shape
    };
    let mut turned = [0.0; MOST_TAPS];
    let planes = input.chunks_exact(shape.input.area()).zip(output.chunks_exact_mut(shape.output.area()));
    for ((input, output), own) in planes.zip(weight.chunks_exact(taps_count)) {
        for (to, &from) in turned.iter_mut().zip(own.iter().rev()) {
            *to = from;
        }
        forward(&one, &turned[..taps_count], input, output);
    }
}

/// How many places of an output are added up at once, at least.
const PLACES: usize = 64;

/// Whether a tap is at the same places of the output as the one before it, so that both can be summed at once.
fn is_beside(shape: &ConvolutionShape, place: [usize; 2], before: &super::convolution::Tap) -> bool {
    super::convolution::tap(shape, place)
        .is_some_and(|tap| tap.output == before.output && tap.rows == before.rows && tap.columns == before.columns)
}

/// All places of one tap.
struct Sweep {
    blocks: usize,
    rows: usize,
    columns: usize,
    /// From one block to the next, from one row to the next, from one place to the next; in the input.
    input: [usize; 3],
    /// From one block to the next and from one row to the next, in the output.
    output: [usize; 2],
    /// From one channel to the next, in the input and in the output.
    channel: [usize; 2],
}

impl Sweep {
    /// Adds the gradients of `OUTPUTS` x `INPUTS` weights, `steps` apart.
    #[inline(always)]
    fn add<const OUTPUTS: usize, const INPUTS: usize>(
        &self,
        input: &[Samples],
        output_gradient: &[Samples],
        weight_gradient: &mut [f32],
        steps: [usize; 2],
    ) {
        if self.blocks * self.rows * self.columns == 0 {
            return;
        }
        let last_input = (self.blocks - 1) * self.input[0]
            + (self.rows - 1) * self.input[1]
            + (self.columns - 1) * self.input[2]
            + (INPUTS - 1) * self.channel[0];
        let last_output = (self.blocks - 1) * self.output[0]
            + (self.rows - 1) * self.output[1]
            + (self.columns - 1)
            + (OUTPUTS - 1) * self.channel[1];
        assert!(last_input < input.len() && last_output < output_gradient.len());
        let mut sums = [[F32x4::splat(0.0); INPUTS]; OUTPUTS];
        for block in 0..self.blocks {
            for row in 0..self.rows {
                let from = block * self.input[0] + row * self.input[1];
                let to = block * self.output[0] + row * self.output[1];
                for column in 0..self.columns {
                    for half in 0..2 {
                        // SAFETY: no index is beyond the last ones, which the assertion bounds; a half has four f32.
                        let values: [F32x4; INPUTS] = core::array::from_fn(|channel| unsafe {
                            let at = from + column * self.input[2] + channel * self.channel[0];
                            F32x4::load(input.get_unchecked(at).0.as_ptr().add(4 * half))
                        });
                        for (channel, sums) in sums.iter_mut().enumerate() {
                            // SAFETY: as above.
                            let gradient = unsafe {
                                let at = to + column + channel * self.channel[1];
                                F32x4::load(output_gradient.get_unchecked(at).0.as_ptr().add(4 * half))
                            };
                            for (sum, &value) in sums.iter_mut().zip(&values) {
                                *sum = value.mul_add(gradient, *sum);
                            }
                        }
                    }
                }
            }
        }
        for (output, sums) in sums.iter().enumerate() {
            for (input, sum) in sums.iter().enumerate() {
                let [a, b, c, d] = sum.to_array();
                weight_gradient[output * steps[0] + input * steps[1]] += (a + b) + (c + d);
            }
        }
    }
}
