//! A program with what its steps are: what plans are made of.

use super::kernels::image::ImageLayout;
use super::program::{Place, Program};
use super::step::StepInfo;

/// A program, what its steps are, and where the input and the output lie.
pub(super) struct Schedule {
    pub program: Program,
    pub steps: Vec<StepInfo>,
    /// What each step makes.
    pub outputs: Vec<TensorView>,
    pub input: Place,
    pub output: Place,
}

/// A tensor's values in a buffer.
#[derive(Clone, Copy)]
pub(super) struct TensorView {
    pub place: Place,
    /// `None` where the values are in PyTorch's order.
    pub layout: Option<ImageLayout>,
}
