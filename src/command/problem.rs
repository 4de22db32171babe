//! What is wrong with an input, in one form whatever reads it.

use serde::Serialize;

use super::text::visible;

/// One message about an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub severity: Severity,
    /// Of the text, from 1; none where no line of it is to blame.
    pub line: Option<u32>,
    pub message: String,
    /// A stable name of the rule: `channel_mismatch`.
    pub rule: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Note,
    Warning,
    Error,
}

impl Problem {
    pub(super) fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, line: None, message: message.into(), rule }
    }

    /// `net.py:12: error: words [channel_mismatch]`.
    pub(super) fn told(&self, file: &str) -> String {
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        format!("{}{line}: {severity}: {} [{}]", visible(file), visible(&self.message), self.rule)
    }
}
