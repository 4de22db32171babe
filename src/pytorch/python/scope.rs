//! Names: where they are found, and what they mean where nothing defines them.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::Name;
use super::value::Scope;
use super::{Id, Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn new_scope(&mut self, parent: Option<Id>) -> Run<Id> {
        self.allocate(4)?;
        self.heap.scopes.push(Scope { parent, ..Scope::default() });
        Ok(self.heap.scopes.len() - 1)
    }

    pub(crate) fn scope(&self) -> Id {
        self.frames.last().map_or(self.globals, |frame| frame.scope)
    }

    pub(crate) fn set_variable(&mut self, name: &Name, value: Value<H>) -> Run<()> {
        let scope = self.scope();
        let scope = self.heap.scopes[scope].elsewhere.get(name).copied().unwrap_or(scope);
        if self.heap.scopes[scope].variables.insert(name.clone(), value).is_none() {
            self.allocate(3)?;
        }
        Ok(())
    }

    /// The value of a variable of the text itself.
    pub(crate) fn variable(&self, name: &str) -> Option<Value<H>> {
        let mut scope = Some(self.scope());
        let mut at_first = true;
        while let Some(at) = scope {
            let this = &self.heap.scopes[at];
            if (at_first || !this.is_class)
                && let Some(value) = this.variables.get(name)
            {
                return Some(value.clone());
            }
            at_first = false;
            scope = this.parent;
        }
        None
    }

    pub(crate) fn name(&mut self, name: &Name) -> Run<Value<H>> {
        if let Some(value) = self.variable(name) {
            return Ok(value);
        }
        if let Some(module) = self.star_imports.iter().find(|module| H::is_exported(module, name)) {
            return Ok(Value::Library(Rc::from(format!("{module}.{name}"))));
        }
        if let Some(value) = default_name(name) {
            return Ok(value);
        }
        // What somebody expects to fail may well use names of another file: that is no mistake of this text.
        if !self.catching.is_empty() && !self.catches("NameError") {
            return Ok(Value::unknown(name));
        }
        self.error(ProblemKind::UnknownName, "NameError", format!("name '{name}' is not defined"))
    }
}

/// What a name means that the text does not define: built-ins, and what everybody imports.
fn default_name<H: Host>(name: &str) -> Option<Value<H>> {
    if super::builtins::is_builtin(name) {
        return Some(Value::Library(Rc::from(name)));
    }
    match name {
        "__name__" => Some(Value::text("__main__")),
        "__file__" => Some(Value::text("model.py")),
        "__doc__" => Some(Value::None),
        _ => H::default_name(name).map(Value::Library),
    }
}
