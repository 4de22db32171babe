//! Objects of the library's classes, and copies of objects.

use std::collections::HashMap;
use std::rc::Rc;

use super::host::Host;
use super::tree::{Block, ClassDefinition, Name};
use super::value::{Arguments, Class};
use super::{Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    /// `namedtuple('Layer', 'out stride')`: a class with fields.
    pub(crate) fn named_tuple(&mut self, arguments: &Arguments<H>) -> Run<Value<H>> {
        let (Some(Value::Text(name)), Some(fields)) =
            (arguments.get(0, "typename").cloned(), arguments.get(1, "field_names").cloned())
        else {
            return Ok(Value::unknown("collections.namedtuple"));
        };
        let fields: Vec<Name> = match fields {
            Value::Text(text) => {
                text.split([' ', ',']).filter(|field| !field.is_empty()).take(100).map(Rc::from).collect()
            }
            fields => {
                let texts = self.items(&fields)?.into_iter();
                texts.filter_map(|field| if let Value::Text(name) = field { Some(name) } else { None }).collect()
            }
        };
        // The last fields have the defaults.
        let mut attributes = HashMap::new();
        if let Some(defaults) = arguments.keyword("defaults").cloned() {
            let defaults = self.items(&defaults)?;
            attributes.extend(fields.iter().rev().cloned().zip(defaults.into_iter().rev()));
        }
        self.allocate(16 + fields.len())?;
        let id = self.heap.classes.len();
        let definition = ClassDefinition {
            name: name.clone(),
            line: self.line,
            last_line: self.line,
            bases: Vec::new(),
            body: Block::from([]),
            decorators: Vec::new(),
        };
        self.heap.classes.push(Class {
            name,
            definition: Rc::new(definition),
            order: vec![id],
            library_base: Some(Rc::from("typing.NamedTuple")),
            attributes,
            is_dataclass: false,
            fields,
        });
        Ok(Value::Class(id))
    }

    /// `_replace(width=8)` and `_asdict()` of a named tuple.
    pub(crate) fn named_fields(&mut self, id: super::Id, name: &str, arguments: Arguments<H>) -> Run<Value<H>> {
        let Some(class) = self.heap.instances[id].class else { return Ok(Value::unknown(name)) };
        let fields = self.heap.classes[class].fields.clone();
        let mut keywords = Vec::with_capacity(fields.len());
        for field in fields {
            let own = self.heap.instances[id].attributes.get(&field).cloned().unwrap_or(Value::None);
            let value = arguments.keyword(&field).cloned().unwrap_or(own);
            keywords.push((field, value));
        }
        if name == "_replace" {
            return self.instantiate(class, Arguments { positional: Vec::new(), keywords });
        }
        let mut dict = super::value::Dict::default();
        for (field, value) in keywords {
            dict.set(Value::Text(field), value);
        }
        self.new_dict(dict)
    }

    /// An object with the attributes that it was given.
    pub(crate) fn namespace(&mut self, arguments: &Arguments<H>) -> Run<Value<H>> {
        self.allocate(8)?;
        let mut attributes: std::collections::HashMap<_, _> = arguments.keywords.iter().cloned().collect();
        if let Some(Value::Dict(id)) = arguments.positional.first() {
            for (key, value) in &self.heap.dicts[*id].pairs {
                if let Value::Text(name) = key {
                    attributes.insert(name.clone(), value.clone());
                }
            }
        }
        self.heap.instances.push(super::value::Instance {
            class: None,
            attributes,
            module: None,
            inner: None,
            line: self.line,
        });
        Ok(Value::Instance(self.heap.instances.len() - 1))
    }

    /// A copy, with copies of the modules in it.
    pub(crate) fn copy(&mut self, value: &Value<H>, depth: u32) -> Run<Value<H>> {
        self.step()?;
        if depth > 40 {
            return Ok(value.clone());
        }
        match value {
            Value::List(_) | Value::Tuple(_) => {
                let mut items = Vec::new();
                for item in self.items(value)? {
                    items.push(self.copy(&item, depth + 1)?);
                }
                if matches!(value, Value::List(_)) { self.new_list(items) } else { self.new_tuple(items) }
            }
            Value::Dict(id) => {
                let mut dict = super::value::Dict::default();
                for (key, value) in self.heap.dicts[*id].pairs.clone() {
                    let value = self.copy(&value, depth + 1)?;
                    dict.set(key, value);
                }
                self.new_dict(dict)
            }
            Value::Instance(id) if self.is_hosted(*id) => Ok(Value::Instance(H::copy(self, *id, depth)?)),
            other => Ok(other.clone()),
        }
    }
}
