//! Which lines of a text stand in a string: prompts and fences in a docstring are no prompts and fences of the text.

use super::strings::Strings;

/// For each line, whether it starts within a triple-quoted string that is closed further down.
pub(crate) fn lines_in_strings(lines: &[String]) -> Vec<bool> {
    let mut inside = vec![false; lines.len()];
    let mut strings = Strings::default();
    let mut opened_at = 0;
    for (index, line) in lines.iter().enumerate() {
        if strings.open.is_none() && is_prompt(line) {
            continue;
        }
        let was_open = strings.open.is_some();
        inside[index] = was_open;
        let mut at = 0;
        while at < line.len() {
            let before = strings.open.is_some();
            at += strings.read(line, at).1;
            // The last one that opens is the one that stays open.
            if !before && strings.open.is_some() {
                opened_at = index;
            }
        }
        strings.end_line();
    }
    if strings.open.is_some() {
        inside[opened_at..].fill(false);
    }
    inside
}

/// What such a line quotes is a session's own.
fn is_prompt(line: &str) -> bool {
    let line = line.trim_start();
    [">>>", "...", "In ["].iter().any(|prompt| line.starts_with(prompt))
}
