//! What modules hold as lists and dicts do: `layers[0]`, `layers[1:]`, `blocks["stem"]`.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::{Id, Run};
use super::module_state::ModuleKind;
use super::{Machine, Value};

impl Machine {
    /// What a loop over a list or chain of modules sees.
    pub(crate) fn module_items(&self, id: Id) -> Option<Vec<Value>> {
        let module = self.own_module(id)?;
        match module.kind {
            ModuleKind::Sequential | ModuleKind::List => {
                Some(module.children.iter().filter_map(|(_, child)| child.map(Value::Instance)).collect())
            }
            ModuleKind::Dict => Some(module.children.iter().map(|(name, _)| Value::Text(name.clone())).collect()),
            ModuleKind::ParameterList => {
                Some(module.parameters.iter().map(|(_, parameter)| self.parameter_tensor(*parameter)).collect())
            }
            ModuleKind::User | ModuleKind::Leaf(_) => None,
        }
    }

    pub(crate) fn module_length(&self, id: Id) -> Option<usize> {
        let module = self.own_module(id)?;
        match module.kind {
            ModuleKind::Sequential | ModuleKind::List => {
                Some(module.children.iter().filter(|(_, child)| child.is_some()).count())
            }
            ModuleKind::Dict => Some(module.children.len()),
            ModuleKind::ParameterList => Some(module.parameters.len()),
            ModuleKind::User | ModuleKind::Leaf(_) => None,
        }
    }

    /// Whether a container has a child by this key.
    pub(crate) fn module_entry(&self, id: Id, key: &Value) -> Option<Id> {
        match (self.own_module(id)?, key) {
            (module, Value::Text(name)) => module.child(name)?,
            (module, Value::Instance(child)) => {
                module.children.iter().find(|(_, other)| *other == Some(*child)).and_then(|(_, child)| *child)
            }
            _ => None,
        }
    }

    pub(crate) fn module_item(&mut self, id: Id, index: &Value) -> Run<Option<Value>> {
        self.look_through(id)?;
        let Some(module) = self.own_module(id) else { return Ok(None) };
        match (&module.kind, index) {
            (ModuleKind::Dict | ModuleKind::ParameterList, Value::Text(name)) => {
                if let Some(Some(child)) = module.child(name) {
                    return Ok(Some(Value::Instance(child)));
                }
                let parameter =
                    module.parameters.iter().find(|(other, _)| other == name).map(|(_, parameter)| *parameter);
                if let Some(parameter) = parameter {
                    return Ok(Some(self.parameter_tensor(parameter)));
                }
                self.error(ProblemKind::Raised, "KeyError", format!("'{name}'")).map(Some)
            }
            (ModuleKind::Sequential | ModuleKind::List | ModuleKind::ParameterList, Value::Slice(parts)) => {
                let items = self.module_items(id).unwrap_or_default();
                let picked = super::super::python::containers::slice_indices(parts, items.len());
                let chain = matches!(self.own_module(id).map(|module| &module.kind), Some(ModuleKind::Sequential));
                let (class, kind) =
                    if chain { ("Sequential", ModuleKind::Sequential) } else { ("ModuleList", ModuleKind::List) };
                let names: Vec<Rc<str>> = self
                    .own_module(id)
                    .map(|module| {
                        module
                            .children
                            .iter()
                            .filter(|(_, child)| child.is_some())
                            .map(|(name, _)| name.clone())
                            .collect()
                    })
                    .unwrap_or_default();
                let part = self.new_library_module(class, kind)?;
                for (place, at) in picked.into_iter().enumerate() {
                    if let Some(Value::Instance(child)) = items.get(at) {
                        // A part of a chain keeps the names.
                        let name = if chain { names[at].to_string() } else { place.to_string() };
                        self.set_child(part, &name, Some(*child))?;
                    }
                }
                Ok(Some(Value::Instance(part)))
            }
            (ModuleKind::Sequential | ModuleKind::List | ModuleKind::ParameterList, index) => {
                let items = self.module_items(id).unwrap_or_default();
                let Some(at) = index.as_int() else { return Ok(Some(Value::unknown("a module"))) };
                let wrapped = if at < 0 { at + items.len() as i128 } else { at };
                match usize::try_from(wrapped).ok().and_then(|at| items.get(at)) {
                    Some(item) => Ok(Some(item.clone())),
                    None => {
                        let message = format!("index {at} is out of range");
                        self.error(ProblemKind::Raised, "IndexError", message).map(Some)
                    }
                }
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn set_module_item(&mut self, id: Id, index: &Value, value: Value) -> Run<()> {
        let name = match index {
            Value::Text(name) => name.to_string(),
            other => {
                let Some(at) = other.as_int() else { return Ok(()) };
                let Some(module) = self.own_module(id) else { return Ok(()) };
                let at = if at < 0 { at + module.children.len() as i128 } else { at };
                // The place counts, not the name: chains can have names.
                match usize::try_from(at).ok().and_then(|at| module.children.get(at)) {
                    Some((name, _)) => name.to_string(),
                    None => return Ok(()),
                }
            }
        };
        match value {
            Value::Instance(child) if self.is_module(child) => self.set_child(id, &name, Some(child)),
            Value::Unknown(unknown) => {
                let child = self.unknown_module(&unknown.words)?;
                self.set_child(id, &name, Some(child))
            }
            value @ Value::Tensor(_) => self.set_module_attribute(id, &name, value),
            _ => Ok(()),
        }
    }

    pub(crate) fn delete_module_item(&mut self, id: Id, index: &Value) -> Run<()> {
        let count = self.own_module(id).map_or(0, |module| module.children.len());
        self.work(count)?;
        let picked: Vec<usize> = match index {
            Value::Slice(parts) => super::super::python::containers::slice_indices(parts, count),
            Value::Text(name) => {
                let place =
                    self.own_module(id).and_then(|module| module.children.iter().position(|(other, _)| other == name));
                place.into_iter().collect()
            }
            other => {
                let at = other.as_int().map(|at| if at < 0 { at + count as i128 } else { at });
                at.and_then(|at| usize::try_from(at).ok()).filter(|&at| at < count).into_iter().collect()
            }
        };
        if let Some(module) = &mut self.heap.instances[id].module {
            let mut place = 0;
            module.children.retain(|_| {
                place += 1;
                !picked.contains(&(place - 1))
            });
            // Lists and chains count anew.
            if module.children.iter().all(|(name, _)| name.parse::<usize>().is_ok()) {
                for (place, (name, _)) in module.children.iter_mut().enumerate() {
                    *name = Rc::from(place.to_string());
                }
            }
        }
        Ok(())
    }
}
