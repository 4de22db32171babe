//! What is true of a kind of layer, whatever its arguments.

use super::Kind;

/// How many inputs a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    Zero,
    One,
    Two,
    OneOrMore,
}

/// The argument that PyTorch wants and that is inferred here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InferredArgument {
    pub name: &'static str,
    /// Its place among the positional arguments.
    pub position: usize,
}

impl Kind {
    /// The kind of a class name or function name.
    pub fn from_class(class: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.class() == class)
    }

    /// Written as a function or a tensor's method in PyTorch, not as a module of `torch.nn`.
    pub fn is_function(self) -> bool {
        self.class().starts_with(|first: char| first.is_ascii_lowercase())
    }

    pub const fn arity(self) -> Arity {
        match self {
            Kind::Add | Kind::Mul => Arity::Two,
            Kind::Cat | Kind::Unsupported => Arity::OneOrMore,
            Kind::Parameter => Arity::Zero,
            Kind::Conv2d
            | Kind::ConvTranspose2d
            | Kind::Linear
            | Kind::MaxPool2d
            | Kind::AvgPool2d
            | Kind::AdaptiveAvgPool2d
            | Kind::AdaptiveMaxPool2d
            | Kind::Mean
            | Kind::BatchNorm2d
            | Kind::BatchNorm1d
            | Kind::GroupNorm
            | Kind::LayerNorm
            | Kind::LayerNorm2d
            | Kind::InstanceNorm2d
            | Kind::LocalResponseNorm
            | Kind::ReLU
            | Kind::ReLU6
            | Kind::LeakyReLU
            | Kind::PReLU
            | Kind::ELU
            | Kind::SELU
            | Kind::CELU
            | Kind::SiLU
            | Kind::GELU
            | Kind::Mish
            | Kind::Hardswish
            | Kind::Hardsigmoid
            | Kind::Hardtanh
            | Kind::Sigmoid
            | Kind::LogSigmoid
            | Kind::Tanh
            | Kind::Softplus
            | Kind::Softsign
            | Kind::Softmax
            | Kind::LogSoftmax
            | Kind::Dropout
            | Kind::Dropout2d
            | Kind::AlphaDropout
            | Kind::StochasticDepth
            | Kind::Identity
            | Kind::Flatten
            | Kind::View
            | Kind::Transpose
            | Kind::Permute
            | Kind::Contiguous
            | Kind::Chunk
            | Kind::Slice
            | Kind::ChannelShuffle
            | Kind::PixelShuffle
            | Kind::PixelUnshuffle
            | Kind::Upsample
            | Kind::ZeroPad2d
            | Kind::ConstantPad2d
            | Kind::ReflectionPad2d
            | Kind::ReplicationPad2d
            | Kind::Scalar => Arity::One,
        }
    }

    /// PyTorch's argument for what is inferred from the input: channels, features or sizes.
    pub const fn inferred_argument(self) -> Option<InferredArgument> {
        let (name, position) = match self {
            Kind::Conv2d | Kind::ConvTranspose2d => ("in_channels", 0),
            Kind::Linear => ("in_features", 0),
            Kind::BatchNorm2d | Kind::BatchNorm1d | Kind::InstanceNorm2d => ("num_features", 0),
            Kind::GroupNorm => ("num_channels", 1),
            Kind::LayerNorm | Kind::LayerNorm2d => ("normalized_shape", 0),
            _ => return None,
        };
        Some(InferredArgument { name, position })
    }

    /// One element in, one element out: may overwrite its input.
    pub const fn is_elementwise_activation(self) -> bool {
        matches!(
            self,
            Kind::ReLU
                | Kind::ReLU6
                | Kind::LeakyReLU
                | Kind::PReLU
                | Kind::ELU
                | Kind::SELU
                | Kind::CELU
                | Kind::SiLU
                | Kind::GELU
                | Kind::Mish
                | Kind::Hardswish
                | Kind::Hardsigmoid
                | Kind::Hardtanh
                | Kind::Sigmoid
                | Kind::LogSigmoid
                | Kind::Tanh
                | Kind::Softplus
                | Kind::Softsign
        )
    }

    /// Gives its input on without writing data, when a trained network runs.
    pub const fn is_view(self) -> bool {
        matches!(
            self,
            Kind::Flatten
                | Kind::View
                | Kind::Transpose
                | Kind::Permute
                | Kind::Chunk
                | Kind::Slice
                | Kind::Dropout
                | Kind::Dropout2d
                | Kind::AlphaDropout
                | Kind::StochasticDepth
                | Kind::Identity
        )
    }
}
