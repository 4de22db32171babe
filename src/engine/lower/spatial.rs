//! Layers over planes: convolutions, pools, shuffles, resampling.

use super::layers::top_left;
use super::{Lowering, row_major_strides};
use crate::engine::error::EngineError;
use crate::engine::graph::TensorId;
use crate::engine::kernels::geometry::{ConvolutionShape, Planes, PoolShape, Window};
use crate::engine::kernels::reference::pool::Divisor;
use crate::engine::kernels::reference::rearrange::{Fill, Interpolation, Resampling};
use crate::engine::operation::{Gather, Operation, Padding};
use crate::model::{AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, PaddingMode, Pair, Sides, Upsample, UpsampleMode};

impl Lowering<'_> {
    /// A convolution; padding with anything but zeros is a step of its own.
    pub(super) fn convolution(
        &mut self,
        conv: &Conv2d,
        mut input: TensorId,
        dims: Vec<usize>,
    ) -> Result<TensorId, EngineError> {
        let from = self.graph.dims(input).to_vec();
        let parameters = self.parameters()?;
        let sides = conv.padding_sides();
        let mut padding = [sides.top as usize, sides.left as usize];
        let fill = match conv.padding_mode {
            PaddingMode::Zeros => None,
            PaddingMode::Reflect => Some(Fill::Reflect),
            PaddingMode::Replicate => Some(Fill::Replicate),
            PaddingMode::Circular => Some(Fill::Circular),
        };
        if let Some(fill) = fill {
            let sides = Sides { left: sides.left, right: sides.right, top: sides.top, bottom: sides.bottom };
            let mut padded = from.clone();
            let rank = padded.len();
            padded[rank - 2] += (sides.top + sides.bottom) as usize;
            padded[rank - 1] += (sides.left + sides.right) as usize;
            input = self.push(pad(sides, fill, &from, &padded), &[input], padded);
            padding = [0, 0];
        }
        let channels = conv.channels(planes(&from).channels as u64);
        let shape = ConvolutionShape {
            input: planes(self.graph.dims(input)),
            output: planes(&dims),
            window: Window {
                kernel: pair(conv.kernel_size),
                stride: pair(conv.stride),
                dilation: pair(conv.dilation),
                padding,
            },
            groups: channels.map_or(1, |channels| channels.groups as usize),
        };
        Ok(self.push(Operation::Convolution(shape, parameters), &[input], dims))
    }

    pub(super) fn transposed_convolution(
        &self,
        conv: &ConvTranspose2d,
        from: &[usize],
        to: &[usize],
    ) -> Result<Operation, EngineError> {
        let window = Window {
            kernel: pair(conv.kernel_size),
            stride: pair(conv.stride),
            dilation: pair(conv.dilation),
            padding: pair(conv.padding),
        };
        let groups = conv.channels(planes(from).channels as u64).map_or(1, |channels| channels.groups as usize);
        let shape = ConvolutionShape { input: planes(from), output: planes(to), window, groups };
        Ok(Operation::TransposedConvolution(shape, self.parameters()?))
    }
}

/// The planes of [N, C, H, W], or of one image [C, H, W].
pub(super) fn planes(dims: &[usize]) -> Planes {
    match *dims {
        [batch, channels, height, width] => Planes { batch, channels, height, width },
        [channels, height, width] => Planes { batch: 1, channels, height, width },
        _ => channel_planes(dims),
    }
}

/// The planes of [N, C, ..], whatever follows taken as one row.
pub(super) fn channel_planes(dims: &[usize]) -> Planes {
    let size = |dim: usize| dims.get(dim).copied().unwrap_or(1);
    Planes { batch: size(0), channels: size(1), height: 1, width: dims.iter().skip(2).product() }
}

pub(super) fn max_pool(pool: &MaxPool2d, from: &[usize], to: &[usize]) -> Operation {
    let window = Window {
        kernel: pair(pool.kernel_size),
        stride: pair(pool.stride()),
        dilation: pair(pool.dilation),
        padding: pair(pool.padding),
    };
    Operation::MaxPool(PoolShape { input: planes(from), output: planes(to), window })
}

pub(super) fn average_pool(pool: &AvgPool2d, from: &[usize], to: &[usize]) -> Operation {
    let window = Window {
        kernel: pair(pool.kernel_size),
        stride: pair(pool.stride()),
        dilation: [1, 1],
        padding: pair(pool.padding),
    };
    let divisor = match (pool.divisor_override, pool.count_include_pad) {
        (Some(count), _) => Divisor::Fixed(count as f32),
        (None, true) => Divisor::Padded,
        (None, false) => Divisor::Inside,
    };
    Operation::AveragePool(PoolShape { input: planes(from), output: planes(to), window }, divisor)
}

/// [N, groups, C / groups, HW] becomes [N, C / groups, groups, HW].
pub(super) fn channel_shuffle(groups: usize, dims: &[usize]) -> Operation {
    let all = channel_planes(dims);
    let (area, each) = (all.area(), all.channels / groups.max(1));
    Operation::Gather(Gather {
        dims: vec![all.batch, each, groups, area],
        offset: 0,
        strides: vec![all.channels * area, area, each * area, 1],
    })
}

/// [N, C, r, r, h, w] becomes [N, C, h, r, w, r]; `to` are the output's sizes.
pub(super) fn pixel_shuffle(factor: usize, to: &[usize]) -> Operation {
    let rank = to.len();
    let (height, width) = (to[rank - 2] / factor, to[rank - 1] / factor);
    let planes = to[..rank - 2].iter().product();
    let strides = row_major_strides(&[planes, factor, factor, height, width]);
    Operation::Gather(Gather {
        dims: vec![planes, height, factor, width, factor],
        offset: 0,
        strides: vec![strides[0], strides[3], strides[1], strides[4], strides[2]],
    })
}

/// [N, C, h, r, w, r] becomes [N, C, r, r, h, w]; `from` are the input's sizes.
pub(super) fn pixel_unshuffle(factor: usize, from: &[usize]) -> Operation {
    let rank = from.len();
    let (height, width) = (from[rank - 2] / factor, from[rank - 1] / factor);
    let planes = from[..rank - 2].iter().product();
    let strides = row_major_strides(&[planes, height, factor, width, factor]);
    Operation::Gather(Gather {
        dims: vec![planes, factor, factor, height, width],
        offset: 0,
        strides: vec![strides[0], strides[2], strides[4], strides[1], strides[3]],
    })
}

pub(super) fn upsample(upsample: &Upsample, from: &[usize], to: &[usize]) -> Operation {
    let (input, output) = (planes(from), planes(to));
    let corners = upsample.align_corners.unwrap_or(false);
    let factors = upsample.scale_factor.map(|factor| [factor.height, factor.width]);
    let sizes = [[input.height, output.height], [input.width, output.width]];
    let step = |axis: usize| {
        let [from, to] = sizes[axis].map(|size| size as f64);
        match (upsample.mode, corners, factors) {
            (UpsampleMode::Bilinear, true, _) if to > 1.0 => (from - 1.0) / (to - 1.0),
            (UpsampleMode::Bilinear, true, _) => 0.0,
            (_, _, Some(factors)) => 1.0 / factors[axis],
            (_, _, None) => from / to,
        }
    };
    let interpolation = match (upsample.mode, corners) {
        (UpsampleMode::Nearest, _) => Interpolation::Nearest,
        (UpsampleMode::Bilinear, false) => Interpolation::Bilinear,
        (UpsampleMode::Bilinear, true) => Interpolation::BilinearCorners,
    };
    Operation::Upsample(input, output, Resampling { step: [step(0), step(1)], interpolation })
}

pub(super) fn pad(sides: Sides, fill: Fill, from: &[usize], to: &[usize]) -> Operation {
    Operation::Pad(Padding { input: planes(from), output: planes(to), top_left: top_left(sides), fill })
}

fn pair(pair: Pair) -> [usize; 2] {
    [pair.height as usize, pair.width as usize]
}
