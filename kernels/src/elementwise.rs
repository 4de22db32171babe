//! Sums, products and scales of images in [N, H, W, C].

use core::ops::Range;

use super::crew::{Crew, Cut, Writes};
use super::geometry::Planes;
use super::matrix::{Finish, PixelSteps};
use super::reference::combine::Combination;
use super::simd::{F32x4, LANES};

/// What is done to each pixel's channels.
#[derive(Clone, Copy, Debug)]
pub struct PixelJob {
    /// The channels may be rounded up to whole vectors.
    pub planes: Planes,
    pub input: PixelSteps,
    /// Of the second operand; all zero but `image` where every pixel takes the same.
    pub other: PixelSteps,
    pub output: PixelSteps,
    pub finish: Finish,
}

/// The second operand of [`pixels`].
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    None,
    /// Another image, or one pixel for each image.
    Image(Combination, &'a [f32]),
    /// `scale[c] * x + shift[c]`.
    ScaleShift(&'a [f32], &'a [f32]),
    /// `slope[c] * x` where negative.
    Slopes(&'a [f32]),
}

/// Combines every pixel of an image with the operand and finishes it, shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn pixels(job: &PixelJob, operand: Operand<'_>, input: &[f32], output: &mut [f32], crew: Crew) {
    let Planes { batch, channels, height, width } = job.planes;
    if job.planes.elements() == 0 {
        return;
    }
    assert!(channels.is_multiple_of(LANES));
    let last = |steps: &PixelSteps| steps.at(batch - 1, height - 1, width - 1) + channels;
    assert!(input.len() >= last(&job.input) && output.len() >= last(&job.output));
    match operand {
        Operand::None => {}
        Operand::Image(_, other) => assert!(other.len() >= last(&job.other)),
        Operand::ScaleShift(scale, shift) => assert!(scale.len() >= channels && shift.len() >= channels),
        Operand::Slopes(slopes) => assert!(slopes.len() >= channels),
    }
    let output = Writes::of(output);
    let lines = batch * height;
    let cost = if job.finish.function().is_some() { FUNCTION_WORK } else { WORK };
    crew.share(lines, Cut { work: cost * job.planes.elements(), blocks: lines }, &|lines, _| {
        // SAFETY: the assertions bound the last pixel, and offsets grow with image, row and column; other parts write
        // other lines.
        unsafe { pixel_lines(job, operand, lines, input, output) };
    });
}

/// What a value takes, in multiply-accumulates of a convolution.
const WORK: usize = 6;
const FUNCTION_WORK: usize = 40;

/// Some lines, counted over all images.
///
/// # Safety
/// What the job and the operand say can be read and written, and nobody else writes these lines.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn pixel_lines(job: &PixelJob, operand: Operand<'_>, lines: Range<usize>, input: &[f32], output: Writes<f32>) {
    let Planes { channels, height, width, .. } = job.planes;
    for line in lines {
        let (image, row) = (line / height, line % height);
        for column in 0..width {
            let from = input[job.input.at(image, row, column)..].as_ptr();
            let to = output.pointer().wrapping_add(job.output.at(image, row, column));
            let at = job.other.at(image, row, column);
            for channel in (0..channels).step_by(LANES) {
                // SAFETY: the caller's; channels come in whole vectors.
                unsafe {
                    let x = F32x4::load(from.add(channel));
                    let mut result = [match operand {
                        Operand::None => x,
                        Operand::Image(Combination::Add, other) => x.add(F32x4::load(other.as_ptr().add(at + channel))),
                        Operand::Image(Combination::Multiply, other) => {
                            x.mul(F32x4::load(other.as_ptr().add(at + channel)))
                        }
                        Operand::ScaleShift(scale, shift) => x
                            .mul(F32x4::load(scale.as_ptr().add(channel)))
                            .add(F32x4::load(shift.as_ptr().add(channel))),
                        Operand::Slopes(slopes) => {
                            x.select_by_sign(x, x.mul(F32x4::load(slopes.as_ptr().add(channel))))
                        }
                    }];
                    job.finish.apply(&mut result);
                    result[0].store(to.add(channel));
                }
            }
        }
    }
}
