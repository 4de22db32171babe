//! Convolutions and matrix products of 8-bit numbers: weights quantised for each output channel, activations for each
//! tensor, both symmetric in -127..=127, sums in 32 bits.
//!
//! Images are [N, H, W, C] as in f32, with pixels of whole groups of [`STEP`] channels.

mod conversion;
mod depthwise;
mod matrix;
mod packing;
mod tile;

use super::activation::Activation;
use super::aligned::Aligned;
use super::functions;
use super::matrix::{Bounds, Finish};
use super::simd::{F32x4, I32x4, LANES};

pub use conversion::{Conversion, clear_border, dequantize, quantize};
pub use depthwise::{QuantizedDepthwise, depthwise, pack_depthwise};
pub use matrix::multiply;
pub use packing::{Packing, QuantizedGroup, QuantizedMatrix};

/// The largest quantised number.
pub const LARGEST: f32 = 127.0;

/// Channels that kernels read together.
pub const STEP: usize = 8;

/// Quantised values, four in each f32's place.
#[derive(Clone, Debug, Default)]
pub struct Bytes(Aligned);

impl Bytes {
    /// Values of `length`, made by `value(index)`.
    pub fn from_fn(length: usize, value: impl Fn(usize) -> i8) -> Self {
        let mut bytes = Self(Aligned::zeros(length.div_ceil(4)));
        for (index, byte) in as_bytes_mut(&mut bytes.0).iter_mut().enumerate().take(length) {
            *byte = value(index);
        }
        bytes
    }

    pub fn as_slice(&self) -> &[i8] {
        as_bytes(&self.0)
    }
}

/// The memory of f32 seen as four times as many i8.
pub fn as_bytes(values: &[f32]) -> &[i8] {
    // SAFETY: every f32 is four i8, for which any bits are valid.
    unsafe { core::slice::from_raw_parts(values.as_ptr().cast(), values.len() * 4) }
}

/// The memory of f32 seen as four times as many i8.
pub fn as_bytes_mut(values: &mut [f32]) -> &mut [i8] {
    // SAFETY: as above; any bits are a valid f32 too, and the borrow is unique.
    unsafe { core::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len() * 4) }
}

/// What becomes of a value `scale[o] * sum + bias[o] + residual`: bounded, put through a function, and quantised where
/// the output is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescaling {
    pub bounds: Bounds,
    /// Applied to real values.
    pub function: Option<Activation>,
    pub output: Output,
    /// What a quantised 1 of the residual adds.
    pub residual: f32,
    /// What scales and biases are multiplied with: one over the output's scale where nothing but bounds comes between.
    pub factor: f32,
}

/// The numbers a kernel writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Output {
    Floats,
    /// Quantised; a value is multiplied by this after the function.
    Bytes {
        inverse_scale: f32,
    },
}

/// Memory a kernel writes to.
#[derive(Clone, Copy)]
enum Target {
    Floats(*mut f32),
    Bytes(*mut i8),
}

// SAFETY: what is written through it is up to who does that, in blocks that say so.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

impl Rescaling {
    /// `output_scale` is that of a quantised output, `residual_scale` what a quantised 1 of the residual stands for.
    pub fn new(finish: Finish, output_scale: Option<f32>, residual_scale: f32) -> Self {
        let (bounds, function) = (finish.bounds(), finish.function());
        let Some(scale) = output_scale else {
            return Self { bounds, function, output: Output::Floats, residual: residual_scale, factor: 1.0 };
        };
        let inverse_scale = 1.0 / scale;
        let output = Output::Bytes { inverse_scale };
        if function.is_some() {
            return Self { bounds, function, output, residual: residual_scale, factor: 1.0 };
        }
        let bound = |value: f32| (value * inverse_scale).clamp(-LARGEST, LARGEST);
        Self {
            bounds: Bounds { low: bound(bounds.low), high: bound(bounds.high) },
            function,
            output,
            residual: residual_scale * inverse_scale,
            factor: inverse_scale,
        }
    }

    fn target(&self, output: &mut [f32]) -> Target {
        match self.output {
            Output::Floats => Target::Floats(output.as_mut_ptr()),
            Output::Bytes { .. } => Target::Bytes(as_bytes_mut(output).as_mut_ptr()),
        }
    }

    /// How many values a slice has room for.
    fn room(&self, output: &[f32]) -> usize {
        match self.output {
            Output::Floats => output.len(),
            Output::Bytes { .. } => output.len() * 4,
        }
    }

    /// The value of four sums. `residual` can be read for four values unless it is null.
    ///
    /// # Safety
    /// As said.
    #[inline(always)]
    unsafe fn value(&self, sum: I32x4, scale: F32x4, bias: F32x4, residual: *const i8) -> F32x4 {
        let mut value = sum.to_float().mul_add(scale, bias);
        if !residual.is_null() {
            // SAFETY: the caller's.
            let other = unsafe { F32x4::load_half_bytes(residual) };
            value = other.mul_add(F32x4::splat(self.residual), value);
        }
        value = self.bounds.apply(value);
        match self.function {
            None => value,
            Some(activation) => self.through(activation, value),
        }
    }

    /// Kept out of the tiles: it is long.
    #[inline(never)]
    #[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
    #[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
    fn through(&self, activation: Activation, value: F32x4) -> F32x4 {
        let value = functions::apply(activation, value);
        match self.output {
            Output::Floats => value,
            Output::Bytes { inverse_scale } => {
                Bounds { low: -LARGEST, high: LARGEST }.apply(value.mul(F32x4::splat(inverse_scale)))
            }
        }
    }
}

impl Target {
    /// # Safety
    /// `count` values, at most four, can be written at `at`.
    #[inline(always)]
    unsafe fn write(self, value: F32x4, at: usize, count: usize) {
        // SAFETY: the caller's.
        unsafe {
            match self {
                Self::Floats(to) => value.store_some(to.add(at), count),
                Self::Bytes(to) if count >= LANES => value.store_half_bytes(to.add(at)),
                Self::Bytes(to) => {
                    let mut bytes = [0; LANES];
                    value.store_half_bytes(bytes.as_mut_ptr());
                    core::ptr::copy_nonoverlapping(bytes.as_ptr(), to.add(at), count);
                }
            }
        }
    }
}
