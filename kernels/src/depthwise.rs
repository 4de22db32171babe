//! Depthwise convolutions over [N, H, W, C]: four channels at once, four pixels of a row at once, so that a loaded
//! weight serves four pixels and a loaded pixel every tap it is under.

// As in the matrix product.
#![allow(clippy::needless_range_loop)]

use core::ops::Range;

use super::aligned::Aligned;
use super::crew::{Crew, Cut, Writes};
use super::functions;
use super::matrix::{Finish, PixelSteps};
use super::simd::{F32x4, LANES};

/// Output pixels of a row computed together.
const PIXELS: usize = 4;

/// A depthwise convolution whose input has a border of zeros.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseJob {
    pub batch: usize,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    /// Rounded up to whole vectors; all of them are written.
    pub channels: usize,
    pub kernel: [usize; 2],
    /// Steps of the input from one output pixel to the next.
    pub input: PixelSteps,
    /// Steps of the input from one tap to the next, [vertical, horizontal].
    pub tap: [usize; 2],
    pub output: PixelSteps,
    pub finish: Finish,
}

/// Channels that pass over the image together: three rows of them stay in the first cache.
const CHANNEL_BLOCK: usize = 64;

/// Packs weights `[C][kh * kw]` and a bias `[C]` as the kernel reads them: for each vector of channels the bias, then the
/// taps, so that all are at constant distances.
pub fn pack(channels: usize, taps: usize, weight: &[f32], bias: &[f32]) -> Aligned {
    let rounded = channels.next_multiple_of(LANES);
    let mut packed = Aligned::zeros(rounded * (taps + 1));
    for channel in 0..channels {
        let to = &mut packed[channel / LANES * LANES * (taps + 1)..];
        to[channel % LANES] = bias.get(channel).copied().unwrap_or(0.0);
        for tap in 0..taps {
            to[(tap + 1) * LANES + channel % LANES] = weight[channel * taps + tap];
        }
    }
    packed
}

/// Computes the whole convolution with weights from [`pack`], shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn depthwise(job: &DepthwiseJob, weights: &[f32], input: &[f32], output: &mut [f32], crew: Crew) {
    if job.batch * job.height * job.width * job.channels == 0 {
        return;
    }
    let [kernel_height, kernel_width] = job.kernel;
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let reach = (kernel_height - 1) * job.tap[0] + (kernel_width - 1) * job.tap[1] + job.channels;
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= last(&job.input) + reach && output.len() >= last(&job.output) + job.channels);
    assert!(weights.len() >= (kernel_height * kernel_width + 1) * job.channels);
    let output = Writes::of(output);
    let lines = job.batch * job.height;
    let taps = kernel_height * kernel_width;
    // Loads and stores take as long as the products.
    let work = 2 * lines * job.width * job.channels * (taps + 1);
    let vectors = job.channels / LANES;
    if lines < FEW_LINES && vectors > lines {
        crew.share(vectors, Cut { work, blocks: 1 }, &|range, _| {
            let channels = range.start * LANES..range.end * LANES;
            // SAFETY: the assertions bound the last pixel's reads and writes, and offsets grow with image, row and column;
            // other parts write other channels.
            unsafe { part(job, weights, input, output, [0..lines, channels]) };
        });
    } else {
        crew.share(lines, Cut { work, blocks: lines }, &|lines, _| {
            // SAFETY: as above; other parts write other lines.
            unsafe { part(job, weights, input, output, [lines, 0..job.channels]) };
        });
    }
}

/// Lines that are too few to be shared evenly.
const FEW_LINES: usize = 16;

/// Some lines, counted over all images, and some channels of them, in whole vectors.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these channels of these lines.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn part(
    job: &DepthwiseJob,
    weights: &[f32],
    input: &[f32],
    output: Writes<f32>,
    [lines, channels]: [Range<usize>; 2],
) {
    let ratio = job.input.column.checked_div(job.tap[1]).filter(|ratio| ratio * job.tap[1] == job.input.column);
    let vector = (job.kernel[0] * job.kernel[1] + 1) * LANES;
    for first in channels.clone().step_by(CHANNEL_BLOCK) {
        let block = DepthwiseJob { channels: CHANNEL_BLOCK.min(channels.end - first), ..*job };
        let lines = lines.clone();
        // SAFETY: the caller's.
        unsafe {
            let weights = weights.as_ptr().add(first / LANES * vector);
            let (input, output) = (input.as_ptr().add(first), output.pointer().add(first));
            match (job.kernel, ratio) {
                ([3, 3], Some(1)) => sliding_rows::<1>(&block, lines, weights, input, output),
                ([3, 3], Some(2)) => sliding_rows::<2>(&block, lines, weights, input, output),
                ([_, 2], Some(1)) => rows::<2, 1, 5>(&block, lines, weights, input, output),
                ([_, 5], Some(1)) => rows::<5, 1, 8>(&block, lines, weights, input, output),
                ([_, 5], Some(2)) => rows::<5, 2, 11>(&block, lines, weights, input, output),
                _ => any_rows(&block, lines, weights, input, output),
            }
        }
    }
}

/// 3x3 kernels whose pixels are `STRIDE` taps apart, 1 or 2: a window slides along each row. A column of three pixels is
/// loaded once and goes into every sum it is under; with 9 weights, 3 sums and a pixel 13 vectors live.
///
/// # Safety
/// What the job says can be read and written.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn sliding_rows<const STRIDE: usize>(
    job: &DepthwiseJob,
    lines: Range<usize>,
    weights: *const f32,
    input: *const f32,
    output: *mut f32,
) {
    for line in lines {
        let (image, row) = (line / job.height, line % job.height);
        let from = job.input.at(image, row, 0);
        let to = job.output.at(image, row, 0);
        for channel in (0..job.channels).step_by(LANES) {
            // SAFETY: the caller's.
            unsafe {
                let weights = weights.add(channel * 10);
                slide::<STRIDE>(job, weights, input.add(from + channel), output.add(to + channel));
            }
        }
        if let Some(activation) = job.finish.function() {
            for column in 0..job.width {
                // SAFETY: the caller's: these channels were written just now.
                let pixel = unsafe {
                    core::slice::from_raw_parts_mut(output.add(to + column * job.output.column), job.channels)
                };
                functions::apply_to(activation, pixel);
            }
        }
    }
}

/// One vector of channels along one row.
///
/// # Safety
/// As for [`sliding_rows`].
#[inline(always)]
unsafe fn slide<const STRIDE: usize>(job: &DepthwiseJob, weights: *const f32, from: *const f32, to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let tap = |row: usize, column: usize| F32x4::load(weights.add((1 + row * 3 + column) * LANES));
        let taps = [0, 1, 2].map(|column| [tap(0, column), tap(1, column), tap(2, column)]);
        let bias = F32x4::load(weights);
        let bounds = job.finish.bounds();
        let lines = [0, 1, 2].map(|row| from.add(row * job.tap[0]));
        let pixel = |row: usize, column: usize| F32x4::load(lines[row].add(column * job.tap[1]));
        // What the columns so far add to the next pixel, and for a stride of 1 to the one after it.
        let mut next = bias;
        let mut second = bias;
        for row in 0..3 {
            next = pixel(row, 0).mul_add(taps[0][row], next);
        }
        if STRIDE == 1 {
            for row in 0..3 {
                let value = pixel(row, 1);
                next = value.mul_add(taps[1][row], next);
                second = value.mul_add(taps[0][row], second);
            }
        }
        let mut to = to;
        for column in 0..job.width {
            let mut sum = next;
            if STRIDE == 1 {
                next = second;
                second = bias;
                for row in 0..3 {
                    let value = pixel(row, column + 2);
                    sum = value.mul_add(taps[2][row], sum);
                    next = value.mul_add(taps[1][row], next);
                    second = value.mul_add(taps[0][row], second);
                }
            } else {
                next = bias;
                for row in 0..3 {
                    sum = pixel(row, 2 * column + 1).mul_add(taps[1][row], sum);
                }
                for row in 0..3 {
                    let value = pixel(row, 2 * column + 2);
                    sum = value.mul_add(taps[2][row], sum);
                    next = value.mul_add(taps[0][row], next);
                }
            }
            bounds.apply(sum).store(to);
            to = to.add(job.output.column);
        }
    }
}

/// Kernels `WIDTH` wide whose pixels are `STRIDE` taps apart: `COLUMNS = (PIXELS - 1) * STRIDE + WIDTH`.
///
/// # Safety
/// What the job says can be read and written.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn rows<const WIDTH: usize, const STRIDE: usize, const COLUMNS: usize>(
    job: &DepthwiseJob,
    lines: Range<usize>,
    weights: *const f32,
    input: *const f32,
    output: *mut f32,
) {
    for line in lines {
        let (image, row) = (line / job.height, line % job.height);
        // SAFETY: the caller's; a tile of `PIXELS` pixels begins so that its last pixel is inside the row.
        unsafe {
            let from = input.add(job.input.at(image, row, 0));
            let to = output.add(job.output.at(image, row, 0));
            let mut column = 0;
            while job.width >= PIXELS && column < job.width {
                // The last tile of a row overlaps the one before.
                let first = column.min(job.width - PIXELS);
                let (from, to) = (from.add(first * job.input.column), to.add(first * job.output.column));
                wide_tile::<WIDTH, STRIDE, COLUMNS>(job, weights, from, to);
                column += PIXELS;
            }
            while column < job.width {
                let (from, to) = (from.add(column * job.input.column), to.add(column * job.output.column));
                pixel(job, weights, from, to);
                column += 1;
            }
        }
    }
}

/// `PIXELS` neighbouring pixels, all channels.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn wide_tile<const WIDTH: usize, const STRIDE: usize, const COLUMNS: usize>(
    job: &DepthwiseJob,
    weights: *const f32,
    from: *const f32,
    to: *mut f32,
) {
    let vector = (job.kernel[0] * WIDTH + 1) * LANES;
    let pairs = job.channels / (2 * LANES);
    // SAFETY: the caller's; channels come in whole vectors.
    unsafe {
        for pair in 0..pairs {
            let (from, to) = (from.add(pair * 2 * LANES), to.add(pair * 2 * LANES));
            vectors::<WIDTH, STRIDE, COLUMNS, 2>(job, weights.add(pair * 2 * vector), from, to);
        }
        if pairs * 2 * LANES < job.channels {
            let (from, to) = (from.add(pairs * 2 * LANES), to.add(pairs * 2 * LANES));
            vectors::<WIDTH, STRIDE, COLUMNS, 1>(job, weights.add(pairs * 2 * vector), from, to);
        }
    }
}

/// `VECTORS` vectors of channels of `PIXELS` neighbouring pixels.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn vectors<const WIDTH: usize, const STRIDE: usize, const COLUMNS: usize, const VECTORS: usize>(
    job: &DepthwiseJob,
    weights: *const f32,
    from: *const f32,
    to: *mut f32,
) {
    let vector = (job.kernel[0] * WIDTH + 1) * LANES;
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[F32x4::splat(0.0); PIXELS]; VECTORS];
        for index in 0..VECTORS {
            sums[index] = [F32x4::load(weights.add(index * vector)); PIXELS];
        }
        for row in 0..job.kernel[0] {
            // See the matrix product: an index that cannot be followed keeps the address arithmetic short.
            let row = core::hint::black_box(row);
            let taps = weights.add(LANES + row * WIDTH * LANES);
            let mut sources = [from.add(row * job.tap[0]); COLUMNS];
            for column in 1..COLUMNS {
                sources[column] = sources[column - 1].add(job.tap[1]);
            }
            for index in 0..VECTORS {
                let taps = taps.add(index * vector);
                let mut factors = [F32x4::splat(0.0); WIDTH];
                for tap in 0..WIDTH {
                    factors[tap] = F32x4::load(taps.add(tap * LANES));
                }
                let mut values = [F32x4::splat(0.0); COLUMNS];
                for column in 0..COLUMNS {
                    values[column] = F32x4::load(sources[column].add(index * LANES));
                }
                for pixel in 0..PIXELS {
                    // The row's sum first: the pixel's own then waits for one addition, not for each tap's.
                    let mut sum = values[pixel * STRIDE].mul(factors[0]);
                    for tap in 1..WIDTH {
                        sum = values[pixel * STRIDE + tap].mul_add(factors[tap], sum);
                    }
                    sums[index][pixel] = sums[index][pixel].add(sum);
                }
            }
        }
        for index in 0..VECTORS {
            let mut pixels = sums[index];
            job.finish.apply(&mut pixels);
            let mut target = to.add(index * LANES);
            for pixel in pixels {
                pixel.store(target);
                target = target.add(job.output.column);
            }
        }
    }
}

/// Any kernel, one pixel after another.
///
/// # Safety
/// As for [`rows`].
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn any_rows(job: &DepthwiseJob, lines: Range<usize>, weights: *const f32, input: *const f32, output: *mut f32) {
    for line in lines {
        let (image, row) = (line / job.height, line % job.height);
        for column in 0..job.width {
            // SAFETY: the caller's.
            unsafe {
                let from = input.add(job.input.at(image, row, column));
                pixel(job, weights, from, output.add(job.output.at(image, row, column)));
            }
        }
    }
}

/// One pixel, all channels.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn pixel(job: &DepthwiseJob, weights: *const f32, from: *const f32, to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let mut taps = weights;
        let mut channel = 0;
        while channel < job.channels {
            let mut sums = [F32x4::load(taps)];
            taps = taps.add(LANES);
            for tap_row in 0..job.kernel[0] {
                let mut source = from.add(channel + tap_row * job.tap[0]);
                for _ in 0..job.kernel[1] {
                    sums[0] = F32x4::load(source).mul_add(F32x4::load(taps), sums[0]);
                    source = source.wrapping_add(job.tap[1]);
                    taps = taps.add(LANES);
                }
            }
            job.finish.apply(&mut sums);
            sums[0].store(to.add(channel));
            channel += LANES;
        }
    }
}
