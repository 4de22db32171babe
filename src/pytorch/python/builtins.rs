//! Python's built-in functions.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::super::problem::ProblemKind;
use super::host::Host;
use super::value::{Arguments, Dict};
use super::{Interpreter, Run, Value, exceptions};

static NAMES: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
    let functions = [
        "range",
        "len",
        "int",
        "float",
        "str",
        "bool",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "sum",
        "min",
        "max",
        "abs",
        "round",
        "pow",
        "divmod",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "map",
        "filter",
        "any",
        "all",
        "isinstance",
        "issubclass",
        "getattr",
        "setattr",
        "hasattr",
        "delattr",
        "print",
        "type",
        "iter",
        "next",
        "id",
        "repr",
        "callable",
        "vars",
        "open",
        "input",
        "super",
        "object",
        "property",
        "staticmethod",
        "classmethod",
        "slice",
        "globals",
        "locals",
        "eval",
        "exec",
        "hash",
        "chr",
        "ord",
        "bin",
        "hex",
        "oct",
        "format",
        "breakpoint",
        "bytes",
        "exit",
        "NotImplemented",
        "__import__",
        "dir",
        "quit",
    ];
    functions.into_iter().chain(exceptions::names()).collect()
});

pub(crate) fn is_builtin(name: &str) -> bool {
    NAMES.contains(name)
}

impl<H: Host> Interpreter<H> {
    pub(crate) fn call_builtin(&mut self, name: &str, arguments: Arguments<H>) -> Run<Value<H>> {
        let first = arguments.positional.first().cloned();
        let second = arguments.positional.get(1).cloned();
        // What is made of something unknown is unknown, not empty.
        let walked = match name {
            "list" | "tuple" | "set" | "frozenset" | "sum" | "sorted" | "reversed" | "enumerate" | "zip" | "any"
            | "all" | "iter" => arguments.positional.as_slice(),
            "map" | "filter" => arguments.positional.get(1..).unwrap_or_default(),
            _ => &[],
        };
        for value in walked {
            if let Some(unknown) = self.uncounted(value)? {
                return Ok(unknown);
            }
        }
        match (name, first) {
            ("range", _) => self.range(&arguments),
            ("len", Some(value)) => self.length(&value),
            ("int" | "float" | "round" | "abs", Some(value)) => self.number(name, &value, second.as_ref()),
            ("str", Some(value)) => {
                let text = self.shown(&value)?;
                self.new_text(text)
            }
            ("str", None) => Ok(Value::text("")),
            ("repr" | "format", Some(value)) => {
                let text = self.repr(&value)?;
                self.new_text(text)
            }
            ("bool", Some(value)) => Ok(self.truth(&value)?.map_or_else(|| Value::unknown("a condition"), Value::Bool)),
            ("int", None) => Ok(Value::Int(0)),
            ("bool", None) => Ok(Value::Bool(false)),
            ("list" | "tuple" | "set" | "frozenset", first) => {
                let items = match first {
                    Some(value) => self.items(&value)?,
                    None => Vec::new(),
                };
                match name {
                    "list" => self.new_list(items),
                    "tuple" => self.new_tuple(items),
                    _ => self.new_set(items),
                }
            }
            ("dict", _) => self.dict_of(&arguments),
            ("sum", Some(value)) => {
                let mut total = second.or_else(|| arguments.keyword("start").cloned()).unwrap_or(Value::Int(0));
                for item in self.items(&value)? {
                    total = self.binary(&total, super::tree::BinaryOperator::Add, &item)?;
                }
                Ok(total)
            }
            ("min" | "max", Some(first)) => self.extreme(name, first, &arguments),
            ("pow", Some(base)) => {
                let exponent = second.unwrap_or(Value::Int(1));
                self.binary(&base, super::tree::BinaryOperator::Pow, &exponent)
            }
            ("divmod", Some(a)) => {
                let b = second.unwrap_or(Value::Int(1));
                let quotient = self.binary(&a, super::tree::BinaryOperator::FloorDiv, &b)?;
                let rest = self.binary(&a, super::tree::BinaryOperator::Mod, &b)?;
                self.new_tuple(vec![quotient, rest])
            }
            ("sorted", Some(value)) => {
                let items = self.items(&value)?;
                let items = self.sorted(items, &arguments)?;
                self.new_list(items)
            }
            ("reversed", Some(value)) => {
                let mut items = self.items(&value)?;
                items.reverse();
                self.new_list(items)
            }
            ("enumerate", Some(value)) => {
                let start = arguments.get(1, "start").and_then(Value::as_int).unwrap_or(0);
                let items = self.items(&value)?;
                self.allocate(items.len() * 2)?;
                let pairs = items.into_iter().enumerate();
                let pairs = pairs
                    .map(|(index, item)| self.keep(Value::tuple(vec![Value::Int(start + index as i128), item])))
                    .collect();
                self.new_list(pairs)
            }
            ("zip", _) => {
                let mut columns = Vec::new();
                for value in &arguments.positional {
                    columns.push(self.items(value)?.into_iter());
                }
                let mut rows = Vec::new();
                if !columns.is_empty() {
                    while let Some(row) = columns.iter_mut().map(Iterator::next).collect::<Option<Vec<Value<H>>>>() {
                        self.step()?;
                        self.allocate(row.len())?;
                        rows.push(self.keep(Value::tuple(row)));
                    }
                }
                self.new_list(rows)
            }
            ("map" | "filter", Some(function)) => {
                let mut columns = Vec::new();
                for value in arguments.positional.iter().skip(1) {
                    columns.push(self.items(value)?.into_iter());
                }
                let mut results = Vec::new();
                while let Some(row) = columns.iter_mut().map(Iterator::next).collect::<Option<Vec<Value<H>>>>() {
                    if row.is_empty() {
                        break;
                    }
                    if name == "map" {
                        results.push(self.call(&function, Arguments::positional(row))?);
                        continue;
                    }
                    let kept = match &function {
                        Value::None => row[0].clone(),
                        function => self.call(function, Arguments::positional(row.clone()))?,
                    };
                    if self.truth(&kept)? == Some(true) {
                        results.push(row[0].clone());
                    }
                }
                self.new_list(results)
            }
            ("any" | "all", Some(value)) => {
                let any = name == "any";
                for item in self.items(&value)? {
                    match self.truth(&item)? {
                        None => return Ok(Value::unknown("a condition")),
                        Some(truth) if truth == any => return Ok(Value::Bool(any)),
                        Some(_) => {}
                    }
                }
                Ok(Value::Bool(!any))
            }
            ("isinstance", Some(value)) => {
                let classes = second.unwrap_or(Value::None);
                Ok(self.is_instance(&value, &classes)?.map_or_else(|| Value::unknown("a type"), Value::Bool))
            }
            ("issubclass", Some(Value::Class(id))) => Ok(match second {
                Some(Value::Class(other)) => Value::Bool(self.heap.classes[id].order.contains(&other)),
                _ => Value::Bool(H::is_own(self, id)),
            }),
            ("getattr" | "hasattr", Some(object)) => {
                let Some(Value::Text(attribute)) = second else { return Ok(Value::unknown(name)) };
                let found = self.find_attribute(&object, &attribute)?;
                // Any name may be a tensor's method until it is called.
                let found = found.filter(|_| !matches!(object, Value::Tensor(_)) || H::is_of_tensors(&attribute));
                match (name, found, arguments.positional.get(2)) {
                    ("hasattr", found, _) => Ok(Value::Bool(found.is_some())),
                    (_, Some(value), _) => Ok(value),
                    (_, None, Some(default)) => Ok(default.clone()),
                    (_, None, None) => self.attribute(&object, &attribute),
                }
            }
            ("setattr", Some(object)) => {
                if let (Some(Value::Text(attribute)), Some(value)) = (second, arguments.positional.get(2)) {
                    self.set_attribute(&object, &attribute, value.clone())?;
                }
                Ok(Value::None)
            }
            ("type", Some(value)) => Ok(match &value {
                Value::Instance(id) => match (self.heap.instances[*id].class, &self.heap.instances[*id].module) {
                    (Some(class), _) => Value::Class(class),
                    (None, Some(module)) => Value::Library(H::class_of(module)),
                    (None, None) => Value::unknown("a type"),
                },
                Value::Unknown(_) => Value::unknown("a type"),
                other => Value::Library(other.type_name().into()),
            }),
            ("iter", Some(value)) => {
                let items = self.items(&value)?;
                self.new_list(items)
            }
            ("next", Some(value)) => match value {
                Value::List(id) if !self.heap.lists[id].is_empty() => {
                    self.work(self.heap.lists[id].len() / 8)?;
                    Ok(self.heap.lists[id].remove(0))
                }
                Value::List(_) if arguments.positional.len() > 1 => Ok(second.unwrap_or(Value::None)),
                Value::List(_) => self.error(ProblemKind::Raised, "StopIteration", String::new()),
                _ => Ok(Value::unknown("the next item")),
            },
            ("callable", Some(value)) => Ok(Value::Bool(match &value {
                Value::Function(_)
                | Value::Class(_)
                | Value::Method(_)
                | Value::Bound(_)
                | Value::Partial(_)
                | Value::Library(_) => true,
                Value::Instance(id) => self.is_hosted(*id) || self.find_method(*id, "__call__").is_some(),
                _ => false,
            })),
            ("vars", Some(value)) => {
                Ok(self.find_attribute(&value, "__dict__")?.unwrap_or_else(|| Value::unknown("attributes")))
            }
            ("slice", _) => {
                let part = |index: usize| arguments.positional.get(index).cloned().unwrap_or(Value::None);
                let parts = match arguments.positional.len() {
                    1 => [Value::None, part(0), Value::None],
                    _ => [part(0), part(1), part(2)],
                };
                Ok(self.keep(Value::Slice(std::rc::Rc::new(parts))))
            }
            ("chr", Some(value)) => {
                let letter = value.as_int().and_then(|int| u32::try_from(int).ok()).and_then(char::from_u32);
                Ok(letter.map_or_else(|| Value::unknown(name), |letter| Value::text(letter.encode_utf8(&mut [0; 4]))))
            }
            ("ord", Some(Value::Text(text))) => {
                Ok(text.chars().next().map_or_else(|| Value::unknown(name), |letter| Value::Int(letter as i128)))
            }
            ("bin" | "hex" | "oct", Some(Value::Int(int))) if int >= 0 => self.new_text(match name {
                "bin" => format!("{int:#b}"),
                "hex" => format!("{int:#x}"),
                _ => format!("{int:#o}"),
            }),
            ("delattr", Some(object)) => {
                if let Some(Value::Text(attribute)) = second {
                    self.delete_attribute(&object, &attribute);
                }
                Ok(Value::None)
            }
            ("eval", Some(Value::Text(text))) => self.eval_text(&text),
            ("locals" | "globals", _) => {
                let scope = if name == "globals" { self.file_scope() } else { self.scope() };
                let mut dict = Dict::default();
                for (name, value) in &self.heap.scopes[scope].variables {
                    dict.set(Value::Text(name.clone()), value.clone());
                }
                self.new_dict(dict)
            }
            ("id", Some(Value::Instance(id) | Value::List(id))) => Ok(Value::Int(id as i128)),
            ("print" | "exit" | "quit" | "breakpoint", _) => Ok(Value::None),
            _ if name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning") => {
                let message = match arguments.positional.first() {
                    Some(value) => self.shown(&value.clone())?,
                    None => String::new(),
                };
                let message: String = message.chars().take(300).collect();
                Ok(Value::exception(name, &message))
            }
            _ => Ok(Value::unknown(name)),
        }
    }

    pub(crate) fn dict_of(&mut self, arguments: &Arguments<H>) -> Run<Value<H>> {
        let dict = self.new_dict(Dict::default())?;
        self.call_bound(&dict, "update", arguments.clone())?;
        Ok(dict)
    }
}
