//! Layers over planes: convolutions, pools, shuffles, resampling.

use super::window::Along;
use super::{Lowering, row_major_strides};
use crate::engine::error::EngineError;
use crate::engine::graph::TensorId;
use crate::engine::kernels::geometry::{ConvolutionShape, Planes, PoolShape};
use crate::engine::kernels::reference::pool::Divisor;
use crate::engine::kernels::reference::rearrange::{Fill, Interpolation, Resampling};
use crate::engine::operation::{Gather, Operation, Padding};
use crate::model::{
    AvgPool2d, Conv2d, ConvTranspose2d, Dims, MaxPool2d, PaddingMode, Pair, Sides, Upsample, UpsampleMode,
};
use crate::shape::ConvPadding;

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
        let ConvPadding { top, left, bottom, right } = conv.padding_sides();
        let mut padding = [[top, bottom], [left, right]];
        let fill = match conv.padding_mode {
            PaddingMode::Zeros => None,
            PaddingMode::Reflect => Some(Fill::Reflect),
            PaddingMode::Replicate => Some(Fill::Replicate),
            PaddingMode::Circular => Some(Fill::Circular),
        };
        if let Some(fill) = fill {
            let padded = self.padded(&from, [top.saturating_add(bottom), left.saturating_add(right)])?;
            let operation = self.pad(Sides { left, right, top, bottom }, fill, &from, &padded)?;
            input = self.push(operation, &[input], padded);
            padding = [[0, 0]; 2];
        }
        let channels = conv.channels(planes(&from).channels as u64);
        let input_planes = planes(self.graph.dims(input));
        let window = self.window([0, 1].map(|axis| Along {
            size: [input_planes.height, input_planes.width][axis],
            kernel: side(conv.kernel_size, axis),
            stride: side(conv.stride, axis),
            dilation: side(conv.dilation, axis),
            padding: padding[axis],
        }))?;
        let shape = ConvolutionShape {
            input: input_planes,
            output: planes(&dims),
            window,
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
        let output = planes(to);
        let window = self.window([0, 1].map(|axis| Along {
            size: [output.height, output.width][axis],
            kernel: side(conv.kernel_size, axis),
            stride: side(conv.stride, axis),
            dilation: side(conv.dilation, axis),
            padding: [side(conv.padding, axis); 2],
        }))?;
        let groups = conv.channels(planes(from).channels as u64).map_or(1, |channels| channels.groups as usize);
        let shape = ConvolutionShape { input: planes(from), output, window, groups };
        Ok(Operation::TransposedConvolution(shape, self.parameters()?))
    }

    pub(super) fn max_pool(&self, pool: &MaxPool2d, from: &[usize], to: &[usize]) -> Result<Operation, EngineError> {
        let input = planes(from);
        let window = self.window([0, 1].map(|axis| Along {
            size: [input.height, input.width][axis],
            kernel: side(pool.kernel_size, axis),
            stride: side(pool.stride(), axis),
            dilation: side(pool.dilation, axis),
            padding: [side(pool.padding, axis); 2],
        }))?;
        Ok(Operation::MaxPool(PoolShape { input, output: planes(to), window }))
    }

    pub(super) fn average_pool(
        &self,
        pool: &AvgPool2d,
        from: &[usize],
        to: &[usize],
    ) -> Result<Operation, EngineError> {
        let input = planes(from);
        let window = self.window([0, 1].map(|axis| Along {
            size: [input.height, input.width][axis],
            kernel: side(pool.kernel_size, axis),
            stride: side(pool.stride(), axis),
            dilation: 1,
            padding: [side(pool.padding, axis); 2],
        }))?;
        let divisor = match (pool.divisor_override, pool.count_include_pad) {
            (Some(count), _) => Divisor::Fixed(count as f32),
            (None, true) => Divisor::Padded,
            (None, false) => Divisor::Inside,
        };
        Ok(Operation::AveragePool(PoolShape { input, output: planes(to), window }, divisor))
    }

    /// Planes set into larger (or smaller) ones.
    pub(super) fn pad(&self, sides: Sides, fill: Fill, from: &[usize], to: &[usize]) -> Result<Operation, EngineError> {
        let side = |argument: &'static str, found: i64| {
            let fits = i32::try_from(found).ok().and_then(|side| isize::try_from(side).ok());
            let limit = i32::MAX.unsigned_abs().into();
            fits.ok_or_else(|| EngineError::Argument { node: self.name.clone(), argument, found, limit })
        };
        let top_left = [side("the padding at the top", sides.top)?, side("the padding on the left", sides.left)?];
        Ok(Operation::Pad(Padding { input: planes(from), output: planes(to), top_left, fill }))
    }

    /// The sizes with so many more rows and columns.
    fn padded(&self, sizes: &[usize], more: [i64; 2]) -> Result<Vec<usize>, EngineError> {
        let mut dims = Dims::new(&sizes.iter().map(|&size| size as u64).collect::<Vec<_>>()).unwrap_or_default();
        let rank = dims.rank();
        for (size, more) in dims.sizes_mut()[rank - 2..].iter_mut().zip(more) {
            *size = size.saturating_add_signed(more);
        }
        super::sizes(&dims, (&self.name, "its padded input"))
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

/// The vertical (0) or the horizontal (1) one.
const fn side(pair: Pair, axis: usize) -> i64 {
    if axis == 0 { pair.height } else { pair.width }
}
