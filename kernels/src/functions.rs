//! The activation functions on vectors, by polynomials of f32: within a few units of the last place of
//! [`Activation::apply`], or within 1e-6 of the larger of 1 and the input where values cancel.

use super::activation::{Activation, SELU_ALPHA, SELU_SCALE};
use super::crew::{Crew, Cut, Writes};
use super::simd::{F32x4, LANES};

/// An activation over four values.
#[inline(always)]
pub fn apply(activation: Activation, x: F32x4) -> F32x4 {
    let splat = F32x4::splat;
    match activation {
        Activation::Identity => x,
        Activation::Relu => x.relu(),
        Activation::Clamp { low, high } => x.max(splat(low)).min(splat(high)),
        Activation::LeakyRelu { slope } => x.select_by_sign(x, x.mul(splat(slope))),
        Activation::Elu { alpha } => x.select_by_sign(x, exp(x).sub(splat(1.0)).mul(splat(alpha))),
        Activation::Selu => {
            let negative = exp(x).sub(splat(1.0)).mul(splat((SELU_SCALE * SELU_ALPHA) as f32));
            x.select_by_sign(x.mul(splat(SELU_SCALE as f32)), negative)
        }
        Activation::Celu { alpha } => {
            x.select_by_sign(x, exp(x.mul(splat(1.0 / alpha))).sub(splat(1.0)).mul(splat(alpha)))
        }
        Activation::Silu => x.div(splat(1.0).add(exp(splat(0.0).sub(x)))),
        Activation::Gelu => gelu(x),
        Activation::GeluTanh => {
            // (1 + tanh(u)) / 2 = sigmoid(2 u).
            let cube = x.mul(x).mul(x);
            let u = x.add(cube.mul(splat(0.044_715))).mul(splat(-1.595_769));
            x.div(splat(1.0).add(exp(u)))
        }
        Activation::Hardswish => x.mul(hard_sigmoid(x)),
        Activation::Hardsigmoid => hard_sigmoid(x),
        Activation::Sigmoid => splat(1.0).div(splat(1.0).add(exp(splat(0.0).sub(x)))),
        Activation::Tanh => {
            let e = exp(x.abs().mul(splat(-2.0)));
            let positive = splat(1.0).sub(e).div(splat(1.0).add(e));
            x.select_by_sign(positive, splat(0.0).sub(positive))
        }
        Activation::Mish => {
            // tanh(ln(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2).
            let e = exp(x.min(splat(20.0)));
            let n = e.mul(e.add(splat(2.0)));
            x.mul(n.div(n.add(splat(2.0))))
        }
        Activation::Softsign => x.div(splat(1.0).add(x.abs())),
        Activation::Softplus { .. } | Activation::LogSigmoid => {
            let lanes = x.to_array().map(|lane| activation.apply(lane));
            // SAFETY: the array has four f32.
            unsafe { F32x4::load(lanes.as_ptr()) }
        }
        Activation::Scale { scale, shift } => x.mul(splat(scale)).add(splat(shift)),
    }
}

/// An activation over a slice, in place, shared among the crew's threads.
pub fn apply_shared(activation: Activation, values: &mut [f32], crew: Crew) {
    /// Values that are done together.
    const RUN: usize = 64;
    /// What a value takes, in multiply-accumulates of a convolution.
    const WORK: usize = 40;
    let length = values.len();
    let (values, runs) = (Writes::of(values), length.div_ceil(RUN));
    crew.share(runs, Cut { work: WORK * length, blocks: runs }, &|range, _| {
        // SAFETY: other parts are other values.
        apply_to(activation, unsafe { values.piece(range.start * RUN..length.min(range.end * RUN)) });
    });
}

/// An activation over a slice, in place.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn apply_to(activation: Activation, values: &mut [f32]) {
    if activation == Activation::Identity {
        return;
    }
    let mut chunks = values.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        // SAFETY: a chunk has four values.
        unsafe { apply(activation, F32x4::load(chunk.as_ptr())).store(chunk.as_mut_ptr()) };
    }
    let rest = chunks.into_remainder();
    // SAFETY: as many values are loaded and stored as there are.
    unsafe { apply(activation, F32x4::load_some(rest.as_ptr(), rest.len())).store_some(rest.as_mut_ptr(), rest.len()) };
}

/// e^x: 2^n times a polynomial of the rest (Cephes' `expf`).
#[inline(always)]
pub fn exp(x: F32x4) -> F32x4 {
    let splat = F32x4::splat;
    let x = x.max(splat(-87.0)).min(splat(88.0));
    let n = x.mul(splat(core::f32::consts::LOG2_E)).nearest();
    let r = x.sub(n.mul(splat(0.693_359_4))).sub(n.mul(splat(-2.121_944_4e-4)));
    let mut p = splat(1.987_569_2e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = p.mul(r).add(splat(coefficient));
    }
    p.mul(r).mul(r).add(r).add(splat(1.0)).mul(n.power_of_two())
}

#[inline(always)]
fn hard_sigmoid(x: F32x4) -> F32x4 {
    x.add(F32x4::splat(3.0)).max(F32x4::splat(0.0)).min(F32x4::splat(6.0)).mul(F32x4::splat(1.0 / 6.0))
}

/// By the error function's approximation 7.1.26 of Abramowitz and Stegun, 1.5e-7 off at most.
#[inline(always)]
fn gelu(x: F32x4) -> F32x4 {
    let splat = F32x4::splat;
    let z = x.abs().mul(splat(core::f32::consts::FRAC_1_SQRT_2));
    let t = splat(1.0).div(splat(1.0).add(z.mul(splat(0.327_591_1))));
    let mut p = splat(1.061_405_4);
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = p.mul(t).add(splat(coefficient));
    }
    let complement = p.mul(t).mul(exp(splat(0.0).sub(z.mul(z)))).mul(splat(0.5));
    x.mul(x.select_by_sign(splat(1.0).sub(complement), complement))
}
