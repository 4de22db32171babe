//! What is wrong with, or not understood in, a pasted text.

use std::ops::Range;

/// One message about the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Whether PyTorch stops there.
    pub severity: Severity,
    /// For what treats some problems alike.
    pub kind: ProblemKind,
    /// In the pasted text, from 1; `None` where no line of it is to blame.
    pub line: Option<u32>,
    /// PyTorch's or Python's own words, where they have any: `'(' was never closed`.
    pub original: Option<String>,
    /// The exception those words come with: `RuntimeError`.
    pub exception: Option<String>,
    /// The same in plain words, with the numbers.
    pub message: String,
    /// The qualified name of the module that it is about.
    pub module: Option<String>,
    /// One click, where the fix is certain.
    pub fix: Option<Fix>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something was assumed; nothing is lost.
    Note,
    /// Something was not understood; the rest is kept.
    Warning,
    /// PyTorch itself would stop here.
    Error,
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ProblemKind {
    // The writer's mistakes, which stop Python or PyTorch.
    SyntaxUnclosedParenthesis,
    Syntax,
    SuperInitNotCalled,
    GroupsDoNotDivide,
    ChannelMismatch,
    LinearInFeatures,
    NotFlattened,
    KernelLargerThanInput,
    UnknownAttribute,
    UnknownName,
    WrongArguments,
    Shape,
    /// Any other exception.
    Raised,

    // What the import does not know or had to assume.
    NotUnderstood,
    UnknownModule,
    Assumed,
    /// The budget of steps, memory or depth is spent.
    TooLong,
    NothingFound,
}

/// A change of the pasted text that removes the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the button says: "Change in_features to 320".
    pub label: String,
    /// The bytes of the pasted text to replace.
    pub range: Range<usize>,
    /// What stands there instead.
    pub replacement: String,
}

impl Fix {
    /// The text with the fix made; the text itself where the range does not fit it.
    pub fn apply(&self, text: &str) -> String {
        match (text.get(..self.range.start), text.get(self.range.end..)) {
            (Some(before), Some(after)) => format!("{before}{}{after}", self.replacement),
            _ => text.to_string(),
        }
    }
}

#[cfg(feature = "python")]
impl Problem {
    /// A problem of no line.
    pub(super) fn new(severity: Severity, kind: ProblemKind, message: String) -> Self {
        Self { severity, kind, line: None, original: None, exception: None, message, module: None, fix: None }
    }
}

impl ProblemKind {
    /// A stable name for tests and attributes: `channel_mismatch`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyntaxUnclosedParenthesis => "syntax_unclosed_parenthesis",
            Self::Syntax => "syntax",
            Self::SuperInitNotCalled => "super_init_not_called",
            Self::GroupsDoNotDivide => "groups_do_not_divide",
            Self::ChannelMismatch => "channel_mismatch",
            Self::LinearInFeatures => "linear_in_features",
            Self::NotFlattened => "not_flattened",
            Self::KernelLargerThanInput => "kernel_larger_than_input",
            Self::UnknownAttribute => "unknown_attribute",
            Self::UnknownName => "unknown_name",
            Self::WrongArguments => "wrong_arguments",
            Self::Shape => "shape",
            Self::Raised => "raised",
            Self::NotUnderstood => "not_understood",
            Self::UnknownModule => "unknown_module",
            Self::Assumed => "assumed",
            Self::TooLong => "too_long",
            Self::NothingFound => "nothing_found",
        }
    }
}
