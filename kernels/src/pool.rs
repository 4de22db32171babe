//! Poolings over [N, H, W, C], four channels at once.

use core::ops::Range;

use super::crew::{Crew, Cut, Writes};
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

/// Computes the whole pooling, shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn pool(job: &PoolJob, input: &[f32], output: &mut [f32], crew: Crew) {
    let [height, width] = job.to;
    if job.batch * height * width * job.channels == 0 || job.from[0] * job.from[1] == 0 {
        return;
    }
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= job.input.at(job.batch - 1, job.from[0] - 1, job.from[1] - 1) + job.channels);
    assert!(output.len() >= job.output.at(job.batch - 1, height - 1, width - 1) + job.channels);
    let output = Writes::of(output);
    let lines = job.batch * height;
    let work = 2 * lines * width * job.channels * job.window.kernel[0] * job.window.kernel[1];
    crew.share(lines, Cut { work, blocks: lines }, &|lines, _| {
        // SAFETY: the assertions bound the last pixel's reads and writes; other parts write other lines.
        unsafe { pool_lines(job, lines, input, output) };
    });
}

/// Some lines of the output, counted over all images.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these lines.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn pool_lines(job: &PoolJob, lines: Range<usize>, input: &[f32], output: Writes<f32>) {
    let [height, width] = job.to;
    for line in lines {
        let (image, row) = (line / height, line % height);
        let rows = span(job, 0, row);
        let mut columns = span(job, 1, 0);
        for column in 0..width {
            if column > 0 {
                columns = next_span(job, 1, column, columns);
            }
            let from = job.input.at(image, rows.first, columns.first);
            let to = job.output.at(image, row, column);
            // SAFETY: the spans are inside the input; the rest is the caller's.
            unsafe {
                let (from, to) = (input.as_ptr().add(from), output.pointer().add(to));
                match (job.pooling, rows.count, columns.count) {
                    (Pooling::Max, 2, 2) => max_pixel::<2, 2>(job, from, to),
                    (Pooling::Max, 3, 3) => max_pixel::<3, 3>(job, from, to),
                    _ => pixel(job, [rows, columns], from, to),
                }
            }
        }
    }
}

/// One output pixel of a max pool whose window is inside, all channels.
///
/// # Safety
/// The taps can be read from `from` on, `channels` values written to `to`.
#[inline(always)]
unsafe fn max_pixel<const ROWS: usize, const COLUMNS: usize>(job: &PoolJob, from: *const f32, to: *mut f32) {
    let row_step = job.window.dilation[0] * job.input.row;
    let column_step = job.window.dilation[1] * job.input.column;
    for channel in (0..job.channels).step_by(LANES) {
        // SAFETY: the caller's.
        unsafe {
            let mut best = [F32x4::load(from.add(channel))];
            for tap in 1..ROWS * COLUMNS {
                let at = tap / COLUMNS * row_step + tap % COLUMNS * column_step;
                best[0] = F32x4::load(from.add(at + channel)).max(best[0]);
            }
            job.finish.apply(&mut best);
            best[0].store(to.add(channel));
        }
    }
}

/// One output pixel, all channels.
///
/// # Safety
/// The taps of both spans can be read from `from` on, `channels` values written to `to`.
#[inline(always)]
unsafe fn pixel(job: &PoolJob, [rows, columns]: [Span; 2], from: *const f32, to: *mut f32) {
    let scale = match job.pooling {
        Pooling::Max => 1.0,
        Pooling::MeanInside => 1.0 / (rows.count * columns.count) as f32,
        Pooling::MeanPadded => 1.0 / (rows.padded * columns.padded) as f32,
        Pooling::SumOver(count) => 1.0 / count,
    };
    let row_step = job.window.dilation[0] * job.input.row;
    let column_step = job.window.dilation[1] * job.input.column;
    let is_max = job.pooling == Pooling::Max;
    let start = F32x4::splat(if is_max { f32::NEG_INFINITY } else { 0.0 });
    for channel in (0..job.channels).step_by(LANES) {
        let mut sum = [start];
        for row in 0..rows.count {
            let mut at = row * row_step + channel;
            for _ in 0..columns.count {
                // SAFETY: the caller's.
                let value = unsafe { F32x4::load(from.add(at)) };
                sum[0] = if is_max { value.max(sum[0]) } else { sum[0].add(value) };
                at += column_step;
            }
        }
        if !is_max {
            sum[0] = sum[0].mul(F32x4::splat(scale));
        }
        job.finish.apply(&mut sum);
        // SAFETY: the caller's.
        unsafe { sum[0].store(to.add(channel)) };
    }
}

/// The span after that of the output before: most lie one stride further.
#[inline(always)]
fn next_span(job: &PoolJob, axis: usize, output: usize, before: Span) -> Span {
    let window = &job.window;
    let whole = window.kernel[axis];
    let first = before.first + window.stride[axis];
    let last = first + (whole - 1) * window.dilation[axis];
    let was_whole = before.count == whole && before.padded == whole;
    if was_whole && last < job.from[axis] {
        return Span { first, ..before };
    }
    span(job, axis, output)
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
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn global_mean(job: &PoolJob, input: &[f32], output: &mut [f32], crew: Crew) {
    let [height, width] = job.from;
    if job.batch * height * width * job.channels == 0 {
        return;
    }
    assert!(job.channels.is_multiple_of(LANES));
    assert!(input.len() >= job.input.at(job.batch - 1, height - 1, width - 1) + job.channels);
    assert!(output.len() >= job.output.at(job.batch - 1, 0, 0) + job.channels);
    let output = Writes::of(output);
    let vectors = job.channels / LANES;
    let work = 4 * job.batch * height * width * job.channels;
    crew.share(job.batch * vectors, Cut { work, blocks: 1 }, &|range, _| {
        // SAFETY: the assertions bound the last pixel's reads and writes; other parts write other vectors.
        unsafe { mean_vectors(job, range, input, output) };
    });
}

/// Some vectors of channels, counted over all images.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these vectors.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn mean_vectors(job: &PoolJob, range: Range<usize>, input: &[f32], output: Writes<f32>) {
    let [height, width] = job.from;
    let vectors = job.channels / LANES;
    let scale = F32x4::splat(1.0 / (height * width) as f32);
    for vector in range {
        let (image, channel) = (vector / vectors, vector % vectors * LANES);
        let to = job.output.at(image, 0, 0);
        let mut total = [F32x4::splat(0.0)];
        for row in 0..height {
            let mut at = job.input.at(image, row, 0) + channel;
            // Sums of rows, added up: less rounding than one long sum.
            let mut sums = [F32x4::splat(0.0); 2];
            for _ in 0..width / 2 {
                // SAFETY: the caller's.
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
        // SAFETY: the caller's.
        unsafe { total[0].store(output.pointer().add(to + channel)) };
    }
}
