//! The types of the arguments of layers.

use thiserror::Error;

use super::value::Value;

/// Why a value does not fit an argument.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum ArgumentError {
    #[error("{layer} has no argument {name}")]
    Unknown { layer: &'static str, name: String },
    #[error("{name} is {expected}, not {found}")]
    Type { name: String, expected: &'static str, found: Value },
}

/// A type of argument: how it reads from and shows as a [`Value`].
pub trait Argument: Sized {
    /// What fits, for messages: "a whole number".
    const EXPECTED: &'static str;

    /// The texts that PyTorch takes, for what is a choice among texts alone; else empty.
    const CHOICES: &'static [&'static str] = &[];

    /// As PyTorch would be given it.
    fn to_value(&self) -> Value;

    /// `None` where it does not fit the type; `EXPECTED` says what would.
    fn from_value(value: &Value) -> Option<Self>;
}

/// Height and width. PyTorch's `3` stands for `(3, 3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the type says it")]
pub struct Pair {
    pub height: i64,
    pub width: i64,
}

/// The rows and columns of a map. One number for both is the same map, but some tools count it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the type says it")]
pub struct MapSize {
    pub height: i64,
    pub width: i64,
    /// Given as one number.
    pub single: bool,
}

/// A number of channels: fixed, or a multiple of the input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channels {
    /// So many, whatever comes in.
    Count(i64),
    /// This many times the input channels (a depthwise multiplier).
    TimesInput(i64),
}

/// Into how many groups a convolution divides its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Groups {
    /// So many; it must divide the input and the output channels.
    Count(i64),
    /// One group for each input channel: a depthwise convolution.
    InputChannels,
}

/// The padding of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// On both sides of each dimension.
    Explicit(Pair),
    /// As much as keeps the size; an odd total puts the extra at the bottom and right.
    Same,
    /// None.
    Valid,
}

/// The padding of a convolution over lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinePadding {
    /// At both ends.
    Explicit(i64),
    /// As much as keeps the length; an odd total puts the extra at the end.
    Same,
    /// None.
    Valid,
}

/// What a convolution's padding is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum PaddingMode {
    Zeros,
    Reflect,
    Replicate,
    Circular,
}

/// Padding in PyTorch's order. One number stands for all four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub struct Sides {
    pub left: i64,
    pub right: i64,
    pub top: i64,
    pub bottom: i64,
}

/// The size an adaptive pool gives; `None` keeps the input's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the type says it")]
pub struct OutputSize {
    pub height: Option<i64>,
    pub width: Option<i64>,
}

/// The factors of an upsampling.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct ScaleFactor {
    pub height: f64,
    pub width: f64,
}

/// How an upsampling fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum UpsampleMode {
    Nearest,
    Bilinear,
}

/// How GELU is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeluApproximate {
    /// By the error function.
    None,
    /// `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    Tanh,
}

/// What a stochastic depth drops in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StochasticMode {
    /// Single samples of a batch.
    Row,
    /// All samples at once.
    Batch,
}

/// The arithmetic of a tensor with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum ScalarOperation {
    Add,
    Sub,
    Mul,
    Div,
}

/// A list of whole numbers: the dimensions of a view or a permutation.
pub type Integers = Vec<i64>;

impl Pair {
    /// The same for both.
    pub const fn square(size: i64) -> Self {
        Self { height: size, width: size }
    }

    /// Rows before columns, as PyTorch.
    pub const fn new(height: i64, width: i64) -> Self {
        Self { height, width }
    }
}

impl Argument for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn to_value(&self) -> Value {
        Value::Int(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(int) => Some(*int),
            Value::List(items) if items.len() == 1 => Self::from_value(&items[0]),
            _ => None,
        }
    }
}

impl Argument for f64 {
    const EXPECTED: &'static str = "a number";

    fn to_value(&self) -> Value {
        Value::Float(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(int) => Some(*int as f64),
            Value::Float(float) if float.is_finite() => Some(*float),
            _ => None,
        }
    }
}

impl Argument for bool {
    const EXPECTED: &'static str = "True or False";

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(bool) => Some(*bool),
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl Argument for String {
    const EXPECTED: &'static str = "a text";

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            Value::None => Some(Self::new()),
            Value::List(items) => Some(items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            other => Some(other.to_string()),
        }
    }
}

impl<T: Argument> Argument for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const CHOICES: &'static [&'static str] = T::CHOICES;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::None, T::to_value)
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::None => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl Argument for Integers {
    const EXPECTED: &'static str = "a list of whole numbers";

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(|&int| Value::Int(int)).collect())
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(int) => Some(vec![*int]),
            Value::List(items) => items.iter().map(i64::from_value).collect(),
            _ => None,
        }
    }
}

/// One value for both, or two.
fn pair_of<T: Argument + Clone>(value: &Value) -> Option<(T, T)> {
    match value {
        Value::List(items) => match items.as_slice() {
            [one] => T::from_value(one).map(|one| (one.clone(), one)),
            [height, width] => Some((T::from_value(height)?, T::from_value(width)?)),
            _ => None,
        },
        one => T::from_value(one).map(|one| (one.clone(), one)),
    }
}

/// One value where both are equal, else two.
fn pair_value<T: Argument + PartialEq>(height: &T, width: &T) -> Value {
    if height == width { height.to_value() } else { Value::List(vec![height.to_value(), width.to_value()]) }
}

impl Argument for Pair {
    const EXPECTED: &'static str = "a whole number or two, (height, width)";

    fn to_value(&self) -> Value {
        pair_value(&self.height, &self.width)
    }

    fn from_value(value: &Value) -> Option<Self> {
        pair_of(value).map(|(height, width)| Self { height, width })
    }
}

impl Argument for MapSize {
    const EXPECTED: &'static str = Pair::EXPECTED;

    fn to_value(&self) -> Value {
        let Self { height, width, single } = *self;
        if single && height == width { height.to_value() } else { vec![height, width].to_value() }
    }

    fn from_value(value: &Value) -> Option<Self> {
        let Pair { height, width } = Pair::from_value(value)?;
        let single = !matches!(value, Value::List(sizes) if sizes.len() == 2);
        Some(Self { height, width, single })
    }
}

impl Argument for OutputSize {
    const EXPECTED: &'static str = "a whole number or two, (height, width), where None keeps the size";

    fn to_value(&self) -> Value {
        pair_value(&self.height, &self.width)
    }

    fn from_value(value: &Value) -> Option<Self> {
        pair_of(value).map(|(height, width)| Self { height, width })
    }
}

impl Argument for ScaleFactor {
    const EXPECTED: &'static str = "a number or two, (height, width)";

    fn to_value(&self) -> Value {
        pair_value(&self.height, &self.width)
    }

    fn from_value(value: &Value) -> Option<Self> {
        pair_of(value).map(|(height, width)| Self { height, width })
    }
}

impl Argument for Sides {
    const EXPECTED: &'static str = "a whole number or four, (left, right, top, bottom)";

    fn to_value(&self) -> Value {
        let sides = [self.left, self.right, self.top, self.bottom];
        if sides.iter().all(|&side| side == self.left) { Value::Int(self.left) } else { sides.to_vec().to_value() }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match *Integers::from_value(value)?.as_slice() {
            [all] => Some(Self { left: all, right: all, top: all, bottom: all }),
            [left, right, top, bottom] => Some(Self { left, right, top, bottom }),
            _ => None,
        }
    }
}

/// A multiple of the input channels is written `x2`.
impl Argument for Channels {
    const EXPECTED: &'static str = "a whole number, or x1, x2 ... times the input channels";

    fn to_value(&self) -> Value {
        match self {
            Self::Count(count) => Value::Int(*count),
            Self::TimesInput(times) => Value::Text(format!("x{times}")),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.strip_prefix(['x', 'X'])?.parse().ok().map(Self::TimesInput),
            value => i64::from_value(value).map(Self::Count),
        }
    }
}

/// A depthwise convolution's groups are written `in_channels`.
impl Argument for Groups {
    const EXPECTED: &'static str = "a whole number, or in_channels (depthwise)";

    fn to_value(&self) -> Value {
        match self {
            Self::Count(count) => Value::Int(*count),
            Self::InputChannels => Value::Text("in_channels".to_string()),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => {
                matches!(text.as_str(), "in_channels" | "depthwise" | "in").then_some(Self::InputChannels)
            }
            value => i64::from_value(value).map(Self::Count),
        }
    }
}

impl Argument for Padding {
    const EXPECTED: &'static str = "a whole number or two, (height, width), or same, or valid";

    fn to_value(&self) -> Value {
        match self {
            Self::Explicit(pair) => pair.to_value(),
            Self::Same => Value::Text("same".to_string()),
            Self::Valid => Value::Text("valid".to_string()),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) if text == "same" => Some(Self::Same),
            Value::Text(text) if text == "valid" => Some(Self::Valid),
            value => Pair::from_value(value).map(Self::Explicit),
        }
    }
}

impl Argument for LinePadding {
    const EXPECTED: &'static str = "a whole number, or same, or valid";

    fn to_value(&self) -> Value {
        match self {
            Self::Explicit(padding) => padding.to_value(),
            Self::Same => Value::Text("same".to_string()),
            Self::Valid => Value::Text("valid".to_string()),
        }
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) if text == "same" => Some(Self::Same),
            Value::Text(text) if text == "valid" => Some(Self::Valid),
            value => i64::from_value(value).map(Self::Explicit),
        }
    }
}

/// An enum whose variants PyTorch writes as texts.
macro_rules! named_choices {
    ($type:ident, $expected:literal, $($variant:ident = $text:literal),+) => {
        impl Argument for $type {
            const EXPECTED: &'static str = $expected;
            const CHOICES: &'static [&'static str] = &[$($text),+];

            fn to_value(&self) -> Value {
                Value::Text(match self { $(Self::$variant => $text),+ }.to_string())
            }

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $(Value::Text(text) if text == $text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

named_choices!(
    PaddingMode,
    "zeros, reflect, replicate or circular",
    Zeros = "zeros",
    Reflect = "reflect",
    Replicate = "replicate",
    Circular = "circular"
);
named_choices!(UpsampleMode, "nearest or bilinear", Nearest = "nearest", Bilinear = "bilinear");
named_choices!(ScalarOperation, "add, sub, mul or div", Add = "add", Sub = "sub", Mul = "mul", Div = "div");

named_choices!(StochasticMode, "row or batch", Row = "row", Batch = "batch");

impl Argument for GeluApproximate {
    const EXPECTED: &'static str = "none or tanh";
    const CHOICES: &'static [&'static str] = &["none", "tanh"];

    fn to_value(&self) -> Value {
        Value::Text(
            match self {
                Self::None => "none",
                Self::Tanh => "tanh",
            }
            .to_string(),
        )
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::None => Some(Self::None),
            Value::Text(text) if text == "none" => Some(Self::None),
            Value::Text(text) if text == "tanh" => Some(Self::Tanh),
            _ => None,
        }
    }
}
