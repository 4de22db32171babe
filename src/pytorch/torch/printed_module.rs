//! Modules of a printed model: their children run one after another, as far as that can be.

use super::super::python::{Id, Run};
use super::module_state::ModuleKind;
use super::{Arguments, Machine, Value};
use crate::model::Kind;

impl Machine {
    /// A module of this class with children `(name, times, module)` or `(name, times, function, class, children)`.
    pub(crate) fn printed_module(&mut self, class: &Value, children: Option<&Value>) -> Run<Value> {
        let Value::Text(class) = class else { return Ok(Value::None) };
        let list = matches!(&**class, "ModuleList" | "ModuleDict");
        let id = self.new_library_module(class, ModuleKind::Sequential)?;
        let Some(children) = children else { return Ok(Value::Instance(id)) };
        for child in self.items(children)? {
            let parts = self.items(&child)?;
            let [Value::Text(name), times, ..] = parts.as_slice() else { continue };
            let (first, times) = match name.split_once('-') {
                // `(0-2): 3 x Block(`.
                Some((first, _)) => (first.parse::<u64>().ok(), times.as_i64().unwrap_or(1).clamp(1, 1000)),
                None => (None, 1),
            };
            for place in 0..times as u64 {
                let module = match parts.get(2..) {
                    Some([module]) => self.copy(module, 0)?,
                    Some([_, class, children]) => self.printed_module(class, Some(children))?,
                    _ => Value::None,
                };
                let name = first.map_or_else(|| name.to_string(), |first| (first + place).to_string());
                if let Value::Instance(child) = module {
                    self.set_child(id, &name, Some(child))?;
                }
            }
        }
        if !list {
            self.heap.instances[id].attributes.insert("__printed__".into(), Value::Bool(true));
        }
        Ok(Value::Instance(id))
    }

    pub(crate) fn is_printed(&self, id: Id) -> bool {
        self.heap.instances[id].attributes.contains_key("__printed__")
    }

    /// One child after another; a shortcut beside the others; flattened where a Linear comes after an image.
    pub(crate) fn printed_forward(&mut self, id: Id, input: Value) -> Run<Value> {
        let children = self.module(id).map(|module| module.children.clone()).unwrap_or_default();
        let class = self.module(id).map(|module| module.class.clone()).unwrap_or_else(|| "".into());
        let shortcut = children.iter().find(|(name, _)| matches!(&**name, "downsample" | "shortcut" | "skip")).cloned();
        let residual = shortcut.is_some() || matches!(&*class, "BasicBlock" | "Bottleneck");
        let mut value = input.clone();
        for (name, child) in &children {
            let Some(child) = *child else { continue };
            if shortcut.as_ref().is_some_and(|(other, _)| other == name) {
                continue;
            }
            self.step()?;
            if residual && &**name == "relu" {
                continue;
            }
            if self.starts_with_linear(child, 0)
                && let Value::Tensor(tensor) = &value
                && tensor.dims.is_some_and(|dims| dims.rank() == 4)
            {
                let flat = Arguments::positional(vec![value.clone(), Value::Int(1)]);
                value = self.tensor_function("flatten", flat, false)?;
            }
            value = self.call(&Value::Instance(child), Arguments::positional(vec![value]))?;
        }
        if residual {
            let other = match shortcut.and_then(|(_, child)| child) {
                Some(child) => self.call(&Value::Instance(child), Arguments::positional(vec![input]))?,
                None => input,
            };
            value = self.arithmetic("add", &value, &other)?;
            if let Some(Some(relu)) = self.module(id).and_then(|module| module.child("relu")) {
                value = self.call(&Value::Instance(relu), Arguments::positional(vec![value]))?;
            }
        }
        Ok(value)
    }

    fn starts_with_linear(&self, id: Id, depth: u32) -> bool {
        let Some(module) = self.module(id) else { return false };
        if let Some(leaf) = module.leaf() {
            return leaf.layer.as_ref().is_some_and(|layer| layer.kind() == Kind::Linear);
        }
        // Dropout and activations do not mind.
        for (_, child) in &module.children {
            let Some(child) = *child else { continue };
            if depth < 20 && self.starts_with_linear(child, depth + 1) {
                return true;
            }
            let leaf = self.module(child).and_then(|module| module.leaf());
            let passes = leaf.and_then(|leaf| leaf.layer.as_ref()).is_some_and(|layer| {
                layer.kind().is_elementwise_activation() || matches!(layer.kind(), Kind::Dropout | Kind::Identity)
            });
            if !passes {
                return false;
            }
        }
        false
    }
}
