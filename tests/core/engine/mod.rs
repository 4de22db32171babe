//! The forward pass.

mod forward;
mod kernels;
mod quantized;
