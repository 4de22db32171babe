//! What a step computes, with every number resolved: layers after shapes and weights are known.

use super::kernels::activation::Activation;
use super::kernels::geometry::{Axis, ConvolutionShape, Planes, PoolShape};
use super::kernels::reference::combine::Combination;
use super::kernels::reference::normalization::{GroupNorm, LocalResponse};
use super::kernels::reference::pool::Divisor;
use super::kernels::reference::rearrange::{Fill, Resampling};

/// One computation over tensors in PyTorch's order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    /// The same elements in another shape.
    Alias,
    Constant(Vec<f32>),
    Convolution(ConvolutionShape, Parameters),
    TransposedConvolution(ConvolutionShape, Parameters),
    /// Features in and out.
    Linear([usize; 2], Parameters),
    ScaleChannels(Planes, Parameters),
    Activate(Activation),
    /// `x` where positive, else the channel's slope times `x`.
    ScaleNegatives(Planes, Vec<f32>),
    MaxPool(PoolShape),
    AveragePool(PoolShape, Divisor),
    AdaptiveAveragePool(Planes, Planes),
    AdaptiveMaxPool(Planes, Planes),
    Mean(Axis),
    GroupNorm(GroupNorm, Parameters),
    AxisNorm(Axis, f64, Parameters),
    LocalResponseNorm(Planes, LocalResponse),
    Softmax(Axis),
    LogSoftmax(Axis),
    Broadcast(Broadcast),
    /// The output's axis; each input begins where the one before ends.
    Concatenate(Axis, Vec<usize>),
    Gather(Gather),
    Pad(Padding),
    Upsample(Planes, Planes, Resampling),
}

/// A weight and a bias; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parameters {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// Two operands stretched to `dims`; a stretched dimension has stride 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Broadcast {
    pub combination: Combination,
    pub dims: Vec<usize>,
    pub strides: [Vec<usize>; 2],
}

impl Broadcast {
    /// Whether the operand of this side lies as planes of these sizes do, each size of 1 stretched.
    pub(crate) fn takes(&self, side: usize, planes: Planes) -> bool {
        let Planes { batch, channels, height, width } = planes;
        let area = height * width;
        let steps = [(batch, channels * area), (channels, area), (height, width), (width, 1)];
        let steps = steps.map(|(size, step)| if size == 1 { 0 } else { step });
        match self.strides[side].as_slice() {
            &[batch, channels, width] => height == 1 && [batch, channels, 0, width] == steps,
            strides => strides == steps,
        }
    }
}

/// A copy in another order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gather {
    pub dims: Vec<usize>,
    pub offset: usize,
    pub strides: Vec<usize>,
}

/// Planes set into larger (or smaller) ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Padding {
    pub input: Planes,
    pub output: Planes,
    pub top_left: [isize; 2],
    pub fill: Fill,
}

impl Operation {
    /// Multiply-accumulates of convolutions and matrix products; `elements` are the output's.
    pub(crate) fn macs(&self, elements: usize) -> u64 {
        let [elements, per_output] = match self {
            Self::Convolution(shape, _) => {
                let [height, width] = shape.window.kernel;
                [elements, shape.input.channels / shape.groups.max(1) * height * width]
            }
            Self::TransposedConvolution(shape, _) => {
                let [height, width] = shape.window.kernel;
                [shape.input.elements(), shape.output.channels / shape.groups.max(1) * height * width]
            }
            Self::Linear([inputs, _], _) => [elements, *inputs],
            Self::Alias
            | Self::Constant(_)
            | Self::ScaleChannels(..)
            | Self::Activate(_)
            | Self::ScaleNegatives(..)
            | Self::MaxPool(_)
            | Self::AveragePool(..)
            | Self::AdaptiveAveragePool(..)
            | Self::AdaptiveMaxPool(..)
            | Self::Mean(_)
            | Self::GroupNorm(..)
            | Self::AxisNorm(..)
            | Self::LocalResponseNorm(..)
            | Self::Softmax(_)
            | Self::LogSoftmax(_)
            | Self::Broadcast(_)
            | Self::Concatenate(..)
            | Self::Gather(_)
            | Self::Pad(_)
            | Self::Upsample(..) => [0, 0],
        };
        elements as u64 * per_output as u64
    }
}

impl Operation {
    /// A short name of the computation.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Alias => "view",
            Self::Constant(_) => "constant",
            Self::Convolution(..) => "convolution",
            Self::TransposedConvolution(..) => "transposed convolution",
            Self::Linear(..) => "linear",
            Self::ScaleChannels(..) => "scale channels",
            Self::Activate(_) => "activation",
            Self::ScaleNegatives(..) => "scale negatives",
            Self::MaxPool(_) => "max pool",
            Self::AveragePool(..) => "average pool",
            Self::AdaptiveAveragePool(..) => "adaptive average pool",
            Self::AdaptiveMaxPool(..) => "adaptive max pool",
            Self::Mean(_) => "mean",
            Self::GroupNorm(..) => "group norm",
            Self::AxisNorm(..) => "channel norm",
            Self::LocalResponseNorm(..) => "local response norm",
            Self::Softmax(_) => "softmax",
            Self::LogSoftmax(_) => "log softmax",
            Self::Broadcast(_) => "combine",
            Self::Concatenate(..) => "concatenate",
            Self::Gather(_) => "reorder",
            Self::Pad(_) => "pad",
            Self::Upsample(..) => "upsample",
        }
    }

    /// Bytes of the parameters: 4 for each, or 1 for each weight of a quantised convolution or matrix product and 4 for
    /// each bias.
    pub(crate) fn weight_bytes(&self, is_quantized: bool) -> u64 {
        let whole = self.parameter_count() * size_of::<f32>();
        let saved = match self {
            Self::Convolution(_, parameters) | Self::Linear(_, parameters) if is_quantized => {
                parameters.weight.len() * (size_of::<f32>() - size_of::<i8>())
            }
            _ => 0,
        };
        (whole - saved) as u64
    }

    /// Weights and constants, in values.
    pub(crate) fn parameter_count(&self) -> usize {
        match self {
            Self::Constant(values) | Self::ScaleNegatives(_, values) => values.len(),
            Self::Convolution(_, parameters)
            | Self::TransposedConvolution(_, parameters)
            | Self::Linear(_, parameters)
            | Self::ScaleChannels(_, parameters)
            | Self::GroupNorm(_, parameters)
            | Self::AxisNorm(_, _, parameters) => parameters.weight.len() + parameters.bias.len(),
            Self::Alias
            | Self::Activate(_)
            | Self::MaxPool(_)
            | Self::AveragePool(..)
            | Self::AdaptiveAveragePool(..)
            | Self::AdaptiveMaxPool(..)
            | Self::Mean(_)
            | Self::LocalResponseNorm(..)
            | Self::Softmax(_)
            | Self::LogSoftmax(_)
            | Self::Broadcast(_)
            | Self::Concatenate(..)
            | Self::Gather(_)
            | Self::Pad(_)
            | Self::Upsample(..) => 0,
        }
    }
}

impl Operation {
    /// The same with empty parameters, for whoever keeps them elsewhere.
    pub(crate) fn without_parameters(&self) -> Self {
        let mut operation = self.clone();
        match &mut operation {
            Self::Constant(values) | Self::ScaleNegatives(_, values) => *values = Vec::new(),
            Self::Convolution(_, parameters)
            | Self::TransposedConvolution(_, parameters)
            | Self::Linear(_, parameters)
            | Self::ScaleChannels(_, parameters)
            | Self::GroupNorm(_, parameters)
            | Self::AxisNorm(_, _, parameters) => *parameters = Parameters::default(),
            _ => {}
        }
        operation
    }
}
