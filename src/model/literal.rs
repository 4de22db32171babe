//! Text, numbers and names as Python writes them. What a link or a paste brings (names, classes, arguments) goes into
//! Python text by these functions alone, so that it stays a name, a string or a comment whatever it holds.

use crate::decimal;

/// Python's reserved words.
const RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// A string in double quotes: `"layer1.0"`.
pub fn string(text: &str) -> String {
    quoted(text, '"')
}

/// A string in single quotes, as Python's `repr` prefers: `'same'`.
pub fn repr(text: &str) -> String {
    quoted(text, '\'')
}

/// What a comment says behind its `# `: one line, whatever the text is.
pub fn comment(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    text.chars().for_each(|character| push_visible(&mut line, character));
    line
}

/// A float, also one that Python has no digits for: `0.5`, `float("inf")`.
pub fn float(number: f64) -> String {
    match number {
        number if number.is_nan() => "float(\"nan\")".to_string(),
        f64::INFINITY => "float(\"inf\")".to_string(),
        f64::NEG_INFINITY => "float(\"-inf\")".to_string(),
        number => decimal::shortest(number),
    }
}

/// Whether a text is a name that Python takes: of ASCII letters, and no reserved word.
pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name)
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        if character == quote || character == '\\' {
            quoted.push('\\');
            quoted.push(character);
        } else {
            push_visible(&mut quoted, character);
        }
    }
    quoted.push(quote);
    quoted
}

/// The character, or Python's escape for one that ends a line, that no editor shows, or that turns the text around.
fn push_visible(text: &mut String, character: char) {
    match character {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        hidden if is_hidden(hidden) => {
            let code = u32::from(hidden);
            text.push_str(&match code {
                0..=0xff => format!("\\x{code:02x}"),
                0x100..=0xffff => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            });
        }
        shown => text.push(shown),
    }
}

/// Controls, line separators, and what Unicode formats text with: of no width, or of another direction.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
