//! Output sizes of sliding windows along one dimension, and of whole convolutions and pools.

use crate::model::{AvgPool2d, Conv2d, ConvTranspose2d, Dims, MaxPool2d, OutputSize, Padding, PaddingMode, Pair};

use super::convolution::{ConvChannels, conv_channels};
use super::{ShapeError, size};

/// What is padded before and after the pixels of a convolution's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "sides of the input")]
pub struct ConvPadding {
    pub top: i64,
    pub left: i64,
    pub bottom: i64,
    pub right: i64,
}

impl Conv2d {
    /// The padding in numbers: `'same'` pads `dilation * (kernel - 1)` in all, the odd one at the bottom and right.
    pub fn padding_sides(&self) -> ConvPadding {
        match self.padding {
            Padding::Explicit(Pair { height, width }) => {
                ConvPadding { top: height, left: width, bottom: height, right: width }
            }
            Padding::Valid => ConvPadding { top: 0, left: 0, bottom: 0, right: 0 },
            Padding::Same => {
                let total = |kernel: i64, dilation: i64| dilation.saturating_mul(kernel.saturating_sub(1)).max(0);
                let height = total(self.kernel_size.height, self.dilation.height);
                let width = total(self.kernel_size.width, self.dilation.width);
                ConvPadding { top: height / 2, left: width / 2, bottom: height - height / 2, right: width - width / 2 }
            }
        }
    }

    /// Channels and groups for so many input channels; the errors are those of PyTorch's constructor.
    pub fn channels(&self, input: u64) -> Result<ConvChannels, ShapeError> {
        let channels = conv_channels(input, self.out_channels, self.groups)?;
        if self.padding == Padding::Same && self.stride != Pair::square(1) {
            return Err(ShapeError::SamePaddingWithStride);
        }
        Ok(channels)
    }

    /// `floor((in + before + after - dilation (kernel - 1) - 1) / stride) + 1` in each dimension.
    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let (channels, _) = split("conv2d", input)?;
        let conv = self.channels(channels)?;
        let (height, width) = (input[input.rank() - 2], input[input.rank() - 1]);
        let padding = self.padding_sides();
        if padding.top < 0 || padding.left < 0 {
            return Err(ShapeError::NegativePadding);
        }
        if self.stride.height <= 0 || self.stride.width <= 0 {
            return Err(ShapeError::StrideNotPositive);
        }
        if self.dilation.height <= 0 || self.dilation.width <= 0 {
            return Err(ShapeError::DilationNotPositive { height: self.dilation.height, width: self.dilation.width });
        }
        self.check_padding_mode(input, padding)?;
        let padded = (
            i128::from(height) + i128::from(padding.top) + i128::from(padding.bottom),
            i128::from(width) + i128::from(padding.left) + i128::from(padding.right),
        );
        let kernel = (
            extent(self.kernel_size.height, self.dilation.height),
            extent(self.kernel_size.width, self.dilation.width),
        );
        if padded.0 < kernel.0 || padded.1 < kernel.1 {
            return Err(ShapeError::KernelLargerThanInput { padded, kernel });
        }
        check_kernel(self.kernel_size)?;
        let output =
            (strides(padded.0 - kernel.0, self.stride.height) + 1, strides(padded.1 - kernel.1, self.stride.width) + 1);
        spatial(input, conv.output, output)
    }

    /// What the convolution itself sees: the input with the padding that PyTorch adds as a copy before.
    pub(super) fn convolved(&self, input: &Dims) -> Dims {
        let (mut padded, rank, sides) = (*input, input.rank(), self.padding_sides());
        // Of an odd padding for 'same', only the one pixel more is a copy.
        let copied = match (self.padding_mode, self.padding) {
            (PaddingMode::Zeros, Padding::Same) => [sides.bottom - sides.top, sides.right - sides.left],
            (PaddingMode::Zeros, _) => [0, 0],
            _ => [sides.top.saturating_add(sides.bottom), sides.left.saturating_add(sides.right)],
        };
        for (dimension, copied) in (rank - 2..rank).zip(copied) {
            padded.sizes_mut()[dimension] = input[dimension].saturating_add_signed(copied);
        }
        padded
    }

    fn check_padding_mode(&self, input: &Dims, padding: ConvPadding) -> Result<(), ShapeError> {
        let rank = input.rank();
        let sides = [(rank - 1, padding.left, padding.right), (rank - 2, padding.top, padding.bottom)];
        for (dimension, before, after) in sides {
            let size = i128::from(input[dimension]);
            let largest = i128::from(before.max(after));
            match self.padding_mode {
                PaddingMode::Zeros | PaddingMode::Replicate => {}
                PaddingMode::Reflect if largest >= size && largest > 0 => {
                    return Err(ShapeError::ReflectionTooLarge { before, after, dimension, input: *input });
                }
                PaddingMode::Circular if largest > size => return Err(ShapeError::WrapsMoreThanOnce),
                PaddingMode::Reflect | PaddingMode::Circular => {}
            }
        }
        Ok(())
    }
}

impl ConvTranspose2d {
    /// Channels and groups for so many input channels; the errors are those of PyTorch's constructor.
    pub fn channels(&self, input: u64) -> Result<ConvChannels, ShapeError> {
        conv_channels(input, self.out_channels, self.groups)
    }

    /// `(in - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1` in each dimension.
    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let (channels, _) = split("conv_transpose2d", input)?;
        let conv = self.channels(channels)?;
        let (height, width) = (input[input.rank() - 2], input[input.rank() - 1]);
        if self.padding.height < 0 || self.padding.width < 0 {
            return Err(ShapeError::NegativePadding);
        }
        if self.output_padding.height < 0 || self.output_padding.width < 0 {
            return Err(ShapeError::NegativeOutputPadding);
        }
        if self.stride.height <= 0 || self.stride.width <= 0 {
            return Err(ShapeError::StrideNotPositive);
        }
        if self.dilation.height <= 0 || self.dilation.width <= 0 {
            return Err(ShapeError::DilationNotPositive { height: self.dilation.height, width: self.dilation.width });
        }
        check_kernel(self.kernel_size)?;
        let too_large = |output: i64, stride: i64, dilation: i64| output >= stride && output >= dilation;
        let (output_padding, stride, dilation) = (self.output_padding, self.stride, self.dilation);
        if too_large(output_padding.height, stride.height, dilation.height)
            || too_large(output_padding.width, stride.width, dilation.width)
        {
            return Err(ShapeError::OutputPadding {
                output_padding: (output_padding.height, output_padding.width),
                stride: (stride.height, stride.width),
                dilation: (dilation.height, dilation.width),
            });
        }
        let along = |size: u64, kernel: i64, stride: i64, padding: i64, dilation: i64, output_padding: i64| {
            (i128::from(size) - 1) * i128::from(stride) - 2 * i128::from(padding)
                + extent(kernel, dilation)
                + i128::from(output_padding)
        };
        let output = (
            along(
                height,
                self.kernel_size.height,
                stride.height,
                self.padding.height,
                dilation.height,
                output_padding.height,
            ),
            along(
                width,
                self.kernel_size.width,
                stride.width,
                self.padding.width,
                dilation.width,
                output_padding.width,
            ),
        );
        if output.0 < 1 || output.1 < 1 {
            return Err(ShapeError::TransposedOutputTooSmall { input: (height, width), output });
        }
        spatial(input, conv.output, output)
    }
}

impl MaxPool2d {
    /// The stride: the kernel's size where none is given.
    pub fn stride(&self) -> Pair {
        self.stride.unwrap_or(self.kernel_size)
    }

    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        let pool = Pool {
            function: "max_pool2d",
            kernel: self.kernel_size,
            stride: self.stride(),
            padding: self.padding,
            dilation: self.dilation,
            ceil_mode: self.ceil_mode,
        };
        pool.output(input)
    }
}

impl AvgPool2d {
    /// The stride: the kernel's size where none is given.
    pub fn stride(&self) -> Pair {
        self.stride.unwrap_or(self.kernel_size)
    }

    pub(super) fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        if self.divisor_override == Some(0) {
            return Err(ShapeError::DivisorZero);
        }
        let pool = Pool {
            function: "avg_pool2d",
            kernel: self.kernel_size,
            stride: self.stride(),
            padding: self.padding,
            dilation: Pair::square(1),
            ceil_mode: self.ceil_mode,
        };
        pool.output(input)
    }
}

impl OutputSize {
    pub(super) fn output(&self, function: &'static str, input: &Dims) -> Result<Dims, ShapeError> {
        if !matches!(input.rank(), 3 | 4) {
            return Err(match function {
                "adaptive_max_pool2d" => ShapeError::AdaptiveMaxPoolRank { input: *input },
                _ => ShapeError::AdaptiveAvgPoolRank { input: *input },
            });
        }
        let (height, width) = (input[input.rank() - 2], input[input.rank() - 1]);
        let asked = |given: Option<i64>, kept: u64| given.map_or(i128::from(kept), i128::from);
        let output = (asked(self.height, height), asked(self.width, width));
        if output.0 < 1 || output.1 < 1 {
            return Err(ShapeError::PoolOutputSize {
                function,
                height: self.height.unwrap_or(height as i64),
                width: self.width.unwrap_or(width as i64),
            });
        }
        spatial(input, input[input.rank() - 3], output)
    }
}

/// A sliding window without weights, checked as aten/src/ATen/native/Pool.h does.
struct Pool {
    function: &'static str,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    ceil_mode: bool,
}

impl Pool {
    fn output(&self, input: &Dims) -> Result<Dims, ShapeError> {
        if !matches!(input.rank(), 3 | 4) {
            return Err(match (self.function, input.rank()) {
                ("max_pool2d", _) => ShapeError::MaxPoolRank,
                (_, rank @ ..3) => ShapeError::DimensionOutOfRange { rank, dimension: -3 },
                (_, _) => ShapeError::AvgPoolRank { input: *input },
            });
        }
        let (channels, height, width) = (input[input.rank() - 3], input[input.rank() - 2], input[input.rank() - 1]);
        let Self { kernel, stride, padding, dilation, .. } = *self;
        let output = (
            self.along(height, kernel.height, stride.height, padding.height, dilation.height)?,
            self.along(width, kernel.width, stride.width, padding.width, dilation.width)?,
        );
        if kernel.height <= 0 || kernel.width <= 0 {
            return Err(ShapeError::PoolKernelNotPositive { height: kernel.height, width: kernel.width });
        }
        if stride.height <= 0 || stride.width <= 0 {
            return Err(ShapeError::PoolStrideNotPositive { height: stride.height, width: stride.width });
        }
        if dilation.height <= 0 || dilation.width <= 0 {
            return Err(ShapeError::PoolDilationNotPositive { height: dilation.height, width: dilation.width });
        }
        if output.0 < 1 || output.1 < 1 {
            return Err(ShapeError::PoolOutputTooSmall {
                input: (channels, height, width),
                output: (channels, output.0, output.1),
            });
        }
        spatial(input, channels, output)
    }

    /// `floor((in + 2 padding - dilation (kernel - 1) - 1 + (ceil_mode: stride - 1)) / stride) + 1`; with
    /// ceil_mode one less where the last window would start in the padding behind.
    fn along(&self, size: u64, kernel: i64, stride: i64, padding: i64, dilation: i64) -> Result<i128, ShapeError> {
        if stride == 0 {
            return Err(ShapeError::PoolStrideZero);
        }
        if padding < 0 {
            return Err(ShapeError::PoolPaddingNegative(padding));
        }
        if i128::from(padding) > extent(kernel, dilation) / 2 {
            return Err(ShapeError::PoolPaddingTooLarge { padding, kernel, dilation });
        }
        let (size, padding) = (i128::from(size), i128::from(padding));
        let rounding = if self.ceil_mode { i128::from(stride) - 1 } else { 0 };
        let output = strides(size + 2 * padding - extent(kernel, dilation) + rounding, stride) + 1;
        let hangs_off = self.ceil_mode && (output - 1) * i128::from(stride) >= size + padding;
        Ok(if hangs_off { output - 1 } else { output })
    }
}

/// How many strides fit, rounded down. Divisions of 128 bits are slow, and sizes hardly ever need them.
fn strides(span: i128, stride: i64) -> i128 {
    match i64::try_from(span) {
        Ok(span) if span != i64::MIN => i128::from(span.div_euclid(stride)),
        _ => span.div_euclid(i128::from(stride)),
    }
}

/// What a dilated kernel covers: `dilation (kernel - 1) + 1`.
fn extent(kernel: i64, dilation: i64) -> i128 {
    i128::from(dilation) * (i128::from(kernel) - 1) + 1
}

fn check_kernel(kernel: Pair) -> Result<(), ShapeError> {
    if kernel.height < 0 || kernel.width < 0 {
        return Err(ShapeError::NegativeSize(kernel.height.min(kernel.width)));
    }
    if kernel.height == 0 || kernel.width == 0 {
        return Err(ShapeError::KernelNotPositive { height: kernel.height, width: kernel.width });
    }
    Ok(())
}

/// The channels of a convolution's input, and whether it has a batch dimension.
fn split(function: &'static str, input: &Dims) -> Result<(u64, bool), ShapeError> {
    match input.sizes() {
        [_, channels, _, _] => Ok((*channels, true)),
        [channels, _, _] => Ok((*channels, false)),
        _ => Err(ShapeError::ConvolutionRank { function, input: *input }),
    }
}

/// The input's sizes with other channels, height and width.
fn spatial(input: &Dims, channels: u64, (height, width): (i128, i128)) -> Result<Dims, ShapeError> {
    let mut output = *input;
    let rank = output.rank();
    let sizes = output.sizes_mut();
    sizes[rank - 3] = channels;
    sizes[rank - 2] = size(height)?;
    sizes[rank - 1] = size(width)?;
    Ok(output)
}
