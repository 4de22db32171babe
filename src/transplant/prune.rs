//! Unstructured pruning: the smallest weights become zero.

use crate::model::{Layer, Network, NodeId};
use crate::shape::Direction;

use super::Tensors;

/// Among which weights the smallest are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one layer, as PyTorch's `l1_unstructured`.
    Layer,
    /// All, as PyTorch's `global_unstructured`.
    Global,
}

/// A Linear or a convolution that is not transposed.
pub(super) fn is_prunable(layer: &Layer) -> bool {
    layer.kind().multiplies() && layer.convolution().is_none_or(|conv| conv.direction == Direction::Plain)
}

/// Sets the `round(amount * n)` smallest weights of convolutions and Linears to zero (an exact half rounds to even);
/// biases and norms stay. How many weights are left in each layer, in order.
pub fn prune(network: &Network, tensors: &mut Tensors, amount: f64, scope: Scope) -> Vec<(NodeId, usize)> {
    let prunable: Vec<NodeId> = network
        .nodes
        .iter()
        .filter(|node| is_prunable(&node.layer) && tensors.contains_key(&node.id))
        .map(|node| node.id)
        .collect();
    let groups: Vec<Vec<NodeId>> = match scope {
        Scope::Layer => prunable.iter().map(|&id| vec![id]).collect(),
        Scope::Global => vec![prunable.clone()],
    };
    for group in groups {
        let magnitudes = |tensors: &Tensors| {
            let places = group.iter().flat_map(|id| {
                let weight = tensors.get(id).and_then(|tensors| tensors.first());
                let length = weight.map_or(0, Vec::len);
                (0..length).map(move |place| (*id, place)).collect::<Vec<_>>()
            });
            places.collect::<Vec<_>>()
        };
        let mut places = magnitudes(tensors);
        let count = (amount.clamp(0.0, 1.0) * places.len() as f64).round_ties_even() as usize;
        let size = |&(id, place): &(NodeId, usize)| tensors[&id][0][place].abs();
        places.sort_by(|one, other| size(one).total_cmp(&size(other)));
        for (id, place) in places.into_iter().take(count) {
            if let Some(tensors) = tensors.get_mut(&id) {
                tensors[0][place] = 0.0;
            }
        }
    }
    let left = |id: NodeId| tensors[&id][0].iter().filter(|&&weight| weight != 0.0).count();
    prunable.into_iter().map(|id| (id, left(id))).collect()
}
