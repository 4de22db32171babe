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

/// Four i32, eight i16 or sixteen i8.
pub type Integers = wasm::v128;

/// Pairs of i16 multiplied and added, and added to four i32.
#[inline(always)]
pub fn dot(sums: Integers, a: Integers, b: Integers) -> Integers {
    wasm::i32x4_add(sums, wasm::i32x4_dot_i16x8(a, b))
}

#[inline(always)]
pub fn add_shorts(a: Integers, b: Integers) -> Integers {
    wasm::i16x8_add(a, b)
}

/// Pairs of i8 multiplied and added; those of `b` are not negative.
#[inline(always)]
pub fn dot_bytes(a: Integers, b: Integers) -> Integers {
    #[cfg(feature = "relaxed-simd")]
    return wasm::i16x8_relaxed_dot_i8x16_i7x16(a, b);
    #[cfg(not(feature = "relaxed-simd"))]
    {
        let low = |x| wasm::i16x8_shr(wasm::i16x8_shl(x, 8), 8);
        let high = |x| wasm::i16x8_shr(x, 8);
        wasm::i16x8_add(wasm::i16x8_mul(low(a), low(b)), wasm::i16x8_mul(high(a), high(b)))
    }
}

#[inline(always)]
pub fn splat_integer(value: i32) -> Integers {
    wasm::i32x4_splat(value)
}

#[inline(always)]
pub fn interleave_low(a: Integers, b: Integers) -> Integers {
    wasm::i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b)
}

#[inline(always)]
pub fn interleave_high(a: Integers, b: Integers) -> Integers {
    wasm::i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b)
}

#[inline(always)]
pub fn to_float(a: Integers) -> Vector {
    wasm::f32x4_convert_i32x4(a)
}

#[inline(always)]
pub fn shorts_to_float(a: Integers) -> [Vector; 2] {
    [wasm::i32x4_extend_low_i16x8(a), wasm::i32x4_extend_high_i16x8(a)].map(to_float)
}

/// The bits of four values less a number.
#[inline(always)]
pub fn subtract_integers(a: Vector, number: i32) -> Integers {
    wasm::i32x4_sub(a, wasm::i32x4_splat(number))
}

/// Eight i32 as i8, saturated, from the low end on.
#[inline(always)]
pub fn to_bytes(a: Integers, b: Integers) -> i64 {
    let shorts = wasm::i16x8_narrow_i32x4(a, b);
    wasm::i64x2_extract_lane::<0>(wasm::i8x16_narrow_i16x8(shorts, shorts))
}

/// # Safety
/// Sixteen bytes can be read at `from`.
#[inline(always)]
pub unsafe fn load_integers(from: *const i8) -> Integers {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_load(from.cast()) }
}

/// # Safety
/// Sixteen bytes can be written at `to`.
#[inline(always)]
pub unsafe fn store_integers(to: *mut i8, value: Integers) {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::v128_store(to.cast(), value) }
}

/// Eight i8 to eight i16.
///
/// # Safety
/// As many can be read at `from`.
#[inline(always)]
pub unsafe fn load_bytes(from: *const i8) -> Integers {
    // SAFETY: the caller's; vectors need no alignment.
    unsafe { wasm::i16x8_load_extend_i8x8(from) }
}
