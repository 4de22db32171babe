//! Lines to statements: which lines are Python, where each statement ends, and which bracket was never closed.

pub(crate) mod fault;
mod prose;
mod scanner;
use prose::{is_surely_code, may_start_statement, parses_alone};
use scanner::Scanner;

use self::fault::{Fault, LineProblem, note};
use super::line::{comment_start, first_word};

/// One statement or block header, over one or more lines.
#[derive(Clone, Debug)]
pub(crate) struct LogicalLine {
    /// Indices into the lines, the last one included.
    pub first: usize,
    pub last: usize,
    pub indent: usize,
}

/// The statements of a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogicalLines {
    pub lines: Vec<LogicalLine>,
    pub problems: Vec<LineProblem>,
}

/// Blocks may stand in each other as deep as this.
const DEEPEST_BLOCKS: usize = 40;
/// Only so many statements are told apart from prose by parsing them one by one.
const MOST_CHECKED: usize = 20_000;

impl LogicalLines {
    /// Finds the statements. Lines that are no Python are emptied; brackets that were forgotten are put in.
    pub(crate) fn find(lines: &mut [String]) -> Self {
        let mut found = Self::default();
        let mut scanner = Scanner::default();
        let mut start = None;
        let mut checked = 0;
        let mut skip_next = false;
        let mut index = 0;
        while index < lines.len() {
            if start.is_none() {
                let trimmed = lines[index].trim();
                if trimmed.is_empty() || trimmed.starts_with('#') {
                    index += 1;
                    continue;
                }
                if skip_next || !may_start_statement(trimmed) {
                    // The line below a traceback's `File "x.py", line 3` quotes code that stands elsewhere.
                    skip_next = trimmed.starts_with("File \"") && !skip_next;
                    lines[index].clear();
                    index += 1;
                    continue;
                }
                start = Some(index);
                scanner = Scanner::default();
            } else if !scanner.open.is_empty() && scanner.triple().is_none() && starts_next_statement(lines, index) {
                let closers = scanner.closers();
                let at = last_filled(lines, index);
                if let Some(&(bracket, line, _)) = scanner.open.last() {
                    insert_before_comment(&mut lines[at], &closers);
                    found.note(LineProblem {
                        line,
                        fault: Fault::Unclosed,
                        message: format!("'{bracket}' was never closed"),
                        closed_at: Some((at, closers)),
                    });
                }
                found.finish(lines, start.take().unwrap_or(index), at, &scanner, &mut checked);
                continue;
            }
            scanner.line(lines, index, &mut found.problems);
            if scanner.open.is_empty() && scanner.triple().is_none() && !scanner.continues {
                let first = start.take().unwrap_or(index);
                found.finish(lines, first, index, &scanner, &mut checked);
            }
            index += 1;
        }
        if let Some(first) = start {
            found.finish_at_end(lines, first, &scanner, &mut checked);
        }
        found
    }

    /// Puts each statement that stands between two levels of the blocks around it on the nearer one.
    pub(crate) fn align(&mut self, lines: &mut [String]) {
        let mut levels: Vec<usize> = Vec::new();
        for at in 0..self.lines.len() {
            let LogicalLine { first, indent, .. } = self.lines[at];
            let mut inner = None;
            while levels.last().is_some_and(|&last| last > indent) {
                inner = levels.pop();
            }
            let outer = levels.last().copied().unwrap_or(0);
            let level = match inner {
                Some(inner) if outer < indent => {
                    if inner - indent < indent - outer {
                        inner
                    } else {
                        outer
                    }
                }
                _ => indent,
            };
            if levels.last() != Some(&level) {
                levels.push(level);
            }
            if level != indent {
                lines[first] = format!("{}{}", " ".repeat(level), lines[first].trim_start());
                self.lines[at].indent = level;
                let message = "unindent does not match any outer indentation level".to_string();
                self.note(LineProblem { line: first, fault: Fault::Indentation, message, closed_at: None });
            }
        }
    }

    /// Empties the lines in more blocks than are followed.
    pub(crate) fn bound_blocks(&mut self, lines: &mut [String]) {
        let mut indents: Vec<usize> = Vec::new();
        let mut too_deep: Option<usize> = None;
        for statement in &self.lines {
            while indents.last().is_some_and(|&last| last >= statement.indent) {
                indents.pop();
            }
            indents.push(statement.indent);
            if indents.len() > DEEPEST_BLOCKS {
                too_deep.get_or_insert(statement.first);
                lines[statement.first..=statement.last].iter_mut().for_each(String::clear);
            }
        }
        if let Some(line) = too_deep {
            let message = "too many levels of indentation".to_string();
            self.note(LineProblem { line, fault: Fault::Other, message, closed_at: None });
        }
    }

    fn note(&mut self, problem: LineProblem) {
        note(&mut self.problems, problem);
    }

    fn finish_at_end(&mut self, lines: &mut [String], first: usize, scanner: &Scanner, checked: &mut usize) {
        let last = last_filled(lines, lines.len());
        if let Some((quote, line)) = scanner.triple() {
            let message = format!("unterminated triple-quoted string literal (detected at line {})", lines.len());
            self.note(LineProblem { line, fault: Fault::Other, message, closed_at: None });
            lines[last].push_str(&String::from(quote).repeat(3));
        }
        if let Some(&(bracket, line, _)) = scanner.open.last() {
            let closers = scanner.closers();
            insert_before_comment(&mut lines[last], &closers);
            self.note(LineProblem {
                line,
                fault: Fault::Unclosed,
                message: format!("'{bracket}' was never closed"),
                closed_at: Some((last, closers)),
            });
        }
        self.finish(lines, first, last, scanner, checked);
    }

    /// Keeps the statement, unless it is prose or too deep to be looked at.
    fn finish(&mut self, lines: &mut [String], first: usize, last: usize, scanner: &Scanner, checked: &mut usize) {
        let last = last.max(first);
        if scanner.too_deep {
            let message = "too many nested parentheses or operators".to_string();
            self.note(LineProblem { line: first, fault: Fault::Other, message, closed_at: None });
            lines[first..=last].iter_mut().for_each(String::clear);
            return;
        }
        let header = lines[first].trim().to_string();
        if !is_surely_code(&header) && *checked < MOST_CHECKED {
            *checked += 1;
            if !parses_alone(&lines[first..=last]) {
                lines[first..=last].iter_mut().for_each(String::clear);
                return;
            }
        }
        let indent = lines[first].len() - lines[first].trim_start().len();
        self.lines.push(LogicalLine { first, last, indent });
    }
}

/// The last line above that has anything but a comment in it.
fn last_filled(lines: &[String], before: usize) -> usize {
    let filled = |line: &String| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    (0..before).rev().find(|&index| filled(&lines[index])).unwrap_or(0)
}

fn insert_before_comment(line: &mut String, text: &str) {
    let end = line[..comment_start(line)].trim_end().len();
    line.insert_str(end, text);
}

/// A dotted name in front of a single `=`, as in `self.conv1 = `.
fn assigned_name(line: &str) -> Option<&str> {
    let end = line.find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '.')))?;
    let rest = line[end..].trim_start();
    let name = &line[..end];
    let is_name = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    (is_name && rest.starts_with('=') && !rest.starts_with("==")).then_some(name)
}

/// Within open brackets: this line can only be a new statement, so a bracket above was not closed.
fn starts_next_statement(lines: &[String], index: usize) -> bool {
    let line = lines[index].trim();
    let code = line[..comment_start(line)].trim_end();
    let (word, rest) = first_word(line);
    match word {
        "def" | "class" => return rest.starts_with(' ') && code.ends_with(':'),
        "return" | "import" | "raise" | "assert" | "del" | "global" | "pass" | "break" | "continue" => {
            return rest.is_empty() || rest.starts_with(' ');
        }
        "from" => return rest.contains(" import "),
        "for" | "if" | "while" | "with" | "elif" | "else" | "try" | "except" => return code.ends_with(':'),
        _ => {}
    }
    if line.starts_with('@') && !line.starts_with("@ ") {
        return true;
    }
    let above = &lines[last_filled(lines, index)];
    let above = above[..comment_start(above)].trim_end();
    let above_goes_on =
        above.ends_with(|last: char| !(last.is_alphanumeric() || matches!(last, '_' | ')' | ']' | '}' | '"' | '\'')));
    match assigned_name(line) {
        Some(name) if name.contains('.') => true,
        Some(_) => !above_goes_on,
        None => false,
    }
}
