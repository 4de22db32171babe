//! Whether what PyTorch's text declares of an input agrees with what flows in.

use crate::model::{Conv2d, Dims, Layer};

use super::convolution::conv_channels;
use super::{Direction, Kernel, ShapeError, output};

/// Whether the inferred argument, as written in PyTorch, agrees with the input: `in_channels`, `in_features`,
/// `num_features`, `num_channels`, `normalized_shape`. The errors of the constructor come first.
pub fn check_declared(layer: &Layer, declared: &[u64], input: &Dims) -> Result<(), ShapeError> {
    let &[first, ..] = declared else { return Ok(()) };
    match layer {
        Layer::Conv2d(conv) => {
            conv.channels(first)?;
            check_channels(layer, first, input)?;
        }
        Layer::Conv1d(conv) => {
            Conv2d::from(conv).channels(first)?;
            check_channels(layer, first, input)?;
        }
        Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_) => check_channels(layer, first, input)?,
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
            output(layer, &[*input])?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::BatchNorm1d(norm) => {
            output(layer, &[*input])?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::InstanceNorm2d(norm) => {
            output(layer, &[*input])?;
            check_instances(first, (input, 3), norm.affine, norm.track_running_stats)?;
        }
        Layer::InstanceNorm1d(norm) => {
            output(layer, &[*input])?;
            check_instances(first, (input, 2), norm.affine, norm.track_running_stats)?;
        }
        Layer::GroupNorm(norm) => {
            super::norm::check_groups(norm.num_groups, first)?;
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
        Layer::LayerNorm2d(_) => {
            if input.get(1) != Some(&first) {
                return Err(ShapeError::NormalizedShape { declared: declared.to_vec(), input: *input });
            }
        }
        Layer::MaxPool1d(_)
        | Layer::AvgPool1d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool1d(_)
        | Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::Mean(_)
        | Layer::LocalResponseNorm(_)
        | Layer::ReLU(_)
        | Layer::ReLU6(_)
        | Layer::LeakyReLU(_)
        | Layer::PReLU(_)
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
        | Layer::Parameter(_)
        | Layer::Scalar(_)
        | Layer::Unsupported(_) => {}
    }
    Ok(())
}

/// Whether as many channels flow into a convolution as it declares.
fn check_channels(layer: &Layer, declared: u64, input: &Dims) -> Result<(), ShapeError> {
    let Some(conv) = layer.convolution() else { return Ok(()) };
    let channels = conv_channels(declared, conv.out_channels, conv.groups)?;
    let rank = conv.kernel.rank();
    let found = conv.input_channels(input).filter(|&found| found != declared);
    let Some(found) = found.filter(|_| (rank + 1..=rank + 2).contains(&input.rank())) else { return Ok(()) };
    let signed = |size: u64| i64::try_from(size).map_err(|_| ShapeError::TooLarge);
    let batched = if input.rank() == rank + 1 { input.with_batch(1).unwrap_or(*input) } else { *input };
    let (transposed, groups_or_transposed, first) = match conv.direction {
        Direction::Plain => (false, signed(channels.groups)?, [channels.output, declared / channels.groups]),
        Direction::Transposed => (true, 1, [declared, channels.output / channels.groups]),
    };
    let kernel = match conv.kernel {
        Kernel::Rectangle(pair) => vec![pair.height, pair.width],
        Kernel::Line(length) => vec![length],
    };
    Err(ShapeError::Channels {
        transposed,
        groups_or_transposed,
        weight: [vec![signed(first[0])?, signed(first[1])?], kernel].concat(),
        input: Box::new(match layer {
            Layer::Conv2d(conv) => conv.convolved(&batched),
            Layer::Conv1d(conv) => conv.convolved(&batched),
            _ => batched,
        }),
        expected: signed(declared)?,
        found,
    })
}

/// Of an instance norm whose channels stand so many dimensions from the end.
fn check_instances(
    declared: u64,
    (input, from_end): (&Dims, usize),
    affine: bool,
    running_statistics: bool,
) -> Result<(), ShapeError> {
    let dimension = input.rank() - from_end;
    let samples = if dimension == 0 { 1 } else { input[0] };
    let found = input[dimension];
    if found != declared && affine {
        return Err(ShapeError::NumFeatures { dimension, found, declared });
    }
    check_features(samples.saturating_mul(declared), samples.saturating_mul(found), running_statistics, false)
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
