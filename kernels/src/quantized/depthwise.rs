//! Depthwise convolutions of quantised numbers: eight channels, and two taps of a row, at once.

// As in the f32 product.
#![allow(clippy::needless_range_loop)]

use alloc::vec::Vec;
use core::ops::Range;

use super::{Bytes, LANES, Rescaling, STEP, Target, as_bytes};
use crate::crew::{Crew, Cut};
use crate::matrix::PixelSteps;
use crate::simd::{F32x4, I32x4};

/// A depthwise convolution whose input has a border of zeros; distances count quantised values.
#[derive(Clone, Debug)]
pub struct QuantizedDepthwise {
    pub batch: usize,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub kernel: [usize; 2],
    pub input: PixelSteps,
    /// Steps of the input from one tap to the next, [vertical, horizontal].
    pub tap: [usize; 2],
    pub output: PixelSteps,
    /// As [`pack_depthwise`] gives it.
    pub weight: Bytes,
    /// What a sum of 1 adds to each output channel, and the biases; in whole steps.
    pub scale: Vec<f32>,
    pub bias: Vec<f32>,
    pub rescaling: Rescaling,
}

/// Output pixels of a row computed together.
const PIXELS: usize = 4;

/// Pairs of neighbouring taps that a row of a kernel reaches over: from an even column on, or from an odd one.
fn pairs(width: usize) -> usize {
    width / 2 + 1
}

/// Bytes of packed weights for a row of a kernel and eight channels.
fn line(width: usize) -> usize {
    2 * pairs(width) * 2 * STEP * size_of::<i16>()
}

/// Packs weights by `weight(channel, tap row, tap column)` as i16: `[channels / 8][kh][shift][pair][8][2]`, where a pair p
/// with shift s holds the taps 2 p - s and 2 p - s + 1, zeros outside the kernel.
pub fn pack_depthwise(channels: usize, kernel: [usize; 2], weight: impl Fn(usize, usize, usize) -> i8) -> Bytes {
    let [height, width] = kernel;
    let row = line(width) / 2;
    let at = |index: usize| {
        let (group, tap_row, within) = (index / (height * row), index / row % height, index % row);
        let (shift, pair) = (within / (pairs(width) * 2 * STEP), within / (2 * STEP) % pairs(width));
        let (channel, tap) = (group * STEP + within % (2 * STEP) / 2, 2 * pair + within % 2);
        match tap.checked_sub(shift) {
            Some(column) if column < width && channel < channels => weight(channel, tap_row, column),
            _ => 0,
        }
    };
    let length = channels.div_ceil(STEP) * height * line(width);
    Bytes::from_fn(length, |byte| i16::from(at(byte / 2)).to_le_bytes()[byte % 2] as i8)
}

/// Computes the whole convolution, shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn depthwise(job: &QuantizedDepthwise, input: &[f32], output: &mut [f32], crew: Crew) {
    if job.batch * job.height * job.width * job.channels == 0 {
        return;
    }
    let input = as_bytes(input);
    let [height, width] = job.kernel;
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let rounded = job.channels.next_multiple_of(STEP);
    let reach = (height - 1) * job.tap[0] + (width - 1) * job.tap[1] + rounded;
    assert!(input.len() >= last(&job.input) + reach);
    assert!(job.rescaling.room(output) >= last(&job.output) + job.channels);
    assert!(job.weight.as_slice().len() >= rounded / STEP * height * line(width));
    assert!(job.scale.len() >= rounded && job.bias.len() >= rounded);
    let target = job.rescaling.target(output);
    let ratio = job.input.column.checked_div(job.tap[1]).filter(|ratio| ratio * job.tap[1] == job.input.column);
    let lines = job.batch * job.height;
    let work = 3 * lines * job.width * job.channels * (height * width + 1);
    crew.share(lines, Cut { work, blocks: lines }, &|lines, _| {
        // SAFETY: the assertions bound the last pixel's reads and writes, and offsets grow with image, row and column;
        // other parts write other lines.
        unsafe {
            match (width, ratio) {
                (3, Some(1)) if job.width >= PIXELS => rows::<3, 1, 3>(job, lines, input, target),
                (3, Some(2)) if job.width >= PIXELS => rows::<3, 2, 5>(job, lines, input, target),
                (5, Some(1)) if job.width >= PIXELS => rows::<5, 1, 4>(job, lines, input, target),
                (5, Some(2)) if job.width >= PIXELS => rows::<5, 2, 6>(job, lines, input, target),
                _ => any_rows(job, lines, input, target),
            }
        }
    });
}

/// Kernels `WIDTH` wide whose pixels are `STRIDE` taps apart, in rows of at least [`PIXELS`]: `PAIRS` of input columns
/// lie under a tile.
///
/// # Safety
/// What the job says can be read and written.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn rows<const WIDTH: usize, const STRIDE: usize, const PAIRS: usize>(
    job: &QuantizedDepthwise,
    lines: Range<usize>,
    input: &[i8],
    target: Target,
) {
    let line = line(WIDTH);
    for index in lines {
        let (image, row) = (index / job.height, index % job.height);
        for channel in (0..job.channels).step_by(STEP) {
            let mut column = 0;
            while column < job.width {
                // The last tile of a row overlaps the one before.
                let first = column.min(job.width - PIXELS);
                // SAFETY: the caller's; a tile's last pixel is inside the row.
                unsafe {
                    let from = input.as_ptr().add(job.input.at(image, row, first) + channel);
                    let taps = job.weight.as_slice().as_ptr().add(channel / STEP * job.kernel[0] * line);
                    let sums = tile::<WIDTH, STRIDE, PAIRS>(job, from, taps);
                    for pixel in 0..PIXELS {
                        let values = [job.value(sums[pixel][0], channel), job.value(sums[pixel][1], channel + LANES)];
                        let at = job.output.at(image, row, first + pixel) + channel;
                        job.write(values, channel, target, at);
                    }
                }
                column += PIXELS;
            }
        }
    }
}

/// The sums of a tile's pixels for eight channels.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn tile<const WIDTH: usize, const STRIDE: usize, const PAIRS: usize>(
    job: &QuantizedDepthwise,
    mut from: *const i8,
    mut taps: *const i8,
) -> [[I32x4; 2]; PIXELS] {
    let columns = (PIXELS - 1) * STRIDE + WIDTH;
    let mut sums = [[I32x4::splat(0); 2]; PIXELS];
    // SAFETY: the caller's.
    unsafe {
        for _ in 0..job.kernel[0] {
            let mut values = [[I32x4::splat(0); 2]; PAIRS];
            let mut place = from;
            for pair in 0..PAIRS {
                let a = I32x4::load_bytes(place);
                // The last pair may be half outside; its weight there is zero.
                let next = if 2 * pair + 1 < columns { place.add(job.tap[1]) } else { place };
                let b = I32x4::load_bytes(next);
                place = next.wrapping_add(job.tap[1]);
                values[pair] = [a.interleave_low(b), a.interleave_high(b)];
            }
            for shift in 0..(3 - STRIDE) {
                for pair in 0..WIDTH.div_ceil(2) {
                    for half in 0..2 {
                        let factor = I32x4::load(taps.add(((shift * pairs(WIDTH) + pair) * 2 + half) * 2 * STEP));
                        for pixel in (shift..PIXELS).step_by(3 - STRIDE) {
                            let value = values[pixel * STRIDE / 2 + pair][half];
                            sums[pixel][half] = sums[pixel][half].dot(value, factor);
                        }
                    }
                }
            }
            // Beyond the last row: nothing is read there.
            from = from.wrapping_add(job.tap[0]);
            taps = taps.add(line(WIDTH));
        }
    }
    sums
}

/// Any kernel, one pixel after another.
///
/// # Safety
/// What the job says can be read and written.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn any_rows(job: &QuantizedDepthwise, lines: Range<usize>, input: &[i8], target: Target) {
    let [height, width] = job.kernel;
    let line = line(width);
    for index in lines {
        let (image, row) = (index / job.height, index % job.height);
        for column in 0..job.width {
            for channel in (0..job.channels).step_by(STEP) {
                let mut sums = [I32x4::splat(0); 2];
                // SAFETY: the caller's.
                unsafe {
                    let from = input.as_ptr().add(job.input.at(image, row, column) + channel);
                    let taps = job.weight.as_slice().as_ptr().add(channel / STEP * height * line);
                    for tap_row in 0..height {
                        let (from, taps) = (from.add(tap_row * job.tap[0]), taps.add(tap_row * line));
                        for tap in (0..width).step_by(2) {
                            let a = I32x4::load_bytes(from.add(tap * job.tap[1]));
                            // The partner of an odd last tap has weight zero: the tap itself will do.
                            let second = if tap + 1 < width { tap + 1 } else { tap };
                            let b = I32x4::load_bytes(from.add(second * job.tap[1]));
                            let taps = taps.add(tap * 2 * STEP);
                            sums[0] = sums[0].dot(a.interleave_low(b), I32x4::load(taps));
                            sums[1] = sums[1].dot(a.interleave_high(b), I32x4::load(taps.add(2 * STEP)));
                        }
                    }
                    let values = [job.value(sums[0], channel), job.value(sums[1], channel + LANES)];
                    job.write(values, channel, target, job.output.at(image, row, column) + channel);
                }
            }
        }
    }
}

impl QuantizedDepthwise {
    /// What four sums become.
    ///
    /// # Safety
    /// The channels are among the job's, rounded up to whole steps.
    #[inline(always)]
    unsafe fn value(&self, sum: I32x4, channel: usize) -> F32x4 {
        // SAFETY: the caller's.
        unsafe {
            let scale = F32x4::load(self.scale.as_ptr().add(channel));
            let bias = F32x4::load(self.bias.as_ptr().add(channel));
            self.rescaling.bounds.apply(sum.to_float().mul_add(scale, bias))
        }
    }

    /// Eight values of a pixel.
    ///
    /// # Safety
    /// As many channels as there are can be written at `at`.
    #[inline(always)]
    unsafe fn write(&self, mut values: [F32x4; 2], channel: usize, target: Target, at: usize) {
        let left = self.channels - channel;
        // SAFETY: the caller's.
        unsafe {
            match target {
                Target::Bytes(to) if left >= STEP && self.rescaling.function.is_none() => {
                    values[0].store_bytes(values[1], to.add(at));
                }
                _ => {
                    if let Some(activation) = self.rescaling.function {
                        values = values.map(|value| self.rescaling.through(activation, value));
                    }
                    target.write(values[0], at, left);
                    if left > LANES {
                        target.write(values[1], at + LANES, left - LANES);
                    }
                }
            }
        }
    }
}
