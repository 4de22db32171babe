//! Names: where they are found, and what they mean where nothing defines them.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::torch::signature;
use super::tree::Name;
use super::value::Scope;
use super::{Id, Machine, Run, Value};

impl Machine {
    pub(crate) fn new_scope(&mut self, parent: Option<Id>) -> Run<Id> {
        self.allocate(4)?;
        self.heap.scopes.push(Scope { parent, ..Scope::default() });
        Ok(self.heap.scopes.len() - 1)
    }

    pub(crate) fn scope(&self) -> Id {
        self.frames.last().map_or(self.globals, |frame| frame.scope)
    }

    pub(crate) fn set_variable(&mut self, name: &Name, value: Value) -> Run<()> {
        let scope = self.scope();
        let scope = self.heap.scopes[scope].elsewhere.get(name).copied().unwrap_or(scope);
        if self.heap.scopes[scope].variables.insert(name.clone(), value).is_none() {
            self.allocate(3)?;
        }
        Ok(())
    }

    /// The value of a variable of the text itself.
    pub(crate) fn variable(&self, name: &str) -> Option<Value> {
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

    pub(crate) fn name(&mut self, name: &Name) -> Run<Value> {
        if let Some(value) = self.variable(name) {
            return Ok(value);
        }
        for module in &self.star_imports {
            let known = match &**module {
                "torch.nn" => signature::is_known_class(name),
                "torch.nn.functional" => super::super::torch::functional::is_known(name),
                "math" => super::super::torch::library::is_math(name),
                _ => false,
            };
            if known {
                return Ok(Value::Library(Rc::from(format!("{module}.{name}"))));
            }
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
fn default_name(name: &str) -> Option<Value> {
    if super::builtins::is_builtin(name) {
        return Some(Value::Library(Rc::from(name)));
    }
    let path = match name {
        "torch" | "math" | "os" | "sys" | "random" | "time" | "copy" | "functools" | "itertools" | "collections"
        | "torchvision" | "typing" | "warnings" | "json" | "argparse" | "timm" | "logging" => name,
        "nn" => "torch.nn",
        "F" => "torch.nn.functional",
        "np" | "numpy" => "numpy",
        "optim" => "torch.optim",
        "init" => "torch.nn.init",
        "models" => "torchvision.models",
        "transforms" => "torchvision.transforms",
        "datasets" => "torchvision.datasets",
        "partial" | "reduce" => return Some(Value::Library(Rc::from(format!("functools.{name}")))),
        "OrderedDict" | "defaultdict" | "namedtuple" => {
            return Some(Value::Library(Rc::from(format!("collections.{name}"))));
        }
        "deepcopy" => "copy.deepcopy",
        "Tensor" => "torch.Tensor",
        "Variable" => "torch.autograd.Variable",
        "summary" => "torchsummary.summary",
        "repeat" | "chain" => return Some(Value::Library(Rc::from(format!("itertools.{name}")))),
        "dataclass" => "dataclasses.dataclass",
        "List" | "Tuple" | "Optional" | "Union" | "Callable" | "Any" | "Dict" | "Type" | "Sequence" | "Iterable" => {
            return Some(Value::Library(Rc::from(format!("typing.{name}"))));
        }
        "ABC" => "abc.ABC",
        "Enum" => "enum.Enum",
        "pl" => "pytorch_lightning",
        "__name__" => return Some(Value::text("__main__")),
        "__file__" => return Some(Value::text("model.py")),
        "__doc__" => return Some(Value::None),
        _ if signature::is_known_class(name) => return Some(Value::Library(Rc::from(format!("torch.nn.{name}")))),
        _ => return None,
    };
    Some(Value::Library(Rc::from(path)))
}
