//! What an operator is told beside its tensors.

use super::flatbuffer::Table;

/// Why it cannot be read, in words.
type Unknown = String;

/// The options of an operator; those of a table that is not there are the defaults.
pub(super) struct Options<'a>(pub Option<Table<'a>>);

impl Options<'_> {
    pub(super) fn byte(&self, field: usize) -> Result<u8, Unknown> {
        self.0.map_or(Ok(0), |table| table.byte((field, "option"), 0)).map_err(|problem| problem.to_string())
    }

    pub(super) fn integer(&self, field: usize, default: i32) -> Result<i64, Unknown> {
        let found = self.0.map_or(Ok(default), |table| table.integer((field, "option"), default));
        found.map(i64::from).map_err(|problem| problem.to_string())
    }

    pub(super) fn flag(&self, field: usize) -> Result<bool, Unknown> {
        self.0.map_or(Ok(false), |table| table.flag((field, "option"))).map_err(|problem| problem.to_string())
    }

    pub(super) fn float(&self, field: usize) -> Result<f32, Unknown> {
        self.0.map_or(Ok(0.0), |table| table.float((field, "option"), 0.0)).map_err(|problem| problem.to_string())
    }
}
