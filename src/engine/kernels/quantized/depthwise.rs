//! Depthwise convolutions of quantised numbers: two taps of a row at once.

// As in the f32 product.
#![allow(clippy::needless_range_loop)]

use super::{Rescaling, Shorts, as_shorts};
use crate::engine::kernels::matrix::PixelSteps;
use crate::engine::kernels::simd::{I32x4, LANES};

/// A depthwise convolution whose input has a border of zeros; distances count quantised values.
#[derive(Clone, Debug)]
pub struct QuantizedDepthwise {
    pub batch: usize,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    /// In whole vectors.
    pub channels: usize,
    pub kernel: [usize; 2],
    pub input: PixelSteps,
    /// Steps of the input from one tap to the next, [vertical, horizontal].
    pub tap: [usize; 2],
    pub output: PixelSteps,
    /// [channels / 4][kh][ceil(kw / 2)][4][2].
    pub weight: Shorts,
    pub rescaling: Rescaling,
}

/// Packs weights by `weight(channel, tap row, tap column)`; an odd last column is paired with zeros.
pub fn pack_depthwise(channels: usize, kernel: [usize; 2], weight: impl Fn(usize, usize, usize) -> i16) -> Shorts {
    let [height, width] = kernel;
    let pairs = width.div_ceil(2);
    Shorts::from_fn(channels.next_multiple_of(LANES) * height * pairs * 2, |index| {
        let (vector, within) = (index / (height * pairs * 2 * LANES), index % (height * pairs * 2 * LANES));
        let (row, within) = (within / (pairs * 2 * LANES), within % (pairs * 2 * LANES));
        let (pair, lane) = (within / (2 * LANES), within % (2 * LANES));
        let (channel, column) = (vector * LANES + lane / 2, pair * 2 + lane % 2);
        if channel < channels && column < width { weight(channel, row, column) } else { 0 }
    })
}

/// Computes the whole convolution.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn depthwise(job: &QuantizedDepthwise, input: &[f32], output: &mut [f32]) {
    if job.batch * job.height * job.width * job.channels == 0 {
        return;
    }
    let input = as_shorts(input);
    let [height, width] = job.kernel;
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let reach = (height - 1) * job.tap[0] + (width - 1) * job.tap[1] + job.channels;
    let room = if job.rescaling.quantize.is_some() { 2 * output.len() } else { output.len() };
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= last(&job.input) + reach && room >= last(&job.output) + job.channels);
    assert!(job.weight.as_slice().len() >= job.channels * height * width.div_ceil(2) * 2);
    assert!(job.rescaling.scale.len() >= job.channels && job.rescaling.bias.len() >= job.channels);
    for image in 0..job.batch {
        for row in 0..job.height {
            let mut column = 0;
            while column < job.width {
                // SAFETY: the assertions bound the last pixel's reads and writes.
                unsafe {
                    if column + 4 <= job.width {
                        pixels::<4>(job, [image, row, column], input, output);
                        column += 4;
                    } else {
                        pixels::<1>(job, [image, row, column], input, output);
                        column += 1;
                    }
                }
            }
        }
    }
}

/// `PIXELS` neighbouring pixels, all channels.
///
/// # Safety
/// What the job says of these pixels can be read and written.
#[inline(always)]
unsafe fn pixels<const PIXELS: usize>(
    job: &QuantizedDepthwise,
    [image, row, column]: [usize; 3],
    input: &[i16],
    output: &mut [f32],
) {
    let [height, width] = job.kernel;
    let target = job.rescaling.target(output);
    let (from, to) = (job.input.at(image, row, column), job.output.at(image, row, column));
    // SAFETY: the caller's.
    unsafe {
        let mut taps = job.weight.as_slice().as_ptr();
        for channel in (0..job.channels).step_by(LANES) {
            let mut sums = [I32x4::splat(0); PIXELS];
            for tap_row in 0..height {
                let mut line = input.as_ptr().add(from + channel + tap_row * job.tap[0]);
                for pair in 0..width.div_ceil(2) {
                    let factors = I32x4::load(taps);
                    taps = taps.add(2 * LANES);
                    // The partner of an odd last tap has weight zero: the tap itself will do.
                    let second = if 2 * pair + 1 < width { job.tap[1] } else { 0 };
                    for pixel in 0..PIXELS {
                        let at = line.add(pixel * job.input.column);
                        let values = I32x4::load_half(at).interleave_low(I32x4::load_half(at.add(second)));
                        sums[pixel] = sums[pixel].dot(values, factors);
                    }
                    line = line.add(2 * second);
                }
            }
            for pixel in 0..PIXELS {
                let at = to + pixel * job.output.column + channel;
                job.rescaling.write(sums[pixel].to_float(), channel, core::ptr::null(), target, at);
            }
        }
    }
}
