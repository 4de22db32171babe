//! Objects of the library's classes, and copies of objects.

use std::collections::HashMap;
use std::rc::Rc;

use super::tree::{Block, ClassDefinition, Name};
use super::value::{Arguments, Class};
use super::{Id, Machine, ModuleKind, Run, Value};

impl Machine {
    /// `namedtuple('Layer', 'out stride')`: a class with fields.
    pub(crate) fn named_tuple(&mut self, arguments: &Arguments) -> Run<Value> {
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

    /// An object with the attributes that it was given.
    pub(crate) fn namespace(&mut self, arguments: &Arguments) -> Run<Value> {
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
    pub(crate) fn copy(&mut self, value: &Value, depth: u32) -> Run<Value> {
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
            Value::Instance(id) if self.is_module(*id) => Ok(Value::Instance(self.copy_module(*id, depth)?)),
            other => Ok(other.clone()),
        }
    }

    fn copy_module(&mut self, id: Id, depth: u32) -> Run<Id> {
        self.step()?;
        if depth > 60 {
            return Ok(id);
        }
        let class = self.module(id).map(|module| module.class.clone()).unwrap_or_else(|| Rc::from(""));
        let copy = self.new_library_module(&class, ModuleKind::User)?;
        let source = &self.heap.instances[id];
        let (own_class, attributes) = (source.class, source.attributes.clone());
        self.allocate(attributes.len() * 3)?;
        let Some(module) = self.module(id) else { return Ok(copy) };
        let kind = match &module.kind {
            ModuleKind::User => ModuleKind::User,
            ModuleKind::Sequential => ModuleKind::Sequential,
            ModuleKind::List => ModuleKind::List,
            ModuleKind::Dict => ModuleKind::Dict,
            ModuleKind::ParameterList => ModuleKind::ParameterList,
            ModuleKind::Leaf(leaf) => ModuleKind::Leaf(leaf.clone()),
        };
        let (children, parameters, buffers) =
            (module.children.clone(), module.parameters.clone(), module.buffers.clone());
        let mut new_children = Vec::new();
        for (name, child) in children {
            let child = match child {
                Some(child) => Some(self.copy_module(child, depth + 1)?),
                None => None,
            };
            if let Some(child) = child.and_then(|child| self.heap.instances[child].module.as_mut()) {
                child.has_parent = true;
            }
            new_children.push((name, child));
        }
        let copied = |entries: Vec<(Rc<str>, Id)>, machine: &mut Self| -> Run<Vec<(Rc<str>, Id)>> {
            let mut new = Vec::new();
            for (name, parameter) in entries {
                let data = machine.heap.parameters[parameter].clone();
                machine.allocate(3)?;
                machine.heap.parameters.push(data);
                new.push((name, machine.heap.parameters.len() - 1));
            }
            Ok(new)
        };
        let parameters = copied(parameters, self)?;
        let buffers = copied(buffers, self)?;
        let instance = &mut self.heap.instances[copy];
        instance.class = own_class;
        instance.attributes = attributes;
        if let Some(module) = &mut instance.module {
            module.initialised = true;
            module.kind = kind;
            module.children = new_children;
            module.parameters = parameters;
            module.buffers = buffers;
        }
        Ok(copy)
    }
}
