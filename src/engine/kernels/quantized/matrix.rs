//! Matrix products of quantised numbers: pointwise and other convolutions whose input has a border of zeros.

// As in the f32 product.
#![allow(clippy::needless_range_loop)]

use super::{Rescaling, Shorts, as_shorts};
use crate::engine::kernels::matrix::{PANEL, PixelSteps};
use crate::engine::kernels::simd::{I32x4, LANES};

/// A product with the pixels of images as its rows, as in f32; distances count quantised values.
#[derive(Clone, Debug)]
pub struct QuantizedMatrix {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    /// In whole vectors.
    pub outputs: usize,
    pub segments: Vec<u32>,
    /// Even.
    pub depth: usize,
    pub input: PixelSteps,
    pub output: PixelSteps,
    pub residual: PixelSteps,
    /// [panel][segment][depth / 2][PANEL][2].
    pub weight: Shorts,
    pub rescaling: Rescaling,
}

/// Packs weights by `weight(output, position)`.
pub fn pack_matrix(outputs: usize, positions: usize, weight: impl Fn(usize, usize) -> i16) -> Shorts {
    Shorts::from_fn(outputs.div_ceil(PANEL) * positions * PANEL, |index| {
        let (pair, within) = (index / (2 * PANEL), index % (2 * PANEL));
        let (panel, position) = (pair / (positions / 2), pair % (positions / 2) * 2 + within % 2);
        let output = panel * PANEL + within / 2;
        if output < outputs { weight(output, position) } else { 0 }
    })
}

/// Computes the whole product. `residual` is empty where nothing is added.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn multiply(job: &QuantizedMatrix, input: &[f32], residual: &[f32], output: &mut [f32]) {
    let pixels = job.height * job.width;
    if job.batch * pixels * job.outputs == 0 {
        return;
    }
    let (input, residual) = (as_shorts(input), as_shorts(residual));
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let reach = job.segments.iter().max().map_or(0, |&segment| segment as usize) + job.depth;
    let positions = job.segments.len() * job.depth;
    let rounded = job.outputs.next_multiple_of(PANEL);
    let room = if job.rescaling.quantize.is_some() { 2 * output.len() } else { output.len() };
    assert!(job.outputs.is_multiple_of(LANES) && job.depth.is_multiple_of(2));
    assert!(input.len() >= last(&job.input) + reach && room >= last(&job.output) + job.outputs);
    assert!(residual.is_empty() || residual.len() >= last(&job.residual) + job.outputs);
    assert!(job.weight.as_slice().len() >= rounded * positions);
    assert!(job.rescaling.scale.len() >= rounded && job.rescaling.bias.len() >= rounded);
    for image in 0..job.batch {
        for panel in 0..rounded / PANEL {
            let mut pixel = 0;
            while pixel < pixels {
                // SAFETY: the assertions bound the last pixel's reads and writes, and offsets grow with image, row and
                // column.
                unsafe {
                    if pixel + 4 <= pixels {
                        tile::<4>(job, [image, pixel, panel], input, residual, output);
                        pixel += 4;
                    } else {
                        tile::<1>(job, [image, pixel, panel], input, residual, output);
                        pixel += 1;
                    }
                }
            }
        }
    }
}

/// `ROWS` pixels by one panel.
///
/// # Safety
/// What the job says of these pixels can be read and written.
#[inline(always)]
unsafe fn tile<const ROWS: usize>(
    job: &QuantizedMatrix,
    [image, pixel, panel]: [usize; 3],
    input: &[i16],
    residual: &[i16],
    output: &mut [f32],
) {
    let mut places = [(0, 0); ROWS];
    let (mut row, mut column) = (pixel / job.width, pixel % job.width);
    for place in &mut places {
        *place = (row, column);
        column += 1;
        if column == job.width {
            (row, column) = (row + 1, 0);
        }
    }
    let positions = job.segments.len() * job.depth;
    let target = job.rescaling.target(output);
    // SAFETY: the caller's.
    unsafe {
        let mut weight = job.weight.as_slice().as_ptr().add(panel * positions * PANEL);
        let mut sums = [[I32x4::splat(0); 2]; ROWS];
        for &segment in &job.segments {
            let lines =
                places.map(|(row, column)| input.as_ptr().add(job.input.at(image, row, column) + segment as usize));
            let mut at = 0;
            while at < job.depth {
                // See the f32 product: an index that cannot be followed keeps the address arithmetic short.
                let here = core::hint::black_box(at);
                let weight = weight.add(here * PANEL);
                let factors = [I32x4::load(weight), I32x4::load(weight.add(PANEL))];
                for row in 0..ROWS {
                    let pair = I32x4::splat(lines[row].add(here).cast::<i32>().read_unaligned());
                    sums[row][0] = sums[row][0].dot(pair, factors[0]);
                    sums[row][1] = sums[row][1].dot(pair, factors[1]);
                }
                at += 2;
            }
            weight = weight.add(job.depth * PANEL);
        }
        for (sums, (row, column)) in sums.into_iter().zip(places) {
            let to = job.output.at(image, row, column);
            let from = job.residual.at(image, row, column);
            for (vector, sum) in sums.into_iter().enumerate() {
                let channel = panel * PANEL + vector * LANES;
                if channel < job.outputs {
                    let other =
                        if residual.is_empty() { core::ptr::null() } else { residual.as_ptr().add(from + channel) };
                    job.rescaling.write(sum.to_float(), channel, other, target, to + channel);
                }
            }
        }
    }
}
