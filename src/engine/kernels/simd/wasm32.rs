//! WebAssembly's vectors.

use core::arch::wasm32 as wasm;

pub type Vector = wasm::v128;

macro_rules! forward {
    ($($name:ident($($argument:ident),*) = $wasm:ident;)*) => {$(
        #[inline(always)]
        pub fn $name($($argument: Vector),*) -> Vector {
            wasm::$wasm($($argument),*)
        }
    )*};
}

forward! {
    add(a, b) = f32x4_add;
    sub(a, b) = f32x4_sub;
    mul(a, b) = f32x4_mul;
    div(a, b) = f32x4_div;
    max(a, b) = f32x4_pmax;
    min(a, b) = f32x4_pmin;
    abs(a) = f32x4_abs;
    nearest(a) = f32x4_nearest;
}

#[inline(always)]
pub fn mul_add(a: Vector, b: Vector, c: Vector) -> Vector {
    #[cfg(target_feature = "relaxed-simd")]
    return wasm::f32x4_relaxed_madd(a, b, c);
    // The sum first: operands are evaluated in order, and a product that waits for the sum takes a register.
    #[cfg(not(target_feature = "relaxed-simd"))]
    add(c, mul(a, b))
}

#[inline(always)]
pub fn splat(value: f32) -> Vector {
    wasm::f32x4_splat(value)
}

#[inline(always)]
pub fn relu(a: Vector) -> Vector {
    wasm::v128_andnot(a, wasm::f32x4_lt(a, wasm::f32x4_splat(0.0)))
}

#[inline(always)]
pub fn select_by_sign(sign: Vector, positive: Vector, negative: Vector) -> Vector {
    wasm::v128_bitselect(positive, negative, wasm::f32x4_ge(sign, wasm::f32x4_splat(0.0)))
}

/// The bits of every lane 23 to the left: low bits of the significand become an exponent.
#[inline(always)]
pub fn shift_to_exponent(a: Vector) -> Vector {
    wasm::i32x4_shl(a, 23)
}

/// # Safety
/// Four f32 can be read at `from`.
#[inline(always)]
pub unsafe fn load(from: *const f32) -> Vector {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_load(from.cast()) }
}

/// # Safety
/// Four f32 can be written at `to`.
#[inline(always)]
pub unsafe fn store(to: *mut f32, value: Vector) {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_store(to.cast(), value) }
}

#[inline(always)]
pub fn interleave(a: Vector, b: Vector, c: Vector) -> [Vector; 3] {
    // a0 b0 a1 b1, a2 b2 a3 b3, b1 c1 b3 c3, c0 a1 c2 a3.
    let ab_low = wasm::i32x4_shuffle::<0, 4, 1, 5>(a, b);
    let ab_high = wasm::i32x4_shuffle::<2, 6, 3, 7>(a, b);
    let bc = wasm::i32x4_shuffle::<1, 5, 3, 7>(b, c);
    let ca = wasm::i32x4_shuffle::<0, 5, 2, 7>(c, a);
    [
        wasm::i32x4_shuffle::<0, 1, 4, 5>(ab_low, ca),
        wasm::i32x4_shuffle::<0, 1, 4, 5>(bc, ab_high),
        wasm::i32x4_shuffle::<2, 3, 6, 7>(ca, bc),
    ]
}
