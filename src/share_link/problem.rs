//! What could not be read in a link.

use std::fmt;

/// One thing in a link that could not be read; the rest was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkProblem {
    /// The part of the link, at most [`MAX_TOKEN`] characters of it.
    pub token: String,
    /// Which design and row the part stands for.
    pub place: LinkPlace,
    /// In words, with what was done instead.
    pub message: String,
}

/// Where in a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPlace {
    /// Neither design: a setting, the version, or all of it.
    Link,
    /// A design as a whole, counted from 0.
    #[expect(missing_docs, reason = "the variant says it")]
    Design { design: usize },
    /// A row of a design, counted from 0.
    #[expect(missing_docs, reason = "the variant says it")]
    Row { design: usize, row: usize },
}

/// The most characters of a token that a problem quotes.
pub(super) const MAX_TOKEN: usize = 60;

/// The most problems one link has; a last one says that there are more.
pub const MAX_PROBLEMS: usize = 100;

/// Collects problems, up to [`MAX_PROBLEMS`].
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<LinkProblem>);

impl Problems {
    pub(super) fn add(&mut self, place: LinkPlace, token: &str, message: impl Into<String>) {
        if self.0.len() < MAX_PROBLEMS {
            let token = shortened(token);
            self.0.push(LinkProblem { token, place, message: message.into() });
        } else if self.0.len() == MAX_PROBLEMS {
            let message = "there is more in this link that could not be read".to_string();
            self.0.push(LinkProblem { token: String::new(), place: LinkPlace::Link, message });
        }
    }

    pub(super) fn into_list(self) -> Vec<LinkProblem> {
        self.0
    }
}

/// A text up to [`MAX_TOKEN`] characters.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TOKEN) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_string(),
    }
}

/// `design a, layer 3`.
impl fmt::Display for LinkPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => formatter.write_str("the link"),
            Self::Design { design } => write!(formatter, "design {}", super::design_key(*design)),
            Self::Row { design, row } => {
                write!(formatter, "design {}, layer {}", super::design_key(*design), row + 1)
            }
        }
    }
}

/// `design a, layer 3: "q7": Conv2d has no argument "q"`.
impl fmt::Display for LinkProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        if !self.token.is_empty() {
            write!(formatter, "\"{}\": ", self.token)?;
        }
        formatter.write_str(&self.message)
    }
}
