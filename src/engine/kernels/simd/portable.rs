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

/// Four i32, or eight i16: the low half of each i32 first.
pub type Integers = [i32; 4];

fn halves(a: i32) -> [i32; 2] {
    [i32::from(a as i16), a >> 16]
}

fn join(low: i32, high: i32) -> i32 {
    (low & 0xFFFF) | (high << 16)
}

/// The i16 at a place.
fn short(a: Integers, place: usize) -> i32 {
    halves(a[place / 2])[place % 2]
}

/// Pairs of i16 multiplied and added, and added to four i32.
#[inline(always)]
pub fn dot(sums: Integers, a: Integers, b: Integers) -> Integers {
    core::array::from_fn(|lane| {
        let ([a0, a1], [b0, b1]) = (halves(a[lane]), halves(b[lane]));
        sums[lane].wrapping_add(a0 * b0 + a1 * b1)
    })
}

#[inline(always)]
pub fn splat_integer(value: i32) -> Integers {
    [value; 4]
}

/// Four i16 of each in turn.
#[inline(always)]
pub fn interleave_low(a: Integers, b: Integers) -> Integers {
    core::array::from_fn(|lane| join(short(a, lane), short(b, lane)))
}

#[inline(always)]
pub fn to_float(a: Integers) -> Vector {
    a.map(|value| value as f32)
}

/// Four i16 to four f32.
#[inline(always)]
pub fn low_to_float(a: Integers) -> Vector {
    core::array::from_fn(|lane| short(a, lane) as f32)
}

/// The nearest whole numbers as four i16, saturated; the upper half repeats them.
#[inline(always)]
pub fn to_shorts(a: Vector) -> Integers {
    let whole = nearest(a).map(|value| (value as i32).clamp(-32768, 32767));
    [join(whole[0], whole[1]), join(whole[2], whole[3]), join(whole[0], whole[1]), join(whole[2], whole[3])]
}

/// # Safety
/// Eight i16 can be read at `from`.
#[inline(always)]
pub unsafe fn load_integers(from: *const i16) -> Integers {
    // SAFETY: the caller's.
    let shorts = unsafe { from.cast::<[i16; 8]>().read_unaligned() };
    core::array::from_fn(|lane| join(i32::from(shorts[2 * lane]), i32::from(shorts[2 * lane + 1])))
}

/// # Safety
/// Four i16 can be read at `from`.
#[inline(always)]
pub unsafe fn load_half(from: *const i16) -> Integers {
    // SAFETY: the caller's.
    let shorts = unsafe { from.cast::<[i16; 4]>().read_unaligned() }.map(i32::from);
    [join(shorts[0], shorts[1]), join(shorts[2], shorts[3]), 0, 0]
}

/// # Safety
/// Four i16 can be written at `to`.
#[inline(always)]
pub unsafe fn store_half(to: *mut i16, value: Integers) {
    let shorts: [i16; 4] = core::array::from_fn(|place| short(value, place) as i16);
    // SAFETY: the caller's.
    unsafe { to.cast::<[i16; 4]>().write_unaligned(shorts) }
}
