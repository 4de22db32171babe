//! Counts that explain themselves: one piece of code yields the number and its formula.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};

/// What a count is made of. Code written against it yields a checked number ([`Count`]) or a text with the
/// numbers filled in ([`Formula`]).
pub trait Expression:
    Sized + Clone + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// A size that has a name: `in_channels`.
    fn named(name: &'static str, value: u64) -> Self;

    /// A constant of a rule: the 2 of "two for each channel".
    fn constant(value: u64) -> Self;

    /// The product of sizes that have names; 1 where there are none.
    fn product(sizes: &[u64], names: &[&'static str]) -> Self {
        let mut named = sizes.iter().zip(names).map(|(&size, name)| Self::named(name, size));
        let first = named.next().unwrap_or_else(|| Self::constant(1));
        named.fold(first, |product, size| product * size)
    }

    /// The value; `None` where it does not fit 64 bits.
    fn value(&self) -> Option<u64>;
}

/// A checked number: `None` once anything did not fit 64 bits or went below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub Option<u64>);

/// A number with the way to it: `8 * 16 * 2 * 2 + 16 = 528`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    numbers: String,
    words: String,
    binding: Binding,
    value: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Sub,
    Mul,
    Div,
}

/// The outermost operation of a formula, from the loosest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    /// A product with a division in it, which rounds down where it stands.
    Quotient,
    Product,
    Atom,
}

impl Formula {
    /// The numbers alone: `8 * 16 * 2 * 2 + 16`.
    pub fn numbers(&self) -> &str {
        &self.numbers
    }

    /// The names of the numbers: `in_channels / groups * out_channels * kernel height * kernel width + out_channels`.
    pub fn words(&self) -> &str {
        &self.words
    }

    fn join(self, operator: Operator, other: Self) -> Self {
        let (left, right) = (self.binding, other.binding);
        let (symbol, binding, bracket_left, bracket_right) = match operator {
            Operator::Add => ("+", Binding::Sum, false, false),
            Operator::Sub => ("-", Binding::Sum, false, right == Binding::Sum),
            Operator::Mul if left == Binding::Quotient => ("*", Binding::Quotient, false, right <= Binding::Quotient),
            Operator::Mul => ("*", Binding::Product, left == Binding::Sum, right <= Binding::Quotient),
            Operator::Div => ("/", Binding::Quotient, left == Binding::Sum, right < Binding::Atom),
        };
        let text = |left: &str, right: &str| {
            let bracket = |text: &str, needed: bool| if needed { format!("({text})") } else { text.to_string() };
            format!("{} {symbol} {}", bracket(left, bracket_left), bracket(right, bracket_right))
        };
        Self {
            numbers: text(&self.numbers, &other.numbers),
            words: text(&self.words, &other.words),
            binding,
            value: operator.apply(self.value, other.value),
        }
    }
}

impl Operator {
    fn apply(self, left: Option<u64>, right: Option<u64>) -> Option<u64> {
        let (left, right) = (left?, right?);
        match self {
            Self::Add => left.checked_add(right),
            Self::Sub => left.checked_sub(right),
            Self::Mul => left.checked_mul(right),
            Self::Div => left.checked_div(right),
        }
    }
}

/// `8 * 16 * 2 * 2 + 16 = 528`; without the sum where there is nothing to compute.
impl fmt::Display for Formula {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.binding, self.value) {
            (Binding::Atom, _) => formatter.write_str(&self.numbers),
            (_, Some(value)) => write!(formatter, "{} = {value}", self.numbers),
            (_, None) => write!(formatter, "{} does not fit 64 bits", self.numbers),
        }
    }
}

impl Expression for Formula {
    fn named(name: &'static str, value: u64) -> Self {
        Self { numbers: value.to_string(), words: name.to_string(), binding: Binding::Atom, value: Some(value) }
    }

    fn constant(value: u64) -> Self {
        let text = value.to_string();
        Self { numbers: text.clone(), words: text, binding: Binding::Atom, value: Some(value) }
    }

    fn value(&self) -> Option<u64> {
        self.value
    }
}

impl Expression for Count {
    fn named(_: &'static str, value: u64) -> Self {
        Self(Some(value))
    }

    fn constant(value: u64) -> Self {
        Self(Some(value))
    }

    fn product(sizes: &[u64], _: &[&'static str]) -> Self {
        Self(sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size)))
    }

    fn value(&self) -> Option<u64> {
        self.0
    }
}

/// An operator of the language for numbers and for texts.
macro_rules! operator {
    ($operator:ident, $function:ident) => {
        impl $operator for Count {
            type Output = Self;

            fn $function(self, other: Self) -> Self {
                Self(Operator::$operator.apply(self.0, other.0))
            }
        }

        impl $operator for Formula {
            type Output = Self;

            fn $function(self, other: Self) -> Self {
                self.join(Operator::$operator, other)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);
