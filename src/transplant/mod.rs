//! Weights carried from a network to what it becomes: exactly where the function stays the same, as near as can be
//! where it does not.

mod exact;
mod low_rank;
mod prune;
mod quantise;

use std::collections::HashMap;

use crate::engine::EngineError;
use crate::model::{Network, NodeId};
use crate::rewrite::{self, Effect, Rewrite, Rewritten};

pub use low_rank::{LowRank, low_rank};
pub use prune::{Scope, prune};
pub use quantise::{Quantised, quantise};

/// The tensors of every node that has any: weight, bias, running mean, running variance.
pub type Tensors = HashMap<NodeId, Vec<Vec<f32>>>;

/// Why weights cannot be carried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum TransplantError {
    #[error("the rewrite makes another function: its weights have to be trained")]
    Retrain,
    #[error("the tensors of {0} do not fit the network")]
    Tensors(String),
    #[error("a Linear of {outputs} x {inputs} is too large to be taken apart here")]
    TooLarge { outputs: usize, inputs: usize },
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The network under a rewrite, with weights that make it compute the same function, or for a low rank the nearest.
pub fn carry(network: &Network, tensors: &Tensors, rewrite: &Rewrite) -> Result<(Rewritten, Tensors), TransplantError> {
    let rewritten = rewrite::apply(network, rewrite);
    let carried = match rewrite {
        _ if rewritten.changes.is_empty() => tensors.clone(),
        Rewrite::FoldBatchNorm => exact::fold_batch_norms(network, tensors)?,
        Rewrite::DropRedundantBias => exact::drop_biases(network, tensors)?,
        Rewrite::AbsorbDepthwiseBias => exact::absorb_biases(network, tensors)?,
        Rewrite::FoldDepthwise => exact::fold_depthwise(network, tensors)?,
        Rewrite::LowRank { node, rank } => low_rank::factors(network, tensors, (*node, *rank), &rewritten)?,
        rewrite => {
            debug_assert_ne!(rewrite.effect(), Effect::Exact);
            return Err(TransplantError::Retrain);
        }
    };
    Ok((rewritten, carried))
}

/// A node's tensor, by its place.
fn tensor<'a>(
    tensors: &'a Tensors,
    network: &Network,
    (index, place): (usize, usize),
) -> Result<&'a [f32], TransplantError> {
    let node = &network.nodes[index];
    let found = tensors.get(&node.id).and_then(|tensors| tensors.get(place));
    found.map(Vec::as_slice).ok_or_else(|| TransplantError::Tensors(node.name.clone()))
}
