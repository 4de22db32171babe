//! What the C code does, one call after another.

use crate::engine::kernels::activation::Activation;

/// Numbers in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Floats,
    Bytes,
}

/// Memory for one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buffer {
    pub form: Form,
    pub elements: u64,
}

/// What one call computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kernel {
    Convolution,
    MaxPool,
    AveragePool,
    GlobalMean,
    Combine,
    PerChannel,
    Concatenate,
    Quantize,
    Softmax,
}

/// Where a call reads from or writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The caller's input.
    Input,
    Buffer(usize),
}

/// One call with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub kernel: Kernel,
    /// What it reads is in this form.
    pub form: Form,
    pub name: String,
    pub inputs: Vec<Place>,
    pub residual: Option<Place>,
    pub output: usize,
    pub numbers: StepNumbers,
    pub to: To,
}

/// What becomes of a convolution's results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum To {
    #[default]
    Floats,
    Bytes,
    /// The mean over all pixels.
    Mean,
}

/// The numbers of a call's table; sizes are rows, then columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StepNumbers {
    pub input: [usize; 3],
    pub output: [usize; 3],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub padding: [usize; 2],
    pub groups: i64,
    pub weight: Weights,
    /// For each channel.
    pub scale: Vec<f32>,
    pub bias: Vec<f32>,
    pub bounds: Option<[f32; 2]>,
    pub function: Option<Activation>,
    /// What is quantised is multiplied by this first.
    pub factor: f32,
    pub residual: f32,
    /// One over the pixels of a mean.
    pub mean: f32,
}

/// Of a convolution, `[O, kh, kw, C / groups]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Weights {
    #[default]
    None,
    Floats(Vec<f32>),
    Bytes(Vec<i8>),
}
