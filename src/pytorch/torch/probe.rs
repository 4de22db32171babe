//! Runs of `forward` that leave nothing behind.

use std::collections::HashMap;

use super::super::python::Id;
use super::super::python::tree::Name;
use super::{Machine, Value};

/// What a module holds, before a run.
pub(crate) struct Saved {
    id: Id,
    attributes: HashMap<Name, Value>,
    children: Vec<(Name, Option<Id>)>,
    parameters: Vec<(Name, Id)>,
    buffers: Vec<(Name, Id)>,
}

impl Machine {
    /// What a run of `forward` may change in modules.
    pub(crate) fn saved(&self, modules: &[(String, Id)]) -> Vec<Saved> {
        let saved = modules.iter().filter_map(|(_, id)| {
            let instance = &self.heap.instances[*id];
            let module = instance.module.as_deref()?;
            // Layers of the library change nothing of themselves.
            (instance.class.is_some() || module.leaf().is_none()).then(|| Saved {
                id: *id,
                attributes: instance.attributes.clone(),
                children: module.children.clone(),
                parameters: module.parameters.clone(),
                buffers: module.buffers.clone(),
            })
        });
        saved.collect()
    }

    pub(crate) fn restore(&mut self, saved: Vec<Saved>) {
        for Saved { id, attributes, children, parameters, buffers } in saved {
            let instance = &mut self.heap.instances[id];
            instance.attributes = attributes;
            if let Some(module) = &mut instance.module {
                (module.children, module.parameters, module.buffers) = (children, parameters, buffers);
            }
        }
    }
}
