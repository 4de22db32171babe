//! Standard convolutions as depthwise + pointwise (arXiv 1704.04861, section 3.1), over maps or lines.

use crate::model::{Call, Channels, Conv2d, Groups, Inputs, Network, Node, NodeId, Padding, PaddingMode, Pair};

use super::Rewritten;
use super::draft::Draft;

/// Every convolution that can be divided is.
pub(super) fn all(network: &Network) -> Rewritten {
    divide(network, |_| true)
}

/// Only these nodes, where they can be divided, and all other calls of the same modules.
pub(super) fn only(network: &Network, nodes: &[NodeId]) -> Rewritten {
    let chosen = network.names_of(nodes);
    divide(network, |node| chosen.contains(node.name.as_str()))
}

/// Not yet depthwise, grouped or 1x1: a convolution over pixels and channels at once.
pub fn is_divisible(conv: &Conv2d) -> bool {
    conv.groups == Groups::Count(1) && conv.kernel_size != Pair::square(1)
}

/// The part over pixels: each channel on its own, with the kernel, stride, padding and dilation.
pub fn depthwise(conv: &Conv2d) -> Conv2d {
    Conv2d { out_channels: Channels::TimesInput(1), groups: Groups::InputChannels, ..conv.clone() }
}

/// The part over channels: 1x1.
pub fn pointwise(conv: &Conv2d) -> Conv2d {
    Conv2d {
        out_channels: conv.out_channels,
        kernel_size: Pair::square(1),
        stride: Pair::square(1),
        padding: Padding::Explicit(Pair::square(0)),
        dilation: Pair::square(1),
        groups: Groups::Count(1),
        bias: conv.bias,
        padding_mode: PaddingMode::Zeros,
    }
}

fn divide(network: &Network, chosen: impl Fn(&Node) -> bool) -> Rewritten {
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        match Conv2d::of(&node.layer) {
            Some(conv) if is_divisible(&conv) && chosen(node) => divide_one(&mut draft, index, &conv),
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// The pointwise convolution keeps the node's id: what reads the node reads its result.
fn divide_one(draft: &mut Draft, index: usize, conv: &Conv2d) {
    let node = &draft.original.nodes[index];
    let inputs = draft.inputs(index);
    let (depthwise_name, pointwise_name) =
        (draft.part_name(index, "conv", "depthwise"), draft.part_name(index, "conv", "pointwise"));
    draft.change(index, format!("{} becomes {depthwise_name} and {pointwise_name}", node.name));
    let id = draft.part_id(index, 1);
    draft.push(
        index,
        Node { id, name: depthwise_name, layer: depthwise(conv).over(&node.layer), inputs, call: Call::Module },
    );
    draft.push(
        index,
        Node {
            id: node.id,
            name: pointwise_name,
            layer: pointwise(conv).over(&node.layer),
            inputs: Inputs::Above,
            call: Call::Module,
        },
    );
}
