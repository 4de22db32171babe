//! Whether what PyTorch's text declares of an input agrees with what flows in.

use crate::model::{Dims, Layer};

use super::{ShapeError, output};

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
            output(layer, &[*input])?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::BatchNorm1d(norm) => {
            output(layer, &[*input])?;
            check_features(first, input[1], norm.track_running_stats, norm.affine)?;
        }
        Layer::InstanceNorm2d(norm) => {
            output(layer, &[*input])?;
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
        Layer::MaxPool2d(_)
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

/// With a batch of one where there is none.
fn batched(input: &Dims) -> Dims {
    if input.rank() == 3 { input.with_batch(1).unwrap_or(*input) } else { *input }
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
