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
