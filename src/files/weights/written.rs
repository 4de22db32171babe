//! The weights of a network as a file has them.

use super::matching::{Expected, NodeWeights, expected};
use super::safetensors::WrittenTensor;
use crate::model::Network;

/// Every tensor of a network by PyTorch's name. `weights` has those of each module under the node that calls it first.
///
/// # Errors
/// Names the tensor that there are no numbers for.
pub fn written_tensors(network: &Network, mut weights: NodeWeights) -> Result<Vec<WrittenTensor>, String> {
    weights.values_mut().for_each(|tensors| tensors.reverse());
    let of = |Expected { name, dims, node, is_counter }: Expected| {
        if is_counter {
            return Ok(WrittenTensor { name, dims, floats: None });
        }
        let floats = node.and_then(|node| weights.get_mut(&node)?.pop());
        let none = || format!("{name}: a module that nothing calls has no weights here; take it out first");
        let floats = Some(floats.ok_or_else(none)?);
        Ok(WrittenTensor { name, dims, floats })
    };
    expected(network).into_iter().map(of).collect()
}
