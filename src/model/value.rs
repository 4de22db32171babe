//! An argument without its type, as texts have it.

use std::fmt;

use super::literal;
use crate::decimal;

/// An argument in PyTorch's own terms, before or after it is typed.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "Python's types")]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    /// Reads what a person writes for an argument: `3`, `3, 2`, `(3, 2)`, `same`, `True`, `1e-5`, `None`.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let unwrapped = text.strip_prefix(['(', '[']).and_then(|rest| rest.strip_suffix([')', ']']));
        if unwrapped.is_some() || text.contains(',') {
            let parts = unwrapped.unwrap_or(text).split(',').map(str::trim).filter(|part| !part.is_empty());
            return Self::List(parts.map(Self::parse_one).collect());
        }
        Self::parse_one(text)
    }

    fn parse_one(text: &str) -> Self {
        if let Ok(int) = text.parse() {
            return Self::Int(int);
        }
        let digits = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
        if let (true, Some(float)) = (digits, decimal::parse(text)) {
            return Self::Float(float);
        }
        match text {
            "" | "None" | "none" => Self::None,
            "True" | "true" => Self::Bool(true),
            "False" | "false" => Self::Bool(false),
            _ => Self::Text(text.trim_matches(['\'', '"']).to_string()),
        }
    }
}

/// As Python writes it: `(3, 2)`, `'same'`, `True`.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Bool(true) => formatter.write_str("True"),
            Self::Bool(false) => formatter.write_str("False"),
            Self::Int(int) => write!(formatter, "{int}"),
            Self::Float(float) => formatter.write_str(&decimal::shortest(*float)),
            Self::Text(text) => formatter.write_str(&literal::repr(text)),
            Self::List(items) => {
                formatter.write_str("(")?;
                for (index, item) in items.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(formatter, "{separator}{item}")?;
                }
                formatter.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
        }
    }
}
