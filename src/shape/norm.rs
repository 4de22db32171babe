//! What normalisation asks of its input, whose shape it gives out.

use crate::model::Dims;

use super::ShapeError;

pub(super) fn batch_norm_2d(running_statistics: bool, input: &Dims) -> Result<(), ShapeError> {
    if input.rank() != 4 {
        return rank_error("4D", input);
    }
    check_batch_statistics(running_statistics, input)
}

pub(super) fn batch_norm_1d(running_statistics: bool, input: &Dims) -> Result<(), ShapeError> {
    if !matches!(input.rank(), 2 | 3) {
        return rank_error("2D or 3D", input);
    }
    check_batch_statistics(running_statistics, input)
}

pub(super) fn instance_norm_2d(running_statistics: bool, input: &Dims) -> Result<(), ShapeError> {
    let rank = input.rank();
    if !matches!(rank, 3 | 4) {
        return rank_error("3D or 4D", input);
    }
    if !running_statistics && input[rank - 1] == 1 && input[rank - 2] == 1 {
        return Err(ShapeError::OneSpatialElement { input: *input });
    }
    Ok(())
}

pub(super) fn instance_norm_1d(running_statistics: bool, input: &Dims) -> Result<(), ShapeError> {
    if !matches!(input.rank(), 2 | 3) {
        return rank_error("2D or 3D", input);
    }
    if !running_statistics && input.last() == Some(&1) {
        return Err(ShapeError::OneSpatialElement { input: *input });
    }
    Ok(())
}

pub(super) fn group_norm(num_groups: i64, input: &Dims) -> Result<(), ShapeError> {
    let Some(&channels) = input.get(1) else { return Err(ShapeError::GroupNormRank { found: input.rank() }) };
    check_groups(num_groups, channels)?;
    let values = input.elements().ok_or(ShapeError::TooLarge)?;
    let groups = num_groups as u64;
    if values == groups {
        let first = [input[0].saturating_mul(channels) / groups, groups];
        return Err(ShapeError::OneValuePerGroup { sizes: [&first[..], &input[2..]].concat() });
    }
    Ok(())
}

pub(super) fn layer_norm(normalized_dims: i64, input: &Dims) -> Result<(), ShapeError> {
    let rank = input.rank();
    if normalized_dims < 1 {
        return Err(ShapeError::TooSmall { name: "normalized_dims", least: 1, found: normalized_dims });
    }
    if normalized_dims > rank as i64 {
        return Err(ShapeError::DimensionOutOfRange { rank, dimension: -normalized_dims });
    }
    Ok(())
}

pub(super) fn layer_norm_2d(input: &Dims) -> Result<(), ShapeError> {
    if input.rank() == 4 { Ok(()) } else { rank_error("4D", input) }
}

pub(super) fn local_response_norm(size: i64, input: &Dims) -> Result<(), ShapeError> {
    if input.rank() < 3 {
        return Err(ShapeError::LocalResponseRank { found: input.rank() });
    }
    if size < 1 {
        return Err(ShapeError::TooSmall { name: "size", least: 1, found: size });
    }
    Ok(())
}

pub(super) fn check_groups(groups: i64, channels: u64) -> Result<(), ShapeError> {
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

fn rank_error(expected: &'static str, input: &Dims) -> Result<(), ShapeError> {
    Err(ShapeError::NormRank { expected, found: input.rank() })
}
