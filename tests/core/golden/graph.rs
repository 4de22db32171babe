//! Golden graphs (`layers` of seed.json, `nodes` of forward.json and zoo.json) as networks.

use std::collections::HashMap;

use convscope::model::{Call, Dims, Inputs, Kind, Layer, Network, Node, NodeId, Slice, Source, Value};
use serde_json::Value as Json;

use super::{functions, module, sizes, value};

/// A network with what its nodes were in the file.
pub struct Graph {
    pub network: Network,
    /// Samples in the input.
    pub batch: u64,
    /// For each node of the network: its object in the file.
    pub rows: Vec<Json>,
}

impl Graph {
    /// The stream of a parameter or buffer of a node.
    pub fn stream(&self, node: usize, tensor: &str) -> Option<u64> {
        let streams = self.rows[node].get("t")?;
        let named = streams.get(tensor).or_else(|| streams.as_object()?.values().next().filter(|_| tensor.is_empty()));
        named.or(Some(streams))?.as_u64()
    }
}

/// A graph from its list of nodes.
pub fn graph(name: &str, nodes: &Json) -> Graph {
    let nodes = nodes.as_array().expect("a list of nodes");
    let shape = sizes(&nodes[0]["out"]);
    let (batch, input) = (shape[0], Dims::new(&shape[1..]).expect("a shape"));
    let mut network = Network { name: name.to_string(), input, nodes: Vec::new(), uncalled: Vec::new() };
    let mut rows = Vec::new();
    // A chunk gives several tensors: its parts become the nodes.
    let mut chunks: HashMap<usize, (Layer, Vec<usize>)> = HashMap::new();
    for (index, row) in nodes.iter().enumerate().skip(1) {
        let op = row["op"].as_str().expect("an op");
        let from: Vec<usize> = sizes(&row["in"]).into_iter().map(|index| index as usize).collect();
        let node_name = row["name"].as_str().unwrap_or(op).to_string();
        if matches!(op, "chunk" | "split") {
            chunks.insert(index, (functions::layer(&call(op, row, from.len(), &[])), from));
            continue;
        }
        let chunk = from.first().and_then(|first| chunks.get(first));
        let (layer, from) = match chunk {
            Some((Layer::Chunk(chunk), from)) if op == "getitem" => {
                let mut part = chunk.clone();
                part.index = item(row);
                (Layer::Chunk(part), from.clone())
            }
            _ => (layer(op, row, from.len()), from),
        };
        let has_module = !layer.kind().is_function();
        let is_function = has_module && op.starts_with(|first: char| first.is_ascii_lowercase());
        let call = if is_function { Call::Function } else { Call::Module };
        let source = |&index: &usize| if index == 0 { Source::Input } else { Source::Node(NodeId(index as u32)) };
        let inputs = Inputs::From(from.iter().map(source).collect());
        network.nodes.push(Node { id: NodeId(index as u32), name: node_name, layer, inputs, call });
        rows.push(row.clone());
    }
    Graph { network, batch, rows }
}

fn layer(op: &str, row: &Json, tensors: usize) -> Layer {
    if op == "getitem" {
        return slice(row);
    }
    if op.starts_with(|first: char| first.is_ascii_lowercase()) {
        return functions::layer(&call(op, row, tensors, &sizes(&row["out"])));
    }
    // torchvision has some functions as modules, too: `Permute`.
    let class = if Kind::from_class(op).is_some() { op.to_string() } else { op.to_lowercase() };
    module(&class, row.get("cfg").unwrap_or(&Json::Null)).0
}

fn call<'a>(op: &'a str, row: &'a Json, tensors: usize, out: &'a [u64]) -> functions::Call<'a> {
    functions::Call { op, cfg: row.get("cfg").unwrap_or(&Json::Null), tensors, out }
}

/// The index in `getitem(parts, index)`.
fn item(row: &Json) -> i64 {
    let argument = row["cfg"]["args"].get(0).or_else(|| row["cfg"].get("index"));
    match argument.map(value) {
        Some(Value::Int(index)) => index,
        other => panic!("getitem without an index: {other:?}"),
    }
}

/// A slice of channels: what is left of them decides.
fn slice(row: &Json) -> Layer {
    Slice { start: 0, end: Some(sizes(&row["out"])[1] as i64), dim: 1 }.into()
}
