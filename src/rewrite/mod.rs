//! Networks turned into other networks: what each rewrite changes, and for which node.

mod convolution;
mod draft;
mod fold;
mod head;
mod names;
mod separable;
mod uses;
mod width;

use crate::model::{Dims, Flatten, Kind, Network, NodeId, Pair};
use crate::shape::{self, NodeShape};

pub use convolution::{pooled_convolution, with_channels, with_kernel};
pub use fold::{absorber, depthwise_pairs, folds, is_depthwise, is_pointwise, takes_norm};
pub use head::{Head, drops_with_hidden, find as find_head};
pub use separable::{depthwise, is_divisible, pointwise};
pub use uses::Uses;

/// A way to turn a network into another one.
#[derive(Clone, Debug, PartialEq)]
pub enum Rewrite {
    /// Every convolution that is not yet depthwise, grouped or 1x1 becomes depthwise + pointwise.
    Separable,
    /// [`Rewrite::Separable`] for these convolutions alone.
    #[expect(missing_docs, reason = "the variant says it")]
    SeparableFor { nodes: Vec<NodeId> },
    /// Batch norms go into the weights before them.
    FoldBatchNorm,
    /// Layers directly before a batch norm lose their bias.
    DropRedundantBias,
    /// Depthwise convolutions directly before a pointwise one lose their bias.
    AbsorbDepthwiseBias,
    /// Depthwise + pointwise without anything between them become one full convolution.
    FoldDepthwise,
    /// The map is averaged before it is flattened.
    PooledHead(PooledHead),
    /// A Linear becomes two thin factors.
    #[expect(missing_docs, reason = "the variant says it")]
    LowRank { node: NodeId, rank: i64 },
    /// A convolution or Linear goes through fewer channels or features.
    #[expect(missing_docs, reason = "the variant says it")]
    Bottleneck { node: NodeId, width: i64 },
    /// Convolutions work in groups of channels.
    #[expect(missing_docs, reason = "the variant says it")]
    Grouped { nodes: Vec<NodeId>, groups: i64 },
    /// A convolution becomes expand, depthwise, project.
    #[expect(missing_docs, reason = "the variant says it")]
    InvertedResidual { node: NodeId, expansion: i64 },
    /// All convolutions and hidden Linears have this many times their channels (MobileNet's alpha).
    #[expect(missing_docs, reason = "the variant says it")]
    Width { multiplier: f64 },
    /// The input has another height and width (MobileNet's rho).
    #[expect(missing_docs, reason = "the variant says it")]
    Resolution { height: u64, width: u64 },
    /// These pools go, the convolutions before them get their stride.
    #[expect(missing_docs, reason = "the variant says it")]
    StrideForPool { pools: Vec<NodeId> },
    /// These convolutions have another kernel.
    #[expect(missing_docs, reason = "the variant says it")]
    KernelSize { nodes: Vec<NodeId>, size: Pair },
    /// This ratio of every convolution's channels and hidden Linear's features goes.
    #[expect(missing_docs, reason = "the variant says it")]
    PruneChannels { ratio: f64 },
    /// A convolution or Linear has this many output channels or features.
    #[expect(missing_docs, reason = "the variant says it")]
    Channels { node: NodeId, count: i64 },
}

/// What becomes of a classifier behind a pooled map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PooledHead {
    /// Height and width after pooling, where the map is larger.
    pub size: i64,
    /// What becomes of the Linears before the last.
    pub hidden: HiddenLayers,
}

/// The Linears between the flattening and the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenLayers {
    /// They stay, the first with fewer inputs.
    Keep,
    /// The last Linear reads the pooled map.
    Drop,
}

/// What a rewrite does to the function that the network computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The same function: the new weights follow exactly from the old ones.
    Exact,
    /// Weights can be had from the old ones, but the function is only near.
    Approximate,
    /// Another function: it has to be trained.
    Retrain,
}

impl Rewrite {
    /// Whether the function stays.
    pub const fn effect(&self) -> Effect {
        match self {
            Self::FoldBatchNorm | Self::DropRedundantBias | Self::AbsorbDepthwiseBias | Self::FoldDepthwise => {
                Effect::Exact
            }
            Self::LowRank { .. } | Self::PruneChannels { .. } => Effect::Approximate,
            Self::Separable
            | Self::SeparableFor { .. }
            | Self::PooledHead(_)
            | Self::Bottleneck { .. }
            | Self::Grouped { .. }
            | Self::InvertedResidual { .. }
            | Self::Width { .. }
            | Self::Resolution { .. }
            | Self::StrideForPool { .. }
            | Self::KernelSize { .. }
            | Self::Channels { .. } => Effect::Retrain,
        }
    }
}

/// What a network becomes under a rewrite.
#[derive(Clone, Debug, PartialEq)]
pub struct Rewritten {
    /// The result.
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

/// The network under the rewrite. Where the rewrite does not fit, or would leave a network that cannot run of one
/// that can, the network stays as it is.
pub fn apply(network: &Network, rewrite: &Rewrite) -> Rewritten {
    let rewritten = apply_unchecked(network, rewrite);
    if runs(&rewritten.network) || !runs(network) {
        return rewritten;
    }
    let flexible = with_flexible_views(network, rewritten);
    if runs(&flexible.network) { flexible } else { apply_all(network, &[]) }
}

/// The network under the rewrite, also where the result cannot run.
pub fn apply_unchecked(network: &Network, rewrite: &Rewrite) -> Rewritten {
    match rewrite {
        Rewrite::Separable => separable::all(network),
        Rewrite::SeparableFor { nodes } => separable::only(network, nodes),
        Rewrite::FoldBatchNorm => fold::batch_norms(network),
        Rewrite::DropRedundantBias => fold::biases_before_batch_norms(network),
        Rewrite::AbsorbDepthwiseBias => fold::depthwise_biases(network),
        Rewrite::FoldDepthwise => fold::depthwise_convolutions(network),
        Rewrite::PooledHead(head) => head::pooled(network, head),
        Rewrite::LowRank { node, rank } => head::low_rank(network, *node, *rank),
        Rewrite::Bottleneck { node, width } => match network.node(*node).map(|node| node.layer.kind()) {
            Some(Kind::Linear) => head::bottleneck(network, *node, *width),
            _ => convolution::bottleneck(network, *node, *width),
        },
        Rewrite::Grouped { nodes, groups } => convolution::grouped(network, nodes, *groups),
        Rewrite::InvertedResidual { node, expansion } => convolution::inverted_residual(network, *node, *expansion),
        Rewrite::Width { multiplier } => width::thin(network, width::Thinning::Times(*multiplier)),
        Rewrite::Resolution { height, width } => resolution(network, *height, *width),
        Rewrite::StrideForPool { pools } => convolution::stride_for_pool(network, pools),
        Rewrite::KernelSize { nodes, size } => convolution::kernel_size(network, nodes, *size),
        Rewrite::PruneChannels { ratio } => width::thin(network, width::Thinning::Without(*ratio)),
        Rewrite::Channels { node, count } => convolution::channels(network, *node, *count),
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
        let positions = all.network.positions();
        let first = |id: NodeId| positions.get(&id).map_or(id, |&index| all.origins[index]);
        let origins = next.origins.iter().map(|&origin| first(origin)).collect();
        all.changes.extend(next.changes.into_iter().map(|change| Change { node: first(change.node), ..change }));
        all = Rewritten { network: next.network, origins, changes: all.changes };
    }
    all
}

/// The input with another height and width, if it has any.
fn resolution(network: &Network, height: u64, width: u64) -> Rewritten {
    let mut rewritten = apply_all(network, &[]);
    let &[channels, old_height, old_width] = network.input.sizes() else { return rewritten };
    let Some(input) = Dims::new(&[channels, height, width]).filter(|&input| input != network.input) else {
        return rewritten;
    };
    rewritten.network.input = input;
    if let Some(first) = network.nodes.first() {
        let what = format!("the input is {height}x{width} instead of {old_height}x{old_width}");
        rewritten.changes.push(Change { node: first.id, what });
    }
    rewritten
}

/// Every node can take its input.
fn runs(network: &Network) -> bool {
    let shapes = shape::infer(network, &network.wiring(), 1);
    shapes.nodes.iter().all(|shape| matches!(shape, NodeShape::Known(_)))
}

/// The network with views that flatten, such as `x.view(-1, 304)`, written as what they do, for any size.
pub fn with_flexible_sizes(network: &Network) -> Network {
    with_flexible_views(network, apply_all(network, &[])).network
}

/// A view that holds the old sizes, such as `x.view(-1, 304)`, and flattens is written as what it does.
fn with_flexible_views(original: &Network, mut rewritten: Rewritten) -> Rewritten {
    let uses = Uses::of(original);
    let shapes = shape::infer(original, &original.wiring(), 1);
    let positions = rewritten.network.positions();
    for (index, node) in original.nodes.iter().enumerate().filter(|(_, node)| node.layer.kind() == Kind::View) {
        let input = uses.taps(index).first().and_then(|&tap| shapes.tap(tap));
        let flattens = input
            .zip(shapes.nodes[index].dims())
            .is_some_and(|(input, output)| output.rank() == 2 && input.rank() > 2 && output.first() == input.first());
        if let (true, Some(&position)) = (flattens, positions.get(&node.id)) {
            rewritten.network.nodes[position].layer = Flatten::default().into();
        }
    }
    rewritten
}
