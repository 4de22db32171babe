//! Modules: their children, parameters and buffers in order of registration.

use std::collections::HashSet;
use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::value::Why;
use super::super::python::{Id, Run};
use super::module_state::{Leaf, ModuleKind, ModuleState};
use super::tensor::{ParameterData, Tensor, TensorSource};
use super::{Arguments, Instance, Machine, Value, leaf, signature};
use crate::model::Dims;

impl Machine {
    pub(crate) fn module(&self, id: Id) -> Option<&ModuleState> {
        self.heap.instances.get(id)?.module.as_deref()
    }

    pub(crate) fn is_module(&self, id: Id) -> bool {
        self.module(id).is_some()
    }

    pub(crate) fn is_module_value(&self, value: &Value) -> bool {
        matches!(value, Value::Instance(id) if self.is_module(*id))
    }

    /// A module of the library.
    pub(crate) fn new_library_module(&mut self, class: &str, kind: ModuleKind) -> Run<Id> {
        self.allocate(16)?;
        let module = ModuleState::new(Rc::from(class), kind);
        let instance = Instance {
            class: None,
            attributes: std::collections::HashMap::new(),
            module: Some(Box::new(module)),
            inner: None,
            line: self.line,
        };
        self.heap.instances.push(instance);
        let id = self.heap.instances.len() - 1;
        if self.constructing == 0 && self.host.trace.is_none() {
            self.host.made.push(id);
        }
        Ok(id)
    }

    /// Counts the work of looking for a name among a module's entries.
    pub(crate) fn look_through(&mut self, id: Id) -> Run<()> {
        let entries =
            self.module(id).map_or(0, |module| module.children.len() + module.parameters.len() + module.buffers.len());
        self.work(entries / 256)
    }

    pub(crate) fn set_child(&mut self, id: Id, name: &str, child: Option<Id>) -> Run<()> {
        self.allocate(2)?;
        if let (Some(trace), Some(child)) = (&mut self.host.trace, child) {
            trace.add_module(id, name, child);
        }
        if let Some(child) = child.and_then(|child| self.heap.instances[child].module.as_mut()) {
            child.has_parent = true;
        }
        if let Some(module) = &mut self.heap.instances[id].module {
            module.parameters.retain(|(other, _)| &**other != name);
            // Names of lists and chains count up: no need to look for them.
            let fresh = module.children.len().to_string() == name;
            if fresh && module.children.iter().rev().take(4).all(|(other, _)| &**other != name) {
                module.children.push((Rc::from(name), child));
                return Ok(());
            }
        }
        self.look_through(id)?;
        if let Some(module) = &mut self.heap.instances[id].module {
            ModuleState::set(&mut module.children, name, child);
        }
        Ok(())
    }

    pub(crate) fn set_module_attribute(&mut self, id: Id, name: &str, value: Value) -> Run<()> {
        self.allocate(3)?;
        // The flag of `train()` and `eval()`: what is counted is a network that is used.
        if name == "training" {
            return Ok(());
        }
        self.look_through(id)?;
        // What could not be made goes by the name it was given.
        let value = if value.is_of_error() { Value::lost(name, Why::NotMade) } else { value };
        match &value {
            Value::Instance(child) if self.is_module(*child) => {
                self.heap.instances[id].attributes.remove(name);
                return self.set_child(id, name, Some(*child));
            }
            Value::Tensor(tensor) => {
                if let TensorSource::Parameter(parameter) = tensor.source {
                    let is_buffer = self.host.parameters[parameter].is_buffer;
                    if let Some(module) = self.heap.instances[id].module.as_mut().filter(|_| !is_buffer) {
                        ModuleState::set(&mut module.parameters, name, parameter);
                        self.set_bias(id, name, true);
                        return Ok(());
                    }
                }
            }
            _ => {}
        }
        let instance = &mut self.heap.instances[id];
        if let Some(module) = &mut instance.module {
            if module.child(name).is_some() {
                if matches!(value, Value::None) {
                    ModuleState::set(&mut module.children, name, None);
                    return Ok(());
                }
                module.children.retain(|(child, _)| &**child != name);
            }
            module.parameters.retain(|(parameter, _)| &**parameter != name);
        }
        if matches!(value, Value::None) {
            self.set_bias(id, name, false);
        }
        self.heap.instances[id].attributes.insert(Rc::from(name), value);
        Ok(())
    }

    /// A bias is put on a layer, or taken off.
    fn set_bias(&mut self, id: Id, name: &str, bias: bool) {
        if let Some(module) = self.heap.instances[id].module.as_deref_mut().filter(|_| name == "bias")
            && let ModuleKind::Leaf(leaf) = &mut module.kind
            && let Some(layer) = &mut leaf.layer
        {
            let _ = layer.set_argument("bias", &crate::model::Value::Bool(bias));
        }
    }

    pub(crate) fn new_parameter(&mut self, dims: Option<Dims>, is_buffer: bool) -> Run<Id> {
        self.allocate(3)?;
        self.host.parameters.push(ParameterData { dims, trainable: !is_buffer, is_buffer, numbers: None });
        Ok(self.host.parameters.len() - 1)
    }

    pub(crate) fn parameter_tensor(&self, parameter: Id) -> Value {
        let data = &self.host.parameters[parameter];
        // A buffer is a constant: nothing learns it.
        let source = if data.is_buffer { TensorSource::Made } else { TensorSource::Parameter(parameter) };
        Value::Tensor(Rc::new(Tensor { dims: data.dims, source, numbers: data.numbers.clone() }))
    }

    /// The built-in constructor of a module's base class.
    pub(crate) fn initialise_module(&mut self, id: Id, arguments: Arguments) -> Run<()> {
        let class = self.heap.instances[id].class;
        let base = class.and_then(|class| self.heap.classes[class].library_base.clone());
        if let Some(module) = &mut self.heap.instances[id].module {
            module.initialised = true;
        }
        let Some(base) = base else { return Ok(()) };
        self.fill_module(id, base.rsplit('.').next().unwrap_or_default(), &base, arguments)
    }

    /// Gives a module what its class of the library does with the arguments.
    pub(crate) fn fill_module(&mut self, id: Id, class: &str, path: &str, arguments: Arguments) -> Run<()> {
        let kind = match class {
            "Sequential" => ModuleKind::Sequential,
            "ModuleList" => ModuleKind::List,
            "ModuleDict" => ModuleKind::Dict,
            "ParameterList" | "ParameterDict" => ModuleKind::ParameterList,
            _ if signature::is_known_leaf(class) => {
                let leaf = self.make_leaf(class, path, &arguments)?;
                return self.set_leaf(id, class, leaf);
            }
            _ => return Ok(()),
        };
        if let Some(module) = &mut self.heap.instances[id].module {
            module.kind = kind;
        }
        match class {
            "Sequential" => self.fill_sequential(id, &arguments),
            "ModuleList" => match arguments.get(0, "modules") {
                Some(modules) => self.extend_module(&Value::Instance(id), &modules.clone()),
                None => Ok(()),
            },
            "ModuleDict" => match arguments.get(0, "modules").cloned() {
                Some(modules) => self.update_module(id, &modules),
                None => Ok(()),
            },
            "ParameterDict" => match arguments.positional.first().cloned() {
                Some(Value::Dict(dict)) => {
                    for (key, value) in self.heap.dicts[dict].pairs.clone() {
                        if let Value::Text(name) = key {
                            self.set_module_attribute(id, &name, value)?;
                        }
                    }
                    Ok(())
                }
                _ => Ok(()),
            },
            _ => self.fill_parameters(id, arguments.positional.first()),
        }
    }

    fn fill_sequential(&mut self, id: Id, arguments: &Arguments) -> Run<()> {
        if let [one @ (Value::Dict(_) | Value::Instance(_))] = arguments.positional.as_slice()
            && !self.is_module_value(one)
        {
            return self.update_module(id, &one.clone());
        }
        // A list within is spread in its place; it may hold itself.
        let mut open = vec![arguments.positional.clone().into_iter().enumerate()];
        while let Some(modules) = open.last_mut() {
            let Some((index, module)) = modules.next() else {
                open.pop();
                self.budget.depth = self.budget.depth.saturating_sub(u32::from(!open.is_empty()));
                continue;
            };
            let child = match &module {
                Value::Instance(child) if self.is_module(*child) => *child,
                Value::Unknown(unknown) => self.unknown_module(&unknown.words)?,
                other => {
                    let of_list = matches!(other, Value::List(_) | Value::Tuple(_));
                    let name = if of_list { "list".to_string() } else { self.type_of(other) };
                    self.error(ProblemKind::WrongArguments, "TypeError", format!("{name} is not a Module subclass"))?;
                    if of_list {
                        // The star that spreads the list was forgotten: what it holds is meant.
                        self.deeper()?;
                        open.push(self.items(other)?.into_iter().enumerate());
                    }
                    continue;
                }
            };
            self.set_child(id, &index.to_string(), Some(child))?;
        }
        Ok(())
    }

    fn fill_parameters(&mut self, id: Id, values: Option<&Value>) -> Run<()> {
        let Some(values) = values else { return Ok(()) };
        for (index, value) in self.items(&values.clone())?.into_iter().enumerate() {
            self.set_module_attribute(id, &index.to_string(), value)?;
        }
        Ok(())
    }

    /// Puts modules behind those of a list or chain.
    pub(crate) fn extend_module(&mut self, module: &Value, others: &Value) -> Run<()> {
        let Value::Instance(id) = module else { return Ok(()) };
        for other in self.items(others)? {
            self.append_module(*id, &other)?;
        }
        Ok(())
    }

    pub(crate) fn append_module(&mut self, id: Id, other: &Value) -> Run<()> {
        let index = self.module(id).map_or(0, |module| module.children.len());
        match other {
            Value::Instance(child) if self.is_module(*child) => self.set_child(id, &index.to_string(), Some(*child)),
            Value::Unknown(unknown) => {
                let child = self.unknown_module(&unknown.words)?;
                self.set_child(id, &index.to_string(), Some(child))
            }
            Value::Tensor(_) => {
                let index = self.module(id).map_or(0, |module| module.parameters.len());
                self.set_module_attribute(id, &index.to_string(), other.clone())
            }
            _ => Ok(()),
        }
    }

    /// Named modules from a dict or pairs.
    pub(crate) fn update_module(&mut self, id: Id, modules: &Value) -> Run<()> {
        let pairs = match modules {
            Value::Dict(dict) => self.heap.dicts[*dict].pairs.clone(),
            Value::Instance(other) if self.is_module(*other) => {
                let children = self.module(*other).map(|module| module.children.clone()).unwrap_or_default();
                children
                    .into_iter()
                    .filter_map(|(name, child)| Some((Value::Text(name), Value::Instance(child?))))
                    .collect()
            }
            other => {
                let mut pairs = Vec::new();
                for pair in self.items(other)? {
                    if let [key, value] = self.items(&pair)?.as_slice() {
                        pairs.push((key.clone(), value.clone()));
                    }
                }
                pairs
            }
        };
        for (key, value) in pairs {
            let Value::Text(name) = key else { continue };
            match value {
                Value::Instance(child) if self.is_module(child) => self.set_child(id, &name, Some(child))?,
                Value::Unknown(unknown) => {
                    let child = self.unknown_module(&unknown.words)?;
                    self.set_child(id, &name, Some(child))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn set_leaf(&mut self, id: Id, class: &str, leaf: Leaf) -> Run<()> {
        let tensors = leaf::tensors(class, &leaf);
        if let Some(module) = &mut self.heap.instances[id].module {
            module.kind = ModuleKind::Leaf(Box::new(leaf));
            module.parameters.clear();
            module.buffers.clear();
        }
        for (name, dims, is_buffer) in tensors {
            let parameter = self.new_parameter(dims, is_buffer)?;
            if let Some(module) = &mut self.heap.instances[id].module {
                let entries = if is_buffer { &mut module.buffers } else { &mut module.parameters };
                entries.push((Rc::from(name), parameter));
            }
        }
        Ok(())
    }

    /// A module whose cost nobody knows.
    pub(crate) fn unknown_module(&mut self, class: &str) -> Run<Id> {
        let short = class.rsplit('.').next().unwrap_or(class).to_string();
        let message = format!(
            "{short} is not known here: its parameters and cost are unknown, its output is taken to have its input's shape."
        );
        self.note(Problem::new(Severity::Warning, ProblemKind::UnknownModule, message));
        let leaf = Leaf {
            layer: None,
            declared: Vec::new(),
            arguments: Vec::new(),
            known: false,
            declared_at: None,
            called_at: None,
        };
        self.new_library_module(&short, ModuleKind::Leaf(Box::new(leaf)))
    }

    /// As [`Self::walk`], as a part of the code that runs.
    pub(crate) fn walked(&mut self, root: Id) -> Run<Vec<(String, Id)>> {
        let found = self.walk(root);
        self.work(found.len() * 2)?;
        Ok(found)
    }

    /// The module and all in it, with their qualified names, parents first; each once.
    pub(crate) fn walk(&self, root: Id) -> Vec<(String, Id)> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut open = vec![(String::new(), root)];
        while let Some((name, id)) = open.pop() {
            if !seen.insert(id) || found.len() > 100_000 {
                continue;
            }
            if let Some(module) = self.module(id) {
                for (child_name, child) in module.children.iter().rev() {
                    if let Some(child) = child {
                        let full =
                            if name.is_empty() { child_name.to_string() } else { format!("{name}.{child_name}") };
                        if full.len() < 2000 {
                            open.push((full, *child));
                        }
                    }
                }
            }
            found.push((name, id));
        }
        found
    }
}
