//! Where Python's strings and comments start and end: the one place that reads quotes.

/// What stands at a place of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A character of code.
    Code,
    /// The quotes that open or close a string.
    Quotes,
    /// A character within a string, with the backslash before it.
    Text,
    /// A comment, to the end of the line.
    Comment,
}

/// A string that is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    /// A straight one.
    pub quote: char,
    pub is_triple: bool,
    /// It holds expressions: `f"{x}"`.
    pub is_formatted: bool,
    /// Typographic quotes opened it, and any that look like them close it.
    is_typographic: bool,
}

/// Reads lines one after another, each from its start to its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strings {
    /// The string that the place stands in.
    pub open: Option<Open>,
}

impl Strings {
    /// What stands at a byte of a line, and how many bytes long it is.
    pub(crate) fn read(&mut self, line: &str, at: usize) -> (Piece, usize) {
        let rest = &line[at..];
        let Some(first) = rest.chars().next() else { return (Piece::Code, 0) };
        let straight = as_straight(first);
        let quotes = |count: usize| rest.chars().take(count).map(char::len_utf8).sum();
        let is_triple_here = rest.chars().take(3).filter(|&next| as_straight(next) == straight).count() == 3;
        match self.open {
            None if first == '#' => (Piece::Comment, rest.len()),
            None if matches!(straight, '"' | '\'') => {
                let length = quotes(if is_triple_here { 3 } else { 1 });
                let is_typographic = rest[..length].chars().any(|quote| quote != straight);
                let is_formatted = is_formatted(&line[..at]);
                self.open = Some(Open { quote: straight, is_triple: is_triple_here, is_formatted, is_typographic });
                (Piece::Quotes, length)
            }
            None => (Piece::Code, first.len_utf8()),
            Some(_) if first == '\\' => (Piece::Text, quotes(2)),
            Some(open) => {
                let closes = if open.is_typographic { straight == open.quote } else { first == open.quote };
                if closes && (!open.is_triple || is_triple_here) {
                    self.open = None;
                    return (Piece::Quotes, quotes(if open.is_triple { 3 } else { 1 }));
                }
                (Piece::Text, first.len_utf8())
            }
        }
    }

    /// A string in single quotes ends with its line.
    pub(crate) fn end_line(&mut self) {
        self.open = self.open.filter(|open| open.is_triple);
    }
}

/// The quote that a typographic one stands for.
pub(crate) fn as_straight(character: char) -> char {
    match character {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => '"',
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{b4}' => '\'',
        other => other,
    }
}

/// Whether what stands before a quote makes a string of expressions: `f`, `rf`, `t`.
fn is_formatted(before: &str) -> bool {
    let prefix = before.chars().rev().take_while(|character| character.is_alphanumeric() || *character == '_');
    let prefix: String = prefix.take(3).map(|character| character.to_ascii_lowercase()).collect();
    matches!(prefix.as_str(), "f" | "fr" | "rf" | "t" | "tr" | "rt")
}
