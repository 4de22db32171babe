//! Why a network cannot be trained.

use thiserror::Error;

use crate::engine::EngineError;

/// What is known before the first step.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum TrainingError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{node} mixes the samples of a batch, so that no sample has an answer of its own to learn from")]
    Mixes { node: String },
    #[error("nothing in the network learns: no layer has parameters")]
    NothingLearns,
    #[error(
        "the network gives {found} for each sample: cross entropy wants one row of class scores, so end it with Flatten and Linear"
    )]
    Output { found: String },
    #[error(
        "{node}: expected more than 1 value per channel when training: its map is 1 x 1, so a batch needs 2 samples or more"
    )]
    OneValue { node: String },
    #[error("{node}: expected more than 1 spatial element when training: its map is 1 x 1")]
    OneElement { node: String },
    #[error(
        "training this takes {} of memory, more than the {} that a browser gives; a smaller batch needs less",
        megabytes(*bytes), megabytes(*limit)
    )]
    Memory { bytes: u64, limit: u64 },
}

/// `12.3 MB`.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", crate::decimal::fixed(bytes as f64 / 1e6, 1))
}
