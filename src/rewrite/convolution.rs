//! Convolutions in another form: grouped, through a bottleneck, inverted residual, another kernel, strided
//! instead of pooled.

use std::collections::HashSet;

use crate::model::{
    Add, Call, Channels, Conv2d, Groups, Inputs, Kind, Layer, Network, Node, NodeId, Padding, Pair, ReLU, ReLU6,
    Source, Tap,
};
use crate::shape::{self, Shapes};

use super::Rewritten;
use super::draft::Draft;
use super::separable::{depthwise, pointwise};
use super::uses::Uses;

/// These full convolutions divide their channels into groups, where that many divide input and output channels.
pub(super) fn grouped(network: &Network, nodes: &[NodeId], groups: i64) -> Rewritten {
    let facts = Facts::of(network);
    let chosen: HashSet<NodeId> = nodes.iter().copied().collect();
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        match Conv2d::of(&node.layer) {
            Some(conv) if chosen.contains(&node.id) && facts.divide(index, groups) => {
                draft.replace(index, Conv2d { groups: Groups::Count(groups), ..conv }.over(&node.layer));
                draft.change(index, format!("{} works in {groups} groups of channels", node.name));
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// 1x1 down to `width` channels, the convolution there, 1x1 up again (arXiv 1512.03385, section 4.1).
pub(super) fn bottleneck(network: &Network, node: NodeId, width: i64) -> Rewritten {
    let mut draft = Draft::new(network);
    for (index, current) in network.nodes.iter().enumerate() {
        let over = |conv: Conv2d| conv.over(&current.layer);
        match Conv2d::of(&current.layer) {
            Some(conv) if current.id == node && conv.groups == Groups::Count(1) => {
                draft.change(index, format!("{} goes through {width} channels", current.name));
                let down = Conv2d { out_channels: Channels::Count(width), ..pointwise(&conv) };
                let middle = Conv2d { out_channels: Channels::Count(width), ..conv.clone() };
                let mut parts = Parts::new(&mut draft, index);
                parts.push("reduce", over(down));
                parts.push("relu_reduce", ReLU::default().into());
                parts.push("conv", over(middle));
                parts.push("relu_conv", ReLU::default().into());
                parts.finish("expand", over(pointwise(&conv)));
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// 1x1 up to `expansion` times the channels, depthwise, 1x1 down, around which the input is added where the shapes
/// allow it (arXiv 1801.04381, section 3.3).
pub(super) fn inverted_residual(network: &Network, node: NodeId, expansion: i64) -> Rewritten {
    let facts = Facts::of(network);
    let mut draft = Draft::new(network);
    for (index, current) in network.nodes.iter().enumerate() {
        let over = |conv: Conv2d| conv.over(&current.layer);
        match Conv2d::of(&current.layer) {
            Some(conv) if current.id == node && conv.groups == Groups::Count(1) => {
                let reader = facts.uses.only_reader(index).map(|reader| facts.kind(reader));
                let norm = reader.filter(|kind| matches!(kind, Kind::BatchNorm2d | Kind::BatchNorm1d));
                let bias = conv.bias && norm.is_none();
                let wide = Conv2d { bias, out_channels: Channels::TimesInput(expansion), ..pointwise(&conv) };
                let residual = facts.keeps_shape(index);
                let inputs = draft.inputs(index);
                draft.change(
                    index,
                    format!("{} expands its channels {expansion} times, works on each, and projects", current.name),
                );
                let mut parts = Parts::new(&mut draft, index);
                for (part, layer) in [("expand", wide), ("depthwise", Conv2d { bias, ..depthwise(&conv) })] {
                    parts.push(part, over(layer));
                    if let Some(norm) = norm {
                        parts.push(if part == "expand" { "bn_expand" } else { "bn_depthwise" }, norm.layer());
                    }
                    parts
                        .push(if part == "expand" { "relu_expand" } else { "relu_depthwise" }, ReLU6::default().into());
                }
                if residual {
                    let project = parts.push("project", over(pointwise(&conv)));
                    parts.finish_with("add", Add::default().into(), |above| {
                        Inputs::From(vec![
                            match inputs {
                                Inputs::From(sources) if sources.len() == 1 => sources[0],
                                _ => above.unwrap_or(Source::Input),
                            },
                            Source::Node(project),
                        ])
                    });
                } else {
                    parts.finish("project", over(pointwise(&conv)));
                }
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// Another kernel for all calls of these modules; an odd one pads so that the map keeps its size at stride 1, an
/// even one by its half.
pub(super) fn kernel_size(network: &Network, nodes: &[NodeId], size: Pair) -> Rewritten {
    let names = network.names_of(nodes);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        // A line has no height.
        let size = if matches!(node.layer, Layer::Conv1d(_)) { Pair::new(1, size.width) } else { size };
        match Conv2d::of(&node.layer) {
            Some(conv) if names.contains(node.name.as_str()) && conv.kernel_size != size => {
                let (was, is) = (conv.kernel_size, size);
                draft.replace(index, with_kernel(&conv, size).over(&node.layer));
                draft.change(
                    index,
                    format!(
                        "{} has a {}x{} kernel instead of {}x{}",
                        node.name, is.height, is.width, was.height, was.width
                    ),
                );
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// The convolution with another kernel and the padding that goes with it; the same where the kernel is the same.
pub fn with_kernel(conv: &Conv2d, size: Pair) -> Conv2d {
    let padding = match conv.padding {
        Padding::Explicit(_) if conv.kernel_size != size => Padding::Explicit(Pair {
            height: padding(size.height, conv.dilation.height),
            width: padding(size.width, conv.dilation.width),
        }),
        Padding::Explicit(_) | Padding::Same | Padding::Valid => conv.padding,
    };
    Conv2d { kernel_size: size, padding, ..conv.clone() }
}

/// Another number of output channels or features, for all calls of the module.
pub(super) fn channels(network: &Network, node: NodeId, count: i64) -> Rewritten {
    let name = network.node(node).map(|node| node.name.as_str());
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        let layer =
            with_channels(&node.layer, count).filter(|layer| Some(node.name.as_str()) == name && *layer != node.layer);
        match layer {
            Some(layer) => {
                draft.replace(index, layer);
                draft.change(index, format!("{} has {count} output channels", node.name));
            }
            None => draft.keep(index),
        }
    }
    draft.finish()
}

/// The layer with another number of outputs; `None` where it does not choose its own.
pub fn with_channels(layer: &Layer, count: i64) -> Option<Layer> {
    if let Layer::Linear(linear) = layer {
        let mut linear = linear.clone();
        linear.out_features = count;
        return Some(linear.into());
    }
    let conv = Conv2d::of(layer).filter(|conv| !conv.is_depthwise())?;
    Some(Conv2d { out_channels: Channels::Count(count), ..conv }.over(layer))
}

/// These pools go, and the convolutions before them take on their stride.
pub(super) fn stride_for_pool(network: &Network, pools: &[NodeId]) -> Rewritten {
    let facts = Facts::of(network);
    let mut strides = vec![None; network.nodes.len()];
    let mut gone = vec![false; network.nodes.len()];
    let pools: HashSet<NodeId> = pools.iter().copied().collect();
    for (index, node) in network.nodes.iter().enumerate().filter(|(_, node)| pools.contains(&node.id)) {
        let pair = pooled_convolution(network, &facts.uses, index).zip(pool_stride(&node.layer));
        if let Some((conv, stride)) = pair.filter(|&(conv, _)| strides[conv].is_none()) {
            strides[conv] = Some(stride);
            gone[index] = true;
        }
    }
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        match (Conv2d::of(&node.layer), strides[index]) {
            (Some(conv), Some(stride)) => {
                let stride = Pair::new(
                    conv.stride.height.saturating_mul(stride.height),
                    conv.stride.width.saturating_mul(stride.width),
                );
                draft.replace(index, Conv2d { stride, ..conv }.over(&node.layer));
                draft.change(index, format!("{} has stride {}x{}", node.name, stride.height, stride.width));
            }
            _ if gone[index] => {
                draft.leave_out(index);
                draft.change(index, format!("{} is left out", node.name));
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// The stride-1 convolution whose output this pool takes, with nothing but norms and activations between.
pub fn pooled_convolution(network: &Network, uses: &Uses, pool: usize) -> Option<usize> {
    pool_stride(&network.nodes[pool].layer)?;
    let mut index = uses.only_source(pool)?;
    let mut reader = pool;
    loop {
        if uses.only_reader(index) != Some(reader) || uses.called_again(index) {
            return None;
        }
        let kind = network.nodes[index].layer.kind();
        if let Some(conv) = Conv2d::of(&network.nodes[index].layer) {
            return (conv.padding != Padding::Same && conv.stride == Pair::square(1)).then_some(index);
        }
        if !matches!(kind, Kind::BatchNorm2d | Kind::BatchNorm1d) && !kind.is_elementwise_activation() {
            return None;
        }
        reader = index;
        index = uses.only_source(index)?;
    }
}

fn pool_stride(layer: &Layer) -> Option<Pair> {
    let stride = match layer {
        Layer::MaxPool2d(pool) => pool.stride(),
        Layer::AvgPool2d(pool) => pool.stride(),
        Layer::MaxPool1d(pool) => Pair::new(1, pool.stride()),
        Layer::AvgPool1d(pool) => Pair::new(1, pool.stride()),
        _ => return None,
    };
    (stride.height >= 1 && stride.width >= 1 && stride != Pair::square(1)).then_some(stride)
}

fn padding(kernel: i64, dilation: i64) -> i64 {
    if kernel % 2 == 0 { kernel / 2 } else { dilation.saturating_mul(kernel.saturating_sub(1)) / 2 }
}

/// What the rewrites of convolutions ask of a network.
struct Facts<'a> {
    network: &'a Network,
    uses: Uses,
    shapes: Shapes,
}

impl<'a> Facts<'a> {
    fn of(network: &'a Network) -> Self {
        Self { network, uses: Uses::of(network), shapes: shape::infer(network, &network.wiring(), 1) }
    }

    fn kind(&self, index: usize) -> Kind {
        self.network.nodes[index].layer.kind()
    }

    /// The channels of a full convolution on both sides can be divided into so many groups.
    fn divide(&self, index: usize, groups: i64) -> bool {
        let Some(conv) = Conv2d::of(&self.network.nodes[index].layer) else { return false };
        let output = self.shapes.nodes[index].dims().and_then(|dims| dims.get(1).copied());
        let both = self.uses.channels_into(&self.shapes, index).zip(output);
        let Some((groups, (input, output))) = u64::try_from(groups).ok().zip(both) else { return false };
        conv.groups == Groups::Count(1) && groups > 1 && input.is_multiple_of(groups) && output.is_multiple_of(groups)
    }

    fn keeps_shape(&self, index: usize) -> bool {
        let input = self.uses.taps(index).first().and_then(|&tap: &Tap| self.shapes.tap(tap));
        input.is_some() && input == self.shapes.nodes[index].dims()
    }
}

/// The parts that stand for one node, one after another.
struct Parts<'d, 'n> {
    draft: &'d mut Draft<'n>,
    index: usize,
    above: Option<Source>,
    inputs: Inputs,
    pushed: u32,
}

impl<'d, 'n> Parts<'d, 'n> {
    fn new(draft: &'d mut Draft<'n>, index: usize) -> Self {
        let (inputs, above) = (draft.inputs(index), draft.above());
        Self { draft, index, above, inputs, pushed: 0 }
    }

    fn push(&mut self, part: &'static str, layer: Layer) -> NodeId {
        self.pushed += 1;
        let id = self.draft.part_id(self.index, self.pushed);
        self.place(id, part, layer);
        id
    }

    /// The last part keeps the node's id: what reads the node reads its result.
    fn finish(mut self, part: &'static str, layer: Layer) {
        let id = self.draft.original.nodes[self.index].id;
        self.place(id, part, layer);
    }

    /// [`Parts::finish`] with inputs made from what stood above the first part.
    fn finish_with(mut self, part: &'static str, layer: Layer, inputs: impl FnOnce(Option<Source>) -> Inputs) {
        self.inputs = inputs(self.above);
        self.finish(part, layer);
    }

    fn place(&mut self, id: NodeId, part: &'static str, layer: Layer) {
        let name = self.draft.part_name(self.index, "conv", part);
        let inputs = std::mem::take(&mut self.inputs);
        self.draft.push(self.index, Node { id, name, layer, inputs, call: Call::Module });
    }
}
