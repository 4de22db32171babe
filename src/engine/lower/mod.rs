//! From a network to operations: arguments resolved, parameters made, views told from copies.

mod layers;
mod normalization;
mod parameters;
mod spatial;
mod window;

use std::collections::HashMap;

use crate::model::{Dims, Network, NodeId, Tap};
use crate::shape;

use super::error::EngineError;
use super::graph::{Graph, TensorId};
use super::kernels::geometry::Planes;
use super::operation::{Operation, Parameters};
use super::weights::{TensorRule, WeightReader, WeightSource};

/// The most values one tensor can have: half of what a 32-bit address space holds.
pub(crate) const LARGEST_TENSOR: u64 = 1 << 29;

/// The values of all weights and buffers that [`lower`] makes. Every call of a module has its own.
///
/// # Errors
/// Where those of one node are more than [`LARGEST_TENSOR`].
pub(crate) fn weight_count(network: &Network) -> Result<u64, EngineError> {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let mut count = 0_u64;
    for (index, node) in network.nodes.iter().enumerate() {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let rules = parameters::tensors(node, input)?;
        count = rules.iter().fold(count, |count, rule| count.saturating_add(rule.length as u64));
    }
    Ok(count)
}

/// The operations of a network for a batch of samples.
///
/// # Errors
/// Where a layer cannot take its input, has no kernel, or is too large to run.
pub(crate) fn lower(network: &Network, weights: &WeightSource, batch: u64) -> Result<Graph, EngineError> {
    if network.nodes.is_empty() {
        return Err(EngineError::Empty);
    }
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, batch);
    let input = sizes(&shapes.input, ("the input", "a batch of it"))?;
    let mut lowering = Lowering {
        graph: Graph::new(input),
        reader: WeightReader::new(weights),
        node: 0,
        id: NodeId(0),
        name: String::new(),
        streams: Vec::new(),
        rules: Vec::new(),
    };
    let mut outputs: Vec<TensorId> = Vec::with_capacity(network.nodes.len());
    let mut streams: Vec<Vec<u64>> = Vec::with_capacity(network.nodes.len());
    let first_calls = network.first_calls();
    for (index, node) in network.nodes.iter().enumerate() {
        let output = match &shapes.nodes[index] {
            shape::NodeShape::Known(dims) => sizes(dims, (&node.name, "its output"))?,
            shape::NodeShape::Failed(error) => {
                return Err(EngineError::Shape { node: node.name.clone(), reason: error.to_string() });
            }
            shape::NodeShape::Waits { on } => {
                let reason = format!("{} has no output", network.nodes[*on].name);
                return Err(EngineError::Shape { node: node.name.clone(), reason });
            }
        };
        let mut inputs = Vec::new();
        for tap in wiring.taps(index) {
            inputs.push(match *tap {
                Tap::Input => Graph::INPUT,
                Tap::Node(above) => outputs[above],
                Tap::Missing(id) | Tap::NotAbove(id) => {
                    let reason = format!("its input, node {}, is not above", id.0);
                    return Err(EngineError::Shape { node: node.name.clone(), reason });
                }
            });
        }
        let input_dims = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let rules = parameters::tensors(node, input_dims)?;
        streams.push(match first_calls[index] {
            Some(first) => streams[first].clone(),
            None => lowering.reader.register(&rules),
        });
        lowering.node = index;
        lowering.id = first_calls[index].map_or(node.id, |first| network.nodes[first].id);
        lowering.name.clone_from(&node.name);
        lowering.streams.clone_from(&streams[index]);
        lowering.rules = rules;
        outputs.push(lowering.layer(&node.layer, &inputs, output)?);
    }
    lowering.graph.output = outputs.last().copied().unwrap_or(Graph::INPUT);
    Ok(lowering.graph)
}

/// The tensors of every node that has any, each module under the id of its first call: weight, bias, running mean,
/// running variance. As [`WeightSource::Given`] takes them.
pub fn all_tensors(network: &Network, weights: &WeightSource) -> Result<HashMap<NodeId, Vec<Vec<f32>>>, EngineError> {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let first_calls = network.first_calls();
    let mut reader = WeightReader::new(weights);
    let mut all = HashMap::new();
    for (index, node) in network.nodes.iter().enumerate().filter(|(index, _)| first_calls[*index].is_none()) {
        let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let rules = parameters::tensors(node, input)?;
        let streams = reader.register(&rules);
        if !rules.is_empty() {
            all.insert(node.id, reader.read(node.id, &node.name, &rules, &streams)?);
        }
    }
    Ok(all)
}

/// The state while one node after another is lowered.
struct Lowering<'a> {
    graph: Graph,
    reader: WeightReader<'a>,
    /// The node at hand: its index, its id (of its first call), its name, its tensors and their streams.
    node: usize,
    id: NodeId,
    name: String,
    rules: Vec<TensorRule>,
    streams: Vec<u64>,
}

impl Lowering<'_> {
    fn push(&mut self, operation: Operation, inputs: &[TensorId], dims: Vec<usize>) -> TensorId {
        self.graph.push(operation, inputs, dims, self.node)
    }

    /// The node's tensors: weight, bias, running mean, running variance.
    fn tensors(&self) -> Result<Vec<Vec<f32>>, EngineError> {
        self.reader.read(self.id, &self.name, &self.rules, &self.streams)
    }

    /// The node's weight and bias.
    fn parameters(&self) -> Result<Parameters, EngineError> {
        let mut tensors = self.tensors()?.into_iter();
        Ok(Parameters { weight: tensors.next().unwrap_or_default(), bias: tensors.next().unwrap_or_default() })
    }

    fn unsupported(&self, class: &str) -> EngineError {
        EngineError::Unsupported { node: self.name.clone(), class: class.to_string() }
    }
}

/// The sizes of a tensor of a node; what it is called there, for the error.
fn sizes(dims: &Dims, (node, what): (&str, &'static str)) -> Result<Vec<usize>, EngineError> {
    let elements = dims.elements().unwrap_or(u64::MAX);
    if elements > LARGEST_TENSOR {
        return Err(EngineError::TooLarge { node: node.to_string(), what, elements, limit: LARGEST_TENSOR });
    }
    // No size is larger than their product.
    Ok(dims.sizes().iter().map(|&size| size as usize).collect())
}

/// A dimension counted from the front; negative ones count from the back.
fn dimension(dim: i64, rank: usize) -> usize {
    (if dim < 0 { dim + rank as i64 } else { dim }).clamp(0, rank as i64 - 1) as usize
}

/// The distance between neighbours along each dimension of a tensor in row-major order.
fn row_major_strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for dim in (1..dims.len()).rev() {
        strides[dim - 1] = strides[dim] * dims[dim];
    }
    strides
}

/// The planes of [N, C, H, W], or of one image [C, H, W].
fn planes(dims: &[usize]) -> Planes {
    match *dims {
        [batch, channels, height, width] => Planes { batch, channels, height, width },
        [channels, height, width] => Planes { batch: 1, channels, height, width },
        _ => channel_planes(dims),
    }
}

/// The planes of [N, C, ..], whatever follows taken as one row.
fn channel_planes(dims: &[usize]) -> Planes {
    let size = |dim: usize| dims.get(dim).copied().unwrap_or(1);
    Planes { batch: size(0), channels: size(1), height: 1, width: dims.iter().skip(2).product() }
}
