//! Output shapes over lines `[N, C, L]`: those over maps of one row, with PyTorch's words for lines.

use crate::model::{
    AvgPool1d, AvgPool2d, Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Dims, MaxPool1d, MaxPool2d,
};

use super::{ShapeError, size};

/// `[(N,) C, 1, L]` of `[(N,) C, L]`; `None` for tensors of another rank.
pub(super) fn as_map(input: &Dims) -> Option<Dims> {
    match *input.sizes() {
        [channels, length] => Dims::new(&[channels, 1, length]),
        [batch, channels, length] => Dims::new(&[batch, channels, 1, length]),
        _ => None,
    }
}

/// `[(N,) C, L]` of `[(N,) C, 1, L]`.
fn as_lines(map: &Dims) -> Dims {
    let row = map.rank().saturating_sub(2);
    let sizes: Vec<u64> = map.iter().enumerate().filter(|&(axis, _)| axis != row).map(|(_, &size)| size).collect();
    Dims::new(&sizes).unwrap_or_default()
}

impl Conv1d {
    /// `floor((in + before + after - dilation (kernel_size - 1) - 1) / stride) + 1`.
    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let map = as_map(input).ok_or(ShapeError::LineRank { function: "conv1d", input: *input })?;
        Conv2d::from(self).output(&map).map(|map| as_lines(&map)).map_err(|error| match error {
            ShapeError::KernelLargerThanInput { padded, kernel } => {
                ShapeError::KernelLongerThanInput { padded: padded.1, kernel: kernel.1 }
            }
            ShapeError::ReflectionTooLarge { before, after, .. } => {
                ShapeError::ReflectionTooLarge { before, after, dimension: input.rank() - 1, input: *input }
            }
            error => error,
        })
    }

    /// What the convolution itself sees: the input with the padding that PyTorch adds as a copy before.
    pub(super) fn convolved(&self, input: &Dims) -> Dims {
        as_map(input).map_or(*input, |map| as_lines(&Conv2d::from(self).convolved(&map)))
    }
}

impl ConvTranspose1d {
    /// `(in - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1`.
    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let map = as_map(input).ok_or(ShapeError::LineRank { function: "conv_transpose1d", input: *input })?;
        ConvTranspose2d::from(self).output(&map).map(|map| as_lines(&map))
    }
}

impl MaxPool1d {
    /// The stride: the kernel's size where none is given.
    pub fn stride(&self) -> i64 {
        self.stride.unwrap_or(self.kernel_size)
    }

    /// Checked as aten/src/ATen/native/MaxPooling.h does.
    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let map = as_map(input).ok_or(ShapeError::MaxPoolLineRank { input: *input })?;
        for (argument, found) in [("kernel_size", self.kernel_size), ("stride", self.stride())] {
            if found <= 0 {
                return Err(ShapeError::MaxPoolLineNotPositive { argument, found });
            }
        }
        let (padding, kernel_size) = (self.padding, self.kernel_size);
        if padding < 0 {
            return Err(ShapeError::MaxPoolLinePaddingNegative(padding));
        }
        if padding > kernel_size / 2 {
            return Err(ShapeError::MaxPoolLinePaddingTooLarge { padding, kernel_size });
        }
        if self.dilation <= 0 {
            return Err(ShapeError::MaxPoolLineNotPositive { argument: "dilation", found: self.dilation });
        }
        MaxPool2d::from(self).output(&map).map(|map| as_lines(&map)).map_err(|error| match error {
            ShapeError::PoolOutputTooSmall { output, .. } => ShapeError::MaxPoolLineOutput(output.2),
            error => error,
        })
    }
}

impl AvgPool1d {
    /// The stride: the kernel's size where none is given.
    pub fn stride(&self) -> i64 {
        self.stride.unwrap_or(self.kernel_size)
    }

    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let map = as_map(input).ok_or(ShapeError::PoolLineRank { function: "avg_pool1d", rank: input.rank() })?;
        AvgPool2d::from(self).output(&map).map(|map| as_lines(&map))
    }
}

/// Of an adaptive pool.
pub(super) fn adaptive(function: &'static str, output_size: i64, input: &Dims) -> Result<Dims, ShapeError> {
    if as_map(input).is_none() {
        return Err(ShapeError::PoolLineRank { function, rank: input.rank() });
    }
    if output_size < 1 {
        return Err(ShapeError::TooSmall { name: "output_size", least: 1, found: output_size });
    }
    let mut output = *input;
    if let Some(length) = output.sizes_mut().last_mut() {
        *length = size(output_size.into())?;
    }
    Ok(output)
}
