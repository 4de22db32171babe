//! Why a file, or a part of it, is not read.

use thiserror::Error;

/// What is wrong, with the byte and the field where they are known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum FileProblem {
    #[error("it is no notebook: its JSON is broken: {0}")]
    BrokenNotebook(String),
    #[error("it is no notebook: {0}")]
    Notebook(String),
    #[error("it is JSON of this program, without the \"design\" that it could be read back from")]
    NoDesign,
    #[error("byte {at}, {field}: {rule}")]
    Byte { at: usize, field: String, rule: String },
    #[error("{field}: {rule}")]
    Field { field: String, rule: String },
}

impl FileProblem {
    pub(super) fn at(at: usize, field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Byte { at, field: field.into(), rule: rule.into() }
    }

    pub(super) fn of(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Field { field: field.into(), rule: rule.into() }
    }
}
