//! Names of rows: PyTorch's qualified names, from weights, from the exporter's metadata, or from the names of nodes.

use std::collections::{HashMap, HashSet};

use super::message::Node;
use crate::model::MAX_NAME;

/// Names that rows have already.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// The next number behind a name.
    next: HashMap<String, u32>,
}

/// What ends the name of a weight, by PyTorch, Keras and tf2onnx.
const ENDINGS: &[&str] = &[
    ".weight_quantized",
    ".weight",
    "/kernel:0",
    "/kernel",
    "/depthwise_kernel:0",
    "/depthwise_kernel",
    "/gamma:0",
    "/gamma",
    "/alpha",
    "/Conv2D/ReadVariableOp:0",
    "/depthwise/ReadVariableOp:0",
    "/MatMul/ReadVariableOp:0",
];
/// What stands before the names of layers in graphs of TensorFlow.
const OUTSIDE: &[&str] = &["StatefulPartitionedCall", "PartitionedCall", "functional", "model", "sequential"];

impl Names {
    /// The name, or with `_1`, `_2`, ... where another row has it.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        while !self.taken.insert(name.clone()) {
            let number = self.next.entry(wanted.to_string()).or_insert(1);
            name = format!("{wanted}_{number}");
            *number += 1;
        }
        name
    }
}

/// The name that a node's row is best called by, the weight's before the node's own.
pub(super) fn of(node: &Node, weight: Option<&str>) -> String {
    clean(weight.and_then(of_weight).or_else(|| of_node(node)).unwrap_or_else(|| plain(node)))
}

/// The same where the weight may be another module's that is equal.
pub(super) fn of_norm(node: &Node, weight: &str) -> String {
    clean(of_node(node).or_else(|| of_weight(weight)).unwrap_or_else(|| plain(node)))
}

fn of_node(node: &Node) -> Option<String> {
    of_metadata(node).or_else(|| of_path(node))
}

fn clean(name: String) -> String {
    let clean = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' };
    let name: String = name.chars().map(clean).take(MAX_NAME.min(120)).collect();
    if name.is_empty() { "node".to_string() } else { name }
}

/// The module of a parameter.
pub(super) fn of_weight(weight: &str) -> Option<String> {
    if weight.starts_with("onnx::") {
        return None;
    }
    let module = ENDINGS.iter().find_map(|ending| weight.strip_suffix(ending))?;
    let inner =
        module.split('/').filter(|part| !part.is_empty() && !OUTSIDE.iter().any(|outside| part.starts_with(outside)));
    let name = inner.collect::<Vec<_>>().join(".");
    (!name.is_empty()).then_some(name)
}

/// `['', 'layer1', 'layer1.0', 'add']` beside the classes of each: the name of a module of `torch.nn`, or of a call in one of
/// the network's own.
fn of_metadata(node: &Node) -> Option<String> {
    let list = |text: &str| -> Vec<String> {
        let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
        inner.split(", ").map(|item| item.trim_matches(['\'', '"']).to_string()).collect()
    };
    let scopes = list(node.metadata("pkg.torch.onnx.name_scopes")?);
    let classes = list(node.metadata("pkg.torch.onnx.class_hierarchy")?);
    let [.., module, call] = scopes.as_slice() else { return None };
    let class = classes.get(classes.len().checked_sub(2)?)?;
    let is_leaf = class.starts_with("torch.nn.modules.") && !class.starts_with("torch.nn.modules.container.");
    Some(match (is_leaf, module.is_empty()) {
        (true, false) => module.clone(),
        (_, true) => call.clone(),
        (false, false) => format!("{module}.{call}"),
    })
}

/// `/layer1/layer1.0/conv1/Conv`: `layer1.0.conv1`; a function's operator stays: `/layer1/layer1.0/Add` is `layer1.0.add`.
fn of_path(node: &Node) -> Option<String> {
    let (path, last) = node.name.rsplit_once('/')?;
    let mut parts: Vec<String> = Vec::new();
    for part in
        path.split('/').filter(|part| !part.is_empty() && !OUTSIDE.iter().any(|outside| part.starts_with(outside)))
    {
        match parts.last_mut() {
            // A child repeats its parent's name.
            Some(parent) if part.strip_prefix(parent.as_str()).is_some_and(|rest| rest.starts_with('.')) => {
                *parent = part.to_string();
            }
            _ => parts.push(part.to_string()),
        }
    }
    let name = parts.join(".");
    let is_module = !is_function(&node.operator);
    match (name.is_empty(), is_module) {
        (true, _) => Some(last.to_lowercase()),
        (false, true) => Some(name),
        (false, false) => Some(format!("{name}.{}", last.to_lowercase())),
    }
}

/// Operators that are a function's call in PyTorch, not a module's.
fn is_function(operator: &str) -> bool {
    matches!(
        operator,
        "Add"
            | "Sub"
            | "Mul"
            | "Div"
            | "Concat"
            | "Reshape"
            | "Transpose"
            | "Slice"
            | "Split"
            | "Gather"
            | "ReduceMean"
            | "Unsqueeze"
            | "Squeeze"
    )
}

fn plain(node: &Node) -> String {
    let name = node.name.strip_prefix("node_").unwrap_or(&node.name);
    if name.is_empty() { node.operator.to_lowercase() } else { name.to_string() }
}
