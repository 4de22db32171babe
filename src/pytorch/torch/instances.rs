//! Modules of the text's own classes: how they are made, copied and filled.

use std::ops::Range;
use std::rc::Rc;

use super::module_state::{ModuleKind, ModuleState};
use super::{Arguments, Machine, Value, library, no_tensor};
use crate::pytorch::problem::{Problem, ProblemKind, Severity};
use crate::pytorch::python::tree::Name;
use crate::pytorch::python::{FixWish, Id, Run, Stop};

impl Machine {
    pub(crate) fn is_module_class(&self, class: Id) -> bool {
        let class = &self.heap.classes[class];
        match class.library_base.as_deref() {
            Some(path) if path == "unknown" || library::is_elsewhere(path) => {
                class.order.iter().any(|&id| self.heap.classes[id].attributes.contains_key("forward"))
            }
            Some(path) => library::is_module_base(path),
            None => false,
        }
    }

    /// Makes a module of a class of the text; gives the arguments back where the class is none.
    pub(crate) fn instantiate_module(&mut self, class: Id, arguments: Arguments) -> Run<Result<Value, Arguments>> {
        let is_module = self.is_module_class(class);
        if let Some(base) = self.heap.classes[class].library_base.clone().filter(|base| library::is_elsewhere(base)) {
            let name = self.heap.classes[class].name.clone();
            if !is_module && self.constructing > 0 {
                return self.unknown_module(&name).map(|id| Ok(Value::Instance(id)));
            }
            if is_module {
                let base = base.rsplit('.').next().unwrap_or(&base).to_string();
                let message = format!("{base} is not in the text: what it adds to {name} is not counted.");
                self.note(Problem::new(Severity::Warning, ProblemKind::NotUnderstood, message));
            }
        }
        if !is_module {
            return Ok(Err(arguments));
        }
        let module = ModuleState::new(self.heap.classes[class].name.clone(), ModuleKind::User);
        let id = self.new_instance(class, Some(Box::new(module)))?;
        let instance = Value::Instance(id);
        if self.constructing == 0 {
            self.host.made.push(id);
        }
        let (depth, calls, frames, line) = (self.budget.depth, self.budget.calls, self.frames.len(), self.line);
        let doubts = self.doubts;
        self.constructing += 1;
        self.minding += 1;
        let result = self.initialise(class, &instance, arguments);
        self.constructing = self.constructing.saturating_sub(1);
        self.minding = self.minding.saturating_sub(1);
        match result {
            // What it had until then is kept.
            Err(Stop::Raised(raised)) if self.constructing == 0 && !self.catches(&raised.class) => {
                (self.budget.depth, self.budget.calls) = (depth, calls);
                self.frames.truncate(frames);
                self.doubts = doubts;
                let mut problem = raised.problem();
                if self.host.guessing {
                    problem.severity = Severity::Warning;
                }
                if problem.severity != Severity::Error {
                    self.host.left_out.insert(id);
                }
                self.note(problem);
                self.line = line;
            }
            Err(stop @ Stop::Spent(_)) => {
                self.host.left_out.insert(id);
                return Err(stop);
            }
            other => other?,
        }
        Ok(Ok(instance))
    }

    /// A copy of a module, with copies of those in it.
    pub(crate) fn copy_module(&mut self, id: Id, depth: u32) -> Run<Id> {
        self.step()?;
        if depth > 60 {
            return Ok(id);
        }
        if depth <= 1 {
            self.host.templates.insert(id);
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
                let data = machine.host.parameters[parameter].clone();
                machine.allocate(3)?;
                machine.host.parameters.push(data);
                new.push((name, machine.host.parameters.len() - 1));
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

    /// A module is put into one whose `super().__init__()` has not run.
    pub(crate) fn super_not_called(&mut self, id: Id, target: &Range<u32>) -> Run<()> {
        let message = "cannot assign module before Module.__init__() call".to_string();
        if self.catches("AttributeError") {
            return self.error(ProblemKind::SuperInitNotCalled, "AttributeError", message).map(drop);
        }
        let plain = "super().__init__() must be called in __init__ before the first layer is assigned.".to_string();
        if let Some(problem) = self.note_error(ProblemKind::SuperInitNotCalled, "AttributeError", message, Some(plain))
        {
            self.notes.fixes.push(FixWish {
                problem,
                range: target.clone(),
                label: "Call super().__init__() first".to_string(),
                replacement: "super().__init__()\n*".to_string(),
                expected: None,
            });
        }
        if let Some(module) = &mut self.heap.instances[id].module {
            module.initialised = true;
            module.stops_init = true;
        }
        Ok(())
    }

    /// The attribute of the tensor that was meant by an object which is none.
    pub(crate) fn missing_attribute(&mut self, object: &Value, name: &Name) -> Run<Option<Value>> {
        let is_meant = match object {
            Value::Instance(id) => self.host.uncalled.contains_key(id),
            Value::None => self.host.nothing.is_some(),
            _ => false,
        };
        if is_meant && let Some(tensor) = self.meant_tensor(object, no_tensor::attribute, name)? {
            return self.attribute(&Value::Tensor(tensor), name).map(Some);
        }
        Ok(None)
    }

    /// `apply` of a `torch.autograd.Function`: its `forward`, whose context only matters to gradients.
    pub(crate) fn function_with_gradient(&mut self, class: Id) -> Option<Value> {
        let forward = self.class_attribute(class, "forward")?;
        let context = Value::Library(Rc::from(library::GRADIENT_CONTEXT));
        Some(self.keep(Value::Partial(Rc::new((forward, Arguments::positional(vec![context]))))))
    }

    /// Whether a value is of a class of PyTorch, by its short name.
    pub(crate) fn is_of_class(&self, value: &Value, short: &str) -> bool {
        match value {
            Value::Instance(id) => match self.module(*id) {
                Some(module) => {
                    let base =
                        self.heap.instances[*id].class.and_then(|class| self.heap.classes[class].library_base.clone());
                    let base = base.as_deref().and_then(|path| path.rsplit('.').next()).unwrap_or("");
                    short == "Module"
                        || short == "object"
                        || short == &*module.class
                        || short == base
                        || is_general(short, &module.class)
                }
                None => false,
            },
            Value::Tensor(_) => matches!(short, "Tensor" | "Parameter"),
            _ => false,
        }
    }
}

/// `_BatchNorm` is what all batch norms are, `_ConvNd` all convolutions.
fn is_general(general: &str, class: &str) -> bool {
    match general {
        "_BatchNorm" | "_NormBase" => class.contains("BatchNorm"),
        "_ConvNd" => class.starts_with("Conv"),
        "_DropoutNd" => class.starts_with("Dropout"),
        "_InstanceNorm" => class.starts_with("InstanceNorm"),
        _ => false,
    }
}
