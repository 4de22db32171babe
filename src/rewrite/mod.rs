//! Networks turned into other networks: what each rewrite changes, and for which node.

mod draft;
mod names;
mod separable;

use crate::model::{Network, NodeId};

/// A way to turn a network into another one.
#[derive(Clone, Debug, PartialEq)]
pub enum Rewrite {
    /// Every convolution that is not yet depthwise, grouped or 1x1 becomes depthwise + pointwise.
    Separable,
    /// [`Rewrite::Separable`] for these convolutions alone.
    SeparableFor { nodes: Vec<NodeId> },
}

/// What a network becomes under a rewrite.
#[derive(Clone, Debug, PartialEq)]
pub struct Rewritten {
    pub network: Network,
    /// For each node of the result: the node of the original it comes from.
    pub origins: Vec<NodeId>,
    /// What changed; empty where the rewrite found nothing to do.
    pub changes: Vec<Change>,
}

/// One thing that a rewrite changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// A node of the original network.
    pub node: NodeId,
    /// In words: `conv1 becomes depthwise1 and pointwise1`.
    pub what: String,
}

/// The network under the rewrite. What the rewrite does not fit stays as it is.
pub fn apply(network: &Network, rewrite: &Rewrite) -> Rewritten {
    match rewrite {
        Rewrite::Separable => separable::all(network),
        Rewrite::SeparableFor { nodes } => separable::only(network, nodes),
    }
}

/// One rewrite after another. The origins and changes of the result speak of the first network's nodes.
pub fn apply_all(network: &Network, rewrites: &[Rewrite]) -> Rewritten {
    let mut all = Rewritten {
        network: network.clone(),
        origins: network.nodes.iter().map(|node| node.id).collect(),
        changes: Vec::new(),
    };
    for rewrite in rewrites {
        let next = apply(&all.network, rewrite);
        let first = |id: NodeId| all.network.position(id).map_or(id, |index| all.origins[index]);
        let origins = next.origins.iter().map(|&origin| first(origin)).collect();
        all.changes.extend(next.changes.into_iter().map(|change| Change { node: first(change.node), ..change }));
        all = Rewritten { network: next.network, origins, changes: all.changes };
    }
    all
}
