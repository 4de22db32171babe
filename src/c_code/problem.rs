//! Why a network cannot be written as C.

use thiserror::Error;

use crate::engine::EngineError;

/// What of the network has no C, or does not fit its integers.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum CProblem {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{name}: no C is written for a {operation} of this form yet; the other exports have it.")]
    Operation { name: String, operation: &'static str },
    #[error("{name}: a size of {size} does not fit the 16 bits that the C code has for it.")]
    Size { name: String, size: usize },
    #[error("Its tensors do not fit 64 bits.")]
    Memory,
}
