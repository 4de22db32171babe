//! Between images of f32 and of quantised numbers.

use core::ops::Range;

use super::{LARGEST, STEP, as_bytes, as_bytes_mut};
use crate::crew::{Crew, Cut, Writes};
use crate::geometry::Planes;
use crate::image::ImageLayout;
use crate::matrix::{Bounds, PixelSteps};
use crate::simd::{F32x4, I32x4, LANES};

/// Between an image of f32 and one of quantised numbers.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    pub planes: Planes,
    pub floats: PixelSteps,
    pub bytes: PixelSteps,
    /// A quantised 1 stands for this.
    pub scale: f32,
}

/// Quantises an image, shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn quantize(conversion: &Conversion, input: &[f32], output: &mut [f32], crew: Crew) {
    let output = Writes::of(as_bytes_mut(output));
    let inverse = F32x4::splat(1.0 / conversion.scale);
    let bounds = Bounds { low: -LARGEST, high: LARGEST };
    conversion.for_runs(crew, &|floats, bytes, length| {
        // SAFETY: other runs are written by others.
        let (from, to) = (&input[floats..floats + length], unsafe { output.piece(bytes..bytes + length) });
        let (mut from, mut to) = (from.chunks_exact(STEP), to.chunks_exact_mut(STEP));
        // SAFETY: it is given four values and more.
        let value = |from: &[f32]| bounds.apply(unsafe { F32x4::load(from.as_ptr()) }.mul(inverse));
        for (from, to) in (&mut from).zip(&mut to) {
            // SAFETY: both have eight values.
            unsafe { value(from).store_bytes(value(&from[LANES..]), to.as_mut_ptr()) };
        }
        let (from, to) = (from.remainder(), to.into_remainder());
        if !from.is_empty() {
            let (mut floats, mut bytes) = ([0.0; STEP], [0; STEP]);
            floats[..from.len()].copy_from_slice(from);
            // SAFETY: both have eight values.
            unsafe { value(&floats).store_bytes(value(&floats[LANES..]), bytes.as_mut_ptr()) };
            to.copy_from_slice(&bytes[..to.len()]);
        }
    });
}

/// Makes f32 of a quantised image, shared among the crew's threads.
///
/// # Panics
/// Where a slice is too short.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn dequantize(conversion: &Conversion, input: &[f32], output: &mut [f32], crew: Crew) {
    let input = as_bytes(input);
    let output = Writes::of(output);
    let scale = F32x4::splat(conversion.scale);
    conversion.for_runs(crew, &|floats, bytes, length| {
        // SAFETY: other runs are written by others.
        let (to, from) = (unsafe { output.piece(floats..floats + length) }, &input[bytes..bytes + length]);
        let (mut from, mut to) = (from.chunks_exact(STEP), to.chunks_exact_mut(STEP));
        // SAFETY: every chunk has eight values.
        let values = |from: &[i8]| unsafe { I32x4::load_bytes(from.as_ptr()) }.shorts_to_float().map(|v| v.mul(scale));
        for (from, to) in (&mut from).zip(&mut to) {
            let [low, high] = values(from);
            // SAFETY: there is room for eight values.
            unsafe {
                low.store(to.as_mut_ptr());
                high.store(to.as_mut_ptr().add(LANES));
            }
        }
        for (byte, value) in from.remainder().iter().zip(to.into_remainder()) {
            *value = f32::from(*byte) * conversion.scale;
        }
    });
}

/// Fills the border of a quantised image with zeros; the layout counts quantised values.
///
/// # Panics
/// Where the buffer is too short.
pub fn clear_border(layout: &ImageLayout, buffer: &mut [f32]) {
    crate::image::clear_border(layout, as_bytes_mut(buffer));
}

impl Conversion {
    /// Calls `each` with the places of every run of neighbouring values in both images, and its length: each of them once,
    /// on some thread.
    #[inline(always)]
    fn for_runs(&self, crew: Crew, each: &(impl Fn(usize, usize, usize) + Sync)) {
        let Planes { batch, channels, height, width } = self.planes;
        let gapless = self.floats.column == channels && self.bytes.column == channels;
        let (runs, length) = if gapless { (1, width * channels) } else { (width, channels) };
        let lines = batch * height;
        crew.share(lines, Cut { work: 4 * self.planes.elements(), blocks: lines }, &|lines: Range<usize>, _| {
            for line in lines {
                let (image, row) = (line / height, line % height);
                for column in 0..runs {
                    each(self.floats.at(image, row, column), self.bytes.at(image, row, column), length);
                }
            }
        });
    }
}
