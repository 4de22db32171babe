//! What one operation computes, with the sizes and parameters that Keras gives it.

use crate::model::{Dims, ScalarOperation};

/// A layer or a function of Keras. Axes count in Keras's order, from the batch at 0; sizes are rows, then columns, and
/// over lines the rows are 1.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "Keras's names")]
pub enum Function {
    Conv {
        window: Window,
        filters: u64,
        groups: u64,
        bias: bool,
    },
    DepthwiseConv {
        window: Window,
        multiplier: u64,
        bias: bool,
    },
    /// `output_padding`: what is added behind the natural size; `None` beside the "same" padding.
    ConvTranspose {
        window: Window,
        output_padding: Option<[u64; 2]>,
        filters: u64,
        bias: bool,
    },
    /// On the last axis. `pixels`: the sizes `[C, H, W]` that PyTorch flattens, where the input has them as
    /// `[H, W, C]`.
    Dense {
        units: u64,
        bias: bool,
        pixels: Option<[u64; 3]>,
    },
    MaxPool(Window),
    AveragePool(Window),
    /// Over all rows and columns, kept as one.
    GlobalAverage {
        line: bool,
    },
    GlobalMax {
        line: bool,
    },
    AdaptiveAverage {
        size: [u64; 2],
        line: bool,
    },
    AdaptiveMax {
        size: [u64; 2],
        line: bool,
    },
    Mean {
        axes: Vec<usize>,
        keep: bool,
    },
    /// Before and after each axis.
    Pad {
        sides: Vec<(u64, u64)>,
        fill: Fill,
    },
    Crop {
        sides: [(u64, u64); 2],
        line: bool,
    },
    BatchNorm {
        axis: usize,
        eps: f64,
        momentum: f64,
        affine: bool,
    },
    /// `groups` of `None`: each channel for itself.
    GroupNorm {
        axis: usize,
        groups: Option<u64>,
        eps: f64,
        affine: bool,
    },
    LayerNorm {
        axes: Vec<usize>,
        eps: f64,
        scale: bool,
        center: bool,
    },
    Activation(Activation),
    /// Slopes are shared along these axes.
    PRelu {
        shared: Vec<usize>,
    },
    Softmax {
        axis: usize,
    },
    LogSoftmax {
        axis: usize,
    },
    Dropout {
        rate: f64,
    },
    /// Of whole channels.
    SpatialDropout {
        rate: f64,
        line: bool,
    },
    AlphaDropout {
        rate: f64,
    },
    /// Of whole samples, or of the whole batch.
    DropPath {
        rate: f64,
        batch: bool,
        rank: usize,
    },
    Flatten,
    /// With the batch.
    Reshape(Dims),
    /// Axes, the batch first.
    Permute(Vec<usize>),
    Slice {
        axis: usize,
        start: u64,
        end: u64,
    },
    Resize {
        size: [u64; 2],
        resize: Resize,
    },
    /// Rows and columns by their places in the input.
    Take {
        rows: Vec<u64>,
        columns: Vec<u64>,
    },
    Concatenate {
        axis: usize,
    },
    Add,
    Multiply,
    Scalar {
        operation: ScalarOperation,
        value: f64,
    },
    /// Each row and each column times a number.
    Scale {
        rows: Vec<f64>,
        columns: Vec<f64>,
        line: bool,
    },
}

/// A window that slides over rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Keras's names")]
pub struct Window {
    pub kernel: [u64; 2],
    pub strides: [u64; 2],
    pub dilation: [u64; 2],
    /// TensorFlow's padding "same"; else none.
    pub same: bool,
    /// Over `[N, L, C]`.
    pub line: bool,
}

/// What a padding is filled with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// What `ops.pad` fills with by itself.
    Zero,
    /// The `value` of a constant padding.
    Number(f64),
    /// The tensor mirrored at its last element, which is not repeated.
    Reflect,
    /// The tensor mirrored behind its last element.
    Symmetric,
    /// The last element again and again.
    Edge,
    /// The other end.
    Wrap,
}

/// How a map gets another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Keras's names")]
pub enum Resize {
    Nearest,
    Bilinear,
}

/// One element in, one element out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "Keras's names")]
pub enum Activation {
    Relu,
    Relu6,
    /// Between two bounds.
    Clip(f64, f64),
    HardTanh,
    LeakyRelu(f64),
    Elu(f64),
    Selu,
    Celu(f64),
    Silu,
    Gelu,
    TanhGelu,
    Mish,
    HardSwish,
    HardSigmoid,
    Sigmoid,
    LogSigmoid,
    Tanh,
    /// Beta, and the threshold above which it is the input.
    Softplus(f64, f64),
    Softsign,
}

impl Window {
    /// Rows and columns that a kernel covers.
    pub fn span(&self) -> [u64; 2] {
        [0, 1].map(|at| self.dilation[at].saturating_mul(self.kernel[at].saturating_sub(1)).saturating_add(1))
    }

    /// TensorFlow's sizes: `ceil(in / stride)` with "same", else `floor((in - span) / stride) + 1`.
    fn along(&self, at: usize, size: u64) -> Option<u64> {
        match self.same {
            true => Some(size.div_ceil(self.strides[at].max(1))),
            false => Some(size.checked_sub(self.span()[at])?.checked_div(self.strides[at])? + 1),
        }
    }
}

/// What "same" pads before and after, along one axis: `max((ceil(in / stride) - 1) stride + span - in, 0)` in all, the
/// smaller half before.
pub(super) fn same_sides(size: u64, span: u64, stride: u64) -> (u64, u64) {
    let stride = stride.max(1);
    let covered = (size.div_ceil(stride).saturating_sub(1)).saturating_mul(stride).saturating_add(span);
    let total = covered.saturating_sub(size);
    (total / 2, total - total / 2)
}

impl Function {
    /// Whether it has weights.
    pub fn has_weights(&self) -> bool {
        match self {
            Self::Conv { .. }
            | Self::DepthwiseConv { .. }
            | Self::ConvTranspose { .. }
            | Self::Dense { .. }
            | Self::BatchNorm { .. }
            | Self::PRelu { .. } => true,
            Self::GroupNorm { affine, .. } => *affine,
            Self::LayerNorm { scale, center, .. } => *scale || *center,
            _ => false,
        }
    }

    /// Its weights in Keras's order and shapes, for an input of these sizes: with the statistics of a batch norm.
    pub fn weights(&self, input: &Dims) -> Vec<(&'static str, Vec<u64>)> {
        let channels = input.last().copied().unwrap_or(1);
        let sizes =
            |axes: &[usize]| axes.iter().map(|&axis| input.get(axis).copied().unwrap_or(1)).collect::<Vec<u64>>();
        let kernel = |window: &Window, ends: [u64; 2]| {
            window.kernel.iter().skip(usize::from(window.line)).copied().chain(ends).collect::<Vec<u64>>()
        };
        let with_bias = |kernel: Vec<u64>, bias: bool, count: u64| {
            let bias = bias.then(|| ("bias", vec![count]));
            std::iter::once(("kernel", kernel)).chain(bias).collect()
        };
        match self {
            Self::Conv { window, filters, groups, bias } => {
                with_bias(kernel(window, [channels / groups.max(&1), *filters]), *bias, *filters)
            }
            Self::DepthwiseConv { window, multiplier, bias } => {
                with_bias(kernel(window, [channels, *multiplier]), *bias, channels.saturating_mul(*multiplier))
            }
            Self::ConvTranspose { window, filters, bias, .. } => {
                with_bias(kernel(window, [*filters, channels]), *bias, *filters)
            }
            Self::Dense { units, bias, .. } => with_bias(vec![channels, *units], *bias, *units),
            Self::BatchNorm { axis, affine, .. } => {
                let names = ["gamma", "beta", "moving_mean", "moving_variance"];
                let first = if *affine { 0 } else { 2 };
                names[first..].iter().map(|&name| (name, sizes(&[*axis]))).collect()
            }
            Self::GroupNorm { axis, affine: true, .. } => {
                vec![("gamma", sizes(&[*axis])), ("beta", sizes(&[*axis]))]
            }
            Self::LayerNorm { axes, scale, center, .. } => {
                let all = [(*scale, "gamma"), (*center, "beta")];
                all.iter().filter(|(has, _)| *has).map(|&(_, name)| (name, sizes(axes))).collect()
            }
            Self::PRelu { shared } => {
                let slope =
                    |axis: usize| if shared.contains(&axis) { 1 } else { input.get(axis).copied().unwrap_or(1) };
                vec![("alpha", (1..input.rank()).map(slope).collect())]
            }
            _ => Vec::new(),
        }
    }

    /// The convolution with the padding "same", where it then gives these sizes of this input.
    pub fn padded_as_same(&self, input: &Dims, output: &Dims) -> Option<Self> {
        let same = |window: &Window| Window { same: true, ..*window };
        let padded = match self {
            Self::Conv { window, filters, groups, bias } => {
                Self::Conv { window: same(window), filters: *filters, groups: *groups, bias: *bias }
            }
            Self::DepthwiseConv { window, multiplier, bias } => {
                Self::DepthwiseConv { window: same(window), multiplier: *multiplier, bias: *bias }
            }
            Self::MaxPool(window) => Self::MaxPool(same(window)),
            _ => return None,
        };
        (padded.output(&[*input]).as_ref() == Some(output)).then_some(padded)
    }

    /// The sizes that Keras gives; `None` where it gives none.
    pub(super) fn output(&self, inputs: &[Dims]) -> Option<Dims> {
        let input = inputs.first()?;
        let last = *input.last()?;
        let with = |change: &dyn Fn(&mut Vec<u64>) -> Option<()>| {
            let mut sizes = input.to_vec();
            change(&mut sizes)?;
            Dims::new(&sizes).filter(|dims| dims.elements().is_some_and(|elements| elements > 0))
        };
        // Rows and columns, then channels.
        let map = |line: bool, channels: u64, along: &dyn Fn(usize, u64) -> Option<u64>| {
            with(&|sizes| {
                let first = if line { 1 } else { 0 };
                for at in first..2 {
                    let size = sizes.get_mut(1 + at - first)?;
                    *size = along(at, *size)?;
                }
                *sizes.last_mut()? = channels;
                Some(())
            })
        };
        match self {
            Self::Conv { window, filters, .. } => map(window.line, *filters, &|at, size| window.along(at, size)),
            Self::DepthwiseConv { window, multiplier, .. } => {
                map(window.line, last.checked_mul(*multiplier)?, &|at, size| window.along(at, size))
            }
            Self::ConvTranspose { window, output_padding, filters, .. } => {
                map(window.line, *filters, &|at, size| match output_padding {
                    None => size.checked_mul(window.strides[at]),
                    Some(padding) => (size.checked_sub(1)?.checked_mul(window.strides[at])?)
                        .checked_add(window.span()[at])?
                        .checked_add(padding[at]),
                })
            }
            Self::Dense { units, .. } => with(&|sizes| {
                *sizes.last_mut()? = *units;
                Some(())
            }),
            Self::MaxPool(window) | Self::AveragePool(window) => {
                map(window.line, last, &|at, size| window.along(at, size))
            }
            Self::GlobalAverage { line } | Self::GlobalMax { line } => map(*line, last, &|_, _| Some(1)),
            Self::AdaptiveAverage { size, line } | Self::AdaptiveMax { size, line } => {
                map(*line, last, &|at, _| Some(size[at]))
            }
            Self::Mean { axes, keep } => {
                let kept = input.iter().enumerate().filter_map(|(axis, &size)| match axes.contains(&axis) {
                    true => keep.then_some(1),
                    false => Some(size),
                });
                Dims::new(&kept.collect::<Vec<_>>())
            }
            Self::Pad { sides, .. } => with(&|sizes| {
                for (size, (before, after)) in sizes.iter_mut().zip(sides) {
                    *size = size.checked_add(*before)?.checked_add(*after)?;
                }
                Some(())
            }),
            Self::Crop { sides, line } => {
                map(*line, last, &|at, size| size.checked_sub(sides[at].0)?.checked_sub(sides[at].1))
            }
            Self::Flatten => Dims::new(&[*input.first()?, input.without_batch().elements()?]),
            Self::Reshape(target) => (target.elements() == input.elements()).then_some(*target),
            Self::Permute(axes) => {
                let sizes: Option<Vec<u64>> = axes.iter().map(|&axis| input.get(axis).copied()).collect();
                Dims::new(&sizes?)
            }
            Self::Slice { axis, start, end } => with(&|sizes| {
                let size = sizes.get_mut(*axis)?;
                *size = (*end).min(*size).checked_sub(*start)?;
                Some(())
            }),
            Self::Resize { size, .. } => map(false, last, &|at, _| Some(size[at])),
            Self::Take { rows, columns } => {
                let counts = [rows.len(), columns.len()];
                map(false, last, &|at, _| u64::try_from(counts[at]).ok())
            }
            Self::Concatenate { axis } => with(&|sizes| {
                let parts = inputs.iter().map(|input| input.get(*axis).copied());
                *sizes.get_mut(*axis)? = parts.sum::<Option<u64>>()?;
                Some(())
            }),
            Self::Add | Self::Multiply => inputs.iter().skip(1).try_fold(*input, |sum, other| broadcast(&sum, other)),
            _ => Some(*input),
        }
    }
}

/// The common sizes of two tensors of the same rank.
fn broadcast(one: &Dims, other: &Dims) -> Option<Dims> {
    let sizes = one.iter().zip(other.iter()).map(|(&one, &other)| match (one, other) {
        (1, size) | (size, 1) => Some(size),
        (one, other) => (one == other).then_some(one),
    });
    (one.rank() == other.rank()).then(|| Dims::new(&sizes.collect::<Option<Vec<u64>>>()?)).flatten()
}
