//! One of the files of a text of several.

use std::ops::Range;

use super::host_types::Id;
use super::tree::Block;

/// What a package's own file is called as a module.
pub(crate) const PACKAGE: &str = ".__init__";

/// A file, which runs when something is imported from it.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path with dots and without its ending: `models.common`, `models.__init__`.
    pub module: String,
    /// The statements of the whole text, and which of them are the file's.
    pub body: Block,
    pub own: Range<usize>,
    /// What its names stand in, once it has begun to run.
    pub scope: Option<Id>,
}

impl File {
    pub(crate) fn new(path: &str, body: Block, own: Range<usize>) -> Self {
        Self { module: module_of(path), body, own, scope: None }
    }
}

/// `./models/common.py`: `models.common`.
fn module_of(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    path.strip_suffix(".py").unwrap_or(path).replace(['/', '\\'], ".")
}
