//! A pasted text as Python: what is no code goes, indentation and brackets come back, lines stay where they were.

pub(crate) mod characters;
pub(crate) mod indent;
pub(crate) mod line;
pub(crate) mod lines;
pub(crate) mod printed;
pub(crate) mod quoted;
pub(crate) mod source;
pub(crate) mod strings;
