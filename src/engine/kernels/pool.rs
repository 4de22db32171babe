//! Poolings over [N, H, W, C], four channels at once.

use super::geometry::Window;
use super::matrix::{Finish, PixelSteps};
use super::simd::{F32x4, LANES};

/// What is taken of the values under a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pooling {
    Max,
    /// The sum, divided by the taps inside the input.
    MeanInside,
    /// The sum, divided by the taps inside the input and its padding.
    MeanPadded,
    /// The sum, divided by this.
    SumOver(f32),
}

/// A pooling; windows are clipped to the input.
#[derive(Clone, Copy, Debug)]
pub struct PoolJob {
    pub batch: usize,
    /// Rows and columns of the input.
    pub from: [usize; 2],
    /// Rows and columns of the output.
    pub to: [usize; 2],
    /// Rounded up to whole vectors.
    pub channels: usize,
    pub window: Window,
    pub pooling: Pooling,
    pub input: PixelSteps,
    pub output: PixelSteps,
    pub finish: Finish,
}

/// The taps of a window that are inside, along one axis.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    count: usize,
    /// Taps inside the input or its padding.
    padded: usize,
}

/// Computes the whole pooling.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
pub fn pool(job: &PoolJob, input: &[f32], output: &mut [f32]) {
    let [height, width] = job.to;
    if job.batch * height * width * job.channels == 0 || job.from[0] * job.from[1] == 0 {
        return;
    }
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= job.input.at(job.batch - 1, job.from[0] - 1, job.from[1] - 1) + job.channels);
    assert!(output.len() >= job.output.at(job.batch - 1, height - 1, width - 1) + job.channels);
    for image in 0..job.batch {
        for row in 0..height {
            let rows = span(job, 0, row);
            for column in 0..width {
                let columns = span(job, 1, column);
                let scale = match job.pooling {
                    Pooling::Max => 1.0,
                    Pooling::MeanInside => 1.0 / (rows.count * columns.count) as f32,
                    Pooling::MeanPadded => 1.0 / (rows.padded * columns.padded) as f32,
                    Pooling::SumOver(count) => 1.0 / count,
                };
                let from = job.input.at(image, rows.first, columns.first);
                let to = job.output.at(image, row, column);
                // SAFETY: the spans are inside the input, whose last pixel the assertions bound, as the output's.
                unsafe { pixel(job, [rows.count, columns.count], scale, &input[from..], &mut output[to..]) };
            }
        }
    }
}

/// One output pixel, all channels.
///
/// # Safety
/// `counts` taps can be read from `input` on, `channels` values written to `output`.
#[inline(always)]
unsafe fn pixel(job: &PoolJob, counts: [usize; 2], scale: f32, input: &[f32], output: &mut [f32]) {
    let row_step = job.window.dilation[0] * job.input.row;
    let column_step = job.window.dilation[1] * job.input.column;
    let is_max = job.pooling == Pooling::Max;
    let start = if is_max { f32::NEG_INFINITY } else { 0.0 };
    let mut channel = 0;
    while channel < job.channels {
        // Two vectors at once where there are two.
        let second = if channel + LANES < job.channels { LANES } else { 0 };
        let mut sums = [F32x4::splat(start); 2];
        for row in 0..counts[0] {
            let mut at = row * row_step + channel;
            for _ in 0..counts[1] {
                // SAFETY: the caller's.
                let values =
                    unsafe { [F32x4::load(input.as_ptr().add(at)), F32x4::load(input.as_ptr().add(at + second))] };
                if is_max {
                    sums = [values[0].max(sums[0]), values[1].max(sums[1])];
                } else {
                    sums = [sums[0].add(values[0]), sums[1].add(values[1])];
                }
                at += column_step;
            }
        }
        if !is_max {
            sums = sums.map(|sum| sum.mul(F32x4::splat(scale)));
        }
        job.finish.apply(&mut sums);
        // SAFETY: the caller's.
        unsafe {
            sums[0].store(output.as_mut_ptr().add(channel));
            if second > 0 {
                sums[1].store(output.as_mut_ptr().add(channel + second));
            }
        }
        channel += 2 * LANES;
    }
}

fn span(job: &PoolJob, axis: usize, output: usize) -> Span {
    let window = &job.window;
    let (size, dilation, padding) = (job.from[axis], window.dilation[axis], window.padding[axis]);
    let start = output * window.stride[axis];
    let skipped = padding.saturating_sub(start).div_ceil(dilation);
    let first = start + skipped * dilation - padding;
    let inside = size.saturating_sub(first).div_ceil(dilation);
    let padded = (size + 2 * padding).saturating_sub(start).div_ceil(dilation).min(window.kernel[axis]);
    Span { first, count: inside.min(window.kernel[axis].saturating_sub(skipped)), padded }
}

/// The mean of every channel over all pixels of an image: [N, H, W, C] to [N, C].
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
pub fn global_mean(job: &PoolJob, input: &[f32], output: &mut [f32]) {
    let [height, width] = job.from;
    if job.batch * height * width * job.channels == 0 {
        return;
    }
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= job.input.at(job.batch - 1, height - 1, width - 1) + job.channels);
    assert!(output.len() >= job.output.at(job.batch - 1, 0, 0) + job.channels);
    let scale = F32x4::splat(1.0 / (height * width) as f32);
    for image in 0..job.batch {
        let to = job.output.at(image, 0, 0);
        for channel in (0..job.channels).step_by(LANES) {
            let mut total = [F32x4::splat(0.0)];
            for row in 0..height {
                let mut at = job.input.at(image, row, 0) + channel;
                // Sums of rows, added up: less rounding than one long sum.
                let mut sums = [F32x4::splat(0.0); 2];
                for _ in 0..width / 2 {
                    // SAFETY: the assertions bound the last pixel.
                    unsafe {
                        sums[0] = sums[0].add(F32x4::load(input.as_ptr().add(at)));
                        sums[1] = sums[1].add(F32x4::load(input.as_ptr().add(at + job.input.column)));
                    }
                    at += 2 * job.input.column;
                }
                if width % 2 == 1 {
                    // SAFETY: as above.
                    sums[0] = sums[0].add(unsafe { F32x4::load(input.as_ptr().add(at)) });
                }
                total[0] = total[0].add(sums[0].add(sums[1]));
            }
            total[0] = total[0].mul(scale);
            job.finish.apply(&mut total);
            // SAFETY: the assertion bounds the last image's channels.
            unsafe { total[0].store(output.as_mut_ptr().add(to + channel)) };
        }
    }
}
