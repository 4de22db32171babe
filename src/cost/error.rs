//! What a cost can fail with.

use thiserror::Error;

use super::figure::Figure;

/// Why a row has no figures.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum CostError {
    /// The figure of the row itself is too large, or that of the rows up to it.
    #[error("{name} (row {}): {} {} not fit 64 bits", row + 1, figure.title(), if *in_total { "up to here do" } else { "do" })]
    Overflow { row: usize, name: String, figure: Figure, in_total: bool },
}
