//! What convolutions of every kind have in common: channels, groups, and a kernel.

use crate::model::{Channels, Dims, Groups, Layer, Pair};

use super::ShapeError;

/// A convolution of any kind: what its weight and its cost follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub struct Convolution {
    pub out_channels: Channels,
    pub groups: Groups,
    pub bias: bool,
    pub direction: Direction,
    pub kernel: Kernel,
}

/// Whether a convolution gathers or scatters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Each output sums up what lies under its window. Weight `[out_channels, in_channels / groups, kernel ...]`.
    Plain,
    /// Each input is added to what lies under its window. Weight `[in_channels, out_channels / groups, kernel ...]`.
    Transposed,
}

/// The sizes of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Over `[N, C, H, W]`.
    Rectangle(Pair),
    /// Over `[N, C, L]`.
    Line(i64),
}

/// The channels of a convolution, with what is inferred filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct ConvChannels {
    pub input: u64,
    pub output: u64,
    pub groups: u64,
}

impl Kernel {
    /// Each size with its name, outermost first. None is below zero in a layer that has a shape.
    pub fn sizes(self) -> impl Iterator<Item = (&'static str, u64)> {
        let size = |size: i64| u64::try_from(size).unwrap_or(0);
        let (first, last) = match self {
            Self::Rectangle(pair) => (Some(("kernel height", size(pair.height))), ("kernel width", size(pair.width))),
            Self::Line(length) => (None, ("kernel_size", size(length))),
        };
        first.into_iter().chain([last])
    }

    /// How many dimensions it slides along.
    pub fn rank(self) -> usize {
        match self {
            Self::Rectangle(_) => 2,
            Self::Line(_) => 1,
        }
    }

    /// One tap: a matrix product at every place.
    pub fn is_one(self) -> bool {
        self.sizes().all(|(_, size)| size == 1)
    }
}

impl Convolution {
    /// The number of input channels, `[(N,) C, ...]`; `None` for a tensor of too few dimensions.
    pub fn input_channels(&self, input: &Dims) -> Option<u64> {
        input.get(input.rank().checked_sub(self.kernel.rank() + 1)?).copied()
    }

    /// Channels and groups for an input of these sizes that it can take.
    pub fn channels(&self, input: &Dims) -> Option<ConvChannels> {
        conv_channels(self.input_channels(input)?, self.out_channels, self.groups).ok()
    }

    /// The sizes of its weight, for these channels.
    pub fn weight(&self, channels: &ConvChannels) -> Option<Dims> {
        let first = match self.direction {
            Direction::Plain => [channels.output, channels.input / channels.groups],
            Direction::Transposed => [channels.input, channels.output / channels.groups],
        };
        let mut sizes = [0; 4];
        sizes[..2].copy_from_slice(&first);
        self.kernel.sizes().zip(&mut sizes[2..]).for_each(|((_, size), place)| *place = size);
        Dims::new(&sizes[..2 + self.kernel.rank()])
    }
}

impl Layer {
    /// What it has in common with all convolutions; `None` where it is none.
    pub fn convolution(&self) -> Option<Convolution> {
        let (out_channels, groups, bias, direction, kernel) = match self {
            Self::Conv2d(conv) => {
                let kernel = Kernel::Rectangle(conv.kernel_size);
                (conv.out_channels, conv.groups, conv.bias, Direction::Plain, kernel)
            }
            Self::ConvTranspose2d(conv) => {
                let kernel = Kernel::Rectangle(conv.kernel_size);
                (conv.out_channels, conv.groups, conv.bias, Direction::Transposed, kernel)
            }
            Self::Conv1d(conv) => {
                let kernel = Kernel::Line(conv.kernel_size);
                (conv.out_channels, conv.groups, conv.bias, Direction::Plain, kernel)
            }
            Self::ConvTranspose1d(conv) => {
                let kernel = Kernel::Line(conv.kernel_size);
                (conv.out_channels, conv.groups, conv.bias, Direction::Transposed, kernel)
            }
            Self::Linear(_)
            | Self::MaxPool1d(_)
            | Self::AvgPool1d(_)
            | Self::AdaptiveAvgPool1d(_)
            | Self::AdaptiveMaxPool1d(_)
            | Self::InstanceNorm1d(_)
            | Self::MaxPool2d(_)
            | Self::AvgPool2d(_)
            | Self::AdaptiveAvgPool2d(_)
            | Self::AdaptiveMaxPool2d(_)
            | Self::Mean(_)
            | Self::BatchNorm2d(_)
            | Self::BatchNorm1d(_)
            | Self::GroupNorm(_)
            | Self::LayerNorm(_)
            | Self::LayerNorm2d(_)
            | Self::InstanceNorm2d(_)
            | Self::LocalResponseNorm(_)
            | Self::ReLU(_)
            | Self::ReLU6(_)
            | Self::LeakyReLU(_)
            | Self::PReLU(_)
            | Self::ELU(_)
            | Self::SELU(_)
            | Self::CELU(_)
            | Self::SiLU(_)
            | Self::GELU(_)
            | Self::Mish(_)
            | Self::Hardswish(_)
            | Self::Hardsigmoid(_)
            | Self::Hardtanh(_)
            | Self::Sigmoid(_)
            | Self::LogSigmoid(_)
            | Self::Tanh(_)
            | Self::Softplus(_)
            | Self::Softsign(_)
            | Self::Softmax(_)
            | Self::LogSoftmax(_)
            | Self::Dropout(_)
            | Self::Dropout2d(_)
            | Self::AlphaDropout(_)
            | Self::StochasticDepth(_)
            | Self::Identity(_)
            | Self::Flatten(_)
            | Self::View(_)
            | Self::Transpose(_)
            | Self::Permute(_)
            | Self::Contiguous(_)
            | Self::Chunk(_)
            | Self::Slice(_)
            | Self::ChannelShuffle(_)
            | Self::PixelShuffle(_)
            | Self::PixelUnshuffle(_)
            | Self::Upsample(_)
            | Self::ZeroPad2d(_)
            | Self::ConstantPad2d(_)
            | Self::ReflectionPad2d(_)
            | Self::ReplicationPad2d(_)
            | Self::Add(_)
            | Self::Mul(_)
            | Self::Cat(_)
            | Self::Parameter(_)
            | Self::Scalar(_)
            | Self::Unsupported(_) => return None,
        };
        Some(Convolution { out_channels, groups, bias, direction, kernel })
    }
}

/// The channels for so many input channels, or what PyTorch's constructor says.
pub(super) fn conv_channels(input: u64, out_channels: Channels, groups: Groups) -> Result<ConvChannels, ShapeError> {
    let input_signed = i64::try_from(input).map_err(|_| ShapeError::TooLarge)?;
    let groups = match groups {
        Groups::Count(groups) => groups,
        Groups::InputChannels => input_signed,
    };
    let output = match out_channels {
        Channels::Count(count) => count,
        Channels::TimesInput(times) => times.checked_mul(input_signed).ok_or(ShapeError::TooLarge)?,
    };
    if groups <= 0 {
        return Err(ShapeError::GroupsNotPositive);
    }
    if input_signed % groups != 0 {
        return Err(ShapeError::GroupsDoNotDivideInput { channels: input, groups });
    }
    if output % groups != 0 {
        return Err(ShapeError::GroupsDoNotDivideOutput { channels: output, groups });
    }
    if output < 0 {
        return Err(ShapeError::NegativeSize(output));
    }
    if output == 0 {
        return Err(ShapeError::TooSmall { name: "out_channels", least: 1, found: 0 });
    }
    Ok(ConvChannels { input, output: output as u64, groups: groups as u64 })
}
