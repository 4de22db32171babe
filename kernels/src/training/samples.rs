//! Eight samples side by side.

use core::ops::{Add, AddAssign, Div, Mul, Sub};

use super::value::Value;

/// How many samples lie side by side.
pub const SAMPLES: usize = 8;

/// One value of eight samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(32))]
pub struct Samples(pub [f32; SAMPLES]);

macro_rules! operators {
    ($($operator:ident $method:ident $sign:tt),*) => {$(
        impl $operator for Samples {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(core::array::from_fn(|lane| self.0[lane] $sign other.0[lane]))
            }
        }
    )*};
}

operators!(Add add +, Sub sub -, Mul mul *, Div div /);

impl AddAssign for Samples {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Value for Samples {
    type Number = f32;

    const LANES: usize = SAMPLES;

    #[inline(always)]
    fn splat(number: f32) -> Self {
        Self([number; SAMPLES])
    }

    #[inline(always)]
    fn lane(&self, lane: usize) -> f32 {
        self.0[lane]
    }

    #[inline(always)]
    fn set_lane(&mut self, lane: usize, number: f32) {
        self.0[lane] = number;
    }

    #[inline(always)]
    fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self {
        Self(core::array::from_fn(|lane| if self.0[lane] > than.0[lane] { then.0[lane] } else { otherwise.0[lane] }))
    }

    #[inline(always)]
    fn if_equal(self, other: Self, then: Self, otherwise: Self) -> Self {
        Self(core::array::from_fn(|lane| if self.0[lane] == other.0[lane] { then.0[lane] } else { otherwise.0[lane] }))
    }
}
