//! What can go wrong between a network and its plan.

use thiserror::Error;

/// Why a network cannot run.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
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
    #[error("{node}: a window goes along {length} pixels here, padding included, more than the {limit} that fit")]
    Window { node: String, length: u64, limit: u64 },
    #[error("{node}: {argument} is {found}, more than the {limit} that fit")]
    Argument { node: String, argument: &'static str, found: i64, limit: u64 },
    #[error(
        "running this takes at least {} of memory ({} of weights, {} of tensors), more than the {} that a browser gives",
        gigabytes(weights.saturating_add(*tensors)), gigabytes(*weights), gigabytes(*tensors), gigabytes(*limit)
    )]
    Memory { weights: u64, tensors: u64, limit: u64 },
    #[error("a batch has 1 to {limit} samples, not {found}")]
    Batch { found: u64, limit: u64 },
    #[error("the input has {found} values instead of {expected}")]
    InputLength { expected: usize, found: usize },
}

/// `4.29 GB`.
fn gigabytes(bytes: u64) -> String {
    format!("{} GB", crate::decimal::fixed(bytes as f64 / 1e9, 2))
}
