//! Fewer steps for the same result: batch norms folded into weights, activations and residual sums into their producer.

use super::graph::{Graph, GraphNode, TensorId};
use super::kernels::activation::Activation;
use super::kernels::reference::combine::Combination;
use super::operation::{Operation, Parameters};

/// Makes aliases disappear: whoever read an alias reads what it stands for.
///
/// The sizes of a tensor are then those of its producer; operations carry the sizes they need themselves.
pub(super) fn remove_aliases(graph: &mut Graph) {
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
    let mut made_by = vec![None; graph.tensors.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        made_by[node.output.0] = Some(index);
    }
    for (tensor, covers) in aliases {
        if let Some(index) = made_by[tensor.0] {
            graph.nodes[index].covers.extend(covers);
        }
    }
}

/// Folds and fuses where a tensor has one reader only.
pub(super) fn fuse(graph: &mut Graph) {
    let mut readers = vec![0_usize; graph.tensors.len()];
    for node in &graph.nodes {
        node.inputs.iter().chain(&node.residual).for_each(|input| readers[input.0] += 1);
    }
    let mut fusing = Fusing {
        tensors: &graph.tensors,
        output: graph.output,
        readers,
        done: Vec::with_capacity(graph.nodes.len()),
        made_by: vec![None; graph.tensors.len()],
    };
    for node in std::mem::take(&mut graph.nodes) {
        let fused = fusing.fold_scale(&node) || fusing.fuse_activation(&node) || fusing.fuse_residual(&node);
        if !fused {
            fusing.push(node);
        }
    }
    graph.nodes = fusing.done.into_iter().flatten().collect();
}

/// The state while one node after another is taken over, or done by one before it.
struct Fusing<'a> {
    tensors: &'a [Vec<usize>],
    /// The network's output.
    output: TensorId,
    /// How many nodes read each tensor.
    readers: Vec<usize>,
    /// `None` where a node has moved further down.
    done: Vec<Option<GraphNode>>,
    /// The place in `done` of the node that makes a tensor.
    made_by: Vec<Option<usize>>,
}

impl Fusing<'_> {
    fn push(&mut self, node: GraphNode) {
        self.made_by[node.output.0] = Some(self.done.len());
        self.done.push(Some(node));
    }

    /// The place of the node that makes a tensor, if only one node reads it.
    fn sole_producer(&self, tensor: TensorId) -> Option<usize> {
        self.made_by[tensor.0].filter(|_| self.readers[tensor.0] == 1 && self.output != tensor)
    }

    fn producer(&mut self, tensor: TensorId) -> Option<&mut GraphNode> {
        let place = self.sole_producer(tensor)?;
        self.done[place].as_mut()
    }

    /// A scale of channels after a convolution or a matrix product goes into its weights.
    fn fold_scale(&mut self, node: &GraphNode) -> bool {
        let Operation::ScaleChannels(planes, scaling) = &node.operation else { return false };
        let Some(producer) = self.producer(node.inputs[0]) else { return false };
        if producer.activation != Activation::Identity || producer.residual.is_some() {
            return false;
        }
        match &mut producer.operation {
            // Behind a view the scale may see the batch and the channels otherwise than the convolution.
            Operation::Convolution(shape, parameters)
                if [shape.output.batch, shape.output.channels] == [planes.batch, planes.channels] =>
            {
                scale_rows(parameters, scaling);
            }
            Operation::Linear([_, outputs], parameters) if *outputs == planes.channels && planes.area() == 1 => {
                scale_rows(parameters, scaling);
            }
            _ => return false,
        }
        self.absorb(node.inputs[0], node);
        true
    }

    fn fuse_activation(&mut self, node: &GraphNode) -> bool {
        let Operation::Activate(activation) = node.operation else { return false };
        let Some(producer) = self.producer(node.inputs[0]) else { return false };
        // What is concatenated may lie where the whole does, and others read it as it was.
        let keeps = matches!(producer.operation, Operation::Constant(_) | Operation::Concatenate(..));
        if producer.activation != Activation::Identity || keeps {
            return false;
        }
        producer.activation = activation;
        self.absorb(node.inputs[0], node);
        true
    }

    /// A sum of two tensors of one size goes into the later of the convolutions that make them.
    fn fuse_residual(&mut self, node: &GraphNode) -> bool {
        let Operation::Broadcast(broadcast) = &node.operation else { return false };
        let &[a, b] = node.inputs.as_slice() else { return false };
        let elements = |dims: &[usize]| dims.iter().product::<usize>();
        let is_full = |tensor: TensorId| elements(&self.tensors[tensor.0]) == elements(&broadcast.dims);
        let same = broadcast.strides[0] == broadcast.strides[1] && is_full(a) && is_full(b);
        if broadcast.combination != Combination::Add || a == b || !same {
            return false;
        }
        let host = |tensor: TensorId, other: TensorId| {
            let place = self.sole_producer(tensor)?;
            let producer = self.done[place].as_ref()?;
            let is_convolution = matches!(producer.operation, Operation::Convolution(..));
            let free = producer.activation == Activation::Identity && producer.residual.is_none();
            (is_convolution && free).then_some((place, tensor, other))
        };
        let hosts = [host(a, b), host(b, a)];
        let Some((place, tensor, residual)) = hosts.into_iter().flatten().max_by_key(|&(place, ..)| place) else {
            return false;
        };
        if let Some(producer) = self.producer(tensor) {
            producer.residual = Some(residual);
        }
        self.absorb(tensor, node);
        // The other summand may be made after the producer; at the place of the sum it is there.
        if let Some(producer) = self.done[place].take() {
            self.push(producer);
        }
        true
    }

    /// A node is done from now on by the one that makes this tensor.
    fn absorb(&mut self, tensor: TensorId, node: &GraphNode) {
        let Some(place) = self.made_by[tensor.0].take() else { return };
        self.made_by[node.output.0] = Some(place);
        let Some(producer) = self.done[place].as_mut() else { return };
        producer.output = node.output;
        producer.covers.extend(&node.covers);
        if node.activation != Activation::Identity {
            producer.activation = node.activation;
        }
    }
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
