//! Fewer steps for the same result: batch norms folded into weights, activations and residual sums into their producer.

use super::graph::{Graph, GraphNode, TensorId};
use super::kernels::activation::Activation;
use super::kernels::reference::combine::Combination;
use super::operation::{Operation, Parameters};

/// Makes aliases disappear: whoever read an alias reads what it stands for.
///
/// The sizes of a tensor are then those of its producer; operations carry the sizes they need themselves.
pub fn remove_aliases(graph: &mut Graph) {
    let mut stands_for: Vec<TensorId> = (0..graph.tensors.len()).map(TensorId).collect();
    for node in &mut graph.nodes {
        node.inputs.iter_mut().for_each(|input| *input = stands_for[input.0]);
        if node.operation == Operation::Alias {
            stands_for[node.output.0] = node.inputs[0];
        }
        if let Some(residual) = &mut node.residual {
            *residual = stands_for[residual.0];
        }
    }
    graph.output = stands_for[graph.output.0];
    let mut aliases: Vec<(TensorId, Vec<usize>)> = Vec::new();
    graph.nodes.retain(|node| {
        let keep = node.operation != Operation::Alias;
        if !keep {
            aliases.push((node.inputs[0], node.covers.clone()));
        }
        keep
    });
    for (tensor, covers) in aliases {
        if let Some(node) = graph.nodes.iter_mut().find(|node| node.output == tensor) {
            node.covers.extend(covers);
        }
    }
}

/// Folds and fuses where a tensor has one reader only.
pub fn fuse(graph: &mut Graph) {
    let mut index = 0;
    while index < graph.nodes.len() {
        let fused = fold_scale(graph, index) || fuse_activation(graph, index) || fuse_residual(graph, index);
        if !fused {
            index += 1;
        }
    }
}

/// The index of the node that makes the first input of node `index`, if nobody else reads it.
fn sole_producer(graph: &Graph, index: usize, input: TensorId) -> Option<usize> {
    let readers =
        |node: &GraphNode| node.inputs.iter().chain(&node.residual).filter(|&&tensor| tensor == input).count();
    let count: usize = graph.nodes.iter().map(readers).sum();
    if count != 1 || graph.output == input {
        return None;
    }
    graph.nodes[..index].iter().rposition(|node| node.output == input)
}

/// A scale of channels after a convolution or a matrix product goes into its weights.
fn fold_scale(graph: &mut Graph, index: usize) -> bool {
    let Operation::ScaleChannels(planes, scaling) = &graph.nodes[index].operation else { return false };
    let (planes, scaling) = (*planes, scaling.clone());
    let Some(producer) = sole_producer(graph, index, graph.nodes[index].inputs[0]) else { return false };
    let node = &mut graph.nodes[producer];
    if node.activation != Activation::Identity || node.residual.is_some() {
        return false;
    }
    match &mut node.operation {
        // Behind a view the scale may see the batch and the channels otherwise than the convolution.
        Operation::Convolution(shape, parameters)
            if [shape.output.batch, shape.output.channels] == [planes.batch, planes.channels] =>
        {
            scale_rows(parameters, &scaling);
        }
        Operation::Linear([_, outputs], parameters) if *outputs == planes.channels && planes.area() == 1 => {
            scale_rows(parameters, &scaling);
        }
        _ => return false,
    }
    absorb(graph, producer, index);
    true
}

/// `weight[o, ..] *= scale[o]`, `bias[o] = bias[o] * scale[o] + shift[o]`.
fn scale_rows(parameters: &mut Parameters, scaling: &Parameters) {
    let rows = scaling.weight.len();
    parameters.bias.resize(rows, 0.0);
    let fan_in = parameters.weight.len() / rows.max(1);
    for (row, filter) in parameters.weight.chunks_exact_mut(fan_in.max(1)).enumerate() {
        let (scale, shift) =
            (f64::from(scaling.weight[row]), scaling.bias.get(row).map_or(0.0, |&bias| f64::from(bias)));
        filter.iter_mut().for_each(|weight| *weight = (f64::from(*weight) * scale) as f32);
        parameters.bias[row] = (f64::from(parameters.bias[row]) * scale + shift) as f32;
    }
}

fn fuse_activation(graph: &mut Graph, index: usize) -> bool {
    let Operation::Activate(activation) = graph.nodes[index].operation else { return false };
    let Some(producer) = sole_producer(graph, index, graph.nodes[index].inputs[0]) else { return false };
    let node = &mut graph.nodes[producer];
    // What is concatenated may lie where the whole does, and others read it as it was.
    let keeps = matches!(node.operation, Operation::Constant(_) | Operation::Concatenate(..));
    if node.activation != Activation::Identity || keeps {
        return false;
    }
    node.activation = activation;
    absorb(graph, producer, index);
    true
}

/// A sum of two tensors of one size goes into the later of the convolutions that make them.
fn fuse_residual(graph: &mut Graph, index: usize) -> bool {
    let node = &graph.nodes[index];
    let Operation::Broadcast(broadcast) = &node.operation else { return false };
    let &[a, b] = node.inputs.as_slice() else { return false };
    let same = broadcast.strides[0] == broadcast.strides[1] && graph.dims(a) == graph.dims(b);
    let full = graph.elements(a) == broadcast.dims.iter().product::<usize>();
    if broadcast.combination != Combination::Add || a == b || !same || !full {
        return false;
    }
    let host = |tensor: TensorId, other: TensorId| {
        let producer = sole_producer(graph, index, tensor)?;
        let node = &graph.nodes[producer];
        let is_convolution = matches!(node.operation, Operation::Convolution(..));
        let free = node.activation == Activation::Identity && node.residual.is_none();
        (is_convolution && free).then_some((producer, other))
    };
    let hosts = [host(a, b), host(b, a)];
    let Some((producer, residual)) = hosts.into_iter().flatten().max_by_key(|&(producer, _)| producer) else {
        return false;
    };
    graph.nodes[producer].residual = Some(residual);
    absorb(graph, producer, index);
    // The other summand may be made after the producer; at the place of the sum it is there.
    let node = graph.nodes.remove(producer);
    graph.nodes.insert(index - 1, node);
    true
}

/// Node `index` is done by `producer` from now on.
fn absorb(graph: &mut Graph, producer: usize, index: usize) {
    let node = graph.nodes.remove(index);
    graph.nodes[producer].output = node.output;
    graph.nodes[producer].covers.extend(node.covers);
    graph.nodes[producer].activation = match node.activation {
        Activation::Identity => graph.nodes[producer].activation,
        other => other,
    };
}
