//! What layers ask of their arguments that give out the shape they take in.

use crate::model::{Channels, Dims};

use super::ShapeError;
use super::combine::dimension;

/// One slope, or one for each channel.
pub(super) fn slopes(num_parameters: Channels, input: &Dims) -> Result<(), ShapeError> {
    let channels = slope_channels(input);
    let parameters = match num_parameters {
        Channels::Count(count) => i128::from(count),
        Channels::TimesInput(times) => i128::from(times) * i128::from(channels),
    };
    if parameters != 1 && parameters != i128::from(channels) {
        let parameters = i64::try_from(parameters).unwrap_or(i64::MAX);
        return Err(ShapeError::PReLUParameters { parameters, channels });
    }
    Ok(())
}

/// What a PReLU takes for channels.
pub(super) fn slope_channels(input: &Dims) -> u64 {
    if input.rank() < 2 { 1 } else { input[1] }
}

pub(super) fn probability(p: f64) -> Result<(), ShapeError> {
    if (0.0..=1.0).contains(&p) { Ok(()) } else { Err(ShapeError::DropoutProbability(p)) }
}

pub(super) fn limits(min: f64, max: f64) -> Result<(), ShapeError> {
    if max <= min { Err(ShapeError::HardtanhLimits { min, max }) } else { Ok(()) }
}

/// A dimension of the input, where one is given.
pub(super) fn dimension_of(dim: Option<i64>, input: &Dims) -> Result<(), ShapeError> {
    dim.map_or(Ok(()), |dim| dimension(dim, input.rank()).map(drop))
}
