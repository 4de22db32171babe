//! The parameters and buffers of layers, and what normalisation asks of its input.

use crate::model::{Channels, Dims, Kind, Layer, UncalledModule, Unsupported};

use super::{ShapeError, output};

/// One parameter or buffer of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterTensor {
    /// PyTorch's: `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.
    pub name: &'static str,
    /// No sizes at all for a single number.
    pub shape: Dims,
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
    RunningMean,
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
        Layer::Conv2d(layer) => {
            let Some(Ok(conv)) = channels(3).map(|channels| layer.channels(channels)) else { return tensors };
            let kernel = layer.kernel_size;
            let shape = [conv.output, conv.input / conv.groups, kernel.height as u64, kernel.width as u64];
            tensors.push("weight", &shape, Fill::Weight);
            if layer.bias {
                tensors.push("bias", &[conv.output], Fill::Weight);
            }
        }
        Layer::ConvTranspose2d(layer) => {
            let Some(Ok(conv)) = channels(3).map(|channels| layer.channels(channels)) else { return tensors };
            let kernel = layer.kernel_size;
            let shape = [conv.input, conv.output / conv.groups, kernel.height as u64, kernel.width as u64];
            tensors.push("weight", &shape, Fill::Weight);
            if layer.bias {
                tensors.push("bias", &[conv.output], Fill::Weight);
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
                    .map(prelu_channels)
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
        }
        _ => {}
    }
    tensors
}

/// How many parameters an unsupported layer has, where that is given.
pub fn known_parameters(layer: &Unsupported) -> Option<u64> {
    u64::try_from(layer.parameters?).ok()
}

/// The parameters and buffers of a module that nothing calls, by the argument it declares.
pub fn uncalled_tensors(module: &UncalledModule) -> ParameterTensors {
    let first = module.declared.first().copied();
    let input = match module.layer.kind() {
        Kind::LayerNorm => Dims::new(&module.declared).and_then(|shape| shape.with_batch(1)),
        Kind::Linear => first.and_then(|features| Dims::new(&[1, features])),
        _ => first.and_then(|channels| Dims::new(&[1, channels, 1, 1])),
    };
    parameter_tensors(&module.layer, input.as_ref())
}

/// Up to five tensors, without an allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParameterTensors {
    tensors: [Option<ParameterTensor>; 5],
}

impl ParameterTensors {
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

/// Whether the inferred argument, as written in PyTorch, agrees with the input: `in_channels`, `in_features`,
/// `num_features`, `num_channels`, `normalized_shape`. The errors of the constructor come first.
pub fn check_declared(layer: &Layer, declared: &[u64], input: &Dims) -> Result<(), ShapeError> {
    let &[first, ..] = declared else { return Ok(()) };
    let signed = |size: u64| i64::try_from(size).map_err(|_| ShapeError::TooLarge);
    let found = |from_end: usize| input.rank().checked_sub(from_end).map(|index| input[index]);
    match layer {
        Layer::Conv2d(layer) => {
            let conv = layer.channels(first)?;
            let per_group = signed(first)? / signed(conv.groups)?;
            if let Some(found) = found(3).filter(|&found| found != first && matches!(input.rank(), 3 | 4)) {
                let kernel = layer.kernel_size;
                return Err(ShapeError::Channels {
                    transposed: false,
                    groups_or_transposed: signed(conv.groups)?,
                    weight: vec![signed(conv.output)?, per_group, kernel.height, kernel.width],
                    input: layer.convolved(&batched(input)),
                    expected: signed(first)?,
                    found,
                });
            }
        }
        Layer::ConvTranspose2d(layer) => {
            let conv = layer.channels(first)?;
            if let Some(found) = found(3).filter(|&found| found != first && matches!(input.rank(), 3 | 4)) {
                let kernel = layer.kernel_size;
                return Err(ShapeError::Channels {
                    transposed: true,
                    groups_or_transposed: 1,
                    weight: vec![signed(first)?, signed(conv.output / conv.groups)?, kernel.height, kernel.width],
                    input: batched(input),
                    expected: signed(first)?,
                    found,
                });
            }
        }
        Layer::Linear(layer) => {
            let columns = input.last().copied().unwrap_or(1);
            if columns != first {
                let rows = input.elements().ok_or(ShapeError::TooLarge)? / columns.max(1);
                return Err(ShapeError::MatrixShapes {
                    rows,
                    columns,
                    in_features: first,
                    out_features: layer.out_features,
                });
            }
        }
        Layer::BatchNorm2d(norm) => {
            check_norm(layer, input)?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::BatchNorm1d(norm) => {
            check_norm(layer, input)?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::InstanceNorm2d(norm) => {
            check_norm(layer, input)?;
            let dimension = input.rank() - 3;
            let samples = if dimension == 0 { 1 } else { input[0] };
            let (found, declared) = (input[dimension], first);
            if found != declared && norm.affine {
                return Err(ShapeError::NumFeatures { dimension, found, declared });
            }
            check_features(
                samples.saturating_mul(declared),
                samples.saturating_mul(found),
                norm.track_running_stats,
                false,
            )?;
        }
        Layer::GroupNorm(norm) => {
            check_groups(norm.num_groups, first)?;
            if input.get(1).is_some_and(|&found| !found.is_multiple_of(norm.num_groups as u64)) {
                return Err(ShapeError::GroupNormInput { groups: norm.num_groups, input: *input });
            }
            if norm.affine && input.get(1).is_some_and(|&found| found != first) {
                return Err(ShapeError::GroupNormChannels { declared: first, input: *input });
            }
        }
        Layer::LayerNorm(_) => {
            let behind = input.rank().checked_sub(declared.len()).and_then(|start| input.get(start..));
            if behind != Some(declared) {
                return Err(ShapeError::NormalizedShape { declared: declared.to_vec(), input: *input });
            }
        }
        Layer::LayerNorm2d(_) if input.get(1) != Some(&first) => {
            return Err(ShapeError::NormalizedShape { declared: declared.to_vec(), input: *input });
        }
        _ => {}
    }
    Ok(())
}

/// What the layers ask that give out the shape they take in, but not for every input.
pub(super) fn check_norm(layer: &Layer, input: &Dims) -> Result<(), ShapeError> {
    let rank = input.rank();
    let rank_error = |expected| Err(ShapeError::NormRank { expected, found: rank });
    match layer {
        Layer::BatchNorm2d(norm) => {
            if rank != 4 {
                return rank_error("4D");
            }
            check_batch_statistics(norm.track_running_stats, input)
        }
        Layer::BatchNorm1d(norm) => {
            if !matches!(rank, 2 | 3) {
                return rank_error("2D or 3D");
            }
            check_batch_statistics(norm.track_running_stats, input)
        }
        Layer::InstanceNorm2d(norm) => {
            if !matches!(rank, 3 | 4) {
                return rank_error("3D or 4D");
            }
            if !norm.track_running_stats && input[rank - 1] == 1 && input[rank - 2] == 1 {
                return Err(ShapeError::OneSpatialElement { input: *input });
            }
            Ok(())
        }
        Layer::GroupNorm(norm) => {
            let Some(&channels) = input.get(1) else { return Err(ShapeError::GroupNormRank { found: rank }) };
            check_groups(norm.num_groups, channels)?;
            let values = input.elements().ok_or(ShapeError::TooLarge)?;
            let groups = norm.num_groups as u64;
            if values == groups {
                let first = [input[0].saturating_mul(channels) / groups, groups];
                return Err(ShapeError::OneValuePerGroup { sizes: [&first[..], &input[2..]].concat() });
            }
            Ok(())
        }
        Layer::LayerNorm(norm) => {
            if norm.normalized_dims < 1 {
                return Err(ShapeError::TooSmall { name: "normalized_dims", least: 1, found: norm.normalized_dims });
            }
            if norm.normalized_dims > rank as i64 {
                return Err(ShapeError::DimensionOutOfRange { rank, dimension: -norm.normalized_dims });
            }
            Ok(())
        }
        Layer::LayerNorm2d(_) if rank != 4 => rank_error("4D"),
        Layer::LocalResponseNorm(norm) => {
            if rank < 3 {
                return Err(ShapeError::LocalResponseRank { found: rank });
            }
            if norm.size < 1 {
                return Err(ShapeError::TooSmall { name: "size", least: 1, found: norm.size });
            }
            Ok(())
        }
        Layer::PReLU(layer) => {
            let channels = prelu_channels(input);
            let parameters = match layer.num_parameters {
                Channels::Count(count) => i128::from(count),
                Channels::TimesInput(times) => i128::from(times) * i128::from(channels),
            };
            if parameters != 1 && parameters != i128::from(channels) {
                let parameters = i64::try_from(parameters).unwrap_or(i64::MAX);
                return Err(ShapeError::PReLUParameters { parameters, channels });
            }
            Ok(())
        }
        Layer::Dropout(layer) => check_probability(layer.p),
        Layer::Dropout2d(layer) => check_probability(layer.p),
        Layer::AlphaDropout(layer) => check_probability(layer.p),
        Layer::Hardtanh(layer) if layer.max_val <= layer.min_val => {
            Err(ShapeError::HardtanhLimits { min: layer.min_val, max: layer.max_val })
        }
        Layer::Softmax(layer) => layer.dim.map_or(Ok(()), |dim| super::reorder::dimension(dim, rank).map(drop)),
        Layer::LogSoftmax(layer) => layer.dim.map_or(Ok(()), |dim| super::reorder::dimension(dim, rank).map(drop)),
        _ => Ok(()),
    }
}

fn check_probability(p: f64) -> Result<(), ShapeError> {
    if (0.0..=1.0).contains(&p) { Ok(()) } else { Err(ShapeError::DropoutProbability(p)) }
}

/// With a batch of one where there is none.
fn batched(input: &Dims) -> Dims {
    if input.rank() == 3 { input.with_batch(1).unwrap_or(*input) } else { *input }
}

fn prelu_channels(input: &Dims) -> u64 {
    if input.rank() < 2 { 1 } else { input[1] }
}

fn check_features(declared: u64, found: u64, running_statistics: bool, affine: bool) -> Result<(), ShapeError> {
    if declared == found || !(running_statistics || affine) {
        Ok(())
    } else if running_statistics {
        Err(ShapeError::RunningMean { found, declared })
    } else {
        Err(ShapeError::NormWeight { found, declared })
    }
}

fn check_groups(groups: i64, channels: u64) -> Result<(), ShapeError> {
    if groups <= 0 {
        return Err(ShapeError::NumGroupsNotPositive);
    }
    if !channels.is_multiple_of(groups as u64) {
        return Err(ShapeError::NumGroups { channels, groups });
    }
    Ok(())
}

/// Without running statistics the batch's own are used, which takes more than one value a channel.
fn check_batch_statistics(running_statistics: bool, input: &Dims) -> Result<(), ShapeError> {
    let values = input.elements().ok_or(ShapeError::TooLarge)?;
    if !running_statistics && values == input[1] {
        return Err(ShapeError::OneValuePerChannel { input: *input });
    }
    Ok(())
}

impl Kind {
    /// Has parameters or buffers for some arguments.
    pub const fn may_have_parameters(self) -> bool {
        matches!(
            self,
            Kind::Conv2d
                | Kind::ConvTranspose2d
                | Kind::Linear
                | Kind::BatchNorm2d
                | Kind::BatchNorm1d
                | Kind::GroupNorm
                | Kind::LayerNorm
                | Kind::LayerNorm2d
                | Kind::InstanceNorm2d
                | Kind::PReLU
                | Kind::Parameter
                | Kind::Unsupported
        )
    }
}
