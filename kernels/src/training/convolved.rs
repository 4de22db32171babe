//! Which kernels do for which value.

use super::convolution::{Convolutions, Plain};
use super::fast::Fast;
use super::samples::Samples;
use super::value::Value;

/// A value that has kernels for convolutions over it.
pub trait Convolved: Value {
    /// The kernels over this value.
    fn kernels() -> &'static dyn Convolutions<Self>;
}

impl Convolved for f32 {
    fn kernels() -> &'static dyn Convolutions<Self> {
        &Plain
    }
}

impl Convolved for f64 {
    fn kernels() -> &'static dyn Convolutions<Self> {
        &Plain
    }
}

impl Convolved for Samples {
    fn kernels() -> &'static dyn Convolutions<Self> {
        &Fast
    }
}
