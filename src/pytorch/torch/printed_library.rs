//! A printed model of torchvision is one of its own again: its class says how it is wired.

use super::super::problem::{Problem, ProblemKind, Severity};
use super::super::python::tree::Name;
use super::super::python::{Id, Run, Stop};
use super::blocks;
use super::module_state::ModuleKind;
use super::{Arguments, Machine, Value};

impl Machine {
    /// The library's model with these modules under these names, its layers the printed ones; `None` where it has none.
    pub(crate) fn printed_library_model(&mut self, printed: Id, class: &str) -> Run<Option<Id>> {
        let modules = self.walk(printed);
        let layers = modules.iter().filter(|(_, id)| self.module(*id).is_some_and(|module| module.leaf().is_some()));
        let params = modules.iter().filter_map(|(_, id)| self.own_parameters(*id)).fold(0, u64::saturating_add);
        let candidates = blocks::models_of_class(class, layers.count(), params);
        let mut best: Option<(usize, Id)> = None;
        let made = self.host.made.len();
        for (module, name) in candidates {
            if best.is_some_and(|(differences, _)| differences == 0) {
                break;
            }
            let Some(function) = self.library_block(&module, name)? else { continue };
            let model = match self.quietly(|machine| machine.call(&function, Arguments::positional(Vec::new()))) {
                Ok(Value::Instance(model)) if self.module(model).is_some_and(|module| *module.class == *class) => model,
                Ok(_) | Err(Stop::Raised(_)) => continue,
                // Its class is enough to say that it is one.
                Err(Stop::Spent(_)) => break,
            };
            let Some(differences) = self.differences(model, printed) else { continue };
            if best.is_none_or(|(least, _)| differences < least) {
                best = Some((differences, model));
            }
        }
        self.host.made.truncate(made);
        let Some((_, model)) = best else { return Ok(None) };
        self.take_printed(model, printed)?;
        let message =
            format!("These are the modules of torchvision's {class}: they are connected as its class connects them.");
        self.note(Problem::new(Severity::Note, ProblemKind::Assumed, message));
        self.host.made.retain(|&other| other != printed);
        self.host.made.push(model);
        Ok(Some(model))
    }

    fn child_ids(&self, id: Id) -> Vec<(Name, Id)> {
        let children = self.module(id).map(|module| module.children.as_slice()).unwrap_or_default();
        children.iter().filter_map(|(name, child)| Some((name.clone(), (*child)?))).collect()
    }

    /// How many layers differ; `None` where the modules do.
    fn differences(&self, model: Id, printed: Id) -> Option<usize> {
        let (ours, theirs) = (self.module(model)?, self.module(printed)?);
        match (&ours.kind, &theirs.kind) {
            (ModuleKind::Leaf(ours), ModuleKind::Leaf(theirs)) => {
                Some(usize::from(ours.layer != theirs.layer || ours.declared != theirs.declared))
            }
            // A head of somebody's own.
            (ModuleKind::Leaf(_), ModuleKind::Sequential) | (ModuleKind::Sequential, ModuleKind::Leaf(_)) => Some(1),
            (ModuleKind::Leaf(_), _) | (_, ModuleKind::Leaf(_)) => None,
            _ if ours.class != theirs.class => None,
            (ModuleKind::Sequential, _) if self.chains_differ(model, printed) => Some(1),
            _ => {
                let (ours, theirs) = (self.child_ids(model), self.child_ids(printed));
                let mut all = theirs.iter();
                let mut differences = 0;
                for (name, child) in ours {
                    // What only training uses may be missing.
                    if name.starts_with("aux") && all.as_slice().first().is_none_or(|(other, _)| *other != name) {
                        continue;
                    }
                    let (_, other) = all.next().filter(|(other, _)| *other == name)?;
                    differences += self.differences(child, *other)?;
                }
                all.next().is_none().then_some(differences)
            }
        }
    }

    /// Chains of layers alone, with other ones: whatever runs them runs one after another.
    fn chains_differ(&self, model: Id, printed: Id) -> bool {
        let classes = |id: Id| -> Option<Vec<Name>> {
            let layer = |(_, child): (_, Id)| self.module(child).filter(|module| module.leaf().is_some());
            self.child_ids(id).into_iter().map(|child| Some(layer(child)?.class.clone())).collect()
        };
        matches!((classes(model), classes(printed)), (Some(ours), Some(theirs)) if ours != theirs)
    }

    /// Puts the printed layers in the places of the model's.
    fn take_printed(&mut self, model: Id, printed: Id) -> Run<()> {
        let theirs = self.child_ids(printed);
        for (name, child) in self.child_ids(model) {
            let Some((_, other)) = theirs.iter().find(|(other, _)| *other == name) else {
                self.set_child(model, &name, None)?;
                continue;
            };
            let is_leaf = |id: Id| self.module(id).is_some_and(|module| module.leaf().is_some());
            let whole = is_leaf(child) || is_leaf(*other) || self.chains_differ(child, *other);
            match whole {
                true if self.differences(child, *other) == Some(0) => {}
                true => self.set_child(model, &name, Some(*other))?,
                false => self.take_printed(child, *other)?,
            }
        }
        Ok(())
    }
}
