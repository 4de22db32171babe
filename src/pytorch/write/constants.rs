//! The arguments of a layer that is not known, which may come from a link: read as constants, and written anew.

use crate::model::{Value, literal};

/// Tuples may stand in each other as deep as this.
const DEEPEST: usize = 8;

/// `3, kernel_size=(3,), padding='same'`: constants, behind a name or none.
pub(crate) struct Constants(Vec<(Option<String>, Value)>);

impl Constants {
    /// `None`: it is something else than constants, or Python takes no call with them.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut constants: Vec<(Option<String>, Value)> = Vec::new();
        let mut reader = Reader { rest: text.trim() };
        while !reader.rest.is_empty() {
            let name = reader.name();
            let follows_name = constants.last().is_some_and(|(name, _)| name.is_some());
            let again = constants.iter().any(|(other, _)| name.is_some() && *other == name);
            if again || follows_name && name.is_none() {
                return None;
            }
            constants.push((name, reader.value(0)?));
            reader.comma_or_end()?;
        }
        Some(Self(constants))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one constant, which has this name or none.
    pub(crate) fn only(&self, name: Option<&str>) -> Option<&Value> {
        match self.0.as_slice() {
            [(own, value)] if own.as_deref() == name => Some(value),
            _ => None,
        }
    }

    /// As arguments of a call.
    pub(crate) fn text(&self) -> String {
        let arguments = self.0.iter().map(|(name, value)| match name {
            Some(name) => format!("{name}={}", code(value)),
            None => code(value),
        });
        arguments.collect::<Vec<_>>().join(", ")
    }
}

/// A value as an expression.
pub(crate) fn code(value: &Value) -> String {
    match value {
        Value::Float(float) => literal::float(*float),
        Value::List(items) => {
            let inner: Vec<String> = items.iter().map(code).collect();
            format!("({}{})", inner.join(", "), if items.len() == 1 { "," } else { "" })
        }
        other => other.to_string(),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, sign: char) -> bool {
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest).trim_start_matches(' ');
        found.is_some()
    }

    /// What goes on until a character that is none of these.
    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !belongs(character)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start_matches(' ');
        word
    }

    /// The name before a `=`.
    fn name(&mut self) -> Option<String> {
        let (name, rest) = self.rest.split_once('=')?;
        literal::is_identifier(name).then(|| {
            self.rest = rest;
            name.to_string()
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if self.skip('(') {
            if depth >= DEEPEST {
                return None;
            }
            let mut items = Vec::new();
            let mut comma = true;
            while !self.skip(')') {
                if !comma {
                    // `(3)` is 3, not a tuple.
                    return None;
                }
                items.push(self.value(depth + 1)?);
                comma = self.skip(',');
                if items.len() == 1 && !comma {
                    return None;
                }
            }
            return Some(Value::List(items));
        }
        if self.rest.starts_with('\'') {
            let (text, rest) = self.rest[1..].split_once('\'')?;
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            self.rest = rest.trim_start_matches(' ');
            return plain.then(|| Value::Text(text.to_string()));
        }
        match self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+')) {
            "None" => Some(Value::None),
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "inf" => Some(Value::Float(f64::INFINITY)),
            "-inf" => Some(Value::Float(f64::NEG_INFINITY)),
            "NaN" => Some(Value::Float(f64::NAN)),
            word => word.parse().ok().map(Value::Int).or_else(|| crate::decimal::parse(word).map(Value::Float)),
        }
    }

    fn comma_or_end(&mut self) -> Option<()> {
        (self.skip(',') || self.rest.is_empty()).then_some(())
    }
}
