//! What the converter merges.

use super::graph::{Constant, ConstantKind, Graph, Holds, Node};
use super::operator::Operator;

/// Until nothing changes any more.
pub(super) fn fuse(graph: &mut Graph) {
    while pass(graph) {}
}

/// Where tensors are joined they have one scale: what has a scale of its own gets that one first, for all who read it.
pub(super) fn requantise(graph: &mut Graph) {
    let mut node = 0;
    while node < graph.nodes.len() {
        let output = graph.nodes[node].output;
        if graph.nodes[node].operator.has_fixed_scale() && reaches_concatenation(graph, output) {
            let tensor = graph.tensors[output].clone();
            let own = graph.tensor(tensor);
            graph.nodes[node].output = own;
            graph.insert(node + 1, Operator::Quantize, own, output);
            node += 1;
        }
        node += 1;
    }
}

/// Whether a tensor is joined with others, as it is or after what keeps its scale.
fn reaches_concatenation(graph: &Graph, tensor: usize) -> bool {
    graph.readers(tensor).into_iter().any(|reader| {
        let reader = &graph.nodes[reader];
        reader.operator == Operator::Concatenation
            || reader.operator.keeps_scale() && reaches_concatenation(graph, reader.output)
    })
}

/// Each operator once; whether something changed.
fn pass(graph: &mut Graph) -> bool {
    let (mut node, mut changed) = (0, false);
    while node < graph.nodes.len() {
        let changes = merges_reshapes(graph, node)
            || moves_before_reshape(graph, node)
            || repeats(graph, node)
            || folds_backward(graph, node)
            || fuses_activation(graph, node)
            || folds_forward(graph, node)
            || drops_flattening(graph, node);
        // What went is above or here: the one before may have become another.
        node = if changes { node.saturating_sub(2) } else { node + 1 };
        changed |= changes;
    }
    changed
}

/// A reshape of a reshape is one; one that changes nothing is none.
fn merges_reshapes(graph: &mut Graph, node: usize) -> bool {
    if graph.nodes[node].operator != Operator::Reshape {
        return false;
    }
    let (input, output) = (graph.nodes[node].inputs[0], graph.nodes[node].output);
    if graph.tensors[input].shape == graph.tensors[output].shape {
        graph.bypass(node, input);
        return true;
    }
    let above = graph.writer(input).filter(|&above| graph.nodes[above].operator == Operator::Reshape);
    let Some(above) = above else { return false };
    let source = graph.nodes[above].inputs[0];
    graph.nodes[node].inputs[0] = source;
    if graph.readers(input).is_empty() && graph.output != input {
        graph.nodes.remove(above);
    }
    true
}

/// An activation behind a reshape goes in front of it.
fn moves_before_reshape(graph: &mut Graph, node: usize) -> bool {
    let is_unary = graph.nodes[node].operator.is_unary();
    if !is_unary && constant_of(graph, node).is_none() {
        return false;
    }
    let input = graph.nodes[node].inputs[0];
    let above = graph
        .writer(input)
        .filter(|&above| graph.nodes[above].operator == Operator::Reshape && (is_unary || graph.nodes[above].squeezes));
    let Some(above) = above.filter(|_| graph.only_reader(input) == Some(node)) else { return false };
    let source = graph.nodes[above].inputs[0];
    let output = graph.nodes[node].output;
    // The middle tensor is now of the reshape's source.
    graph.tensors[input] = graph.tensors[source].clone();
    graph.nodes[node].inputs[0] = source;
    graph.nodes[node].output = input;
    graph.nodes[above].inputs[0] = input;
    graph.nodes[above].output = output;
    let later = node.max(above);
    let earlier = node.min(above);
    graph.nodes.swap(earlier, later);
    true
}

/// A rectifier of what was rectified the same way does nothing.
fn repeats(graph: &mut Graph, node: usize) -> bool {
    let operator = graph.nodes[node].operator;
    if !operator.is_fused_activation() {
        return false;
    }
    let input = graph.nodes[node].inputs[0];
    let above = graph.writer(input).map(|above| &graph.nodes[above]);
    let same = above.is_some_and(|above| above.fused == Some(operator) || above.operator == operator);
    if same {
        graph.bypass(node, input);
    }
    same
}

/// A product or a sum with a constant goes into the weights or the bias of the operator before it.
fn folds_backward(graph: &mut Graph, node: usize) -> bool {
    let Some(of_scalar) = constant_of(graph, node) else { return false };
    let input = graph.nodes[node].inputs[0];
    let above = graph.writer(input).filter(|&above| {
        graph.nodes[above].operator.is_affine()
            && graph.nodes[above].fused.is_none()
            && graph.only_reader(input) == Some(node)
    });
    let Some(above) = above else { return false };
    let channels = graph.tensors[input].shape.last().copied().unwrap_or(1);
    let along_channels = graph.nodes[node].constants[0].elements == channels;
    if !of_scalar && !along_channels {
        return false;
    }
    // There is a bias behind it.
    let constants = &mut graph.nodes[above].constants;
    if !constants.iter().any(|constant| constant.kind == ConstantKind::Bias) {
        constants.push(Constant { kind: ConstantKind::Bias, elements: channels, holds: Holds::Own });
    }
    is_own(&mut graph.nodes[above]);
    into(graph, node, above);
    true
}

/// A product with a number goes into the weights of the convolution behind it; a sum where nothing is padded, and a
/// vector of either where a matrix product is behind it.
fn folds_forward(graph: &mut Graph, node: usize) -> bool {
    let Some(of_scalar) = constant_of(graph, node) else { return false };
    if graph.nodes[node].fused.is_some() {
        return false;
    }
    let (input, output) = (graph.nodes[node].inputs[0], graph.nodes[node].output);
    let Some(reader) = graph.only_reader(output) else { return false };
    let behind = &graph.nodes[reader];
    let is_product = matches!(graph.nodes[node].operator, Operator::Mul | Operator::Div);
    let folds = match behind.operator {
        Operator::FullyConnected => true,
        Operator::Conv2d | Operator::DepthwiseConv2d => of_scalar && (is_product || !behind.padded),
        _ => false,
    };
    if folds {
        is_own(&mut graph.nodes[reader]);
        graph.bypass(node, input);
    }
    folds
}

/// Weights that something went into are no other call's any more.
fn is_own(node: &mut Node) {
    let constants = node.constants.iter_mut().filter(|constant| constant.kind != ConstantKind::Int32);
    constants.for_each(|constant| constant.holds = Holds::Own);
}

/// A rectifier becomes part of the operator before it.
fn fuses_activation(graph: &mut Graph, node: usize) -> bool {
    let operator = graph.nodes[node].operator;
    if !operator.is_fused_activation() {
        return false;
    }
    let input = graph.nodes[node].inputs[0];
    let above = graph.writer(input).filter(|&above| {
        graph.nodes[above].operator.fuses()
            && graph.nodes[above].fused.is_none()
            && graph.only_reader(input) == Some(node)
    });
    let Some(above) = above else { return false };
    graph.nodes[above].fused = Some(operator);
    into(graph, node, above);
    true
}

/// A matrix product takes a map of one pixel as it is.
fn drops_flattening(graph: &mut Graph, node: usize) -> bool {
    if graph.nodes[node].operator != Operator::Reshape {
        return false;
    }
    let (input, output) = (graph.nodes[node].inputs[0], graph.nodes[node].output);
    let reader = graph.only_reader(output).filter(|&reader| graph.nodes[reader].operator == Operator::FullyConnected);
    let (from, to) = (&graph.tensors[input].shape, &graph.tensors[output].shape);
    let drops = reader.is_some() && to.len() == 2 && from.last() == to.last();
    if drops {
        graph.bypass(node, input);
    }
    drops
}

/// The operator takes the place and the output of a later one, which goes.
fn into(graph: &mut Graph, later: usize, above: usize) {
    let output = graph.nodes[later].output;
    let mut merged = graph.nodes[above].clone();
    merged.output = output;
    graph.tensors[output].shape = graph.tensors[graph.nodes[above].output].shape.clone();
    graph.nodes[later] = merged;
    graph.nodes.remove(above);
}

/// Whether the operator combines a tensor with a constant, and that is one number.
fn constant_of(graph: &Graph, node: usize) -> Option<bool> {
    let node = &graph.nodes[node];
    let combines = matches!(node.operator, Operator::Add | Operator::Sub | Operator::Mul | Operator::Div);
    match (node.inputs.len(), node.constants.as_slice()) {
        (1, [constant]) if combines => Some(constant.elements == 1),
        _ => None,
    }
}
