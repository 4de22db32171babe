//! A pasted text as Python: cleaned, with its statements and the mistakes found on the way.

use std::ops::Range;

use super::super::problem::{Fix, Problem, ProblemKind, Severity};
use super::super::python::parse as syntax;
use super::super::python::tree::{Block, Statement};
use super::characters::CleanText;
use super::line::comment_start;
use super::lines::LogicalLines;
use super::lines::fault::Fault;
use super::{characters as text, indent};

/// Longer texts are cut.
pub(crate) const MOST_CHARACTERS: usize = 1_000_000;

const UNREADABLE: &str = "Python cannot read this line.";
const STRANGE_INDENTATION: &str = "The indentation does not fit the lines around.";

/// What Python raises for a line that it cannot read.
fn exception(of_indentation: bool) -> &'static str {
    if of_indentation { "IndentationError" } else { "SyntaxError" }
}

/// A text's statements.
pub(crate) struct Source<'a> {
    pub original: &'a str,
    /// As many lines as the original has, joined by `\n`.
    pub clean: String,
    pub body: Block,
    /// How many of the statements are of the first file; the others run where something is imported from them.
    pub first: usize,
    pub problems: Vec<Problem>,
    /// Where indentation was put back by guessing: the statements whose block may go on longer.
    pub questions: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(original: &'a str, guess: &indent::Guess) -> Self {
        let cut = original.char_indices().nth(MOST_CHARACTERS).map(|(at, _)| at);
        let mut problems = Vec::new();
        if cut.is_some() {
            let message = format!("The text is longer than {MOST_CHARACTERS} characters; the rest is left out.");
            problems.push(Problem::new(Severity::Warning, ProblemKind::TooLong, message));
        }
        let text = &original[..cut.unwrap_or(original.len())];
        let mut lines = CleanText::new(text).lines;
        let mut logical = LogicalLines::find(&mut lines);
        let mut questions = Vec::new();
        if indent::is_lost(&lines, &logical.lines) {
            questions = indent::restore(&mut lines, &mut logical.lines, guess);
        } else {
            indent::remove_common(&mut lines, &mut logical.lines);
        }
        logical.align(&mut lines);
        logical.bound_blocks(&mut lines);
        let clean = lines.join("\n");
        let tree = syntax::parse(&clean);
        let first = tree.body.len();
        let mut source = Self { original, clean, body: tree.body, first, problems, questions };
        let mut lines_with_problems = Vec::new();
        for problem in logical.problems {
            let line = problem.line as u32 + 1;
            if lines_with_problems.contains(&line) {
                continue;
            }
            lines_with_problems.push(line);
            let kind = match problem.fault {
                Fault::Unclosed => ProblemKind::SyntaxUnclosedParenthesis,
                Fault::Indentation | Fault::Other => ProblemKind::Syntax,
            };
            let message = match (problem.fault, &problem.closed_at) {
                (Fault::Unclosed, Some((_, closers))) => {
                    format!("A bracket that opens on this line is never closed: {closers} is missing.")
                }
                (Fault::Indentation, _) => STRANGE_INDENTATION.to_string(),
                (Fault::Unclosed | Fault::Other, _) => UNREADABLE.to_string(),
            };
            let fix = problem.closed_at.as_ref().and_then(|(at, closers)| source.closing_fix(*at, closers));
            source.problems.push(Problem {
                line: Some(line),
                original: Some(problem.message),
                exception: Some(exception(problem.fault == Fault::Indentation).to_string()),
                fix,
                ..Problem::new(Severity::Error, kind, message)
            });
        }
        for error in tree.errors {
            let near = lines_with_problems.iter().any(|&line| error.line == line || error.line == line + 1);
            if near || lines_with_problems.len() > 20 {
                continue;
            }
            lines_with_problems.push(error.line);
            let colon = error.message.starts_with("Expected `:`");
            let fix = colon.then(|| source.colon_fix(error.line)).flatten();
            let message = if colon {
                "The colon at the end of this line is missing."
            } else if error.indentation {
                STRANGE_INDENTATION
            } else {
                UNREADABLE
            };
            source.problems.push(Problem {
                line: Some(error.line),
                original: Some(if colon { "expected ':'".to_string() } else { error.message }),
                fix,
                exception: Some(exception(error.indentation).to_string()),
                ..Problem::new(Severity::Error, ProblemKind::Syntax, message.to_string())
            });
        }
        source
    }

    /// The statements of the first file.
    pub(crate) fn own(&self) -> &[Statement] {
        &self.body[..self.first]
    }

    /// Whether a line stands in a file whose networks are offered.
    pub(crate) fn is_own(&self, line: u32) -> bool {
        self.body.get(self.first).is_none_or(|other| line < other.line)
    }

    /// A replacement of what stands at these bytes of the cleaned text, in the original. In `template`, `*` is
    /// what stood there, and a line break is followed by the line's indentation.
    pub(crate) fn fix(&self, range: &Range<u32>, label: String, template: &str) -> Option<Fix> {
        let (start, end) = (range.start as usize, range.end as usize);
        let old = self.clean.get(start..end)?;
        if old.contains('\n') || old.is_empty() {
            return None;
        }
        let line_index = self.clean.get(..start)?.matches('\n').count();
        let line_start = self.clean[..start].rfind('\n').map_or(0, |at| at + 1);
        // The same occurrence of the same text: what was cleaned away stood elsewhere in the line.
        let occurrence = self.clean[line_start..start].matches(old).count();
        let (original_start, original_line) = self.original_line(line_index)?;
        let (at, _) = original_line.match_indices(old).nth(occurrence)?;
        let at = original_start + at;
        let indent = &original_line[..original_line.len() - original_line.trim_start().len()];
        let is_name = old.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        let template = if is_name { template.replace("(*)", "*") } else { template.to_string() };
        let replacement = template.replace('\n', &format!("\n{indent}")).replace('*', old);
        Some(Fix { label, range: at..at + old.len(), replacement })
    }

    /// Whether this is what the cleaned text says here.
    pub(crate) fn stands(&self, range: &Range<u32>, expected: Option<&str>) -> bool {
        expected.is_none_or(|expected| self.clean.get(range.start as usize..range.end as usize) == Some(expected))
    }

    /// A colon at the end of a line, from 1.
    fn colon_fix(&self, line: u32) -> Option<Fix> {
        let (start, line) = self.original_line(line.checked_sub(1)? as usize)?;
        let end = start + line[..comment_start(line)].trim_end().len();
        Some(Fix { label: "Add the missing :".to_string(), range: end..end, replacement: ":".to_string() })
    }

    fn closing_fix(&self, line_index: usize, closers: &str) -> Option<Fix> {
        let (start, line) = self.original_line(line_index)?;
        let end = start + line[..comment_start(line)].trim_end().len();
        Some(Fix { label: format!("Add the missing {closers}"), range: end..end, replacement: closers.to_string() })
    }

    /// A line of the original, and where it starts.
    fn original_line(&self, index: usize) -> Option<(usize, &'a str)> {
        let line = text::original_lines(self.original).into_iter().nth(index)?;
        let start = line.as_ptr() as usize - self.original.as_ptr() as usize;
        Some((start, line))
    }
}
