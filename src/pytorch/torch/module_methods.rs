//! What modules have besides their layers: items, attributes, and the methods of `nn.Module`.

use std::rc::Rc;

use super::super::python::{Id, Run};
use super::module_state::{ModuleKind, ModuleState, plain_argument};
use super::tensor::TensorSource;
use super::{Arguments, Machine, Value};
use crate::model::Value as Plain;

const METHODS: &[&str] = &[
    "forward",
    "parameters",
    "named_parameters",
    "modules",
    "named_modules",
    "children",
    "named_children",
    "apply",
    "to",
    "cuda",
    "cpu",
    "train",
    "eval",
    "float",
    "half",
    "double",
    "bfloat16",
    "register_buffer",
    "register_parameter",
    "add_module",
    "register_module",
    "state_dict",
    "load_state_dict",
    "zero_grad",
    "requires_grad_",
    "append",
    "extend",
    "insert",
    "keys",
    "values",
    "items",
    "update",
    "pop",
    "buffers",
    "named_buffers",
    "get_submodule",
    "type",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_backward_hook",
    "extra_repr",
    "compile",
    "share_memory",
    "clear",
    "__call__",
    "get_parameter",
    "_init_weights",
    "reset_parameters",
    "register_full_backward_hook",
    "__len__",
    "__getitem__",
    "_get_name",
    "_forward_impl",
    "to_empty",
    "__setattr__",
    "__getattr__",
    "__getattribute__",
    "__repr__",
    "__class__",
    "__delattr__",
];

impl Machine {
    pub(crate) fn own_module(&self, id: Id) -> Option<&ModuleState> {
        self.module(id)
    }

    /// A child, parameter or buffer by its name.
    pub(crate) fn module_attribute(&self, id: Id, name: &str) -> Option<Value> {
        let module = self.own_module(id)?;
        if let Some(child) = module.child(name) {
            return Some(child.map_or(Value::None, Value::Instance));
        }
        let entries = module.parameters.iter().chain(&module.buffers);
        entries.into_iter().find(|(other, _)| &**other == name).map(|(_, parameter)| self.parameter_tensor(*parameter))
    }

    /// What `nn.Module` and its classes have by themselves.
    pub(crate) fn library_module_attribute(&mut self, id: Id, name: &str) -> Run<Option<Value>> {
        if name == "training" {
            return Ok(Some(Value::Bool(false)));
        }
        if matches!(name, "_modules" | "_parameters" | "_buffers") {
            let mut dict = super::super::python::value::Dict::default();
            if let Some(module) = self.own_module(id) {
                match name {
                    "_modules" => {
                        for (name, child) in &module.children {
                            dict.set(Value::Text(name.clone()), child.map_or(Value::None, Value::Instance));
                        }
                    }
                    _ => {
                        for (name, parameter) in &module.parameters {
                            dict.set(Value::Text(name.clone()), self.parameter_tensor(*parameter));
                        }
                    }
                }
            }
            return self.new_dict(dict).map(Some);
        }
        if METHODS.contains(&name) {
            return Ok(Some(Value::Bound(Rc::new((Value::Instance(id), Rc::from(name))))));
        }
        let class_path = self.heap.instances[id].class.and_then(|class| self.heap.classes[class].library_base.clone());
        if let Some(leaf) = self.own_module(id).and_then(|module| module.leaf()) {
            if name == "bias" || name == "weight" {
                return Ok(Some(if leaf.known { Value::None } else { Value::unknown(name) }));
            }
            if let Some(value) = plain_argument(leaf, name) {
                let pair = matches!(name, "kernel_size" | "stride" | "padding" | "dilation")
                    && self.own_module(id).is_some_and(|module| module.class.starts_with("Conv"));
                let value = match value {
                    Plain::Int(one) if pair => Value::tuple(vec![Value::Int((*one).into()), Value::Int((*one).into())]),
                    other => from_plain(other),
                };
                return Ok(Some(value));
            }
            if !leaf.known || class_path.is_none() {
                return Ok((!leaf.known).then(|| Value::unknown(name)));
            }
        }
        // Other frameworks' base classes have more than is known here.
        let foreign = class_path.as_deref().is_some_and(|path| !path.starts_with("torch.nn"));
        Ok(foreign.then(|| Value::unknown(name)))
    }

    pub(crate) fn call_module_method(&mut self, id: Id, name: &str, arguments: Arguments) -> Run<Value> {
        let first = arguments.positional.first().cloned();
        match (name, first) {
            ("forward" | "__call__", _) => self.forward(id, arguments),
            ("__setattr__" | "__getattr__" | "__getattribute__", _) => {
                self.call_base_method(&Value::Instance(id), name, arguments)
            }
            ("add_module" | "register_module", _) => {
                let (name, module) = (arguments.get(0, "name").cloned(), arguments.get(1, "module").cloned());
                let name = match name {
                    Some(name) => Some(self.as_key(name)?),
                    None => None,
                };
                if let (Some(Value::Text(name)), Some(module)) = (name, module) {
                    match module {
                        Value::Instance(child) if self.is_module(child) => self.set_child(id, &name, Some(child))?,
                        Value::None => self.set_child(id, &name, None)?,
                        Value::Unknown(unknown) => {
                            let child = self.unknown_module(&unknown.words)?;
                            self.set_child(id, &name, Some(child))?;
                        }
                        _ => {}
                    }
                }
                Ok(Value::None)
            }
            ("register_buffer" | "register_parameter", _) => {
                let key = if name == "register_buffer" { "tensor" } else { "param" };
                let (given, value) = (arguments.get(0, "name").cloned(), arguments.get(1, key).cloned());
                if let (Some(Value::Text(given)), Some(value)) = (given, value) {
                    self.register(id, &given, &value, name == "register_buffer")?;
                }
                Ok(Value::None)
            }
            ("append", Some(module)) => {
                self.append_module(id, &module)?;
                Ok(Value::Instance(id))
            }
            ("extend", Some(modules)) => {
                self.extend_module(&Value::Instance(id), &modules)?;
                Ok(Value::Instance(id))
            }
            ("insert", Some(at)) => {
                if let (Some(at), Some(Value::Instance(child))) = (at.as_int(), arguments.positional.get(1).cloned()) {
                    self.insert_module(id, at, child)?;
                }
                Ok(Value::None)
            }
            ("update", Some(modules)) => {
                self.update_module(id, &modules)?;
                Ok(Value::None)
            }
            ("pop", Some(key)) => {
                let value = self.module_item(id, &key)?.unwrap_or(Value::None);
                self.delete_module_item(id, &key)?;
                Ok(value)
            }
            (
                "children" | "named_children" | "keys" | "values" | "items" | "modules" | "named_modules"
                | "parameters" | "named_parameters" | "buffers" | "named_buffers" | "state_dict",
                _,
            ) => self.listing(id, name),
            ("apply", Some(function)) => {
                let modules = self.walked(id)?;
                // What it does to weights changes no shape; its mistakes are not looked at.
                for (_, module) in modules {
                    self.quietly(|machine| {
                        machine.call(&function, Arguments::positional(vec![Value::Instance(module)]))
                    })?;
                }
                Ok(Value::Instance(id))
            }
            ("requires_grad_", first) => {
                let trainable = match first.or_else(|| arguments.keyword("requires_grad").cloned()) {
                    Some(value) => self.truth(&value)?.unwrap_or(true),
                    None => true,
                };
                for (_, module) in self.walked(id)? {
                    let parameters: Vec<Id> = self
                        .module(module)
                        .map(|module| module.parameters.iter().map(|(_, id)| *id).collect())
                        .unwrap_or_default();
                    for parameter in parameters {
                        self.host.parameters[parameter].trainable = trainable;
                    }
                }
                Ok(Value::Instance(id))
            }
            ("get_submodule", Some(Value::Text(path))) => {
                let mut found = Some(id);
                for name in path.split('.').filter(|name| !name.is_empty()) {
                    if let Some(id) = found {
                        self.look_through(id)?;
                    }
                    found = found.and_then(|id| self.module(id)?.child(name)?);
                }
                Ok(found.map_or_else(|| Value::unknown("a module"), Value::Instance))
            }
            ("__delattr__", Some(Value::Text(name))) => {
                self.delete_attribute(&Value::Instance(id), &name);
                Ok(Value::None)
            }
            ("__len__", _) => Ok(self.module_length(id).map_or(Value::Int(0), |length| Value::Int(length as i128))),
            (
                "to" | "cuda" | "cpu" | "train" | "eval" | "float" | "half" | "double" | "bfloat16" | "type"
                | "share_memory" | "compile" | "to_empty",
                _,
            ) => Ok(Value::Instance(id)),
            _ => Ok(Value::None),
        }
    }

    fn register(&mut self, id: Id, name: &str, value: &Value, is_buffer: bool) -> Run<()> {
        self.look_through(id)?;
        let parameter = match value {
            Value::Tensor(tensor) => match tensor.source {
                TensorSource::Parameter(parameter) if !is_buffer => parameter,
                _ => {
                    let parameter = self.new_parameter(tensor.dims, is_buffer)?;
                    if is_buffer {
                        self.host.parameters[parameter].numbers = tensor.numbers.clone();
                    }
                    parameter
                }
            },
            Value::None => {
                self.heap.instances[id].attributes.insert(Rc::from(name), Value::None);
                return Ok(());
            }
            _ => self.new_parameter(None, is_buffer)?,
        };
        if let Some(module) = &mut self.heap.instances[id].module {
            let entries = if is_buffer { &mut module.buffers } else { &mut module.parameters };
            entries.retain(|(other, _)| &**other != name);
            entries.push((Rc::from(name), parameter));
        }
        Ok(())
    }

    fn insert_module(&mut self, id: Id, at: i128, child: Id) -> Run<()> {
        self.allocate(2)?;
        self.work(self.module_length(id).unwrap_or(0))?;
        if let Some(module) = self.heap.instances[child].module.as_mut() {
            module.has_parent = true;
        }
        if let Some(module) = &mut self.heap.instances[id].module {
            let length = module.children.len() as i128;
            let at = (if at < 0 { at + length } else { at }).clamp(0, length) as usize;
            module.children.insert(at, (Rc::from(""), Some(child)));
            for (place, (name, _)) in module.children.iter_mut().enumerate() {
                *name = Rc::from(place.to_string());
            }
        }
        Ok(())
    }

    /// `children()`, `named_parameters()` and the like.
    fn listing(&mut self, id: Id, name: &str) -> Run<Value> {
        let named = |name: &str, value: Value| Value::tuple(vec![Value::text(name), value]);
        let mut items = Vec::new();
        match name {
            "children" | "values" | "named_children" | "items" | "keys" => {
                for (child_name, child) in self.module(id).map(|module| module.children.clone()).unwrap_or_default() {
                    let Some(child) = child.map(Value::Instance) else { continue };
                    items.push(match name {
                        "children" | "values" => child,
                        "keys" => Value::Text(child_name),
                        _ => named(&child_name, child),
                    });
                }
            }
            "modules" | "named_modules" => {
                for (path, module) in self.walked(id)? {
                    let module = Value::Instance(module);
                    items.push(if name == "modules" { module } else { named(&path, module) });
                }
            }
            _ => {
                let is_buffer = name.contains("buffers");
                for (path, module) in self.walked(id)? {
                    let Some(module) = self.module(module) else { continue };
                    let entries = if is_buffer { &module.buffers } else { &module.parameters };
                    for (own, parameter) in entries {
                        let tensor = self.parameter_tensor(*parameter);
                        let full = if path.is_empty() { own.to_string() } else { format!("{path}.{own}") };
                        items.push(if name.starts_with("named") { named(&full, tensor) } else { tensor });
                    }
                }
            }
        }
        self.work(items.len())?;
        self.allocate(items.len() * 2)?;
        if name == "state_dict" {
            return Ok(Value::unknown("a state dict"));
        }
        self.new_list(items)
    }

    /// `Sequential + Sequential`, `ModuleList + ModuleList`.
    pub(crate) fn added_modules(&mut self, left: &Value, right: &Value) -> Run<Value> {
        let Value::Instance(id) = left else { return Ok(Value::unknown("a sum")) };
        let chain = matches!(self.module(*id).map(|module| &module.kind), Some(ModuleKind::Sequential));
        let (class, kind) =
            if chain { ("Sequential", ModuleKind::Sequential) } else { ("ModuleList", ModuleKind::List) };
        let sum = self.new_library_module(class, kind)?;
        let sum = Value::Instance(sum);
        self.extend_module(&sum, left)?;
        self.extend_module(&sum, right)?;
        Ok(sum)
    }
}

fn from_plain(value: &Plain) -> Value {
    match value {
        Plain::None => Value::None,
        Plain::Bool(boolean) => Value::Bool(*boolean),
        Plain::Int(int) => Value::Int(i128::from(*int)),
        Plain::Float(float) => Value::Float(*float),
        Plain::Text(text) => Value::text(text),
        Plain::List(items) => Value::tuple(items.iter().map(from_plain).collect()),
    }
}
