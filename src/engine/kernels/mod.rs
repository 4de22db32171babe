//! The arithmetic: kernels take slices and plain numbers, and use nothing but `core` and `libm`.
//!
//! [`reference`] is slow and clear; every other kernel is compared with it.
pub mod activation;
pub mod geometry;
pub mod reference;
