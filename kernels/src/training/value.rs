//! What training computes with: a number, or the same number of several samples.

use core::ops::{Add, AddAssign, Div, Mul, Sub};

/// A number that parameters are kept in.
pub trait Number:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + core::fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + 'static
{
    /// Rounded to this number.
    fn of(value: f64) -> Self;
    /// Exactly.
    fn to_f64(self) -> f64;
    /// Rounded once.
    fn square_root(self) -> Self;
}

/// One value of a sample, or of several samples at once, lane by lane.
pub trait Value:
    Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + AddAssign + 'static
{
    /// Of one lane.
    type Number: Number;

    /// How many samples it holds.
    const LANES: usize;

    /// The same in every lane.
    fn splat(number: Self::Number) -> Self;

    /// Of one sample; `lane` is below [`Value::LANES`].
    fn lane(&self, lane: usize) -> Self::Number;

    /// Of one sample; the others stay.
    fn set_lane(&mut self, lane: usize, number: Self::Number);

    /// `then` in the lanes where it is greater than the other, else `otherwise`. NaN is never greater.
    fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self;

    /// `then` in the lanes where both are the same number, else `otherwise`.
    fn if_equal(self, other: Self, then: Self, otherwise: Self) -> Self;

    /// `self * factor + addend`.
    #[inline(always)]
    fn times_plus(self, factor: Self, addend: Self) -> Self {
        self * factor + addend
    }

    /// The same of a number in f64.
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::splat(Self::Number::of(value))
    }

    /// A function of one number, in every lane, in f64 and rounded once.
    #[inline(always)]
    fn each(mut self, function: impl Fn(f64) -> f64) -> Self {
        for lane in 0..Self::LANES {
            let value = function(self.lane(lane).to_f64());
            self.set_lane(lane, Self::Number::of(value));
        }
        self
    }

    /// The sum of the first lanes.
    #[inline(always)]
    fn sum(self, lanes: usize) -> f64 {
        (0..lanes.min(Self::LANES)).map(|lane| self.lane(lane).to_f64()).sum()
    }

    /// Zero in the lanes from this one on.
    #[inline(always)]
    fn first(mut self, lanes: usize) -> Self {
        for lane in lanes..Self::LANES {
            self.set_lane(lane, Self::Number::default());
        }
        self
    }
}

macro_rules! numbers {
    ($($number:ident $root:ident),*) => {$(
        impl Number for $number {
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn square_root(self) -> Self {
                libm::$root(self)
            }
        }

        impl Value for $number {
            type Number = Self;

            const LANES: usize = 1;

            #[inline(always)]
            fn splat(number: Self) -> Self {
                number
            }

            #[inline(always)]
            fn lane(&self, _: usize) -> Self {
                *self
            }

            #[inline(always)]
            fn set_lane(&mut self, _: usize, number: Self) {
                *self = number;
            }

            #[inline(always)]
            fn if_greater(self, than: Self, then: Self, otherwise: Self) -> Self {
                if self > than { then } else { otherwise }
            }

            #[inline(always)]
            fn if_equal(self, other: Self, then: Self, otherwise: Self) -> Self {
                if self == other { then } else { otherwise }
            }
        }
    )*};
}

numbers!(f32 sqrtf, f64 sqrt);
