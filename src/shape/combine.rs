//! Output shapes of matrix products, of layers that order data anew, and of those with several inputs.

use crate::model::{Chunk, Dims, Sides, Slice, Upsample, UpsampleMode};

use super::{ShapeError, size};

pub(super) fn linear(out_features: i64, input: &Dims) -> Result<Dims, ShapeError> {
    if out_features < 0 {
        return Err(ShapeError::NegativeSize(out_features));
    }
    if out_features == 0 {
        return Err(ShapeError::TooSmall { name: "out_features", least: 1, found: 0 });
    }
    let mut output = *input;
    *output.sizes_mut().last_mut().ok_or(ShapeError::LinearOfNumber)? = out_features as u64;
    Ok(output)
}

pub(super) fn transpose(dims: [i64; 2], input: &Dims) -> Result<Dims, ShapeError> {
    let mut output = *input;
    let one = dimension(dims[0], output.rank())?;
    let other = dimension(dims[1], output.rank())?;
    output.sizes_mut().swap(one, other);
    Ok(output)
}

pub(super) fn chunk(layer: &Chunk, input: &Dims) -> Result<Dims, ShapeError> {
    if layer.chunks <= 0 {
        return Err(ShapeError::Chunks(layer.chunks));
    }
    let mut output = *input;
    let dimension = dimension(layer.dim, output.rank())?;
    let range = chunk_range(output[dimension], layer.chunks as u64, layer.index)?;
    output.sizes_mut()[dimension] = range.1 - range.0;
    Ok(output)
}

pub(super) fn channel_shuffle(groups: i64, input: &Dims) -> Result<Dims, ShapeError> {
    if input.rank() < 3 {
        return Err(ShapeError::ChannelShuffleRank { input: *input });
    }
    if groups <= 0 {
        return Err(ShapeError::TooSmall { name: "groups", least: 1, found: groups });
    }
    if !input[1].is_multiple_of(groups as u64) {
        return Err(ShapeError::ShuffleGroups { channels: input[1], groups });
    }
    Ok(*input)
}

pub(super) fn reflection_pad(sides: Sides, input: &Dims) -> Result<Dims, ShapeError> {
    let output = pad(sides, input, false)?;
    let rank = output.rank();
    for (dimension, before, after) in [(rank - 1, sides.left, sides.right), (rank - 2, sides.top, sides.bottom)] {
        if i128::from(before.max(after)) >= i128::from(input[dimension]) {
            return Err(ShapeError::ReflectionTooLarge { before, after, dimension, input: *input });
        }
    }
    Ok(output)
}

pub(super) fn parameter(shape: &[i64]) -> Result<Dims, ShapeError> {
    let sizes: Option<Vec<u64>> =
        shape.iter().map(|&size| u64::try_from(size).ok().filter(|&size| size >= 1)).collect();
    let sizes = sizes.ok_or(ShapeError::TooSmall { name: "shape", least: 1, found: 0 })?;
    Dims::new(&sizes).ok_or(ShapeError::TooManyDimensions)
}

/// A dimension counted from the front, from one that may be negative.
pub(super) fn dimension(dimension: i64, rank: usize) -> Result<usize, ShapeError> {
    let signed_rank = rank as i64;
    let wrapped = if dimension < 0 { dimension.saturating_add(signed_rank) } else { dimension };
    if (0..signed_rank).contains(&wrapped) {
        Ok(wrapped as usize)
    } else {
        Err(ShapeError::DimensionOutOfRange { rank, dimension })
    }
}

/// The dimension that a softmax goes along, counted from the front. Where none is given, PyTorch takes the first of 0, 1
/// and 3 dimensions, else the second. `None` where there is no such dimension, as for a number.
pub fn softmax_dimension(dim: Option<i64>, rank: usize) -> Option<usize> {
    let implicit = if matches!(rank, 0 | 1 | 3) { 0 } else { 1 };
    dimension(dim.unwrap_or(implicit), rank).ok()
}

/// Where part `index` of `torch.chunk` starts and ends. Every part has `ceil(size / chunks)` elements but the
/// last, so there may be fewer parts than asked for.
pub fn chunk_range(size: u64, chunks: u64, index: i64) -> Result<(u64, u64), ShapeError> {
    let part = size.div_ceil(chunks).max(1);
    let parts = size.div_ceil(part).max(1);
    let wrapped = if index < 0 { i128::from(index) + i128::from(parts) } else { i128::from(index) };
    let index = u64::try_from(wrapped)
        .ok()
        .filter(|&index| index < parts)
        .ok_or(ShapeError::ChunkIndex { index, chunks: parts })?;
    Ok((index * part, ((index + 1) * part).min(size)))
}

/// Where a slice along a dimension of this size starts and ends, by Python's rules.
pub fn slice_range(slice: &Slice, size: u64) -> (u64, u64) {
    let bound = |bound: i64| {
        let wrapped = if bound < 0 { i128::from(bound) + i128::from(size) } else { i128::from(bound) };
        wrapped.clamp(0, i128::from(size)) as u64
    };
    let start = bound(slice.start);
    (start, slice.end.map_or(size, bound).max(start))
}

/// The output size of an upsampling in one dimension: `floor(in * factor)`.
fn scaled(size: u64, factor: f64) -> i128 {
    (size as f64 * factor).floor() as i128
}

pub(super) fn mean(dims: &[i64], keepdim: bool, input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    let mut over = [dims.is_empty(); crate::model::MAX_RANK];
    for &dim in dims {
        let dimension = dimension(dim, rank)?;
        if over[dimension] {
            return Err(ShapeError::DimensionTwice { dimension: dim });
        }
        over[dimension] = true;
    }
    let kept = (0..rank).filter(|&index| keepdim || !over[index]);
    let sizes: Vec<u64> = kept.map(|index| if over[index] { 1 } else { input[index] }).collect();
    Dims::new(&sizes).ok_or(ShapeError::TooManyDimensions)
}

pub(super) fn flatten(start_dim: i64, end_dim: i64, input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    let start = dimension(start_dim, rank)?;
    let end = dimension(end_dim, rank)?;
    if start > end {
        return Err(ShapeError::FlattenOrder);
    }
    let mut sizes = [0; crate::model::MAX_RANK];
    sizes[..start].copy_from_slice(&input[..start]);
    let product = Dims::new(&input[start..=end]).and_then(|dims| dims.elements());
    sizes[start] = product.ok_or(ShapeError::TooLarge)?;
    let behind = &input[end + 1..];
    sizes[start + 1..start + 1 + behind.len()].copy_from_slice(behind);
    Dims::new(&sizes[..start + 1 + behind.len()]).ok_or(ShapeError::TooManyDimensions)
}

/// The first size stands for the batch: -1, or the 1 of a network traced with one sample, keep the input's.
pub(super) fn view(shape: &[i64], input: &Dims) -> Result<Dims, ShapeError> {
    let elements = input.elements().ok_or(ShapeError::TooLarge)?;
    let invalid = || ShapeError::ViewSize { shape: shape.to_vec(), elements };
    if shape.iter().filter(|&&size| size == -1).count() > 1 {
        return Err(ShapeError::ViewInference);
    }
    let known = shape.iter().filter(|&&size| size != -1);
    let product = known.copied().try_fold(1_i64, i64::checked_mul).ok_or(ShapeError::TooLarge)?;
    if shape.iter().any(|&size| size < -1 || size == 0) {
        return Err(invalid());
    }
    let product = product as u64;
    let mut sizes: Vec<u64> = shape.iter().map(|&size| size.max(0) as u64).collect();
    let batch = input.first().copied().unwrap_or(1);
    let batched = product.checked_mul(batch).filter(|&product| product > 0 && shape.first() == Some(&1));
    match shape.iter().position(|&size| size == -1) {
        Some(inferred) if batched.is_some_and(|product| elements % product == 0) => {
            sizes[0] = batch;
            sizes[inferred] = elements / (product * batch);
        }
        Some(inferred) if elements % product == 0 => sizes[inferred] = elements / product,
        None if product == elements => {}
        None if batched == Some(elements) => sizes[0] = batch,
        Some(_) | None => return Err(invalid()),
    }
    Dims::new(&sizes).ok_or(ShapeError::TooManyDimensions)
}

pub(super) fn permute(dims: &[i64], input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    if dims.len() != rank {
        return Err(ShapeError::PermuteLength { rank, length: dims.len() });
    }
    let mut output = *input;
    let mut seen = [false; crate::model::MAX_RANK];
    for (place, &dim) in dims.iter().enumerate() {
        let from = dimension(dim, rank)?;
        if seen[from] {
            return Err(ShapeError::PermuteTwice);
        }
        seen[from] = true;
        output.sizes_mut()[place] = input[from];
    }
    Ok(output)
}

pub(super) fn slice(slice: &Slice, input: &Dims) -> Result<Dims, ShapeError> {
    let mut output = *input;
    let dimension = dimension(slice.dim, output.rank())?;
    let (start, end) = slice_range(slice, output[dimension]);
    if start == end {
        return Err(ShapeError::TooSmall { name: "the length of the slice", least: 1, found: 0 });
    }
    output.sizes_mut()[dimension] = end - start;
    Ok(output)
}

pub(super) fn pixel_shuffle(factor: i64, input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    if rank < 3 {
        return Err(ShapeError::PixelShuffleRank { function: "pixel_shuffle", rank });
    }
    if factor <= 0 {
        return Err(ShapeError::PixelShuffleFactor { function: "pixel_shuffle", argument: "upscale_factor", factor });
    }
    let (channels, square) = (input[rank - 3], i128::from(factor) * i128::from(factor));
    if i128::from(channels) % square != 0 {
        return Err(ShapeError::PixelShuffleChannels { channels, square });
    }
    let mut output = *input;
    let sizes = output.sizes_mut();
    sizes[rank - 3] = channels / square as u64;
    sizes[rank - 2] = size(i128::from(input[rank - 2]) * i128::from(factor))?;
    sizes[rank - 1] = size(i128::from(input[rank - 1]) * i128::from(factor))?;
    Ok(output)
}

pub(super) fn pixel_unshuffle(factor: i64, input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    if rank < 3 {
        return Err(ShapeError::PixelShuffleRank { function: "pixel_unshuffle", rank });
    }
    if factor <= 0 {
        return Err(ShapeError::PixelShuffleFactor {
            function: "pixel_unshuffle",
            argument: "downscale_factor",
            factor,
        });
    }
    let (height, width) = (input[rank - 2], input[rank - 1]);
    if height % factor as u64 != 0 {
        return Err(ShapeError::PixelUnshuffleHeight { height, factor });
    }
    if width % factor as u64 != 0 {
        return Err(ShapeError::PixelUnshuffleWidth { width, factor });
    }
    let mut output = *input;
    let sizes = output.sizes_mut();
    sizes[rank - 3] = size(i128::from(input[rank - 3]) * i128::from(factor) * i128::from(factor))?;
    sizes[rank - 2] = height / factor as u64;
    sizes[rank - 1] = width / factor as u64;
    Ok(output)
}

pub(super) fn upsample(layer: &Upsample, input: &Dims) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    if rank != 4 {
        let mode = match layer.mode {
            UpsampleMode::Nearest => "nearest",
            UpsampleMode::Bilinear => "bilinear",
        };
        return Err(match rank {
            ..3 => ShapeError::UpsampleNoMap { rank, mode },
            _ => ShapeError::UpsampleRank { rank, mode },
        });
    }
    if layer.mode == UpsampleMode::Nearest && layer.align_corners.is_some() {
        return Err(ShapeError::AlignCornersNearest);
    }
    let (height, width) = (input[2], input[3]);
    let output = match (layer.size, layer.scale_factor) {
        (Some(_), Some(_)) => return Err(ShapeError::UpsampleBoth),
        (None, None) => return Err(ShapeError::UpsampleNeither),
        (Some(size), None) => (i128::from(size.height), i128::from(size.width)),
        (None, Some(factor)) => (scaled(height, factor.height), scaled(width, factor.width)),
    };
    if output.0 < 1 || output.1 < 1 {
        return Err(ShapeError::UpsampleSize { input: (height, width), output });
    }
    let mut result = *input;
    result.sizes_mut()[2] = size(output.0)?;
    result.sizes_mut()[3] = size(output.1)?;
    Ok(result)
}

/// `cuts`: negative padding is cut off first, one side after the other.
pub(super) fn pad(sides: Sides, input: &Dims, cuts: bool) -> Result<Dims, ShapeError> {
    let rank = input.rank();
    if !matches!(rank, 3 | 4) {
        return Err(if rank == 1 { ShapeError::PadLength } else { ShapeError::PadRank { rank } });
    }
    let mut output = *input;
    for (dimension, before, after) in [(rank - 1, sides.left, sides.right), (rank - 2, sides.top, sides.bottom)] {
        let padded = i128::from(input[dimension]) + i128::from(before) + i128::from(after);
        let (size, cut) = (i128::from(input[dimension]), i128::from(before.min(0)) + i128::from(after.min(0)));
        if cuts && size + cut < 0 {
            return Err(ShapeError::PadNarrow);
        }
        if padded < 1 {
            return Err(ShapeError::NegativePadSize { size: input[dimension], before, after, dimension });
        }
        output.sizes_mut()[dimension] = super::size(padded)?;
    }
    Ok(output)
}

pub(super) fn broadcast(a: &Dims, b: &Dims) -> Result<Dims, ShapeError> {
    let rank = a.rank().max(b.rank());
    let mut sizes = [1; crate::model::MAX_RANK];
    // PyTorch looks at the last dimension first.
    for (dimension, size) in sizes[..rank].iter_mut().enumerate().rev() {
        let along = |dims: &Dims| (dimension + dims.rank()).checked_sub(rank).map_or(1, |index| dims[index]);
        *size = match (along(a), along(b)) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            (a, b) => return Err(ShapeError::Broadcast { a, b, dimension }),
        };
    }
    Dims::new(&sizes[..rank]).ok_or(ShapeError::TooManyDimensions)
}

pub(super) fn cat(dim: i64, inputs: &[Dims]) -> Result<Dims, ShapeError> {
    let mut output = inputs[0];
    let along = dimension(dim, output.rank())?;
    for (tensor, input) in inputs.iter().enumerate().skip(1) {
        if input.rank() != output.rank() {
            return Err(ShapeError::CatRank { first: output.rank(), other: input.rank() });
        }
        for index in (0..output.rank()).filter(|&index| index != along) {
            if input[index] != output[index] {
                let (expected, found) = (output[index], input[index]);
                return Err(ShapeError::CatSize { dimension: along, expected, found, tensor });
            }
        }
        let sum = output[along].checked_add(input[along]).ok_or(ShapeError::TooLarge)?;
        output.sizes_mut()[along] = sum;
    }
    Ok(output)
}
