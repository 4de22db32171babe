//! Free text in links: only RFC 3986's unreserved characters, and none of those that links give a meaning.
//!
//! Every special byte becomes `~` and two capital hex digits. Not percent-encoding: what carries links may undo that
//! for unreserved characters.

use crate::model::{NameError, check_name};

/// A text within a design: letters, digits, `_`, `-` and `~XX`.
pub(super) fn escape(text: &str) -> String {
    escape_but(text, b"_-")
}

/// Undoes [`escape`] and [`escape_setting`]; what is no escape stays as it is. `None` where the bytes are not UTF-8.
pub(super) fn unescape(text: &str) -> Option<String> {
    undo(text, b'~')
}

/// A name, of what was unescaped; else why it cannot be one, and what is done.
pub(super) fn name_of(text: Option<String>) -> Result<String, String> {
    let text = text.ok_or("the name is not UTF-8; the default one is used")?;
    match check_name(&text) {
        Ok(()) | Err(NameError::Empty) => Ok(text),
        Err(error) => Err(format!("{error}; the default one is used")),
    }
}

/// A node's name: as [`escape`], with `-` for `.`, which is common there.
pub(super) fn escape_name(name: &str) -> String {
    name.split('.').map(|part| escape_but(part, b"_")).collect::<Vec<_>>().join("-")
}

/// Undoes [`escape_name`].
pub(super) fn unescape_name(text: &str) -> Option<String> {
    unescape(&text.replace('-', "."))
}

/// A setting, which stands alone: `.` keeps, too.
pub(super) fn escape_setting(text: &str) -> String {
    escape_but(text, b"_-.")
}

/// Undoes percent-encoding; what is no escape stays as it is, and so does a text whose bytes are not UTF-8.
pub(super) fn percent_decode(text: &str) -> String {
    undo(text, b'%').unwrap_or_else(|| text.to_string())
}

fn escape_but(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("~{byte:02X}"));
        }
    }
    escaped
}

fn undo(text: &str, mark: u8) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match hex_byte(behind).filter(|_| first == mark) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => bytes.push(first),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The byte that the first two hex digits stand for.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |index: usize| digits.get(index).and_then(|&digit| char::from(digit).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}
