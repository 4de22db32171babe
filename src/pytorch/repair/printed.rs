//! What `print(model)` shows, as Python that makes the same modules. Line by line, so that lines stay the same.

use super::characters::{clean_characters, original_lines};
use crate::model::literal::string;

/// The text as Python, where it is a printed model. Classes of the library are known by their names.
pub(crate) fn as_source(text: &str, is_library: fn(&str) -> bool) -> Option<String> {
    let children = text.lines().take(5000).filter(|line| child(line.trim()).is_some()).count();
    if children == 0 || text.contains("def forward") || text.contains("super(") {
        return None;
    }
    let lines: Vec<String> = original_lines(text).into_iter().map(clean_characters).collect();
    let mut source: Vec<String> = Vec::with_capacity(lines.len());
    let mut depth = 0_usize;
    for line in &lines {
        let trimmed = line.trim();
        let mut made = String::new();
        if depth == 0 {
            // The root: `Net(`.
            let class = trimmed.strip_suffix('(').unwrap_or_default();
            let class = class.rsplit(['=', ' ']).next().unwrap_or_default();
            if is_name(class) && !class.is_empty() {
                depth = 1;
                made = format!("__printed__({}, [", string(class));
            }
        } else if let Some((name, rest)) = child(trimmed) {
            let (times, rest) = repeated(rest);
            if let Some(class) = rest.strip_suffix('(') {
                depth += 1;
                if !is_name(class) || depth > 50 {
                    return None;
                }
                made = format!("({}, {times}, __printed__, {}, [", string(name), string(class));
            } else {
                let call = leaf(rest, is_library)?;
                made = format!("({}, {times}, {call}),", string(name));
            }
        } else if trimmed.starts_with(')') {
            depth -= 1;
            made = if depth == 0 { "])".to_string() } else { "]),".to_string() };
        }
        source.push(made);
    }
    (depth == 0 && source.iter().any(|line| !line.is_empty())).then(|| source.join("\n"))
}

/// `(conv1): Conv2d(...)`.
fn child(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('(')?.split_once("): ")?;
    let named = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let classed = rest.starts_with(|first: char| first.is_alphanumeric() || first == '_');
    (named && classed && rest.contains('(') && name.len() < 100).then_some((name, rest))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `3 x Block(`.
fn repeated(rest: &str) -> (u32, &str) {
    match rest.split_once(" x ") {
        Some((times, rest)) if times.chars().all(|c| c.is_ascii_digit()) => (times.parse().unwrap_or(1), rest),
        _ => (1, rest),
    }
}

/// A leaf's call; its arguments as Python takes them.
fn leaf(rest: &str, is_library: fn(&str) -> bool) -> Option<String> {
    let (class, arguments) = rest.split_once('(')?;
    let arguments = arguments.strip_suffix(')')?;
    if !is_name(class) {
        return None;
    }
    // Texts are printed without quotes: `mode=row`.
    let quoted = arguments.replace("mode=row", "mode='row'").replace("mode=batch", "mode='batch'");
    let balanced = quoted.matches('(').count() == quoted.matches(')').count();
    if arguments.is_empty() && !is_library(class) {
        return Some(string(class));
    }
    let library = if class == "LayerNorm2d" { "torchvision.ops" } else { "torch.nn" };
    balanced.then(|| format!("{library}.{class}({quoted})"))
}
