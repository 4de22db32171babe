//! The same arithmetic lane by lane.

pub type Vector = [f32; 4];

macro_rules! lanes {
    ($($name:ident($($argument:ident),*) = $body:expr;)*) => {$(
        #[inline(always)]
        pub fn $name($($argument: Vector),*) -> Vector {
            core::array::from_fn(|lane| {
                $(let $argument = $argument[lane];)*
                $body
            })
        }
    )*};
}

lanes! {
    add(a, b) = a + b;
    sub(a, b) = a - b;
    mul(a, b) = a * b;
    div(a, b) = a / b;
    max(a, b) = if a < b { b } else { a };
    min(a, b) = if b < a { b } else { a };
    abs(a) = f32::from_bits(a.to_bits() & 0x7FFF_FFFF);
    // Adding 1.5 * 2^23 leaves no place for a fraction.
    nearest(a) = a + 12_582_912.0 - 12_582_912.0;
    mul_add(a, b, c) = a * b + c;
    relu(a) = if a < 0.0 { 0.0 } else { a };
    select_by_sign(sign, positive, negative) = if sign >= 0.0 { positive } else { negative };
    shift_to_exponent(a) = f32::from_bits(a.to_bits() << 23);
}

#[inline(always)]
pub fn splat(value: f32) -> Vector {
    [value; 4]
}

/// # Safety
/// Four f32 can be read at `from`.
#[inline(always)]
pub unsafe fn load(from: *const f32) -> Vector {
    // SAFETY: the caller's.
    unsafe { from.cast::<Vector>().read_unaligned() }
}

/// # Safety
/// Four f32 can be written at `to`.
#[inline(always)]
pub unsafe fn store(to: *mut f32, value: Vector) {
    // SAFETY: the caller's.
    unsafe { to.cast::<Vector>().write_unaligned(value) }
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
