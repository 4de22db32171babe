//! Smaller classifiers: pooled before they are flattened, or in two thin factors.

use crate::model::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, Call, Dims, Flatten, Inputs, Kind, Layer, Linear, Network, Node, NodeId,
    OutputSize, ReLU,
};
use crate::shape::{self, Shapes};

use super::draft::Draft;
use super::uses::Uses;
use super::{HiddenLayers, PooledHead, Rewritten};

/// The classifier of a network, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Makes `[N, C H W]` of `[N, C, H, W]`, or `[N, C L]` of lines.
    pub flatten: usize,
    /// The Linears behind it, in order, up to the network's output.
    pub linears: Vec<usize>,
    /// `[N, C, H, W]` or `[N, C, L]` before it is flattened.
    pub features: Dims,
}

/// The chain from the last flattening of `[N, C, H, W]` or of lines to the output, where there is one.
pub fn find(network: &Network, uses: &Uses, shapes: &Shapes) -> Option<Head> {
    // Three dimensions are lines where anything is a convolution over lines.
    let has_lines = network.nodes.iter().any(|node| matches!(node.layer, Layer::Conv1d(_)));
    let mut linears = Vec::new();
    let mut index = network.nodes.len().checked_sub(1)?;
    loop {
        let layer = &network.nodes[index].layer;
        let kind = layer.kind();
        if matches!(kind, Kind::Flatten | Kind::View) {
            let features = *shapes.tap(*uses.taps(index).first()?)?;
            let is_map = features.rank() == 4 || has_lines && features.rank() == 3;
            let flat = shapes.nodes[index].dims()?.rank() == 2 && is_map;
            linears.reverse();
            return (flat && !linears.is_empty()).then_some(Head { flatten: index, linears, features });
        }
        let in_chain = kind.is_elementwise_activation()
            || matches!(
                kind,
                Kind::Linear | Kind::BatchNorm1d | Kind::Softmax | Kind::LogSoftmax | Kind::Dropout | Kind::Identity
            );
        if !in_chain {
            return None;
        }
        if kind == Kind::Linear {
            linears.push(index);
        }
        let above = uses.only_source(index)?;
        if uses.only_reader(above) != Some(index) {
            return None;
        }
        index = above;
    }
}

/// Averages the map to at most `size x size` before it is flattened.
pub(super) fn pooled(network: &Network, head: &PooledHead) -> Rewritten {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let mut draft = Draft::new(network);
    let Some(found) = find(network, &uses, &shapes) else { return unchanged(network) };
    let last = found.linears[found.linears.len() - 1];
    let sizes: Vec<i64> = found.features[2..].iter().map(|&size| head.size.min(size as i64)).collect();
    let pools = sizes.iter().zip(&found.features[2..]).any(|(&pooled, &size)| pooled as u64 != size);
    let pool: Layer = match *sizes.as_slice() {
        [length] => AdaptiveAvgPool1d { output_size: length }.into(),
        _ => {
            let output_size = OutputSize { height: sizes.first().copied(), width: sizes.get(1).copied() };
            AdaptiveAvgPool2d { output_size }.into()
        }
    };
    let sizes = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("x");
    let pool_above = uses
        .only_source(found.flatten)
        .filter(|&above| network.nodes[above].layer.kind() == pool.kind() && uses.only_reader(above).is_some());
    for (index, node) in network.nodes.iter().enumerate() {
        let hidden = head.hidden == HiddenLayers::Drop && index > found.flatten && index < last;
        if pools && pool_above == Some(index) {
            draft.replace(index, pool.clone());
            draft.change(index, format!("{} averages to {sizes}", node.name));
        } else if pools && index == found.flatten {
            let features = found.features.without_batch();
            let mut inputs = draft.inputs(index);
            if pool_above.is_none() {
                let (id, name) = (draft.part_id(index, 1), draft.free_name("gap"));
                draft.change(index, format!("{name} averages {features} to {sizes} before {}", node.name));
                draft.push(index, Node { id, name, layer: pool.clone(), inputs, call: Call::Module });
                inputs = Inputs::Above;
            }
            let layer = match &node.layer {
                Layer::Flatten(flatten) => Layer::Flatten(flatten.clone()),
                // A view may hold the sizes of the larger map.
                _ => Flatten::default().into(),
            };
            draft.push(index, Node { id: node.id, name: node.name.clone(), layer, inputs, call: Call::Module });
        } else if hidden && drops_with_hidden(&node.layer) {
            draft.leave_out(index);
            if node.layer.kind() == Kind::Linear {
                draft.change(index, format!("{} is left out", node.name));
            }
        } else {
            draft.keep(index);
        }
    }
    draft.finish()
}

/// A Linear as two factors of a rank: `W ~ U V`, `V` without a bias.
pub(super) fn low_rank(network: &Network, node: NodeId, rank: i64) -> Rewritten {
    divide_linear(network, node, |name| {
        (format!("{name} becomes two factors of rank {rank}"), Linear { out_features: rank, bias: false }, None)
    })
}

/// A Linear as two with an activation between them.
pub(super) fn bottleneck(network: &Network, node: NodeId, width: i64) -> Rewritten {
    divide_linear(network, node, |name| {
        let relu = ReLU::default().into();
        (format!("{name} goes through {width} features"), Linear { out_features: width, bias: true }, Some(relu))
    })
}

fn divide_linear(
    network: &Network,
    node: NodeId,
    first: impl Fn(&str) -> (String, Linear, Option<Layer>),
) -> Rewritten {
    let name = network.node(node).map(|node| node.name.clone());
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        if Some(&node.name) != name.as_ref() || node.layer.kind() != Kind::Linear {
            draft.keep(index);
            continue;
        }
        let (what, first, between) = first(&node.name);
        draft.change(index, what);
        let inputs = draft.inputs(index);
        let (id, name) = (draft.part_id(index, 1), draft.part_name(index, "fc", "down"));
        draft.push(index, Node { id, name, layer: first.into(), inputs, call: Call::Module });
        if let Some(layer) = between {
            let (id, name) = (draft.part_id(index, 2), draft.part_name(index, "fc", "relu"));
            draft.push(index, Node { id, name, layer, inputs: Inputs::Above, call: Call::Module });
        }
        let name = draft.part_name(index, "fc", "up");
        draft.push(
            index,
            Node { id: node.id, name, layer: node.layer.clone(), inputs: Inputs::Above, call: Call::Module },
        );
    }
    draft.finish()
}

/// Goes with a hidden Linear.
pub fn drops_with_hidden(layer: &Layer) -> bool {
    let kind = layer.kind();
    kind.is_elementwise_activation() || matches!(kind, Kind::Linear | Kind::BatchNorm1d | Kind::Dropout)
}

fn unchanged(network: &Network) -> Rewritten {
    super::apply_all(network, &[])
}
