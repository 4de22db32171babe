//! Cleaned text to a tree: the one place that knows the parser.

mod expression;
mod statement;
use std::rc::Rc;

use ruff_python_ast as ruff;
use ruff_python_parser::{Mode, ParseErrorType, ParseOptions, parse_unchecked};
use ruff_text_size::TextRange;

use super::tree::{Block, Name};

/// A text's tree, and where it is not Python.
pub(crate) struct Tree {
    pub body: Block,
    pub errors: Vec<SyntaxError>,
}

pub(crate) struct SyntaxError {
    /// From 1.
    pub line: u32,
    pub message: String,
    /// It is about indentation.
    pub indentation: bool,
}

/// Whether a text is Python.
pub(crate) fn is_valid(text: &str) -> bool {
    parse_unchecked(text, ParseOptions::from(Mode::Module)).errors().is_empty()
}

/// Reads a text whose nesting has been found to be bounded.
pub(crate) fn parse(text: &str) -> Tree {
    parse_at(text, Reader { line_starts: line_starts(text) })
}

/// Reads a text that is not the one that was pasted: all of it stands in line 0.
pub(crate) fn parse_unplaced(text: &str) -> Tree {
    parse_at(text, Reader { line_starts: Vec::new() })
}

fn parse_at(text: &str, reader: Reader) -> Tree {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let errors = parsed.errors().iter().map(|error| SyntaxError {
        line: reader.line(error.location),
        message: error.error.to_string(),
        indentation: matches!(error.error, ParseErrorType::UnexpectedIndentation)
            || error.error.to_string().to_lowercase().contains("indent"),
    });
    let errors = errors.collect();
    let body = match parsed.syntax() {
        ruff::Mod::Module(module) => reader.block(&module.body),
        ruff::Mod::Expression(_) => Block::from([]),
    };
    Tree { body, errors }
}

struct Reader {
    line_starts: Vec<u32>,
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect()
}

fn name(identifier: &ruff::Identifier) -> Name {
    Rc::from(identifier.as_str())
}

impl Reader {
    fn line(&self, range: TextRange) -> u32 {
        self.line_at(u32::from(range.start()))
    }

    fn line_at(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|&start| start <= offset) as u32
    }

    fn block(&self, statements: &[ruff::Stmt]) -> Block {
        statements.iter().map(|statement| self.statement(statement)).collect()
    }
}
