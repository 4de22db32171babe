//! One line of a text.

use super::strings::{Piece, Strings};

/// Where the comment of a line starts, or its end.
pub(crate) fn comment_start(line: &str) -> usize {
    let mut strings = Strings::default();
    let mut at = 0;
    while at < line.len() {
        let (piece, length) = strings.read(line, at);
        if piece == Piece::Comment {
            return at;
        }
        at += length;
    }
    line.len()
}

/// The first word of a line, and what follows it.
pub(crate) fn first_word(line: &str) -> (&str, &str) {
    let end = line.find(|character: char| !(character.is_alphanumeric() || character == '_')).unwrap_or(line.len());
    line.split_at(end)
}
