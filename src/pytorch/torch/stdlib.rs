//! Python's own libraries as model files use them: `re`, `json`, `inspect`, `string`.

use std::rc::Rc;

use regex_lite::Regex;

use super::{Arguments, Machine, Value};
use crate::pytorch::python::Run;
use crate::pytorch::python::value::Dict;

/// Values may stand in each other in JSON as deep as this.
const DEEPEST_JSON: u32 = 40;
/// Longer patterns and texts are not searched.
const LONGEST: usize = 20_000;

/// A constant of such a library.
pub(crate) fn constant(path: &str) -> Option<Value> {
    let lower = "abcdefghijklmnopqrstuvwxyz";
    Some(match path {
        "string.ascii_lowercase" => Value::text(lower),
        "string.ascii_uppercase" => Value::text(&lower.to_uppercase()),
        "string.ascii_letters" => Value::text(&format!("{lower}{}", lower.to_uppercase())),
        "string.digits" => Value::text("0123456789"),
        _ => return None,
    })
}

impl Machine {
    /// A function of such a library; `None`: it is none that is known here.
    pub(crate) fn call_stdlib(&mut self, path: &str, arguments: &Arguments) -> Run<Option<Value>> {
        let first = arguments.positional.first();
        Ok(Some(match path {
            "inspect.isfunction" | "inspect.ismethod" | "inspect.isclass" | "inspect.isbuiltin"
            | "inspect.ismodule" => match first {
                None | Some(Value::Unknown(_)) => Value::unknown("a type"),
                Some(value) => Value::Bool(is_of(path, value)),
            },
            "json.loads" => match first {
                Some(Value::Text(text)) => {
                    self.work(text.len() / 4)?;
                    let text = text.clone();
                    let mut reader = Json { rest: &text, depth: 0 };
                    reader.value(self)?.unwrap_or_else(|| Value::unknown("json.loads"))
                }
                _ => Value::unknown(path),
            },
            "ast.literal_eval" => self.call_builtin("eval", arguments.clone())?,
            "re.compile" => first.cloned().unwrap_or(Value::None),
            "re.split" | "re.findall" | "re.match" | "re.search" | "re.fullmatch" | "re.sub" => {
                self.search_text(path, arguments)?
            }
            _ => return Ok(None),
        }))
    }

    fn search_text(&mut self, path: &str, arguments: &Arguments) -> Run<Value> {
        let at = if path == "re.sub" { 2 } else { 1 };
        let (Some(Value::Text(pattern)), Some(Value::Text(text))) =
            (arguments.get(0, "pattern"), arguments.get(at, "string"))
        else {
            return Ok(Value::unknown(path));
        };
        let (pattern, text) = (pattern.clone(), text.clone());
        if pattern.len() > 500 || text.len() > LONGEST {
            return Ok(Value::unknown(path));
        }
        // Linear in both, as this library's automata are.
        self.work(pattern.len().saturating_mul(text.len()) / 16 + pattern.len())?;
        let anchored = match path {
            "re.match" => format!("^(?:{pattern})"),
            "re.fullmatch" => format!("^(?:{pattern})$"),
            _ => pattern.to_string(),
        };
        let Ok(regex) = Regex::new(&anchored) else { return Ok(Value::unknown(path)) };
        let groups = regex.captures_len() - 1;
        let group = |captures: &regex_lite::Captures, index: usize| {
            captures.get(index).map_or(Value::None, |found| Value::text(found.as_str()))
        };
        let mut items = Vec::new();
        match path {
            "re.sub" => {
                let Some(Value::Text(by)) = arguments.get(1, "repl") else { return Ok(Value::unknown(path)) };
                let by = by.replace('$', "$$").replace("\\1", "${1}").replace("\\2", "${2}");
                return self.new_text(regex.replace_all(&text, by.as_str()).into_owned());
            }
            "re.findall" => {
                for captures in regex.captures_iter(&text) {
                    items.push(match groups {
                        0 => group(&captures, 0),
                        1 => group(&captures, 1),
                        _ => self.new_tuple((1..=groups).map(|index| group(&captures, index)).collect())?,
                    });
                }
            }
            "re.split" => {
                let mut start = 0;
                for captures in regex.captures_iter(&text) {
                    let Some(whole) = captures.get(0).filter(|whole| !whole.range().is_empty()) else { continue };
                    items.push(Value::text(&text[start..whole.start()]));
                    items.extend((1..=groups).map(|index| group(&captures, index)));
                    start = whole.end();
                }
                items.push(Value::text(&text[start..]));
            }
            _ => {
                let Some(captures) = regex.captures(&text) else { return Ok(Value::None) };
                let all: Vec<Value> = (0..=groups).map(|index| group(&captures, index)).collect();
                return self.found(&regex, all);
            }
        }
        self.allocate(text.len() / 8)?;
        self.new_list(items)
    }

    /// A match: `m[1]`, `m.group(1)`, `m.groups()`.
    fn found(&mut self, regex: &Regex, groups: Vec<Value>) -> Run<Value> {
        let mut dict = Dict::default();
        for (index, group) in groups.iter().enumerate() {
            dict.set(Value::Int(index as i128), group.clone());
        }
        for (name, group) in regex.capture_names().zip(&groups) {
            if let Some(name) = name {
                dict.set(Value::text(name), group.clone());
            }
        }
        let by_place = self.new_dict(dict)?;
        let getter = Value::Bound(Rc::new((by_place.clone(), Rc::from("group"))));
        let rest = self.new_tuple(groups.get(1..).unwrap_or_default().to_vec())?;
        let giver = Value::Partial(Rc::new((
            Value::Library(Rc::from("typing.cast")),
            Arguments::positional(vec![Value::None, rest]),
        )));
        let giver = self.keep(giver);
        let getter = self.keep(getter);
        self.named(by_place, [("group", getter), ("groups", giver)])
    }
}

fn is_of(path: &str, value: &Value) -> bool {
    match path {
        "inspect.isfunction" => matches!(value, Value::Function(_)),
        "inspect.ismethod" => matches!(value, Value::Method(_)),
        "inspect.isbuiltin" => matches!(value, Value::Bound(_)),
        "inspect.ismodule" => false,
        _ => match value {
            Value::Class(_) => true,
            Value::Library(path) => {
                path.rsplit('.').next().is_some_and(|name| name.starts_with(|first: char| first.is_uppercase()))
            }
            _ => false,
        },
    }
}

/// JSON, read from the left.
struct Json<'a> {
    rest: &'a str,
    depth: u32,
}

impl Json<'_> {
    fn take(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `None`: it is no JSON.
    fn value(&mut self, machine: &mut Machine) -> Run<Option<Value>> {
        machine.step()?;
        self.depth += 1;
        let value = if self.depth > DEEPEST_JSON { None } else { self.value_here(machine)? };
        self.depth -= 1;
        Ok(value)
    }

    fn value_here(&mut self, machine: &mut Machine) -> Run<Option<Value>> {
        if self.take('[') {
            let mut items = Vec::new();
            while !self.take(']') {
                let Some(item) = self.value(machine)? else { return Ok(None) };
                items.push(item);
                if !self.take(',') && !self.rest.trim_start().starts_with(']') {
                    return Ok(None);
                }
            }
            return machine.new_list(items).map(Some);
        }
        if self.take('{') {
            let mut dict = Dict::default();
            while !self.take('}') {
                let Some(key) = self.value(machine)? else { return Ok(None) };
                if !self.take(':') {
                    return Ok(None);
                }
                let Some(item) = self.value(machine)? else { return Ok(None) };
                dict.set(key, item);
                if !self.take(',') && !self.rest.trim_start().starts_with('}') {
                    return Ok(None);
                }
            }
            return machine.new_dict(dict).map(Some);
        }
        if self.take('"') {
            let Some(end) = self.rest.find('"') else { return Ok(None) };
            let text = self.rest[..end].to_string();
            self.rest = &self.rest[end + 1..];
            return if text.contains('\\') { Ok(None) } else { machine.new_text(text).map(Some) };
        }
        let end = self.rest.find([',', ']', '}', ' ', '\n']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(match word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::None),
            word => match (word.parse::<i64>(), word.parse::<f64>()) {
                (Ok(int), _) => Some(Value::Int(int.into())),
                (_, Ok(float)) => Some(Value::Float(float)),
                _ => None,
            },
        })
    }
}
