//! The arithmetic: kernels take slices and plain numbers, and use nothing but `core`, `libm` and, for what is packed
//! before a run, `alloc`.
//!
//! [`crew`] shares a kernel's work among threads.
//!
//! [`mod@reference`] is slow and clear; every other kernel is compared with it. The fast ones keep images as
//! [N, H, W, C], each pixel's channels together.

#![no_std]

extern crate alloc;

pub mod activation;
pub mod aligned;
pub mod crew;
pub mod depthwise;
pub mod elementwise;
pub mod functions;
pub mod geometry;
pub mod image;
pub mod matrix;
pub mod pool;
pub mod quantized;
pub mod reference;
pub mod simd;
pub mod training;
pub mod winograd;
