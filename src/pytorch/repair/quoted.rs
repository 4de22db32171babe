//! Which lines of a text stand in a string: prompts and fences in a docstring are no prompts and fences of the text.

use super::lines::comment_start;

/// For each line, whether it starts within a triple-quoted string that is closed further down.
pub(crate) fn lines_in_strings(lines: &[String]) -> Vec<bool> {
    let mut inside = vec![false; lines.len()];
    let mut open: Option<&str> = None;
    let mut opened_at = 0;
    for (index, line) in lines.iter().enumerate() {
        if open.is_none() && is_prompt(line) {
            continue;
        }
        inside[index] = open.is_some();
        let was_open = open.is_some();
        open = after(line, open);
        if open.is_some() && !was_open {
            opened_at = index;
        }
    }
    if open.is_some() {
        inside[opened_at..].fill(false);
    }
    inside
}

/// What such a line quotes is a session's own.
fn is_prompt(line: &str) -> bool {
    let line = line.trim_start();
    [">>>", "...", "In ["].iter().any(|prompt| line.starts_with(prompt))
}

/// The quotes that are open at the end of a line, by those at its start.
fn after<'a>(line: &str, open: Option<&'a str>) -> Option<&'a str> {
    let mut open = open;
    let mut rest = line;
    loop {
        if let Some(quotes) = open {
            let Some(end) = closing(rest, quotes) else { return open };
            open = None;
            rest = &rest[end + 3..];
            continue;
        }
        let code = &rest[..comment_start(rest)];
        let at = code.find(['"', '\''])?;
        let quote = &code[at..=at];
        match TRIPLES.iter().find(|triple| code[at..].starts_with(**triple)) {
            Some(&triple) => {
                open = Some(triple);
                rest = &rest[at + 3..];
            }
            None => rest = &rest[at + 1 + closing(&rest[at + 1..], quote)? + 1..],
        }
    }
}

const TRIPLES: [&str; 2] = ["\"\"\"", "'''"];

/// Where a string ends, past what is escaped in it.
fn closing(text: &str, quotes: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(quotes)?;
        let escapes = text[..at].bytes().rev().take_while(|&byte| byte == b'\\').count();
        if escapes.is_multiple_of(2) {
            return Some(at);
        }
        from = at + 1;
    }
}
