//! The kinds of layers, with PyTorch's names, arguments and defaults: the one place that knows them.
//!
//! Input channels and features are inferred from what flows in, never stored.

mod facts;
mod kind;
mod line;
mod slot;

use super::argument::{
    Channels, GeluApproximate, Groups, Integers, LinePadding, MapSize, OutputSize, Padding, PaddingMode, Pair,
    ScalarOperation, ScaleFactor, Sides, StochasticMode, UpsampleMode,
};
use super::value::Value;
use facts::{
    ACTIVATION, BATCH_NORM, COMBINATION, CONVOLUTION, COPY, MATRIX_PRODUCT, NORM, PARAMETER, POOL, REGULARIZER,
    RESIZING, SOFTMAX, UNKNOWN, VIEW, infers,
};
pub use facts::{Arity, ChannelFlow, Facts, Flow, InferredArgument, Learns, Sort};
use slot::{Slot, nth};

/// Defines the layer kinds:
/// `Kind "PyTorch name": facts, [required arguments = value of a new row] { optional ones = default }`, each in PyTorch's
/// order (without the inferred one). The [`Facts`] say what is true of every layer of the kind.
macro_rules! layers {
    ($(
        $(#[$doc:meta])*
        $kind:ident $class:literal: $facts:expr, [$($required:ident: $required_type:ty = $start:expr),*]
            { $($optional:ident: $optional_type:ty = $default:expr),* }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq)]
            #[allow(missing_docs, reason = "PyTorch's arguments, where there are any")]
            pub struct $kind {
                $(pub $required: $required_type,)*
                $(pub $optional: $optional_type,)*
            }

            impl Default for $kind {
                fn default() -> Self {
                    Self { $($required: $start,)* $($optional: $default,)* }
                }
            }
        )*

        /// One layer: what a network's node does.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Layer {
            $($(#[$doc])* $kind($kind),)*
        }

        /// The kind of a layer, without its arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// In the order of the table below.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),*];

            /// The name of the class in `torch.nn`, or of the function, in lower case.
            pub const fn class(self) -> &'static str {
                match self { $(Kind::$kind => $class,)* }
            }

            /// What is true of every layer of this kind.
            pub const fn facts(self) -> &'static Facts {
                match self { $(Kind::$kind => const { &$facts },)* }
            }

            /// A layer of this kind with the arguments of a new row.
            pub fn layer(self) -> Layer {
                match self { $(Kind::$kind => Layer::$kind($kind::default()),)* }
            }

            /// The names of its arguments in PyTorch's order, without the inferred one.
            pub const fn arguments(self) -> &'static [&'static str] {
                match self { $(Kind::$kind => &[$(stringify!($required),)* $(stringify!($optional)),*],)* }
            }

            /// How many of the arguments, from the first, PyTorch has no default for.
            pub const fn required_arguments(self) -> usize {
                match self { $(Kind::$kind => { const NAMES: &[&str] = &[$(stringify!($required)),*]; NAMES.len() })* }
            }
        }

        impl Layer {
            /// What it is without its arguments.
            pub const fn kind(&self) -> Kind {
                match self { $(Layer::$kind(_) => Kind::$kind,)* }
            }

            /// An argument by its place among [`Kind::arguments`].
            fn slot(&self, index: usize) -> Option<&dyn Slot> {
                match self { $(
                    #[allow(unused_variables)]
                    Layer::$kind(layer) => {
                        let slots: &[&dyn Slot] = &[$(&layer.$required,)* $(&layer.$optional,)*];
                        slots.get(index).copied()
                    }
                )* }
            }

            fn slot_mut(&mut self, index: usize) -> Option<&mut dyn Slot> {
                match self { $(
                    #[allow(unused_variables)]
                    Layer::$kind(layer) => nth([$(&mut layer.$required,)* $(&mut layer.$optional,)*], index),
                )* }
            }
        }

        $(
            impl From<$kind> for Layer {
                fn from(layer: $kind) -> Self {
                    Layer::$kind(layer)
                }
            }
        )*
    };
}

layers! {
    // Convolutions and matrix products.

    /// Weight `[out_channels, in_channels / groups, kernel height, kernel width]`.
    Conv2d "Conv2d": CONVOLUTION, [out_channels: Channels = Channels::Count(8), kernel_size: Pair = Pair::square(3)] {
        stride: Pair = Pair::square(1),
        padding: Padding = Padding::Explicit(Pair::square(0)),
        dilation: Pair = Pair::square(1),
        groups: Groups = Groups::Count(1),
        bias: bool = true,
        padding_mode: PaddingMode = PaddingMode::Zeros
    }
    /// Weight `[in_channels, out_channels / groups, kernel height, kernel width]`.
    ConvTranspose2d "ConvTranspose2d": CONVOLUTION, [out_channels: Channels = Channels::Count(8), kernel_size: Pair = Pair::square(2)] {
        stride: Pair = Pair::square(1),
        padding: Pair = Pair::square(0),
        output_padding: Pair = Pair::square(0),
        groups: Groups = Groups::Count(1),
        bias: bool = true,
        dilation: Pair = Pair::square(1)
    }
    /// Over lines `[N, C, L]`. Weight `[out_channels, in_channels / groups, kernel_size]`.
    Conv1d "Conv1d": CONVOLUTION, [out_channels: Channels = Channels::Count(8), kernel_size: i64 = 3] {
        stride: i64 = 1,
        padding: LinePadding = LinePadding::Explicit(0),
        dilation: i64 = 1,
        groups: Groups = Groups::Count(1),
        bias: bool = true,
        padding_mode: PaddingMode = PaddingMode::Zeros
    }
    /// Weight `[in_channels, out_channels / groups, kernel_size]`.
    ConvTranspose1d "ConvTranspose1d": CONVOLUTION, [out_channels: Channels = Channels::Count(8), kernel_size: i64 = 2] {
        stride: i64 = 1,
        padding: i64 = 0,
        output_padding: i64 = 0,
        groups: Groups = Groups::Count(1),
        bias: bool = true,
        dilation: i64 = 1
    }
    /// On the last dimension. Weight `[out_features, in_features]`.
    Linear "Linear": MATRIX_PRODUCT, [out_features: i64 = 10] { bias: bool = true }

    // Pooling.

    /// Pads with minus infinity. No stride given: the kernel's size.
    MaxPool2d "MaxPool2d": POOL, [kernel_size: Pair = Pair::square(2)] {
        stride: Option<Pair> = None,
        padding: Pair = Pair::square(0),
        dilation: Pair = Pair::square(1),
        ceil_mode: bool = false
    }
    /// No stride given: the kernel's size.
    AvgPool2d "AvgPool2d": POOL, [kernel_size: Pair = Pair::square(2)] {
        stride: Option<Pair> = None,
        padding: Pair = Pair::square(0),
        ceil_mode: bool = false,
        count_include_pad: bool = true,
        divisor_override: Option<i64> = None
    }
    /// Window i is `[floor(i * in / out), ceil((i + 1) * in / out))`.
    AdaptiveAvgPool2d "AdaptiveAvgPool2d": POOL, [output_size: OutputSize = OutputSize { height: Some(1), width: Some(1) }] {}
    /// Windows as [`AdaptiveAvgPool2d`]'s.
    AdaptiveMaxPool2d "AdaptiveMaxPool2d": POOL, [output_size: OutputSize = OutputSize { height: Some(1), width: Some(1) }] {}
    /// As [`MaxPool2d`], over lines `[N, C, L]`.
    MaxPool1d "MaxPool1d": POOL, [kernel_size: i64 = 2] {
        stride: Option<i64> = None,
        padding: i64 = 0,
        dilation: i64 = 1,
        ceil_mode: bool = false
    }
    /// As [`AvgPool2d`], over lines.
    AvgPool1d "AvgPool1d": POOL, [kernel_size: i64 = 2] {
        stride: Option<i64> = None,
        padding: i64 = 0,
        ceil_mode: bool = false,
        count_include_pad: bool = true
    }
    /// Windows as [`AdaptiveAvgPool2d`]'s, over lines.
    AdaptiveAvgPool1d "AdaptiveAvgPool1d": POOL, [output_size: i64 = 1] {}
    /// Windows as [`AdaptiveAvgPool2d`]'s, over lines.
    AdaptiveMaxPool1d "AdaptiveMaxPool1d": POOL, [output_size: i64 = 1] {}
    /// The mean over dimensions; over `(2, 3)` it is global average pooling.
    Mean "mean": POOL, [dim: Integers = vec![2, 3]] { keepdim: bool = false }

    // Normalisation.

    /// Of `[N, C, H, W]` over N, H, W; by running statistics where they are tracked.
    BatchNorm2d "BatchNorm2d": BATCH_NORM, [] {
        eps: f64 = 1e-5, momentum: Option<f64> = Some(0.1), affine: bool = true, track_running_stats: bool = true
    }
    /// Of `[N, C]` or `[N, C, L]`.
    BatchNorm1d "BatchNorm1d": BATCH_NORM, [] {
        eps: f64 = 1e-5, momentum: Option<f64> = Some(0.1), affine: bool = true, track_running_stats: bool = true
    }
    /// Of `[N, C, ...]` over each group of channels of a sample.
    GroupNorm "GroupNorm": Facts { inferred: infers("num_channels", 1), ..NORM }, [num_groups: i64 = 1] { eps: f64 = 1e-5, affine: bool = true }
    /// Over the last `normalized_dims` dimensions (the length of PyTorch's `normalized_shape`).
    LayerNorm "LayerNorm": Facts { inferred: infers("normalized_shape", 0), channels: ChannelFlow::Rearranged, ..NORM }, [normalized_dims: i64 = 1] { eps: f64 = 1e-5, elementwise_affine: bool = true, bias: bool = true }
    /// Over the channels of each pixel of `[N, C, H, W]` (torchvision's, in ConvNeXt).
    LayerNorm2d "LayerNorm2d": Facts { inferred: infers("normalized_shape", 0), ..NORM }, [] { eps: f64 = 1e-6, elementwise_affine: bool = true, bias: bool = true }
    /// Over the pixels of each channel of a sample.
    InstanceNorm2d "InstanceNorm2d": Facts { inferred: infers("num_features", 0), ..NORM }, [] {
        eps: f64 = 1e-5, momentum: Option<f64> = Some(0.1), affine: bool = false, track_running_stats: bool = false
    }
    /// Over the elements of each channel of a sample, `[N, C, L]`.
    InstanceNorm1d "InstanceNorm1d": Facts { inferred: infers("num_features", 0), ..NORM }, [] {
        eps: f64 = 1e-5, momentum: Option<f64> = Some(0.1), affine: bool = false, track_running_stats: bool = false
    }
    /// Divides by `(k + alpha / size * sum of squares over size channels)^beta`.
    LocalResponseNorm "LocalResponseNorm": Facts { learns: Learns::Nothing, ..NORM }, [size: i64 = 5] { alpha: f64 = 1e-4, beta: f64 = 0.75, k: f64 = 1.0 }

    // Activations, one element at a time.

    /// `max(x, 0)`.
    ReLU "ReLU": ACTIVATION, [] { inplace: bool = false }
    /// `min(max(x, 0), 6)`.
    ReLU6 "ReLU6": ACTIVATION, [] { inplace: bool = false }
    /// `x` above 0, `negative_slope * x` below.
    LeakyReLU "LeakyReLU": ACTIVATION, [] { negative_slope: f64 = 0.01, inplace: bool = false }
    /// `x` above 0, a learned slope times `x` below: one slope, or one for each channel (`x1`).
    PReLU "PReLU": Facts { learns: Learns::Parameters, ..ACTIVATION }, [] { num_parameters: Channels = Channels::Count(1) }
    /// `x` above 0, `alpha * (e^x - 1)` below.
    ELU "ELU": ACTIVATION, [] { alpha: f64 = 1.0, inplace: bool = false }
    /// `scale * ELU(x)` with fixed constants.
    SELU "SELU": ACTIVATION, [] { inplace: bool = false }
    /// `max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))`.
    CELU "CELU": ACTIVATION, [] { alpha: f64 = 1.0, inplace: bool = false }
    /// `x * sigmoid(x)`.
    SiLU "SiLU": ACTIVATION, [] { inplace: bool = false }
    /// `x * Phi(x)`, Phi the normal distribution.
    GELU "GELU": ACTIVATION, [] { approximate: GeluApproximate = GeluApproximate::None }
    /// `x * tanh(softplus(x))`.
    Mish "Mish": ACTIVATION, [] { inplace: bool = false }
    /// `x * ReLU6(x + 3) / 6`.
    Hardswish "Hardswish": ACTIVATION, [] { inplace: bool = false }
    /// `ReLU6(x + 3) / 6`.
    Hardsigmoid "Hardsigmoid": ACTIVATION, [] { inplace: bool = false }
    /// `min(max(x, min_val), max_val)`.
    Hardtanh "Hardtanh": ACTIVATION, [] { min_val: f64 = -1.0, max_val: f64 = 1.0, inplace: bool = false }
    /// `1 / (1 + e^-x)`.
    Sigmoid "Sigmoid": ACTIVATION, [] {}
    /// `log(sigmoid(x))`.
    LogSigmoid "LogSigmoid": ACTIVATION, [] {}
    /// `(e^x - e^-x) / (e^x + e^-x)`.
    Tanh "Tanh": ACTIVATION, [] {}
    /// `log(1 + e^(beta x)) / beta`; `x` itself where `beta x > threshold`.
    Softplus "Softplus": ACTIVATION, [] { beta: f64 = 1.0, threshold: f64 = 20.0 }
    /// `x / (1 + |x|)`.
    Softsign "Softsign": ACTIVATION, [] {}
    /// `e^x`, divided by its sum over a dimension.
    Softmax "Softmax": SOFTMAX, [] { dim: Option<i64> = None }
    /// The logarithm of [`Softmax`].
    LogSoftmax "LogSoftmax": SOFTMAX, [] { dim: Option<i64> = None }

    // What does nothing when a trained network runs.

    /// Drops single elements in training, each with probability `p`.
    Dropout "Dropout": REGULARIZER, [] { p: f64 = 0.5, inplace: bool = false }
    /// Drops whole channels in training.
    Dropout2d "Dropout2d": REGULARIZER, [] { p: f64 = 0.5, inplace: bool = false }
    /// Sets elements to SELU's lower limit in training, and keeps mean and variance.
    AlphaDropout "AlphaDropout": REGULARIZER, [] { p: f64 = 0.5, inplace: bool = false }
    /// torchvision's; drops whole branches in training.
    StochasticDepth "StochasticDepth": REGULARIZER, [p: f64 = 0.2] { mode: StochasticMode = StochasticMode::Row }
    /// Gives its input.
    Identity "Identity": REGULARIZER, [] {}

    // Shape and order.

    /// Dimensions `start_dim` to `end_dim` become one.
    Flatten "Flatten": VIEW, [] { start_dim: i64 = 1, end_dim: i64 = -1 }
    /// The same elements in another shape, batch first; one size may be -1. The batch size is kept where the first size is -1 or 1.
    View "view": VIEW, [shape: Integers = vec![-1]] {}
    /// Swaps two dimensions (a view).
    Transpose "transpose": VIEW, [dim0: i64 = 1, dim1: i64 = 2] {}
    /// Orders the dimensions anew (a view).
    Permute "permute": VIEW, [dims: Integers = vec![0, 2, 3, 1]] {}
    /// Copies a view into one piece of memory.
    Contiguous "contiguous": Facts { channels: ChannelFlow::Kept, ..COPY }, [] {}
    /// Part `index` of `chunks` along a dimension (a view).
    Chunk "chunk": VIEW, [chunks: i64 = 2, index: i64 = 0] { dim: i64 = 1 }
    /// Elements `start` to `end` (not included) along a dimension (a view).
    Slice "slice": VIEW, [start: i64 = 0, end: Option<i64> = None] { dim: i64 = 1 }
    /// Channels `[groups, C / groups]` become `[C / groups, groups]`.
    ChannelShuffle "ChannelShuffle": Facts { channels: ChannelFlow::Kept, ..COPY }, [groups: i64 = 2] {}
    /// `[N, C r^2, H, W]` becomes `[N, C, H r, W r]`.
    PixelShuffle "PixelShuffle": COPY, [upscale_factor: i64 = 2] {}
    /// `[N, C, H r, W r]` becomes `[N, C r^2, H, W]`.
    PixelUnshuffle "PixelUnshuffle": COPY, [downscale_factor: i64 = 2] {}
    /// To `size`, or to `scale_factor` times the input's, rounded down: of `size` and `scale_factor` one is given.
    Upsample "Upsample": RESIZING, [] {
        size: Option<MapSize> = None,
        scale_factor: Option<ScaleFactor> = None,
        mode: UpsampleMode = UpsampleMode::Nearest,
        align_corners: Option<bool> = None
    }
    /// Zeros around the map; negative sides cut it.
    ZeroPad2d "ZeroPad2d": RESIZING, [padding: Sides = Sides { left: 1, right: 1, top: 1, bottom: 1 }] {}
    /// `value` around the map; negative sides cut it.
    ConstantPad2d "ConstantPad2d": RESIZING, [padding: Sides = Sides { left: 1, right: 1, top: 1, bottom: 1 }, value: f64 = 0.0] {}
    /// The map mirrored at its outermost pixels, which are not repeated.
    ReflectionPad2d "ReflectionPad2d": RESIZING, [padding: Sides = Sides { left: 1, right: 1, top: 1, bottom: 1 }] {}
    /// The outermost pixels again and again.
    ReplicationPad2d "ReplicationPad2d": RESIZING, [padding: Sides = Sides { left: 1, right: 1, top: 1, bottom: 1 }] {}

    // Several inputs, or none.

    /// The sum of two tensors, broadcast.
    Add "add": COMBINATION, [] {}
    /// The product of two tensors, broadcast.
    Mul "mul": COMBINATION, [] {}
    /// One behind the other along a dimension.
    Cat "cat": Facts { arity: Arity::OneOrMore, channels: ChannelFlow::Rearranged, ..COMBINATION }, [] { dim: i64 = 1 }
    /// A learned tensor as it is, such as ConvNeXt's `layer_scale`. No input.
    Parameter "Parameter": PARAMETER, [shape: Integers = vec![1]] {}
    /// With a number: `x + value`, `x - value`, `x * value`, `x / value`.
    Scalar "scalar": Facts { arity: Arity::One, ..COMBINATION }, [operation: ScalarOperation = ScalarOperation::Mul, value: f64 = 1.0] {}

    /// What has no kind of its own: its cost is unknown but for the figures that are given. Its output is taken to be
    /// `shape` (without the batch), or to have its first input's shape where that is not given.
    ///
    /// With `macs` nothing of it is unknown: they are those of one sample, its parameters those given or none. Where `input`
    /// is given, `macs` and `shape` hold for a first input of just these sizes (no sizes: whatever it is). Both then have
    /// all sizes, and -3 is a size that is three for each sample. Where it is not, they hold for every input.
    Unsupported "unsupported": UNKNOWN, [class: String = String::new()] {
        arguments: String = String::new(),
        shape: Option<Integers> = None,
        parameters: Option<i64> = None,
        macs: Option<i64> = None,
        input: Option<Integers> = None,
        buffers: Option<i64> = None
    }
}

impl Layer {
    /// Arguments with their values, in PyTorch's order.
    pub fn arguments(&self) -> impl Iterator<Item = (&'static str, Value)> + '_ {
        self.kind().arguments().iter().filter_map(|&name| Some((name, self.argument(name)?)))
    }

    /// The arguments one would write: all required ones, and those that differ from their default.
    pub fn written_arguments(&self) -> impl Iterator<Item = (&'static str, Value)> + '_ {
        let default = self.kind().layer();
        let required = self.kind().required_arguments();
        let written = move |(index, (name, value)): (usize, (&'static str, Value))| {
            (index < required || default.argument(name).as_ref() != Some(&value)).then_some((name, value))
        };
        self.arguments().enumerate().filter_map(written)
    }
}
