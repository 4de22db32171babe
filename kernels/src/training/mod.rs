//! Forward and backward, as training runs them: every function is of one sample, or of as many as a [`value::Value`]
//! holds, in PyTorch's order [C, H, W].
//!
//! A number of f64 makes the oracle that central differences can be compared with; [`samples::Samples`] is eight
//! samples of f32 side by side, so that one instruction does the same to several samples whatever the layer is.
//! Functions named after a layer compute it; `..._gradient` adds the gradient of the loss by the layer's input to
//! `input_gradient`, given the one by its output.

pub mod activation;
pub mod combine;
pub mod convolution;
pub mod convolved;
pub mod fast;
pub mod normalization;
pub mod pool;
pub mod rearrange;
pub mod samples;
pub mod statistics;
pub mod value;
