//! What is wrong with the lines of a text.

/// Problems after which no more are noted.
const MOST_PROBLEMS: usize = 40;
/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A bracket is never closed.
    Unclosed,
    Indentation,
    Other,
}

/// A mistake in the brackets, quotes or indentation, already mended in the lines.
#[derive(Clone, Debug)]
pub(crate) struct LineProblem {
    /// Index of the line.
    pub line: usize,
    pub fault: Fault,
    pub message: String,
    /// Index of the line that the closing brackets were put at the end of, and the brackets.
    pub closed_at: Option<(usize, String)>,
}

/// Keeps a problem, where there are not too many of them.
pub(super) fn note(problems: &mut Vec<LineProblem>, problem: LineProblem) {
    if problems.len() < MOST_PROBLEMS {
        problems.push(problem);
    }
}
