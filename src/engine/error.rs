//! What can go wrong between a network and its plan.

use thiserror::Error;

/// Why a network cannot run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EngineError {
    #[error("the network has no layers")]
    Empty,
    #[error("{node}: {reason}")]
    Shape { node: String, reason: String },
    #[error("{node}: no kernel for {class}")]
    Unsupported { node: String, class: String },
    #[error("{node}: {what} would take {elements} values, more than the {limit} that fit")]
    TooLarge { node: String, what: &'static str, elements: u64, limit: u64 },
    #[error("{node}: {parameter} has {found} values instead of {expected}")]
    WeightLength { node: String, parameter: &'static str, expected: usize, found: usize },
    #[error("a batch of {0} cannot run")]
    Batch(usize),
    #[error("the input has {found} values instead of {expected}")]
    InputLength { expected: usize, found: usize },
}
