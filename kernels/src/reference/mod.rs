//! Plain loops over [N, C, H, W]: what the other kernels must agree with. Sums are kept in f64.
pub mod combine;
pub mod convolution;
pub mod normalization;
pub mod pool;
pub mod rearrange;
