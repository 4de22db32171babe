//! The parameters and buffers of layers.

use crate::model::{Channels, Dims, Kind, Layer, UncalledModule, Unsupported};

use super::output;

/// One parameter or buffer of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterTensor {
    /// PyTorch's: `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
    pub name: &'static str,
    /// No sizes at all for a single number.
    pub shape: Dims,
    /// What it is for.
    pub fill: Fill,
}

/// What a parameter or buffer is for, from which the seeded weights follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// The weight or bias of a convolution or a matrix product; any other learned tensor.
    Weight,
    /// The scale of a normalisation.
    Gamma,
    /// The shift of a normalisation.
    Beta,
    /// The slopes of a PReLU.
    Slope,
    /// Of a norm that tracks them.
    RunningMean,
    /// Of a norm that tracks them.
    RunningVariance,
    /// The number of batches seen: one integer.
    Counter,
}

impl Fill {
    /// A buffer: kept with the weights, but not learned and not in PyTorch's `parameters()`.
    pub const fn is_buffer(self) -> bool {
        matches!(self, Self::RunningMean | Self::RunningVariance | Self::Counter)
    }
}

impl ParameterTensor {
    /// The number of elements; `None` where it does not fit 63 bits.
    pub fn elements(&self) -> Option<u64> {
        self.shape.elements()
    }
}

/// The parameters and buffers of a layer in PyTorch's order of registration (parameters first), for an
/// input that it can take. Empty where it has none.
pub fn parameter_tensors(layer: &Layer, input: Option<&Dims>) -> ParameterTensors {
    let mut tensors = ParameterTensors::default();
    let channels = |from_end: usize| {
        let input = input?;
        input.get(input.rank().checked_sub(from_end)?).copied()
    };
    let second = || input.and_then(|input| input.get(1).copied());
    match layer {
        Layer::Conv2d(_) | Layer::ConvTranspose2d(_) | Layer::Conv1d(_) | Layer::ConvTranspose1d(_) => {
            let Some((conv, input)) = layer.convolution().zip(input) else { return tensors };
            let Some(channels) = conv.channels(input) else { return tensors };
            if let Some(weight) = conv.weight(&channels) {
                tensors.push("weight", &weight, Fill::Weight);
            }
            if conv.bias {
                tensors.push("bias", &[channels.output], Fill::Weight);
            }
        }
        Layer::Linear(layer) => {
            let (Some(in_features), Ok(out_features)) = (channels(1), u64::try_from(layer.out_features)) else {
                return tensors;
            };
            tensors.push("weight", &[out_features, in_features], Fill::Weight);
            if layer.bias {
                tensors.push("bias", &[out_features], Fill::Weight);
            }
        }
        Layer::BatchNorm2d(layer) => tensors.push_norm(second(), layer.affine, layer.track_running_stats),
        Layer::BatchNorm1d(layer) => tensors.push_norm(second(), layer.affine, layer.track_running_stats),
        Layer::InstanceNorm2d(layer) => tensors.push_norm(channels(3), layer.affine, layer.track_running_stats),
        Layer::InstanceNorm1d(layer) => tensors.push_norm(channels(2), layer.affine, layer.track_running_stats),
        Layer::GroupNorm(layer) => tensors.push_norm(second(), layer.affine, false),
        Layer::LayerNorm(layer) => {
            let dims = usize::try_from(layer.normalized_dims).ok();
            let shape = input.zip(dims).and_then(|(input, dims)| input.get(input.rank().checked_sub(dims)?..));
            if let Some(shape) = shape.filter(|_| layer.elementwise_affine) {
                tensors.push("weight", shape, Fill::Gamma);
                if layer.bias {
                    tensors.push("bias", shape, Fill::Beta);
                }
            }
        }
        Layer::LayerNorm2d(layer) => {
            if let Some(channels) = second().filter(|_| layer.elementwise_affine) {
                tensors.push("weight", &[channels], Fill::Gamma);
                if layer.bias {
                    tensors.push("bias", &[channels], Fill::Beta);
                }
            }
        }
        Layer::PReLU(layer) => {
            let slopes = match layer.num_parameters {
                Channels::Count(count) => u64::try_from(count).ok(),
                Channels::TimesInput(times) => input
                    .map(super::arguments::slope_channels)
                    .zip(u64::try_from(times).ok())
                    .and_then(|(one, other)| one.checked_mul(other)),
            };
            if let Some(slopes) = slopes {
                tensors.push("weight", &[slopes], Fill::Slope);
            }
        }
        Layer::Parameter(_) => {
            if let Ok(shape) = output(layer, &[]) {
                tensors.push("", &shape, Fill::Weight);
            }
        }
        Layer::Unsupported(layer) => {
            if let Some(count) = known_parameters(layer).filter(|&count| count > 0) {
                tensors.push("", &[count], Fill::Weight);
            }
            if let Some(count) = layer.buffers.and_then(|count| u64::try_from(count).ok()).filter(|&count| count > 0) {
                tensors.push("", &[count], Fill::RunningMean);
            }
        }
        Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::MaxPool1d(_)
        | Layer::AvgPool1d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool1d(_)
        | Layer::Mean(_)
        | Layer::LocalResponseNorm(_)
        | Layer::ReLU(_)
        | Layer::ReLU6(_)
        | Layer::LeakyReLU(_)
        | Layer::ELU(_)
        | Layer::SELU(_)
        | Layer::CELU(_)
        | Layer::SiLU(_)
        | Layer::GELU(_)
        | Layer::Mish(_)
        | Layer::Hardswish(_)
        | Layer::Hardsigmoid(_)
        | Layer::Hardtanh(_)
        | Layer::Sigmoid(_)
        | Layer::LogSigmoid(_)
        | Layer::Tanh(_)
        | Layer::Softplus(_)
        | Layer::Softsign(_)
        | Layer::Softmax(_)
        | Layer::LogSoftmax(_)
        | Layer::Dropout(_)
        | Layer::Dropout2d(_)
        | Layer::AlphaDropout(_)
        | Layer::StochasticDepth(_)
        | Layer::Identity(_)
        | Layer::Flatten(_)
        | Layer::View(_)
        | Layer::Transpose(_)
        | Layer::Permute(_)
        | Layer::Contiguous(_)
        | Layer::Chunk(_)
        | Layer::Slice(_)
        | Layer::ChannelShuffle(_)
        | Layer::PixelShuffle(_)
        | Layer::PixelUnshuffle(_)
        | Layer::Upsample(_)
        | Layer::ZeroPad2d(_)
        | Layer::ConstantPad2d(_)
        | Layer::ReflectionPad2d(_)
        | Layer::ReplicationPad2d(_)
        | Layer::Add(_)
        | Layer::Mul(_)
        | Layer::Cat(_)
        | Layer::Scalar(_) => {}
    }
    tensors
}

/// How many parameters an unsupported layer has, where that is given.
pub fn known_parameters(layer: &Unsupported) -> Option<u64> {
    let none = layer.macs.map(|_| 0);
    u64::try_from(layer.parameters.or(none)?).ok()
}

/// The parameters and buffers of a module that nothing calls, by the argument it declares.
pub fn uncalled_tensors(module: &UncalledModule) -> ParameterTensors {
    let first = module.declared.first().copied();
    let input = match (module.layer.kind(), module.layer.convolution()) {
        (Kind::LayerNorm, _) => Dims::new(&module.declared).and_then(|shape| shape.with_batch(1)),
        // Without a batch dimension the channels come first of two here.
        (Kind::InstanceNorm2d, _) => first.and_then(|channels| Dims::new(&[1, channels, 1, 1])),
        (Kind::InstanceNorm1d, _) => first.and_then(|channels| Dims::new(&[1, channels, 1])),
        (_, Some(conv)) => first.and_then(|channels| Dims::new(&[1, channels, 1, 1][..conv.kernel.rank() + 2])),
        // Channels and features are the second size here.
        (_, None) => first.and_then(|channels| Dims::new(&[1, channels])),
    };
    parameter_tensors(&module.layer, input.as_ref())
}

/// Up to five tensors, without an allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParameterTensors {
    tensors: [Option<ParameterTensor>; 5],
}

impl ParameterTensors {
    /// In PyTorch's order.
    pub fn iter(&self) -> impl Iterator<Item = &ParameterTensor> {
        self.tensors.iter().flatten()
    }

    fn push(&mut self, name: &'static str, shape: &[u64], fill: Fill) {
        if let (Some(free), Some(shape)) = (self.tensors.iter_mut().find(|tensor| tensor.is_none()), Dims::new(shape)) {
            *free = Some(ParameterTensor { name, shape, fill });
        }
    }

    fn push_norm(&mut self, channels: Option<u64>, affine: bool, running_statistics: bool) {
        let Some(channels) = channels else { return };
        if affine {
            self.push("weight", &[channels], Fill::Gamma);
            self.push("bias", &[channels], Fill::Beta);
        }
        if running_statistics {
            self.push("running_mean", &[channels], Fill::RunningMean);
            self.push("running_var", &[channels], Fill::RunningVariance);
            self.push("num_batches_tracked", &[], Fill::Counter);
        }
    }
}
