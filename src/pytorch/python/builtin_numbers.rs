//! Python's built-in functions of numbers and lengths.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::operators::range_length;
use super::value::Arguments;
use super::{Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn range(&mut self, arguments: &Arguments<H>) -> Run<Value<H>> {
        let mut bounds = Vec::new();
        for value in &arguments.positional {
            match value.as_int() {
                Some(int) => bounds.push(int),
                None if matches!(value, Value::Unknown(_)) => return Ok(Value::unknown("a range")),
                None => {
                    let found = self.type_of(value);
                    let message = format!("'{found}' object cannot be interpreted as an integer");
                    return self.error(ProblemKind::Raised, "TypeError", message);
                }
            }
        }
        let range = match *bounds.as_slice() {
            [stop] => [0, stop, 1],
            [start, stop] => [start, stop, 1],
            [start, stop, step] if step != 0 => [start, stop, step],
            _ => {
                let message = "range() arg 3 must not be zero".to_string();
                return self.error(ProblemKind::Raised, "ValueError", message);
            }
        };
        Ok(Value::Range(std::rc::Rc::new(range)))
    }

    pub(crate) fn length(&mut self, value: &Value<H>) -> Run<Value<H>> {
        let length = match value {
            Value::Text(text) => text.chars().count() as i128,
            Value::Tuple(items) => items.len() as i128,
            Value::List(id) => self.heap.lists[*id].len() as i128,
            Value::Dict(id) | Value::Set(id) => self.heap.dicts[*id].pairs.len() as i128,
            Value::Range(range) => range_length(range),
            Value::Tensor(_) => {
                return Ok(H::length(self, value)?.unwrap_or_else(|| Value::unknown("a length")));
            }
            Value::Instance(id) => {
                if let Some(length) = H::length(self, value)? {
                    return Ok(length);
                }
                if let Some(inner) = self.heap.instances[*id].inner.clone() {
                    return self.length(&inner);
                }
                return match self.find_method(*id, "__len__") {
                    Some(method) => self.call(&method, Arguments::default()),
                    None => Ok(Value::unknown("a length")),
                };
            }
            Value::Unknown(_) => return Ok(Value::unknown("a length")),
            other => {
                let found = self.type_of(other);
                return self.error(ProblemKind::Raised, "TypeError", format!("object of type '{found}' has no len()"));
            }
        };
        Ok(Value::Int(length))
    }

    pub(crate) fn number(&mut self, name: &str, value: &Value<H>, second: Option<&Value<H>>) -> Run<Value<H>> {
        if let Value::Text(text) = value {
            let text = text.trim();
            let parsed = match name {
                "int" => text.parse().ok().map(Value::Int),
                _ => text.parse().ok().map(Value::Float),
            };
            return match parsed {
                Some(value) => Ok(value),
                None => {
                    let message =
                        format!("invalid literal for {name}(): '{}'", text.chars().take(60).collect::<String>());
                    self.error(ProblemKind::Raised, "ValueError", message)
                }
            };
        }
        if let (Value::Tensor(_), "abs") = (value, name) {
            return H::method(self, value, "abs", Arguments::default());
        }
        let int = value.as_int();
        let Some(float) = value.as_float() else { return Ok(Value::unknown("a number")) };
        Ok(match (name, int) {
            ("abs", Some(int)) => Value::Int(int.abs()),
            ("abs", None) => Value::Float(float.abs()),
            ("float", _) => Value::Float(float),
            ("int" | "round", Some(int)) => Value::Int(int),
            ("round", None) => match second.and_then(Value::as_i64) {
                Some(digits) => {
                    let scale = 10_f64.powi(digits.clamp(-300, 300) as i32);
                    Value::Float(round_half_even(float * scale) / scale)
                }
                None => return self.whole(round_half_even(float)),
            },
            _ => return self.whole(float.trunc()),
        })
    }

    pub(crate) fn whole(&mut self, float: f64) -> Run<Value<H>> {
        if !float.is_finite() || float.abs() > 1e30 {
            return self.error(ProblemKind::Raised, "OverflowError", "cannot convert float to integer".to_string());
        }
        Ok(Value::Int(float as i128))
    }

    pub(crate) fn extreme(&mut self, name: &str, first: Value<H>, arguments: &Arguments<H>) -> Run<Value<H>> {
        let items = if arguments.positional.len() == 1 { self.items(&first)? } else { arguments.positional.clone() };
        let key = arguments.keyword("key").cloned();
        let mut best: Option<(Value<H>, Value<H>)> = None;
        for item in items {
            if matches!(item, Value::Unknown(_)) {
                return Ok(item);
            }
            let by = match &key {
                Some(key) => self.call(key, Arguments::positional(vec![item.clone()]))?,
                None => item.clone(),
            };
            let better = match &best {
                None => true,
                Some((best, _)) => match self.order(&by, best)? {
                    Some(order) => {
                        if name == "max" {
                            order.is_gt()
                        } else {
                            order.is_lt()
                        }
                    }
                    None => false,
                },
            };
            if better {
                best = Some((by, item));
            }
        }
        match best.map(|(_, item)| item).or_else(|| arguments.keyword("default").cloned()) {
            Some(value) => Ok(value),
            None => self.error(ProblemKind::Raised, "ValueError", format!("{name}() arg is an empty sequence")),
        }
    }
}

fn round_half_even(float: f64) -> f64 {
    let rounded = float.round();
    if (float - float.trunc()).abs() == 0.5 && rounded % 2.0 != 0.0 { rounded - float.signum() } else { rounded }
}
