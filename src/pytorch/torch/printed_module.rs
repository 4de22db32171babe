//! Modules of a printed model: their children run one after another, as far as that can be.

use std::rc::Rc;

use super::super::python::{Id, Run};
use super::module_state::ModuleKind;
use super::{Arguments, Machine, Value};
use crate::model::{self, Dims, Kind};

impl Machine {
    /// A module of this class with children `(name, times, module)` or `(name, times, function, class, children)`.
    pub(crate) fn printed_module(&mut self, class: &Value, children: Option<&Value>) -> Run<Value> {
        let Value::Text(class) = class else { return Ok(Value::None) };
        if let Some(module) = self.printed_attention(class, children)? {
            return Ok(module);
        }
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
                    // A class of somebody's own, without layers: it computes.
                    Some([Value::Text(class)]) => self.printed_module(&Value::Text(class.clone()), None)?,
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
        if let Some(model) = self.printed_library_model(id, class)? {
            return Ok(Value::Instance(model));
        }
        self.printed_parameters(id, class)?;
        if !list {
            self.heap.instances[id].attributes.insert("__printed__".into(), Value::Bool(true));
        }
        Ok(Value::Instance(id))
    }

    /// An attention shows only the layer behind it, as wide as itself.
    fn printed_attention(&mut self, class: &str, children: Option<&Value>) -> Run<Option<Value>> {
        let (Some(children), "MultiheadAttention") = (children, class) else { return Ok(None) };
        for child in self.items(children)? {
            let parts = self.items(&child)?;
            let Some(Value::Instance(layer)) = parts.last() else { continue };
            let Some(leaf) = self.module(*layer).and_then(|module| module.leaf()) else { continue };
            let Some(&width) = leaf.declared.first() else { continue };
            let bias = super::module_state::plain_argument(leaf, "bias") != Some(&model::Value::Bool(false));
            let width = Value::Int(i128::from(width));
            let keywords = vec![(Rc::from("batch_first"), Value::Bool(true)), (Rc::from("bias"), Value::Bool(bias))];
            let arguments = Arguments { positional: vec![width, Value::Int(1)], keywords };
            return self.new_module("MultiheadAttention", "torch.nn.MultiheadAttention", arguments).map(Some);
        }
        Ok(None)
    }

    /// What torchvision's classes learn besides the layers that they show.
    fn printed_parameters(&mut self, id: Id, class: &str) -> Run<()> {
        let declared = |machine: &Self, path: &str| {
            let mut at = id;
            for name in path.split('.') {
                at = machine.module(at)?.child(name)??;
            }
            machine.module(at)?.leaf()?.declared.first().copied()
        };
        let heads = |machine: &Self| declared(machine, "qkv").or(declared(machine, "to_qkv")).map(|width| width / 32);
        let parameters: Vec<(&str, Option<Vec<u64>>)> = match class {
            "CNBlock" => vec![("layer_scale", declared(self, "block.0").map(|width| vec![width, 1, 1]))],
            "ShiftedWindowAttention" | "RelativePositionalMultiHeadAttention" => {
                vec![("relative_position_bias_table", heads(self).map(|heads| vec![13 * 13, heads]))]
            }
            "ShiftedWindowAttentionV2" => vec![("logit_scale", heads(self).map(|heads| vec![heads, 1, 1]))],
            "VisionTransformer" => {
                let patch = self.module(id).and_then(|module| module.child("conv_proj")?);
                let layer = patch.and_then(|patch| self.module(patch)?.leaf()?.layer.clone());
                let Some(model::Layer::Conv2d(conv)) = layer else { return Ok(()) };
                let model::Channels::Count(width) = conv.out_channels else { return Ok(()) };
                let width = u64::try_from(width).unwrap_or(0);
                let patches = 224_u64.checked_div(u64::try_from(conv.kernel_size.height).unwrap_or(0)).unwrap_or(0);
                vec![
                    ("class_token", Some(vec![1, 1, width])),
                    ("pos_embedding", Some(vec![1, patches * patches + 1, width])),
                ]
            }
            _ => Vec::new(),
        };
        for (name, sizes) in parameters {
            let Some(dims) = sizes.and_then(|sizes| Dims::new(&sizes)) else { continue };
            let parameter = self.new_parameter(Some(dims), false)?;
            if let Some(module) = &mut self.heap.instances[id].module {
                module.parameters.push((Rc::from(name), parameter));
            }
        }
        Ok(())
    }

    pub(crate) fn is_printed(&self, id: Id) -> bool {
        self.heap.instances[id].attributes.contains_key("__printed__")
    }

    /// A printed class of somebody's own with modules: how it runs them is not known.
    pub(crate) fn is_wired_by_guess(&self, id: Id) -> bool {
        let own =
            |module: &super::module_state::ModuleState| &*module.class != "Sequential" && !module.children.is_empty();
        self.is_printed(id) && self.module(id).is_some_and(own)
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
