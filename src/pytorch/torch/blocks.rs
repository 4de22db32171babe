//! Blocks of libraries that are made of PyTorch's layers: their Python, run when a text first wants one of them.

use super::super::python::{Frame, Run, parse as syntax};
use super::{Machine, Value};

const TORCHVISION: &str = include_str!("torchvision_blocks.py");

/// What texts import from there, and the paths of the modules: torchvision's own files name each other relatively.
const NAMES: &[(&str, &[&str])] = &[
    ("ConvNormActivation", OPS),
    ("Conv2dNormActivation", OPS),
    ("SqueezeExcitation", OPS),
    ("MLP", OPS),
    ("Permute", OPS),
    ("_make_divisible", &["torchvision.models._utils", "_utils"]),
];
const OPS: &[&str] = &["torchvision.ops", "torchvision.ops.misc", "ops.misc"];

impl Machine {
    /// The block that a library's module has under this name, if it is known here.
    pub(crate) fn library_block(&mut self, module: &str, name: &str) -> Run<Option<Value>> {
        if !NAMES.iter().any(|(known, modules)| *known == name && modules.contains(&module)) {
            return Ok(None);
        }
        let scope = match self.host.blocks {
            Some(scope) => scope,
            None => {
                let scope = self.new_scope(None)?;
                self.frames.push(Frame { scope, class: None, receiver: None, yielded: None });
                let result = self.block(&syntax::parse_unplaced(TORCHVISION).body);
                self.frames.pop();
                result?;
                *self.host.blocks.insert(scope)
            }
        };
        Ok(self.heap.scopes[scope].variables.get(name).cloned())
    }
}
