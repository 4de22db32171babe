//! Texts: their methods, and how values are shown in them.

use super::host::Host;
use super::{Interpreter, Run, Value};

const TEXT: &[&str] = &[
    "format",
    "join",
    "split",
    "rsplit",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "replace",
    "startswith",
    "endswith",
    "capitalize",
    "title",
    "isdigit",
    "find",
    "count",
    "zfill",
    "splitlines",
    "encode",
    "isalpha",
];
const LIST: &[&str] = &[
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "index",
    "count",
    "reverse",
    "sort",
    "copy",
    "clear",
    "popleft",
    "appendleft",
];
const DICT: &[&str] = &["keys", "values", "items", "get", "update", "pop", "setdefault", "copy", "clear", "popitem"];
const SET: &[&str] = &[
    "add",
    "update",
    "union",
    "discard",
    "remove",
    "copy",
    "pop",
    "clear",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "isdisjoint",
];

/// Whether a built-in type has a method.
pub(crate) fn has_method<H: Host>(object: &Value<H>, name: &str) -> bool {
    match object {
        Value::Text(_) => TEXT.contains(&name),
        Value::List(_) => LIST.contains(&name),
        Value::Tuple(_) => matches!(name, "index" | "count" | "numel"),
        Value::Dict(_) => DICT.contains(&name),
        Value::Set(_) => SET.contains(&name),
        Value::Int(_) | Value::Float(_) => matches!(name, "is_integer" | "bit_length" | "item"),
        _ => false,
    }
}

impl<H: Host> Interpreter<H> {
    /// A value as Python shows it.
    pub(crate) fn shown_value(&mut self, value: &Value<H>) -> String {
        self.repr(value).unwrap_or_default()
    }

    /// As `repr` shows it.
    pub(crate) fn repr(&mut self, value: &Value<H>) -> Run<String> {
        match value {
            Value::Text(text) => Ok(format!("'{text}'")),
            other => self.shown(other),
        }
    }

    /// As `str` shows it; long values are cut.
    pub(crate) fn shown(&mut self, value: &Value<H>) -> Run<String> {
        self.step()?;
        self.deeper()?;
        let text = match value {
            Value::None => "None".to_string(),
            Value::Ellipsis => "Ellipsis".to_string(),
            Value::Bool(true) => "True".to_string(),
            Value::Bool(false) => "False".to_string(),
            Value::Int(int) => int.to_string(),
            Value::Float(float) => format!("{float:?}"),
            Value::Text(text) => text.to_string(),
            Value::Tuple(_) | Value::List(_) | Value::Set(_) => {
                let items = self.items(value)?;
                let mut parts = Vec::new();
                for item in items.iter().take(100) {
                    parts.push(self.repr(item)?);
                }
                let inner = parts.join(", ");
                match value {
                    Value::List(_) => format!("[{inner}]"),
                    Value::Set(_) => format!("{{{inner}}}"),
                    _ if items.len() == 1 => format!("({inner},)"),
                    _ => format!("({inner})"),
                }
            }
            Value::Class(id) => self.heap.classes[*id].name.to_string(),
            Value::Library(name) => name.to_string(),
            // No two of them are the same text.
            Value::Unknown(_) => format!("<unknown {}>", self.steps()),
            other => format!("<{}>", self.type_of(other)),
        };
        self.shallower();
        self.allocate(text.len() / 16)?;
        Ok(text)
    }

    /// As a format such as `02d` or `.3f` shows it.
    pub(crate) fn formatted(&mut self, value: &Value<H>, format: &str) -> Run<String> {
        if format.is_empty() {
            return self.shown(value);
        }
        let (body, kind) = match format.char_indices().last() {
            Some((at, kind)) if kind.is_ascii_alphabetic() || kind == '%' => (&format[..at], Some(kind)),
            _ => (format, None),
        };
        let (width, precision) = body.split_once('.').map_or((body, None), |(width, rest)| (width, rest.parse().ok()));
        let precision: Option<usize> = precision.map(|digits: usize| digits.min(30));
        let text = match (value, kind) {
            (Value::Int(_) | Value::Float(_) | Value::Bool(_), Some('f' | 'F')) => {
                format!("{:.*}", precision.unwrap_or(6), value.as_float().unwrap_or(0.0))
            }
            (Value::Int(_) | Value::Float(_), Some('e')) => format!("{:e}", value.as_float().unwrap_or(0.0)),
            (Value::Float(float), None) if precision.is_some() => format!("{:.*}", precision.unwrap_or(6), float),
            _ => self.shown(value)?,
        };
        let zero = width.starts_with('0');
        let digits: String = width.chars().filter(char::is_ascii_digit).collect();
        let width = digits.parse::<usize>().unwrap_or(0).min(200);
        Ok(if zero { format!("{text:0>width$}") } else { format!("{text:>width$}") })
    }

    /// `'conv%d' % 3`.
    pub(crate) fn percent_format(&mut self, text: &str, values: &[Value<H>]) -> Run<Value<H>> {
        let mut result = String::new();
        let mut values = values.iter();
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            if character != '%' {
                result.push(character);
                continue;
            }
            let mut format = String::new();
            while let Some(&next) = rest.peek() {
                rest.next();
                if next == '%' && format.is_empty() {
                    result.push('%');
                    break;
                }
                if next.is_ascii_alphabetic() {
                    if let Some(value) = values.next() {
                        let kind = if matches!(next, 'f' | 'e') { next.to_string() } else { String::new() };
                        result.push_str(&self.formatted(value, &format!("{format}{kind}"))?);
                    }
                    break;
                }
                format.push(next);
            }
        }
        self.new_text(result)
    }

    /// `'layer{}'.format(1)`.
    fn brace_format(&mut self, text: &str, arguments: &super::value::Arguments<H>) -> Run<Value<H>> {
        let mut result = String::new();
        let mut next = 0;
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            result.push_str(&rest[..open]);
            let brace = rest.as_bytes()[open];
            if rest.as_bytes().get(open + 1) == Some(&brace) {
                result.push(char::from(brace));
                rest = &rest[open + 2..];
                continue;
            }
            let Some(close) = rest[open..].find('}').map(|at| open + at).filter(|_| brace == b'{') else {
                rest = &rest[open + 1..];
                continue;
            };
            let (field, format) = rest[open + 1..close].split_once(':').unwrap_or((&rest[open + 1..close], ""));
            let value = if field.is_empty() {
                next += 1;
                arguments.positional.get(next - 1)
            } else if let Ok(index) = field.parse::<usize>() {
                arguments.positional.get(index)
            } else {
                arguments.keyword(field)
            };
            if let Some(value) = value.cloned() {
                result.push_str(&self.formatted(&value, format)?);
            }
            rest = &rest[close + 1..];
            self.step()?;
        }
        result.push_str(rest);
        self.new_text(result)
    }

    pub(crate) fn call_text_method(
        &mut self,
        text: &str,
        name: &str,
        arguments: &super::value::Arguments<H>,
    ) -> Run<Value<H>> {
        self.work(text.len() / 8)?;
        let argument = |index: usize| match arguments.positional.get(index) {
            Some(Value::Text(text)) => Some(text.to_string()),
            _ => None,
        };
        let first = argument(0);
        Ok(match name {
            "format" => return self.brace_format(text, arguments),
            "join" => {
                let items = arguments.positional.first().cloned().unwrap_or(Value::None);
                let mut parts = Vec::new();
                for item in self.items(&items)? {
                    parts.push(self.shown(&item)?);
                }
                self.allocate(parts.len().saturating_mul(text.len()) / 16)?;
                return self.new_text(parts.join(text));
            }
            "split" | "rsplit" | "splitlines" => {
                let parts: Vec<Value<H>> = match &first {
                    Some(separator) if !separator.is_empty() => {
                        text.split(separator.as_str()).map(Value::text).collect()
                    }
                    _ => text.split_whitespace().map(Value::text).collect(),
                };
                return self.new_list(parts);
            }
            "strip" | "lstrip" | "rstrip" => Value::text(text.trim()),
            "lower" => Value::Text(text.to_lowercase().into()),
            "upper" => Value::Text(text.to_uppercase().into()),
            "capitalize" | "title" => {
                let mut letters = text.chars();
                let start: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
                Value::Text(format!("{start}{}", letters.as_str()).into())
            }
            "replace" => match (first, argument(1)) {
                (Some(from), Some(to)) if !from.is_empty() => {
                    self.allocate(text.matches(from.as_str()).count().saturating_mul(to.len()) / 16)?;
                    return self.new_text(text.replace(from.as_str(), &to));
                }
                _ => Value::text(text),
            },
            "startswith" => Value::Bool(first.is_some_and(|first| text.starts_with(first.as_str()))),
            "endswith" => Value::Bool(first.is_some_and(|first| text.ends_with(first.as_str()))),
            "isdigit" => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
            "isalpha" => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
            "find" => Value::Int(first.and_then(|first| text.find(first.as_str())).map_or(-1, |at| at as i128)),
            "count" => Value::Int(first.map_or(0, |first| text.matches(first.as_str()).count() as i128)),
            "zfill" => {
                let width = arguments.positional.first().and_then(Value::as_i64).unwrap_or(0).clamp(0, 1000) as usize;
                Value::Text(format!("{text:0>width$}").into())
            }
            _ => Value::unknown(name),
        })
    }
}
