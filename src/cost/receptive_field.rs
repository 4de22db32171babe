//! What part of the network's input an output depends on.

use crate::model::{Conv2d, Dims, Layer, Pair, Tap, UpsampleMode};
use crate::shape::{chunk_range, slice_range, softmax_dimension};

use super::site::Site;

/// The receptive field of the first output pixel, in pixels of the network's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceptiveField {
    /// Along the network's rows.
    pub height: Extent,
    /// Along its columns; where there are no rows, along the line.
    pub width: Extent,
}

/// A receptive field along one dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The first and the last pixel that the first output depends on; below zero and beyond the size is padding.
    pub first: f64,
    /// See [`Extent::first`].
    pub last: f64,
    /// How far the fields of neighbouring outputs are apart in the mean; 0 where all outputs share one.
    pub stride: f64,
    /// Behind an upsampling neighbours are not all as far apart: `n` outputs on, the field has moved by at most
    /// `n * bound`, rounded up to a multiple of `step`.
    bound: f64,
    step: f64,
}

/// What an output depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dependence {
    /// On no pixel: a bare parameter.
    Nothing,
    Unknown,
    Field(Field),
}

/// A receptive field, and which dimensions of the output its pixels lie along. Where they are no dimension of their
/// own any more (behind a flatten), it is that of all of them together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) field: ReceptiveField,
    rows: Option<usize>,
    columns: Option<usize>,
}

/// A sliding window along one dimension.
#[derive(Clone, Copy)]
struct Window {
    kernel: i64,
    stride: i64,
    dilation: i64,
    before: i64,
}

impl Extent {
    /// One pixel of the input.
    const PIXEL: Self = Self { first: 0.0, last: 0.0, stride: 1.0, bound: 1.0, step: 1.0 };

    /// How many pixels: `last - first + 1`, rounded up. Behind an upsampling, where neighbours differ, no output
    /// depends on more.
    pub fn size(&self) -> u64 {
        ((self.last - self.first).ceil() as u64).saturating_add(1)
    }

    /// The centre of the first output's field: 0 is the middle of the input's first pixel.
    pub fn offset(&self) -> f64 {
        f64::midpoint(self.first, self.last)
    }

    const fn is_finite(&self) -> bool {
        self.first.is_finite() && self.last.is_finite() && self.stride.is_finite()
    }

    /// Of a window that slides over what this is the field of.
    fn window(self, window: Window) -> Self {
        let first = self.first - self.steps(window.before as f64);
        let reach = self.steps((window.kernel - 1) as f64 * window.dilation as f64);
        Self { first, last: first + (self.last - self.first) + reach, ..self }.every(window.stride as f64)
    }

    /// Of a transposed convolution: output `i` takes the inputs `j` with `i + before = stride j + dilation k`. Not
    /// all outputs take as many; this is the most that one takes.
    fn transposed(self, window: Window) -> Self {
        let stride = window.stride as f64;
        let reach = (window.kernel - 1) as f64 * window.dilation as f64;
        let first = self.first - self.steps(((reach - window.before as f64) / stride).floor());
        let last = first + (self.last - self.first) + self.steps((reach / stride).floor());
        Self { first, last, ..self }.every(1.0 / stride)
    }

    /// Of a map made larger; the two nearest pixels are mixed for bilinear.
    fn scaled(self, factor: f64, mode: UpsampleMode) -> Self {
        let (before, reach) = match mode {
            UpsampleMode::Nearest => (0.0, 0.0),
            UpsampleMode::Bilinear => (-(0.5 / factor - 0.5).floor(), 1.0),
        };
        let first = self.first - self.steps(before);
        let last = first + (self.last - self.first) + self.steps(reach);
        Self { first, last, ..self }.every(1.0 / factor)
    }

    /// Of all outputs together, when there are so many.
    fn all(self, count: u64) -> Self {
        let last = self.last + self.steps(count.saturating_sub(1) as f64);
        Self { last, stride: 0.0, bound: 0.0, step: 0.0, ..self }
    }

    /// The first window of an adaptive pool from `input` to `output` pixels; the stride is the mean one.
    fn adaptive(self, input: u64, output: u64) -> Self {
        // Where `output` does not divide `input`, later windows may reach one pixel further.
        if output == 1 {
            return self.all(input);
        }
        let longest = input.div_ceil(output) + u64::from(!input.is_multiple_of(output));
        let last = self.last + self.steps((longest.min(input) - 1) as f64);
        Self { last, ..self }.every(input as f64 / output as f64)
    }

    /// How far so many outputs reach, at the most.
    fn steps(&self, outputs: f64) -> f64 {
        if self.step == 0.0 { 0.0 } else { (outputs * self.bound / self.step).ceil() * self.step }
    }

    /// Every so many outputs, in the mean: 2 with a stride, 1/2 behind an upsampling.
    fn every(self, outputs: f64) -> Self {
        let stride = self.stride * outputs;
        if outputs.fract() == 0.0 {
            let bound = self.bound * outputs;
            let is_multiple = self.step == 0.0 || (bound / self.step).fract() == 0.0;
            return Self { stride, bound, step: if is_multiple { bound } else { self.step }, ..self };
        }
        let step = self.steps(1.0);
        Self { stride, bound: step * outputs, step, ..self }
    }

    fn union(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            stride: self.stride.max(other.stride),
            bound: self.bound.max(other.bound),
            step: self.step.max(other.step),
        }
    }

    fn moved(self, pixels: u64) -> Self {
        let by = pixels as f64 * self.stride;
        Self { first: self.first + by, last: self.last + by, ..self }
    }
}

impl ReceptiveField {
    /// Of the network's input itself.
    const INPUT: Self = Self { height: Extent::PIXEL, width: Extent::PIXEL };

    fn map(self, change: impl Fn(Extent) -> Extent) -> Self {
        Self { height: change(self.height), width: change(self.width) }
    }
}

impl Dependence {
    /// Of the network's input: `[N, C, H, W]`, `[N, C, L]`, or without pixels.
    pub(super) fn of_input(input: &Dims) -> Self {
        match input.rank() {
            4 => Self::Field(Field { field: ReceptiveField::INPUT, rows: Some(2), columns: Some(3) }),
            // Lines are maps of one row.
            3 => Self::Field(Field { field: ReceptiveField::INPUT, rows: None, columns: Some(2) }),
            _ => Self::Unknown,
        }
    }

    pub(super) fn receptive_field(&self) -> Option<ReceptiveField> {
        match self {
            // Strides of strides may leave what a float holds.
            Self::Field(Field { field, .. }) => {
                Some(*field).filter(|field| field.height.is_finite() && field.width.is_finite())
            }
            Self::Nothing | Self::Unknown => None,
        }
    }

    /// Of a layer's output, by those of its inputs.
    pub(super) fn of(site: &Site, input: Self, taps: &[Tap], above: &[Self]) -> Self {
        let mut joined = Self::Nothing;
        for (position, tap) in taps.iter().enumerate() {
            let dependence = match tap {
                Tap::Input => input,
                Tap::Node(index) => above[*index],
                Tap::Missing(_) | Tap::NotAbove(_) => Self::Unknown,
            };
            let shift = site.output.rank().saturating_sub(site.inputs[position].rank());
            joined = joined.union(dependence, if taps.len() > 1 { shift } else { 0 });
        }
        match joined {
            Self::Nothing | Self::Unknown => joined,
            Self::Field(field) => field.through(site).map_or(Self::Unknown, Self::Field),
        }
    }

    /// Of what depends on both; the other's dimensions stand behind `shift` more.
    fn union(self, other: Self, shift: usize) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Nothing, Self::Field(field)) => Self::Field(field.shifted(shift)),
            (one, Self::Nothing) => one,
            (Self::Field(one), Self::Field(other)) => {
                let other = other.shifted(shift);
                if (one.rows, one.columns) != (other.rows, other.columns) {
                    return Self::Unknown;
                }
                let field = ReceptiveField {
                    height: one.field.height.union(other.field.height),
                    width: one.field.width.union(other.field.width),
                };
                Self::Field(Field { field, ..one })
            }
        }
    }
}

impl Field {
    fn shifted(self, by: usize) -> Self {
        Self { rows: self.rows.map(|axis| axis + by), columns: self.columns.map(|axis| axis + by), ..self }
    }

    /// Pixels lie along the last two dimensions.
    fn is_image(&self, dims: &Dims) -> bool {
        let last = |from_end: usize| dims.rank().checked_sub(from_end);
        dims.rank() >= 3 && self.rows == last(2) && self.columns == last(1)
    }

    /// Values of lines lie along the last dimension.
    fn is_line(&self, dims: &Dims) -> bool {
        dims.rank() >= 2 && self.rows.is_none() && self.columns == Some(dims.rank() - 1)
    }

    /// Every output depends on all pixels along the dimensions chosen.
    fn mixed(mut self, input: &Dims, mixes: impl Fn(usize) -> bool) -> Self {
        for (axis, extent) in [(self.rows, &mut self.field.height), (self.columns, &mut self.field.width)] {
            if let Some(axis) = axis.filter(|&axis| mixes(axis)) {
                *extent = extent.all(input[axis]);
            }
        }
        self
    }

    /// The dimensions stand elsewhere, or are no more.
    fn placed(self, place: impl Fn(usize) -> Option<usize>) -> Self {
        Self { rows: self.rows.and_then(&place), columns: self.columns.and_then(&place), ..self }
    }

    fn window(self, windows: [Window; 2]) -> Self {
        let [vertical, horizontal] = windows;
        let (height, width) = (self.field.height.window(vertical), self.field.width.window(horizontal));
        Self { field: ReceptiveField { height, width }, ..self }
    }

    /// `None` where it cannot be told.
    fn through(self, site: &Site) -> Option<Self> {
        let (input, output) = (site.input(), &site.output);
        let one = Pair::square(1);
        let windows = |kernel: Pair, stride: Pair, dilation: Pair, (top, left): (i64, i64)| {
            [
                Window { kernel: kernel.height, stride: stride.height, dilation: dilation.height, before: top },
                Window { kernel: kernel.width, stride: stride.width, dilation: dilation.width, before: left },
            ]
        };
        let image = self.is_image(input).then_some(self);
        let line = self.is_line(input).then_some(self);
        match site.layer {
            Layer::Conv1d(conv) => {
                let before = Conv2d::from(conv).padding_sides().left;
                line.map(|field| field.window(row(conv.kernel_size, conv.stride, conv.dilation, before)))
            }
            Layer::MaxPool1d(pool) => {
                line.map(|field| field.window(row(pool.kernel_size, pool.stride(), pool.dilation, pool.padding)))
            }
            Layer::AvgPool1d(pool) => {
                line.map(|field| field.window(row(pool.kernel_size, pool.stride(), 1, pool.padding)))
            }
            Layer::ConvTranspose1d(conv) => {
                let [_, along] = row(conv.kernel_size, conv.stride, conv.dilation, conv.padding);
                line.map(|Self { field, rows, columns }| {
                    let width = field.width.transposed(along);
                    Self { field: ReceptiveField { width, ..field }, rows, columns }
                })
            }
            Layer::AdaptiveAvgPool1d(_) | Layer::AdaptiveMaxPool1d(_) => line.map(|field| {
                let axis = input.rank() - 1;
                let width = field.field.width.adaptive(input[axis], output[axis]);
                Self { field: ReceptiveField { width, ..field.field }, ..field }
            }),
            Layer::InstanceNorm1d(layer) => Some(self.mixed(input, |_| !layer.track_running_stats)),
            Layer::Conv2d(conv) => {
                let sides = conv.padding_sides();
                let windows = windows(conv.kernel_size, conv.stride, conv.dilation, (sides.top, sides.left));
                image.map(|field| field.window(windows))
            }
            Layer::MaxPool2d(pool) => {
                let before = (pool.padding.height, pool.padding.width);
                image.map(|field| field.window(windows(pool.kernel_size, pool.stride(), pool.dilation, before)))
            }
            Layer::AvgPool2d(pool) => {
                let before = (pool.padding.height, pool.padding.width);
                image.map(|field| field.window(windows(pool.kernel_size, pool.stride(), one, before)))
            }
            Layer::ConvTranspose2d(conv) => {
                let before = (conv.padding.height, conv.padding.width);
                let [vertical, horizontal] = windows(conv.kernel_size, conv.stride, conv.dilation, before);
                image.map(|Self { field, rows, columns }| {
                    let height = field.height.transposed(vertical);
                    let width = field.width.transposed(horizontal);
                    Self { field: ReceptiveField { height, width }, rows, columns }
                })
            }
            Layer::ZeroPad2d(layer) => self.padded(input, layer.padding.top, layer.padding.left),
            Layer::ConstantPad2d(layer) => self.padded(input, layer.padding.top, layer.padding.left),
            Layer::ReflectionPad2d(layer) => self.padded(input, layer.padding.top, layer.padding.left),
            Layer::ReplicationPad2d(layer) => self.padded(input, layer.padding.top, layer.padding.left),
            Layer::PixelUnshuffle(layer) => {
                let block = Pair::square(layer.downscale_factor);
                image.map(|field| field.window(windows(block, block, one, (0, 0))))
            }
            Layer::PixelShuffle(layer) => {
                let factor = layer.upscale_factor as f64;
                let divided = |extent: Extent| extent.every(1.0 / factor);
                image.map(|field| Self { field: field.field.map(divided), ..field })
            }
            Layer::AdaptiveAvgPool2d(_) | Layer::AdaptiveMaxPool2d(_) => image.map(|field| {
                let (rows, columns) = (input.rank() - 2, input.rank() - 1);
                let height = field.field.height.adaptive(input[rows], output[rows]);
                let width = field.field.width.adaptive(input[columns], output[columns]);
                Self { field: ReceptiveField { height, width }, ..field }
            }),
            Layer::Upsample(layer) => image.map(|field| {
                let height = field.field.height.scaled(output[2] as f64 / input[2] as f64, layer.mode);
                let width = field.field.width.scaled(output[3] as f64 / input[3] as f64, layer.mode);
                Self { field: ReceptiveField { height, width }, ..field }
            }),
            Layer::Linear(_) => Some(self.mixed(input, |axis| axis + 1 == input.rank())),
            Layer::LayerNorm(layer) => {
                let kept = input.rank().saturating_sub(usize::try_from(layer.normalized_dims).unwrap_or(0));
                Some(self.mixed(input, |axis| axis >= kept))
            }
            Layer::GroupNorm(_) => Some(self.mixed(input, |_| true)),
            Layer::InstanceNorm2d(layer) => Some(self.mixed(input, |_| !layer.track_running_stats)),
            Layer::BatchNorm2d(layer) => Some(self.mixed(input, |_| !layer.track_running_stats)),
            Layer::BatchNorm1d(layer) => Some(self.mixed(input, |_| !layer.track_running_stats)),
            Layer::Softmax(layer) => {
                Some(self.mixed(input, |axis| softmax_dimension(layer.dim, input.rank()) == Some(axis)))
            }
            Layer::LogSoftmax(layer) => {
                Some(self.mixed(input, |axis| softmax_dimension(layer.dim, input.rank()) == Some(axis)))
            }
            Layer::Mean(layer) => {
                let over = |axis: usize| layer.dim.is_empty() || layer.dim.iter().any(|&dim| is(dim, axis, input));
                let before = |axis: usize| (0..axis).filter(|&axis| over(axis)).count();
                let place = |axis: usize| match (over(axis), layer.keepdim) {
                    (_, true) => Some(axis),
                    (true, false) => None,
                    (false, false) => Some(axis - before(axis)),
                };
                Some(self.mixed(input, over).placed(place))
            }
            Layer::Flatten(_) | Layer::View(_) => Some(self.viewed(input, output)),
            Layer::Transpose(layer) => Some(self.placed(|axis| match axis {
                axis if is(layer.dim0, axis, input) => (0..input.rank()).find(|&other| is(layer.dim1, other, input)),
                axis if is(layer.dim1, axis, input) => (0..input.rank()).find(|&other| is(layer.dim0, other, input)),
                axis => Some(axis),
            })),
            Layer::Permute(layer) => {
                Some(self.placed(|axis| layer.dims.iter().position(|&from| is(from, axis, input))))
            }
            Layer::Chunk(layer) => Some(self.cut(input, layer.dim, |size| {
                chunk_range(size, u64::try_from(layer.chunks).unwrap_or(1).max(1), layer.index)
                    .map_or(0, |(start, _)| start)
            })),
            Layer::Slice(layer) => Some(self.cut(input, layer.dim, |size| slice_range(layer, size).0)),
            Layer::Cat(layer) => {
                let along_pixels = |axis: Option<usize>| axis.is_some_and(|axis| is(layer.dim, axis, output));
                (!along_pixels(self.rows) && !along_pixels(self.columns)).then_some(self)
            }
            Layer::Unsupported(_) => None,
            Layer::LayerNorm2d(_)
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
            | Layer::Dropout(_)
            | Layer::Dropout2d(_)
            | Layer::AlphaDropout(_)
            | Layer::StochasticDepth(_)
            | Layer::Identity(_)
            | Layer::Contiguous(_)
            | Layer::ChannelShuffle(_)
            | Layer::Add(_)
            | Layer::Mul(_)
            | Layer::Parameter(_)
            | Layer::Scalar(_) => Some(self),
        }
    }

    fn padded(self, input: &Dims, top: i64, left: i64) -> Option<Self> {
        let window = |before| Window { kernel: 1, stride: 1, dilation: 1, before };
        self.is_image(input).then(|| self.window([window(top), window(left)]))
    }

    /// The last two dimensions may stay what they are; otherwise pixels are no dimension of their own any more.
    fn viewed(self, input: &Dims, output: &Dims) -> Self {
        let last_two = |dims: &Dims| dims.rank().checked_sub(2).map(|start| [dims[start], dims[start + 1]]);
        if self.is_image(input) && output.rank() >= 3 && last_two(input) == last_two(output) {
            return Self { rows: Some(output.rank() - 2), columns: Some(output.rank() - 1), ..self };
        }
        self.mixed(input, |_| true).placed(|_| None)
    }

    /// What begins at `start` of a dimension.
    fn cut(mut self, input: &Dims, dim: i64, start: impl Fn(u64) -> u64) -> Self {
        for (axis, extent) in [(self.rows, &mut self.field.height), (self.columns, &mut self.field.width)] {
            if let Some(axis) = axis.filter(|&axis| is(dim, axis, input)) {
                *extent = extent.moved(start(input[axis]));
            }
        }
        self
    }
}

/// A window along the one row of a line.
fn row(kernel: i64, stride: i64, dilation: i64, before: i64) -> [Window; 2] {
    [Window { kernel: 1, stride: 1, dilation: 1, before: 0 }, Window { kernel, stride, dilation, before }]
}

/// Whether a dimension, counted from either end, is this one.
fn is(dim: i64, axis: usize, dims: &Dims) -> bool {
    let wrapped = if dim < 0 { dim.saturating_add(dims.rank() as i64) } else { dim };
    wrapped == axis as i64
}
