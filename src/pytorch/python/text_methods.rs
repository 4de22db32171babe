//! Texts: their methods, and how values are shown in them.

use super::super::problem::ProblemKind;
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
    "isalnum",
    "isnumeric",
    "isspace",
    "isupper",
    "islower",
    "rfind",
    "index",
    "partition",
    "rpartition",
    "removeprefix",
    "removesuffix",
    "casefold",
    "swapcase",
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
            "splitlines" => return self.new_list(text.lines().map(Value::text).collect()),
            "split" | "rsplit" => {
                let most = arguments.get(1, "maxsplit").and_then(Value::as_i64);
                let most = most.and_then(|most| usize::try_from(most).ok()).map_or(usize::MAX, |most| most + 1);
                let separator = first.or_else(|| match arguments.get(0, "sep") {
                    Some(Value::Text(text)) => Some(text.to_string()),
                    _ => None,
                });
                let parts: Vec<&str> = match (separator.as_deref(), name) {
                    (Some(""), _) => {
                        let message = "empty separator".to_string();
                        return self.error(ProblemKind::Raised, "ValueError", message);
                    }
                    (Some(separator), "split") => text.splitn(most, separator).collect(),
                    (Some(separator), _) => {
                        let mut parts: Vec<&str> = text.rsplitn(most, separator).collect();
                        parts.reverse();
                        parts
                    }
                    (None, "split") if most < usize::MAX => split_at_spaces(text, most),
                    (None, _) => text.split_whitespace().collect(),
                };
                self.allocate(2 * parts.len() + text.len() / 16)?;
                return self.new_list(parts.into_iter().map(Value::text).collect());
            }
            "partition" | "rpartition" => {
                let Some(separator) = first else { return Ok(Value::unknown(name)) };
                let found = if name == "partition" { text.find(&separator) } else { text.rfind(&separator) };
                let (before, middle, behind) = match found {
                    Some(at) => (&text[..at], separator.as_str(), &text[at + separator.len()..]),
                    None if name == "partition" => (text, "", ""),
                    None => ("", "", text),
                };
                return self.new_tuple([before, middle, behind].map(Value::text).to_vec());
            }
            "strip" | "lstrip" | "rstrip" => {
                let goes = |letter: char| match &first {
                    Some(letters) => letters.contains(letter),
                    None => letter.is_whitespace(),
                };
                Value::text(match name {
                    "lstrip" => text.trim_start_matches(goes),
                    "rstrip" => text.trim_end_matches(goes),
                    _ => text.trim_matches(goes),
                })
            }
            "removeprefix" => Value::text(first.and_then(|first| text.strip_prefix(first.as_str())).unwrap_or(text)),
            "removesuffix" => Value::text(first.and_then(|first| text.strip_suffix(first.as_str())).unwrap_or(text)),
            "lower" | "casefold" => Value::Text(text.to_lowercase().into()),
            "swapcase" => {
                let swapped = text.chars().map(|letter| match letter.is_uppercase() {
                    true => letter.to_lowercase().to_string(),
                    false => letter.to_uppercase().to_string(),
                });
                Value::Text(swapped.collect::<String>().into())
            }
            "upper" => Value::Text(text.to_uppercase().into()),
            "capitalize" => Value::Text(capitalized(text).into()),
            "title" => {
                let words = text.split_inclusive(|letter: char| !letter.is_alphabetic());
                Value::Text(words.map(capitalized).collect::<String>().into())
            }
            "replace" => match (first, argument(1)) {
                (Some(from), Some(to)) if !from.is_empty() => {
                    self.allocate(text.matches(from.as_str()).count().saturating_mul(to.len()) / 16)?;
                    return self.new_text(text.replace(from.as_str(), &to));
                }
                _ => Value::text(text),
            },
            "startswith" | "endswith" => {
                let fits =
                    |part: &str| if name == "startswith" { text.starts_with(part) } else { text.ends_with(part) };
                match arguments.positional.first() {
                    Some(Value::Text(part)) => Value::Bool(fits(part)),
                    Some(Value::Tuple(parts)) if parts.iter().all(|part| matches!(part, Value::Text(_))) => {
                        Value::Bool(parts.iter().any(|part| matches!(part, Value::Text(part) if fits(part))))
                    }
                    _ => Value::unknown(name),
                }
            }
            "isalnum" => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphanumeric)),
            "isspace" => Value::Bool(!text.is_empty() && text.chars().all(char::is_whitespace)),
            "isupper" => Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)),
            "islower" => Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)),
            "isdigit" | "isnumeric" => Value::Bool(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
            "isalpha" => Value::Bool(!text.is_empty() && text.chars().all(char::is_alphabetic)),
            "find" | "rfind" | "index" => {
                let Some(part) = first else { return Ok(Value::unknown(name)) };
                let found = if name == "rfind" { text.rfind(&part) } else { text.find(&part) };
                match found {
                    Some(at) => Value::Int(text[..at].chars().count() as i128),
                    None if name == "index" => {
                        let message = "substring not found".to_string();
                        return self.error(ProblemKind::Raised, "ValueError", message);
                    }
                    None => Value::Int(-1),
                }
            }
            "count" => Value::Int(first.map_or(0, |first| text.matches(first.as_str()).count() as i128)),
            "zfill" => {
                let width = arguments.positional.first().and_then(Value::as_i64).unwrap_or(0).clamp(0, 1000) as usize;
                Value::Text(format!("{text:0>width$}").into())
            }
            _ => Value::unknown(name),
        })
    }
}

/// Split at white space into so many parts at most.
fn split_at_spaces(text: &str, most: usize) -> Vec<&str> {
    let mut rest = text.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let end = if parts.len() + 1 < most { rest.find(char::is_whitespace) } else { None };
        let (part, behind) = rest.split_at(end.unwrap_or(rest.len()));
        parts.push(part);
        rest = behind.trim_start();
    }
    parts
}

/// The first letter large, the others small.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let start: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    start + &letters.as_str().to_lowercase()
}
