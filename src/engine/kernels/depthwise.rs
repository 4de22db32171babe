//! Depthwise convolutions over [N, H, W, C]: four channels at once, four pixels of a row at once, so that a loaded
//! weight serves four pixels and a loaded pixel every tap it is under.

// As in the matrix product.
#![allow(clippy::needless_range_loop)]

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

/// Packed weights: `weight` is [kh * kw][channels], `bias` [channels].
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseWeights<'a> {
    pub weight: &'a [f32],
    pub bias: &'a [f32],
}

/// Computes the whole convolution.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
pub fn depthwise(job: &DepthwiseJob, weights: DepthwiseWeights<'_>, input: &[f32], output: &mut [f32]) {
    if job.batch * job.height * job.width * job.channels == 0 {
        return;
    }
    let [kernel_height, kernel_width] = job.kernel;
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let reach = (kernel_height - 1) * job.tap[0] + (kernel_width - 1) * job.tap[1] + job.channels;
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= last(&job.input) + reach && output.len() >= last(&job.output) + job.channels);
    assert!(weights.weight.len() >= kernel_height * kernel_width * job.channels && weights.bias.len() >= job.channels);
    let ratio = job.input.column.checked_div(job.tap[1]).filter(|ratio| ratio * job.tap[1] == job.input.column);
    // SAFETY: the assertions bound the last pixel's reads and writes, and offsets grow with image, row and column.
    unsafe {
        match (kernel_width, ratio) {
            (3, Some(1)) => rows::<3, 1, 6>(job, weights, input.as_ptr(), output.as_mut_ptr()),
            (3, Some(2)) => rows::<3, 2, 9>(job, weights, input.as_ptr(), output.as_mut_ptr()),
            (5, Some(1)) => rows::<5, 1, 8>(job, weights, input.as_ptr(), output.as_mut_ptr()),
            (5, Some(2)) => rows::<5, 2, 11>(job, weights, input.as_ptr(), output.as_mut_ptr()),
            _ => any_rows(job, weights, input.as_ptr(), output.as_mut_ptr()),
        }
    }
}

/// Kernels `WIDTH` wide whose pixels are `STRIDE` taps apart: `COLUMNS = (PIXELS - 1) * STRIDE + WIDTH`.
///
/// # Safety
/// What the job says can be read and written.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn rows<const WIDTH: usize, const STRIDE: usize, const COLUMNS: usize>(
    job: &DepthwiseJob,
    weights: DepthwiseWeights<'_>,
    input: *const f32,
    output: *mut f32,
) {
    // SAFETY: the caller's; a tile of `PIXELS` pixels begins so that its last pixel is inside the row.
    unsafe {
        for image in 0..job.batch {
            for row in 0..job.height {
                let mut column = 0;
                while job.width >= PIXELS && column < job.width {
                    // The last tile of a row overlaps the one before.
                    let first = column.min(job.width - PIXELS);
                    let from = input.add(job.input.at(image, row, first));
                    let to = output.add(job.output.at(image, row, first));
                    wide_tile::<WIDTH, STRIDE, COLUMNS>(job, weights, from, to);
                    column += PIXELS;
                }
                while column < job.width {
                    let from = input.add(job.input.at(image, row, column));
                    pixel(job, weights, from, output.add(job.output.at(image, row, column)));
                    column += 1;
                }
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
    weights: DepthwiseWeights<'_>,
    from: *const f32,
    to: *mut f32,
) {
    // SAFETY: the caller's; channels come in whole vectors.
    unsafe {
        let mut channel = 0;
        while channel < job.channels {
            // See the matrix product: an index that cannot be followed keeps the address arithmetic short.
            let here = core::hint::black_box(channel);
            let mut sums = [F32x4::load(weights.bias.as_ptr().add(here)); PIXELS];
            let mut line = from.add(here);
            let mut taps = weights.weight.as_ptr().add(here);
            for _ in 0..job.kernel[0] {
                let mut factors = [F32x4::splat(0.0); WIDTH];
                for factor in &mut factors {
                    *factor = F32x4::load(taps);
                    taps = taps.add(job.channels);
                }
                let mut source = line;
                for column in 0..COLUMNS {
                    let value = F32x4::load(source);
                    source = source.add(job.tap[1]);
                    for pixel in 0..PIXELS {
                        if column >= pixel * STRIDE && column < pixel * STRIDE + WIDTH {
                            sums[pixel] = value.mul_add(factors[column - pixel * STRIDE], sums[pixel]);
                        }
                    }
                }
                line = line.add(job.tap[0]);
            }
            job.finish.apply(&mut sums);
            let mut target = to.add(here);
            for sum in sums {
                sum.store(target);
                target = target.add(job.output.column);
            }
            channel += LANES;
        }
    }
}

/// Any kernel, one pixel after another.
///
/// # Safety
/// As for [`rows`].
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn any_rows(job: &DepthwiseJob, weights: DepthwiseWeights<'_>, input: *const f32, output: *mut f32) {
    for image in 0..job.batch {
        for row in 0..job.height {
            for column in 0..job.width {
                // SAFETY: the caller's.
                unsafe {
                    let from = input.add(job.input.at(image, row, column));
                    pixel(job, weights, from, output.add(job.output.at(image, row, column)));
                }
            }
        }
    }
}

/// One pixel, all channels.
///
/// # Safety
/// As for [`rows`].
#[inline(always)]
unsafe fn pixel(job: &DepthwiseJob, weights: DepthwiseWeights<'_>, from: *const f32, to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        let mut channel = 0;
        while channel < job.channels {
            let mut sums = [F32x4::load(weights.bias.as_ptr().add(channel))];
            let mut taps = weights.weight.as_ptr().add(channel);
            for tap_row in 0..job.kernel[0] {
                let mut source = from.add(channel + tap_row * job.tap[0]);
                for _ in 0..job.kernel[1] {
                    sums[0] = F32x4::load(source).mul_add(F32x4::load(taps), sums[0]);
                    source = source.add(job.tap[1]);
                    taps = taps.add(job.channels);
                }
            }
            job.finish.apply(&mut sums);
            sums[0].store(to.add(channel));
            channel += LANES;
        }
    }
}
