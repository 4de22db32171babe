//! The forward pass.

mod forward;
