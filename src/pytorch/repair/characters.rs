//! Pasted text to lines of Python: characters, fences, prompts, line numbers, quotes of mails.
//!
//! The number of lines never changes: a line that is no code becomes an empty one, so that line numbers hold.

use super::quoted::lines_in_strings;
use super::strings::{Piece, Strings, as_straight};

/// The lines of a pasted text, cleaned.
pub(crate) struct CleanText {
    pub lines: Vec<String>,
}

/// The lines of the pasted text as it is.
pub(crate) fn original_lines(text: &str) -> Vec<&str> {
    if !text.contains('\n') && text.contains('\r') {
        return text.split('\r').collect();
    }
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
}

impl CleanText {
    pub(crate) fn new(text: &str) -> Self {
        let mut lines: Vec<String> = original_lines(text).into_iter().map(clean_characters).collect();
        keep_fenced(&mut lines);
        strip_prompts(&mut lines);
        strip_line_numbers(&mut lines);
        strip_mail_quotes(&mut lines);
        straighten_quotes(&mut lines);
        expand_tabs(&mut lines);
        Self { lines }
    }
}

/// Every kind of space becomes one, what has no width goes.
pub(crate) fn clean_characters(line: &str) -> String {
    if line.is_ascii() && !line.contains(['\u{b}', '\u{c}', '\0', '\r']) {
        return line.to_string();
    }
    let mut clean = String::with_capacity(line.len());
    for character in line.chars() {
        match character {
            '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => clean.push(' '),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\0' => {}
            '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => clean.push(' '),
            other => clean.push(other),
        }
    }
    clean
}

/// Looks like Python with PyTorch in it.
fn has_code(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        let line = line.trim_start();
        ["nn.", "self.", "class ", "def ", "import ", "from ", ">>>", "torch", "F."]
            .iter()
            .any(|start| line.starts_with(start))
            || line.contains("nn.")
            || line.contains("Conv2d(")
            || line.contains("Linear(")
    })
}

/// Of a text with markdown fences or code tags, only what they enclose.
fn keep_fenced(lines: &mut [String]) {
    let is_fence = |line: &String| {
        let line = line.trim();
        line.starts_with("```")
            || line.starts_with("~~~")
            || ["[code]", "[/code]", "<code>", "</code>", "<pre>", "</pre>", "<pre><code>", "</code></pre>"]
                .iter()
                .any(|tag| line.eq_ignore_ascii_case(tag))
    };
    if !lines.iter().any(is_fence) {
        return;
    }
    let quoted = lines_in_strings(lines);
    let fences: Vec<usize> = (0..lines.len()).filter(|&index| is_fence(&lines[index]) && !quoted[index]).collect();
    if fences.is_empty() {
        return;
    }
    let mut bounds = vec![0];
    for &fence in &fences {
        bounds.push(fence);
        bounds.push(fence + 1);
    }
    bounds.push(lines.len());
    let segments: Vec<(usize, usize)> = bounds.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let paired = fences.len().is_multiple_of(2);
    let inside_has_code = segments.iter().skip(1).step_by(2).any(|&(start, end)| has_code(&lines[start..end]));
    for (index, &(start, end)) in segments.iter().enumerate() {
        let keep = if paired && inside_has_code { index % 2 == 1 } else { has_code(&lines[start..end]) };
        if !keep {
            lines[start..end].iter_mut().for_each(String::clear);
        }
    }
    for fence in fences {
        lines[fence].clear();
    }
}

/// `>>> `, `... `, `In [1]: `, `   ...: ` go; what the prompt printed goes, too.
fn strip_prompts(lines: &mut [String]) {
    let after_prompt = |line: &str| -> Option<(bool, String)> {
        let trimmed = line.trim_start();
        for (prompt, first) in [(">>>", true), ("...", false)] {
            if let Some(rest) = trimmed.strip_prefix(prompt) {
                if rest.is_empty() {
                    return Some((first, String::new()));
                }
                if let Some(rest) = rest
                    .strip_prefix(' ')
                    .or_else(|| rest.strip_prefix(':').map(|rest| rest.strip_prefix(' ').unwrap_or(rest)))
                {
                    return Some((first, rest.to_string()));
                }
                if first {
                    return Some((first, rest.to_string()));
                }
            }
        }
        let rest = trimmed.strip_prefix("In [")?;
        let (number, rest) = rest.split_once("]:")?;
        number
            .trim()
            .chars()
            .all(|digit| digit.is_ascii_digit() || digit == '*')
            .then(|| (true, rest.strip_prefix(' ').unwrap_or(rest).to_string()))
    };
    if !lines.iter().any(|line| after_prompt(line).is_some_and(|(first, _)| first)) {
        return;
    }
    let quoted = lines_in_strings(lines);
    let mut any_first = false;
    let mut any_further = false;
    for (line, _) in lines.iter().zip(&quoted).filter(|(_, quoted)| !**quoted) {
        match after_prompt(line) {
            Some((true, _)) => any_first = true,
            Some((false, _)) => any_further = true,
            None => {}
        }
    }
    if !any_first {
        return;
    }
    let is_session = |(line, quoted): (&String, &bool)| !quoted && line.trim_start().starts_with(">>>");
    let cells = !lines.iter().zip(&quoted).any(is_session);
    let mut block_open = false;
    for (line, _) in lines.iter_mut().zip(&quoted).filter(|(_, quoted)| !**quoted) {
        match after_prompt(line) {
            Some((first, rest)) => {
                if first {
                    block_open = rest.trim_end().ends_with([':', '(', ',', '[']);
                }
                *line = rest;
            }
            // A notebook's cells follow their number on lines of their own.
            None if cells && !any_further => {}
            None if !any_further && block_open && !line.trim().is_empty() => {}
            None => {
                block_open = false;
                line.clear();
            }
        }
    }
}

/// Numbers in front of most lines, each one more than the one before.
fn strip_line_numbers(lines: &mut [String]) {
    let numbered = |line: &str| -> Option<(u64, String)> {
        let trimmed = line.trim_start();
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 6 {
            return None;
        }
        let number = trimmed[..digits].parse().ok()?;
        let rest = &trimmed[digits..];
        if rest.is_empty() {
            return Some((number, String::new()));
        }
        let mut characters = rest.chars();
        match characters.next()? {
            ':' | '.' | '|' | ')' | '\u{2502}' => {
                let rest = characters.as_str();
                Some((number, rest.strip_prefix(' ').unwrap_or(rest).to_string()))
            }
            '\t' => Some((number, characters.as_str().to_string())),
            ' ' => Some((number, characters.as_str().trim_start_matches('|').to_string())),
            _ => None,
        }
    };
    let filled = lines.iter().filter(|line| !line.trim().is_empty()).count();
    if filled < 3 {
        return;
    }
    let mut rising = 0;
    let mut last = None;
    for line in lines.iter() {
        if let Some((number, _)) = numbered(line) {
            if last.is_none_or(|last: u64| number > last && number <= last + 5) {
                rising += 1;
            }
            last = Some(number);
        }
    }
    if rising * 10 < filled * 7 {
        return;
    }
    for line in lines.iter_mut() {
        if let Some((_, rest)) = numbered(line) {
            *line = rest;
        }
    }
    // One space between the number and the code is not indentation.
    let separators = |line: &String| line.len() - line.trim_start_matches(' ').len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(separators).min().unwrap_or(0);
    for line in lines.iter_mut() {
        *line = line.get(common.min(separators(line))..).unwrap_or_default().to_string();
    }
}

/// `> ` in front of every line; `+` in front of every line of a patch.
fn strip_mail_quotes(lines: &mut [String]) {
    for mark in ['>', '+'] {
        let filled = lines.iter().filter(|line| !line.trim().is_empty()).count();
        let marked = lines.iter().filter(|line| line.starts_with(mark)).count();
        if filled < 3 || marked * 10 < filled * 9 {
            continue;
        }
        for line in lines.iter_mut() {
            if let Some(rest) = line.strip_prefix(mark) {
                *line = rest.strip_prefix(' ').filter(|_| mark == '>').unwrap_or(rest).to_string();
            } else {
                line.clear();
            }
        }
    }
}

/// Typographic quotes that stand for straight ones, and dashes that stand for minus: those outside of
/// strings and comments.
fn straighten_quotes(lines: &mut [String]) {
    if lines.iter().all(|line| line.is_ascii()) {
        return;
    }
    let mut strings = Strings::default();
    for line in lines.iter_mut() {
        let mut straight = String::with_capacity(line.len());
        let mut at = 0;
        while at < line.len() {
            let (piece, length) = strings.read(line, at);
            let text = &line[at..at + length];
            match piece {
                Piece::Quotes => straight.extend(text.chars().map(as_straight)),
                Piece::Code => straight.extend(text.chars().map(|character| match character {
                    '\u{2212}' | '\u{2013}' | '\u{2010}' | '\u{2011}' => '-',
                    '\u{ff08}' => '(',
                    '\u{ff09}' => ')',
                    '\u{ff0c}' => ',',
                    '\u{ff1a}' => ':',
                    other => other,
                })),
                Piece::Text | Piece::Comment => straight.push_str(text),
            }
            at += length;
        }
        strings.end_line();
        *line = straight;
    }
}

/// Tabs in front of a line become spaces: four each, or up to the next multiple of eight where that is what
/// makes the lines' indentations agree.
fn expand_tabs(lines: &mut [String]) {
    let leading = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    if !lines.iter().any(|line| line[..leading(line)].contains('\t')) {
        return;
    }
    let expanded = |line: &str, width: usize| {
        let mut column = 0;
        for character in line[..leading(line)].chars() {
            column = if character == '\t' { (column / width + 1) * width } else { column + 1 };
        }
        column
    };
    let disagreements = |width: usize| {
        let mut open = vec![0];
        let mut count = 0;
        for line in lines.iter().filter(|line| !line.trim().is_empty()) {
            let column = expanded(line, width);
            while open.last().is_some_and(|&last| last > column) {
                open.pop();
            }
            if open.last().is_none_or(|&last| last < column) {
                if open.last().is_some_and(|&last| column - last > 8) {
                    count += 1;
                }
                open.push(column);
            }
            if column % 4 != 0 {
                count += 1;
            }
        }
        count
    };
    let width = if disagreements(8) < disagreements(4) { 8 } else { 4 };
    for line in lines.iter_mut() {
        let column = expanded(line, width).min(400);
        *line = format!("{}{}", " ".repeat(column), &line[leading(line)..]);
    }
}
