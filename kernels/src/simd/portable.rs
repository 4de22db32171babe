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

/// Four i32, eight i16 or sixteen i8, the low end of each i32 first.
pub type Integers = [i32; 4];

fn shorts(a: Integers) -> [i16; 8] {
    core::array::from_fn(|place| (a[place / 2] >> (place % 2 * 16)) as i16)
}

fn bytes(a: Integers) -> [i8; 16] {
    core::array::from_fn(|place| (a[place / 4] >> (place % 4 * 8)) as i8)
}

fn from_shorts(shorts: [i16; 8]) -> Integers {
    let half = |place: usize| i32::from(shorts[place] as u16);
    core::array::from_fn(|lane| half(2 * lane) | half(2 * lane + 1) << 16)
}

/// Pairs of i16 multiplied and added, and added to four i32.
#[inline(always)]
pub fn dot(sums: Integers, a: Integers, b: Integers) -> Integers {
    let (a, b) = (shorts(a).map(i32::from), shorts(b).map(i32::from));
    core::array::from_fn(|lane| {
        let pair = a[2 * lane].wrapping_mul(b[2 * lane]).wrapping_add(a[2 * lane + 1].wrapping_mul(b[2 * lane + 1]));
        sums[lane].wrapping_add(pair)
    })
}

#[inline(always)]
pub fn add_shorts(a: Integers, b: Integers) -> Integers {
    let (a, b) = (shorts(a), shorts(b));
    from_shorts(core::array::from_fn(|place| a[place].wrapping_add(b[place])))
}

/// Pairs of i8 multiplied and added.
#[inline(always)]
pub fn dot_bytes(a: Integers, b: Integers) -> Integers {
    let (a, b) = (bytes(a).map(i16::from), bytes(b).map(i16::from));
    let product = |place: usize| a[place] * b[place];
    from_shorts(core::array::from_fn(|pair| product(2 * pair).wrapping_add(product(2 * pair + 1))))
}

#[inline(always)]
pub fn splat_integer(value: i32) -> Integers {
    [value; 4]
}

#[inline(always)]
pub fn interleave_low(a: Integers, b: Integers) -> Integers {
    let (a, b) = (shorts(a), shorts(b));
    from_shorts(core::array::from_fn(|place| if place % 2 == 0 { a[place / 2] } else { b[place / 2] }))
}

#[inline(always)]
pub fn interleave_high(a: Integers, b: Integers) -> Integers {
    let (a, b) = (shorts(a), shorts(b));
    from_shorts(core::array::from_fn(|place| if place % 2 == 0 { a[4 + place / 2] } else { b[4 + place / 2] }))
}

#[inline(always)]
pub fn to_float(a: Integers) -> Vector {
    a.map(|value| value as f32)
}

#[inline(always)]
pub fn shorts_to_float(a: Integers) -> [Vector; 2] {
    let a = shorts(a);
    [0, 4].map(|first| core::array::from_fn(|lane| f32::from(a[first + lane])))
}

/// The bits of four values less a number.
#[inline(always)]
pub fn subtract_integers(a: Vector, number: i32) -> Integers {
    a.map(|value| (value.to_bits() as i32).wrapping_sub(number))
}

/// Eight i32 as i8, saturated, from the low end on.
#[inline(always)]
pub fn to_bytes(a: Integers, b: Integers) -> i64 {
    let byte = |place: usize| (if place < 4 { a[place] } else { b[place - 4] }).clamp(-128, 127) as u8;
    i64::from_le_bytes(core::array::from_fn(byte))
}

/// # Safety
/// Sixteen bytes can be read at `from`.
#[inline(always)]
pub unsafe fn load_integers(from: *const i8) -> Integers {
    // SAFETY: the caller's.
    let words = unsafe { from.cast::<[[u8; 4]; 4]>().read_unaligned() };
    words.map(i32::from_le_bytes)
}

/// # Safety
/// Sixteen bytes can be written at `to`.
#[inline(always)]
pub unsafe fn store_integers(to: *mut i8, value: Integers) {
    // SAFETY: the caller's.
    unsafe { to.cast::<[[u8; 4]; 4]>().write_unaligned(value.map(i32::to_le_bytes)) }
}

/// Eight i8 to eight i16.
///
/// # Safety
/// As many can be read at `from`.
#[inline(always)]
pub unsafe fn load_bytes(from: *const i8) -> Integers {
    // SAFETY: the caller's.
    from_shorts(unsafe { from.cast::<[i8; 8]>().read_unaligned() }.map(i16::from))
}
