//! Convolutions of 8-bit numbers: weights quantised for each output channel, activations for each tensor, both symmetric
//! in -127..=127, sums in 32 bits.
//!
//! The numbers are kept in 16 bits, because WebAssembly multiplies and adds pairs of those in one instruction.

mod depthwise;
mod matrix;

use super::aligned::Aligned;
use super::geometry::Planes;
use super::matrix::{Finish, PixelSteps};
use super::simd::{F32x4, LANES};

pub use depthwise::{QuantizedDepthwise, depthwise, pack_depthwise};
pub use matrix::{QuantizedMatrix, multiply, pack_matrix};

/// The largest quantised number.
pub const LARGEST: f32 = 127.0;

/// Quantised values, two in each f32's place.
#[derive(Clone, Debug, Default)]
pub struct Shorts(Aligned);

impl Shorts {
    /// Values of `length`, made by `value(index)`.
    pub fn from_fn(length: usize, value: impl Fn(usize) -> i16) -> Self {
        let mut shorts = Self(Aligned::zeros(length.div_ceil(2)));
        for (index, short) in as_shorts_mut(&mut shorts.0).iter_mut().enumerate().take(length) {
            *short = value(index);
        }
        shorts
    }

    pub fn as_slice(&self) -> &[i16] {
        as_shorts(&self.0)
    }
}

/// The memory of f32 seen as twice as many i16.
pub fn as_shorts(values: &[f32]) -> &[i16] {
    // SAFETY: every f32 is two i16, whose alignment is smaller and for which any bits are valid.
    unsafe { core::slice::from_raw_parts(values.as_ptr().cast(), values.len() * 2) }
}

/// The memory of f32 seen as twice as many i16.
pub fn as_shorts_mut(values: &mut [f32]) -> &mut [i16] {
    // SAFETY: as above; any bits are a valid f32 too, and the borrow is unique.
    unsafe { core::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len() * 2) }
}

/// What becomes of the sums: `scale[o] * sum + bias[o] + residual`, finished, and quantised again where the output is.
#[derive(Clone, Debug)]
pub struct Rescaling {
    /// Input scale times weight scale, for each output channel in whole panels.
    pub scale: Vec<f32>,
    pub bias: Vec<f32>,
    pub finish: Finish,
    /// One over the output's scale; `None` where the output is f32.
    pub quantize: Option<f32>,
    /// The scale of the residual.
    pub residual: f32,
}

/// Memory a quantised kernel writes to.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Floats(*mut f32),
    Shorts(*mut i16),
}

impl Rescaling {
    /// One vector of sums: from channel `channel` on, to `at`.
    ///
    /// # Safety
    /// The four values can be written at `at`; `residual` can be read unless it is null.
    #[inline(always)]
    pub(super) unsafe fn write(&self, sum: F32x4, channel: usize, residual: *const i16, target: Target, at: usize) {
        // SAFETY: the caller's; scales and biases are in whole panels.
        unsafe {
            let scale = F32x4::load(self.scale.as_ptr().add(channel));
            let mut value = [sum.mul(scale).add(F32x4::load(self.bias.as_ptr().add(channel)))];
            if !residual.is_null() {
                value[0] = value[0].add(F32x4::load_shorts(residual).mul(F32x4::splat(self.residual)));
            }
            self.finish.apply(&mut value);
            match target {
                Target::Floats(to) => value[0].store(to.add(at)),
                Target::Shorts(to) => {
                    let inverse = F32x4::splat(self.quantize.unwrap_or(1.0));
                    let bounded = value[0].mul(inverse).max(F32x4::splat(-LARGEST)).min(F32x4::splat(LARGEST));
                    bounded.store_shorts(to.add(at));
                }
            }
        }
    }

    pub(super) fn target(&self, output: &mut [f32]) -> Target {
        match self.quantize {
            None => Target::Floats(output.as_mut_ptr()),
            Some(_) => Target::Shorts(as_shorts_mut(output).as_mut_ptr()),
        }
    }
}

/// Between an image of f32 and one of quantised numbers.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    /// The channels in whole vectors.
    pub planes: Planes,
    pub floats: PixelSteps,
    pub shorts: PixelSteps,
    /// A quantised 1 stands for this.
    pub scale: f32,
}

/// Quantises an image.
///
/// # Panics
/// Where a slice is too short.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn quantize(conversion: &Conversion, input: &[f32], output: &mut [f32]) {
    let output = as_shorts_mut(output);
    let inverse = F32x4::splat(1.0 / conversion.scale);
    conversion.for_pixels(|floats, shorts| {
        let (from, to) = (
            &input[floats..floats + conversion.planes.channels],
            &mut output[shorts..shorts + conversion.planes.channels],
        );
        for channel in (0..conversion.planes.channels).step_by(LANES) {
            // SAFETY: channels come in whole vectors.
            unsafe {
                let value = F32x4::load(from.as_ptr().add(channel)).mul(inverse);
                let bounded = value.max(F32x4::splat(-LARGEST)).min(F32x4::splat(LARGEST));
                bounded.store_shorts(to.as_mut_ptr().add(channel));
            }
        }
    });
}

/// Makes f32 of a quantised image.
///
/// # Panics
/// Where a slice is too short.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn dequantize(conversion: &Conversion, input: &[f32], output: &mut [f32]) {
    let input = as_shorts(input);
    let scale = F32x4::splat(conversion.scale);
    conversion.for_pixels(|floats, shorts| {
        let (to, from) = (
            &mut output[floats..floats + conversion.planes.channels],
            &input[shorts..shorts + conversion.planes.channels],
        );
        for channel in (0..conversion.planes.channels).step_by(LANES) {
            // SAFETY: channels come in whole vectors.
            unsafe { F32x4::load_shorts(from.as_ptr().add(channel)).mul(scale).store(to.as_mut_ptr().add(channel)) };
        }
    });
}

impl Conversion {
    /// Calls `each` with every pixel's place in both.
    #[inline(always)]
    fn for_pixels(&self, mut each: impl FnMut(usize, usize)) {
        for image in 0..self.planes.batch {
            for row in 0..self.planes.height {
                for column in 0..self.planes.width {
                    each(self.floats.at(image, row, column), self.shorts.at(image, row, column));
                }
            }
        }
    }
}
