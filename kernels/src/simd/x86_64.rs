//! SSE2, which every x86-64 processor has.

use core::arch::x86_64 as sse;

pub type Vector = sse::__m128;

macro_rules! forward {
    ($($name:ident($($argument:ident),*) = $body:expr;)*) => {$(
        #[inline(always)]
        pub fn $name($($argument: Vector),*) -> Vector {
            // SAFETY: the target has SSE2.
            #[allow(unused_unsafe)]
            unsafe { $body }
        }
    )*};
}

forward! {
    add(a, b) = sse::_mm_add_ps(a, b);
    sub(a, b) = sse::_mm_sub_ps(a, b);
    mul(a, b) = sse::_mm_mul_ps(a, b);
    div(a, b) = sse::_mm_div_ps(a, b);
    // The second operand wins where they cannot be compared.
    max(a, b) = sse::_mm_max_ps(b, a);
    min(a, b) = sse::_mm_min_ps(b, a);
    abs(a) = sse::_mm_andnot_ps(sse::_mm_set1_ps(-0.0), a);
    nearest(a) = sse::_mm_cvtepi32_ps(sse::_mm_cvtps_epi32(a));
    mul_add(a, b, c) = sse::_mm_add_ps(sse::_mm_mul_ps(a, b), c);
    relu(a) = sse::_mm_andnot_ps(sse::_mm_cmplt_ps(a, sse::_mm_setzero_ps()), a);
    select_by_sign(sign, positive, negative) = {
        let mask = sse::_mm_cmpge_ps(sign, sse::_mm_setzero_ps());
        sse::_mm_or_ps(sse::_mm_and_ps(mask, positive), sse::_mm_andnot_ps(mask, negative))
    };
    shift_to_exponent(a) = sse::_mm_castsi128_ps(sse::_mm_slli_epi32::<23>(sse::_mm_castps_si128(a)));
}

#[inline(always)]
pub fn splat(value: f32) -> Vector {
    // SAFETY: the target has SSE2.
    #[allow(unused_unsafe)]
    unsafe {
        sse::_mm_set1_ps(value)
    }
}

/// # Safety
/// Four f32 can be read at `from`.
#[inline(always)]
pub unsafe fn load(from: *const f32) -> Vector {
    // SAFETY: the caller's.
    unsafe { sse::_mm_loadu_ps(from) }
}

/// # Safety
/// Four f32 can be written at `to`.
#[inline(always)]
pub unsafe fn store(to: *mut f32, value: Vector) {
    // SAFETY: the caller's.
    unsafe { sse::_mm_storeu_ps(to, value) }
}

#[inline(always)]
pub fn interleave(a: Vector, b: Vector, c: Vector) -> [Vector; 3] {
    let (mut x, mut y, mut z) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    // SAFETY: the arrays have four f32.
    unsafe {
        store(x.as_mut_ptr(), a);
        store(y.as_mut_ptr(), b);
        store(z.as_mut_ptr(), c);
        let all = [[x[0], y[0], z[0], x[1]], [y[1], z[1], x[2], y[2]], [z[2], x[3], y[3], z[3]]];
        all.map(|lanes| load(lanes.as_ptr()))
    }
}

/// Four i32, eight i16 or sixteen i8.
pub type Integers = sse::__m128i;

macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name($($argument: $type),*) -> $result {
            // SAFETY: the target has SSE2.
            #[allow(unused_unsafe)]
            unsafe { $body }
        }
    )*};
}

integers! {
    /// Pairs of i16 multiplied and added, and added to four i32.
    dot(sums: Integers, a: Integers, b: Integers) -> Integers = sse::_mm_add_epi32(sums, sse::_mm_madd_epi16(a, b));
    add_shorts(a: Integers, b: Integers) -> Integers = sse::_mm_add_epi16(a, b);
    /// Pairs of i8 multiplied and added.
    dot_bytes(a: Integers, b: Integers) -> Integers = {
        let low = |x| sse::_mm_srai_epi16::<8>(sse::_mm_slli_epi16::<8>(x));
        let high = |x| sse::_mm_srai_epi16::<8>(x);
        sse::_mm_add_epi16(sse::_mm_mullo_epi16(low(a), low(b)), sse::_mm_mullo_epi16(high(a), high(b)))
    };
    splat_integer(value: i32) -> Integers = sse::_mm_set1_epi32(value);
    interleave_low(a: Integers, b: Integers) -> Integers = sse::_mm_unpacklo_epi16(a, b);
    interleave_high(a: Integers, b: Integers) -> Integers = sse::_mm_unpackhi_epi16(a, b);
    to_float(a: Integers) -> Vector = sse::_mm_cvtepi32_ps(a);
    shorts_to_float(a: Integers) -> [Vector; 2] = {
        let float = |x| sse::_mm_cvtepi32_ps(sse::_mm_srai_epi32::<16>(x));
        [float(sse::_mm_unpacklo_epi16(a, a)), float(sse::_mm_unpackhi_epi16(a, a))]
    };
    /// The bits of four values less a number.
    subtract_integers(a: Vector, number: i32) -> Integers = {
        sse::_mm_sub_epi32(sse::_mm_castps_si128(a), sse::_mm_set1_epi32(number))
    };
    /// Eight i32 as i8, saturated, from the low end on.
    to_bytes(a: Integers, b: Integers) -> i64 = {
        let shorts = sse::_mm_packs_epi32(a, b);
        sse::_mm_cvtsi128_si64(sse::_mm_packs_epi16(shorts, shorts))
    };
}

/// # Safety
/// Sixteen bytes can be read at `from`.
#[inline(always)]
pub unsafe fn load_integers(from: *const i8) -> Integers {
    // SAFETY: the caller's.
    unsafe { sse::_mm_loadu_si128(from.cast()) }
}

/// # Safety
/// Sixteen bytes can be written at `to`.
#[inline(always)]
pub unsafe fn store_integers(to: *mut i8, value: Integers) {
    // SAFETY: the caller's.
    unsafe { sse::_mm_storeu_si128(to.cast(), value) }
}

/// Eight i8 to eight i16.
///
/// # Safety
/// As many can be read at `from`.
#[inline(always)]
pub unsafe fn load_bytes(from: *const i8) -> Integers {
    // SAFETY: the caller's; the target has SSE2.
    unsafe {
        let bytes = sse::_mm_loadl_epi64(from.cast());
        sse::_mm_srai_epi16::<8>(sse::_mm_unpacklo_epi8(bytes, bytes))
    }
}
