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
    abs(a) = f32x4_abs;
    nearest(a) = f32x4_nearest;
}

#[inline(always)]
pub fn mul_add(a: Vector, b: Vector, c: Vector) -> Vector {
    #[cfg(feature = "relaxed-simd")]
    return wasm::f32x4_relaxed_madd(a, b, c);
    // The sum first: operands are evaluated in order, and a product that waits for the sum takes a register.
    #[cfg(not(feature = "relaxed-simd"))]
    add(c, mul(a, b))
}

/// The larger; `a` where they cannot be compared.
#[inline(always)]
pub fn max(a: Vector, b: Vector) -> Vector {
    // Of two that cannot be compared processors give the second, or NaN.
    #[cfg(feature = "relaxed-simd")]
    return wasm::f32x4_relaxed_max(b, a);
    #[cfg(not(feature = "relaxed-simd"))]
    wasm::f32x4_pmax(a, b)
}

/// The smaller; `a` where they cannot be compared.
#[inline(always)]
pub fn min(a: Vector, b: Vector) -> Vector {
    #[cfg(feature = "relaxed-simd")]
    return wasm::f32x4_relaxed_min(b, a);
    #[cfg(not(feature = "relaxed-simd"))]
    wasm::f32x4_pmin(a, b)
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

/// Four i32, or eight i16.
pub type Integers = wasm::v128;

/// Pairs of i16 multiplied and added, and added to four i32.
#[inline(always)]
pub fn dot(sums: Integers, a: Integers, b: Integers) -> Integers {
    wasm::i32x4_add(sums, wasm::i32x4_dot_i16x8(a, b))
}

#[inline(always)]
pub fn splat_integer(value: i32) -> Integers {
    wasm::i32x4_splat(value)
}

/// Four i16 of each in turn.
#[inline(always)]
pub fn interleave_low(a: Integers, b: Integers) -> Integers {
    wasm::i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b)
}

#[inline(always)]
pub fn to_float(a: Integers) -> Vector {
    wasm::f32x4_convert_i32x4(a)
}

/// Four i16 to four f32.
#[inline(always)]
pub fn low_to_float(a: Integers) -> Vector {
    wasm::f32x4_convert_i32x4(wasm::i32x4_extend_low_i16x8(a))
}

/// The nearest whole numbers as four i16, saturated; the upper half repeats them.
#[inline(always)]
pub fn to_shorts(a: Vector) -> Integers {
    let whole = wasm::i32x4_trunc_sat_f32x4(wasm::f32x4_nearest(a));
    wasm::i16x8_narrow_i32x4(whole, whole)
}

/// # Safety
/// Eight i16 can be read at `from`.
#[inline(always)]
pub unsafe fn load_integers(from: *const i16) -> Integers {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_load(from.cast()) }
}

/// # Safety
/// Four i16 can be read at `from`.
#[inline(always)]
pub unsafe fn load_half(from: *const i16) -> Integers {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_load64_zero(from.cast()) }
}

/// # Safety
/// Four i16 can be written at `to`.
#[inline(always)]
pub unsafe fn store_half(to: *mut i16, value: Integers) {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_store64_lane::<0>(value, to.cast()) }
}
