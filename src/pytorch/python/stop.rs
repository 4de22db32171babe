//! Why code does not go on: an exception, or a budget that is spent.

use super::super::problem::{Problem, ProblemKind, Severity};
use super::host_types::Id;
use super::tree::Name;

/// Why the code does not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Raised(Box<Raised>),
    Spent(Spent),
}

/// The budget that is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    Steps,
    Values,
    /// Nesting, of code or of calls.
    Depth,
    /// Rows of the network.
    Rows,
}

/// An exception.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub class: Name,
    pub message: String,
    pub line: u32,
    pub kind: ProblemKind,
    /// What the exception is, among those the heap has raised.
    pub value: Id,
    /// It hangs on a condition that is not known: perhaps it is not raised at all.
    pub in_doubt: bool,
}

pub(crate) type Run<T> = Result<T, Stop>;

impl Spent {
    /// What is said of it.
    pub(crate) fn problem(self) -> Problem {
        let message = match self {
            Self::Steps => "This takes more steps than an import may; it was stopped here.",
            Self::Values => "This makes more values than an import may keep; it was stopped here.",
            Self::Depth => "This is nested deeper than an import follows; it was stopped here.",
            Self::Rows => "This makes a larger network than an import follows; it was stopped here.",
        };
        Problem::new(Severity::Error, ProblemKind::TooLong, message.to_string())
    }
}

impl Raised {
    /// What is said of it.
    pub(crate) fn problem(&self) -> Problem {
        let message = match (&*self.class, self.message.as_str()) {
            ("RecursionError", _) => "A function calls itself without an end.".to_string(),
            (class, "") => format!("{class} is raised here."),
            (class, message) => format!("{class} is raised here: {message}"),
        };
        let severity = if self.in_doubt { Severity::Warning } else { Severity::Error };
        Problem {
            line: (self.line > 0).then_some(self.line),
            original: Some(self.message.clone()),
            exception: Some(self.class.to_string()),
            ..Problem::new(severity, self.kind, message)
        }
    }
}
