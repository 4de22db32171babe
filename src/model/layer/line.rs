//! Layers over lines `[N, C, L]` as what they are over maps of one row `[N, C, 1, L]`, and back: the same numbers.

use crate::model::argument::{Groups, LinePadding, Padding, Pair};

use super::{
    AvgPool1d, AvgPool2d, Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, InstanceNorm1d, InstanceNorm2d, Layer,
    MaxPool1d, MaxPool2d,
};

/// Along a row; `across` is what the dimension of one row has.
const fn along(across: i64, length: i64) -> Pair {
    Pair { height: across, width: length }
}

impl From<&Conv1d> for Conv2d {
    fn from(conv: &Conv1d) -> Self {
        let Conv1d { out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode } = *conv;
        Self {
            out_channels,
            kernel_size: along(1, kernel_size),
            stride: along(1, stride),
            padding: match padding {
                LinePadding::Explicit(padding) => Padding::Explicit(along(0, padding)),
                LinePadding::Same => Padding::Same,
                LinePadding::Valid => Padding::Valid,
            },
            dilation: along(1, dilation),
            groups,
            bias,
            padding_mode,
        }
    }
}

/// What it does along rows.
impl From<&Conv2d> for Conv1d {
    fn from(conv: &Conv2d) -> Self {
        let Conv2d { out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode } = *conv;
        Self {
            out_channels,
            kernel_size: kernel_size.width,
            stride: stride.width,
            padding: match padding {
                Padding::Explicit(padding) => LinePadding::Explicit(padding.width),
                Padding::Same => LinePadding::Same,
                Padding::Valid => LinePadding::Valid,
            },
            dilation: dilation.width,
            groups,
            bias,
            padding_mode,
        }
    }
}

impl From<&ConvTranspose1d> for ConvTranspose2d {
    fn from(conv: &ConvTranspose1d) -> Self {
        let ConvTranspose1d { out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation } =
            *conv;
        Self {
            out_channels,
            kernel_size: along(1, kernel_size),
            stride: along(1, stride),
            padding: along(0, padding),
            output_padding: along(0, output_padding),
            groups,
            bias,
            dilation: along(1, dilation),
        }
    }
}

impl From<&MaxPool1d> for MaxPool2d {
    fn from(pool: &MaxPool1d) -> Self {
        let MaxPool1d { kernel_size, stride, padding, dilation, ceil_mode } = *pool;
        Self {
            kernel_size: along(1, kernel_size),
            stride: stride.map(|stride| along(1, stride)),
            padding: along(0, padding),
            dilation: along(1, dilation),
            ceil_mode,
        }
    }
}

impl From<&AvgPool1d> for AvgPool2d {
    fn from(pool: &AvgPool1d) -> Self {
        let AvgPool1d { kernel_size, stride, padding, ceil_mode, count_include_pad } = *pool;
        Self {
            kernel_size: along(1, kernel_size),
            stride: stride.map(|stride| along(1, stride)),
            padding: along(0, padding),
            ceil_mode,
            count_include_pad,
            divisor_override: None,
        }
    }
}

impl From<&InstanceNorm1d> for InstanceNorm2d {
    fn from(norm: &InstanceNorm1d) -> Self {
        let InstanceNorm1d { eps, momentum, affine, track_running_stats } = *norm;
        Self { eps, momentum, affine, track_running_stats }
    }
}

impl Conv2d {
    /// One group for each input channel, whatever their number.
    pub fn is_depthwise(&self) -> bool {
        self.groups == Groups::InputChannels
    }

    /// The convolution of a layer that is not transposed, one over lines as what it is over maps of one row.
    pub fn of(layer: &Layer) -> Option<Self> {
        match layer {
            Layer::Conv2d(conv) => Some(conv.clone()),
            Layer::Conv1d(conv) => Some(conv.into()),
            _ => None,
        }
    }

    /// This convolution as a layer over what `layer` is over: maps or lines.
    pub fn over(&self, layer: &Layer) -> Layer {
        match layer {
            Layer::Conv1d(_) => Conv1d::from(self).into(),
            _ => self.clone().into(),
        }
    }
}
