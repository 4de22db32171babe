//! Python or prose.

use super::super::line::{comment_start, first_word};
use crate::pytorch::python::parse as syntax;

/// Not surely prose.
pub(super) fn may_start_statement(line: &str) -> bool {
    let (word, rest) = first_word(line);
    if word.is_empty() {
        return line.starts_with(['@', '(', '[', '{', ')', ']', '}', '"', '\'', '*', '-', '~', '.'])
            && !line.starts_with("---")
            && !line.starts_with("***")
            && !line.starts_with("- ")
            && !line.starts_with("* ");
    }
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let next = rest.trim_start().chars().next();
    match word {
        "class" | "def" | "import" | "from" | "if" | "elif" | "else" | "for" | "while" | "with" | "try" | "except"
        | "finally" | "return" | "raise" | "assert" | "pass" | "break" | "continue" | "del" | "global" | "nonlocal"
        | "async" | "await" | "lambda" | "not" | "yield" | "match" | "case" | "print" => true,
        _ => match next {
            None
            | Some(
                '=' | '(' | '[' | '.' | ',' | '+' | '-' | '*' | '/' | '%' | '|' | '&' | '^' | ';' | '"' | '\'' | '@',
            ) => {
                // Prose has its commas, stops and brackets behind words with spaces between.
                !is_sentence(line)
            }
            // An annotation: `x: int = 3`. "Note: this" has more words.
            Some(':') => !is_sentence(line),
            Some('<' | '>' | '!' | '#') => true,
            Some(_) => false,
        },
    }
}

/// Words with spaces between them, and nothing that only Python has.
fn is_sentence(line: &str) -> bool {
    if line.contains(['=', '(', '[', '_', '"', '\'']) {
        return false;
    }
    line.split_whitespace().count() >= 3
}

/// Has what only code with PyTorch in it has, so that a syntax error in it is the writer's.
pub(super) fn is_surely_code(line: &str) -> bool {
    if line.starts_with("class ") || line.starts_with("def ") {
        return line.contains('(') || line.trim_end().ends_with(':');
    }
    line.starts_with("self.")
        || line.starts_with("super(")
        || line.contains("= nn.")
        || line.contains("= self.")
        || line.contains("=nn.")
        || line.contains("(self.")
        || line.contains("nn.Sequential(")
}

/// Whether a statement is Python, taken by itself.
pub(super) fn parses_alone(lines: &[String]) -> bool {
    let mut text = lines.join("\n");
    let indent = text.len() - text.trim_start().len();
    text.drain(..indent);
    let (word, _) = first_word(&text);
    match word {
        "elif" | "else" | "except" | "finally" | "case" | "async" => return text.contains(':'),
        "try" => return text.trim_end().ends_with(':'),
        _ => {}
    }
    if let Some(decorator) = text.strip_prefix('@') {
        return decorator.starts_with(|first: char| first.is_alphabetic());
    }
    let code_end = lines.last().map_or(0, |last| last[..comment_start(last)].trim_end().len());
    let last_start =
        text.len() - lines.last().map_or(0, |last| if lines.len() == 1 { last.len() - indent } else { last.len() });
    let end = if lines.len() == 1 { code_end - indent.min(code_end) } else { last_start + code_end };
    let code = text.get(..end).unwrap_or(&text);
    if code.ends_with(':') && matches!(word, "if" | "for" | "while" | "with" | "class" | "def" | "match") {
        return syntax::is_valid(&format!("{code} pass")) || word == "match";
    }
    syntax::is_valid(code)
}
