//! Output shapes of layers without a kind of their own, by the figures that are given of them.

use crate::model::{Dims, Unsupported};

use super::ShapeError;

/// How many samples an input has, by the sizes that are given of one: -3 is three for each. `None`: it is another input
/// than the one that the figures are given for.
pub fn samples(layer: &Unsupported, input: &Dims) -> Option<u64> {
    let given = layer.input.as_deref().unwrap_or_default();
    if given.is_empty() {
        return Some(1);
    }
    let mut samples = None;
    for (&given, &found) in given.iter().zip(input.iter()) {
        let size = given.unsigned_abs().max(1);
        if given >= 0 {
            if size != found {
                return None;
            }
            continue;
        }
        let times = found.checked_div(size).filter(|times| times.checked_mul(size) == Some(found))?;
        if *samples.get_or_insert(times) != times {
            return None;
        }
    }
    (given.len() == input.rank()).then_some(samples.unwrap_or(1))
}

/// The shape that the output is taken to have.
pub(super) fn output(layer: &Unsupported, input: &Dims) -> Result<Dims, ShapeError> {
    let samples = samples(layer, input).ok_or(ShapeError::FiguresOfAnotherInput)?;
    let Some(shape) = &layer.shape else { return Ok(*input) };
    let by_sample = layer.input.is_none();
    let size = |(place, &size): (usize, &i64)| match size {
        // As the input's, which has its batch first.
        -1 if by_sample => input.get(place + 1).copied(),
        size if size < 0 && !by_sample => size.unsigned_abs().checked_mul(samples),
        size => u64::try_from(size).ok().filter(|&size| size >= 1),
    };
    let sizes: Option<Vec<u64>> = shape.iter().enumerate().map(size).collect();
    let output = sizes.and_then(|sizes| Dims::new(&sizes)).ok_or(ShapeError::UnknownOutput)?;
    if by_sample {
        return output.with_batch(input.first().copied().unwrap_or(1)).ok_or(ShapeError::TooManyDimensions);
    }
    Ok(output)
}
