//! Rewrites that leave the function as it is: batch norms folded, biases that do nothing dropped, depthwise
//! convolutions folded into the pointwise ones behind them.
//!
//! In each, a module that is called more than once stays: its calls would need different weights.

use crate::model::{Call, Channels, Conv2d, Groups, Layer, Network, Node, Padding, Pair};
use crate::shape::{self, Shapes};

use super::Rewritten;
use super::draft::Draft;
use super::uses::Uses;

/// Batch norms become part of the convolution or Linear before them: `W' = W gamma / sqrt(var + eps)`,
/// `b' = (b - mean) gamma / sqrt(var + eps) + beta`.
pub(super) fn batch_norms(network: &Network) -> Rewritten {
    let uses = Uses::of(network);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        if let Some(norm) = uses.only_reader(index).filter(|&norm| folds(network, &uses, index, norm)) {
            let mut layer = node.layer.clone();
            set_bias(&mut layer, true);
            draft.replace(index, layer);
            draft.change(norm, format!("{} goes into the weights of {}", network.nodes[norm].name, node.name));
        } else if is_folded(network, &uses, index) {
            draft.leave_out(index);
        } else {
            draft.keep(index);
        }
    }
    draft.finish()
}

/// The bias of a layer directly before a batch norm, which subtracts it again, is dropped:
/// `running_mean' = running_mean - b`.
pub(super) fn biases_before_batch_norms(network: &Network) -> Rewritten {
    let uses = Uses::of(network);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        let norm = uses.only_reader(index).filter(|&norm| folds(network, &uses, index, norm));
        match norm.filter(|_| has_bias(&node.layer)) {
            Some(norm) => {
                let mut layer = node.layer.clone();
                set_bias(&mut layer, false);
                draft.replace(index, layer);
                let norm = &network.nodes[norm].name;
                draft.change(index, format!("{} loses its bias: {norm} subtracts it again", node.name));
            }
            None => draft.keep(index),
        }
    }
    draft.finish()
}

/// The bias of a depthwise convolution directly before an unpadded convolution `W` becomes part of that one's bias,
/// `b' = b + W b_depthwise`, or of the batch norm behind it, `running_mean' = running_mean - W b_depthwise`.
pub(super) fn depthwise_biases(network: &Network) -> Rewritten {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        match (Conv2d::of(&node.layer), absorber(network, &uses, &shapes, index)) {
            (Some(conv), Some(absorber)) => {
                draft.replace(index, Conv2d { bias: false, ..conv }.over(&node.layer));
                let absorber = &network.nodes[absorber].name;
                draft.change(index, format!("{} loses its bias: {absorber} takes it on", node.name));
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// A depthwise convolution `D` and the pointwise `P` directly behind it become one full convolution,
/// `W[o, c] = sum over the channels m made of c of P[o, m] D[m]`, `b' = P b_depthwise + b`.
pub(super) fn depthwise_convolutions(network: &Network) -> Rewritten {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let depthwise_of = depthwise_pairs(network, &uses, &shapes);
    let mut goes = vec![false; network.nodes.len()];
    depthwise_of.iter().flatten().for_each(|&depthwise| goes[depthwise] = true);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        let above = depthwise_of[index].map(|above: usize| (above, &network.nodes[above]));
        let parts = above.and_then(|(above, depthwise)| {
            Some((above, &depthwise.name, Conv2d::of(&depthwise.layer)?, Conv2d::of(&node.layer)?))
        });
        match parts {
            Some((above, above_name, depthwise, pointwise)) => {
                let layer = Conv2d {
                    out_channels: full_channels(&shapes, index, &pointwise),
                    groups: Groups::Count(1),
                    bias: depthwise.bias || pointwise.bias,
                    ..depthwise
                };
                let layer = layer.over(&node.layer);
                let leaf = above_name.rsplit('.').next().unwrap_or(above_name);
                let name = if leaf.starts_with("depthwise") {
                    draft.part_name(above, "depthwise", "conv")
                } else {
                    node.name.clone()
                };
                draft.change(index, format!("{above_name} and {} become {name}", node.name));
                let inputs = draft.inputs(index);
                draft.push(index, Node { id: node.id, name, layer, inputs, call: Call::Module });
            }
            _ if goes[index] => draft.leave_out(index),
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// For each pointwise convolution that can take one on: the index of its depthwise convolution.
pub fn depthwise_pairs(network: &Network, uses: &Uses, shapes: &Shapes) -> Vec<Option<usize>> {
    let mut depthwise_of = vec![None; network.nodes.len()];
    for index in 0..network.nodes.len() {
        let pointwise = uses.only_reader(index).filter(|_| depthwise_of[index].is_none());
        if let Some(pointwise) = pointwise.filter(|&next| is_pair(network, uses, shapes, index, next)) {
            depthwise_of[pointwise] = Some(index);
        }
    }
    depthwise_of
}

/// Where a depthwise convolution's bias can go: the index of the convolution or batch norm that takes it on.
pub fn absorber(network: &Network, uses: &Uses, shapes: &Shapes, index: usize) -> Option<usize> {
    let conv = Conv2d::of(&network.nodes[index].layer)?;
    if !conv.bias || !is_depthwise(&conv, uses, shapes, index) || uses.called_again(index) {
        return None;
    }
    let next = uses.only_reader(index).filter(|&next| !uses.called_again(next))?;
    let reader = Conv2d::of(&network.nodes[next].layer)?;
    if !is_unpadded(&reader) {
        return None;
    }
    if reader.bias {
        return Some(next);
    }
    uses.only_reader(next).filter(|&norm| folds(network, uses, next, norm))
}

/// Whether the layer at `index` is one a batch norm at `norm` can be folded into. Not where the batch norm is the
/// network's output and something stands between: that would be the output then.
pub fn folds(network: &Network, uses: &Uses, index: usize, norm: usize) -> bool {
    let stays_output = norm + 1 < network.nodes.len() || norm == index + 1;
    takes_norm(network, uses, index, norm) && stays_output && !uses.called_again(index) && !uses.called_again(norm)
}

/// Whether one call of the layer at `index` and one of the batch norm at `norm` are together a layer with other weights.
pub fn takes_norm(network: &Network, uses: &Uses, index: usize, norm: usize) -> bool {
    match (&network.nodes[index].layer, &network.nodes[norm].layer) {
        (Layer::Conv2d(_) | Layer::ConvTranspose2d(_), Layer::BatchNorm2d(norm)) => norm.track_running_stats,
        // Of lines without a batch dimension it would norm along them.
        (Layer::Conv1d(_) | Layer::ConvTranspose1d(_), Layer::BatchNorm1d(norm)) => {
            norm.track_running_stats && uses.rank_of(index) == Some(3)
        }
        (Layer::Linear(_), Layer::BatchNorm1d(norm)) => norm.track_running_stats && uses.rank_of(index) == Some(2),
        _ => false,
    }
}

/// One group for each input channel, however that is written.
pub fn is_depthwise(conv: &Conv2d, uses: &Uses, shapes: &Shapes, index: usize) -> bool {
    conv.is_depthwise()
        || matches!(conv.groups, Groups::Count(groups) if uses.channels_into(shapes, index) == u64::try_from(groups).ok())
}

fn is_folded(network: &Network, uses: &Uses, norm: usize) -> bool {
    uses.only_source(norm)
        .is_some_and(|above| uses.only_reader(above) == Some(norm) && folds(network, uses, above, norm))
}

fn is_pair(network: &Network, uses: &Uses, shapes: &Shapes, depthwise: usize, pointwise: usize) -> bool {
    let convolution = |index: usize| Conv2d::of(&network.nodes[index].layer);
    let (Some(first), Some(second)) = (convolution(depthwise), convolution(pointwise)) else { return false };
    uses.only_reader(depthwise) == Some(pointwise)
        && is_depthwise(&first, uses, shapes, depthwise)
        && is_pointwise(&second)
        && network.nodes[depthwise].layer.kind() == network.nodes[pointwise].layer.kind()
        && !uses.called_again(depthwise)
        && !uses.called_again(pointwise)
}

/// 1x1 over all channels, one output for each pixel.
pub fn is_pointwise(conv: &Conv2d) -> bool {
    conv.kernel_size == Pair::square(1)
        && conv.groups == Groups::Count(1)
        && conv.stride == Pair::square(1)
        && is_unpadded(conv)
}

fn is_unpadded(conv: &Conv2d) -> bool {
    match conv.padding {
        Padding::Explicit(pair) => pair == Pair::square(0),
        Padding::Same => conv.kernel_size == Pair::square(1),
        Padding::Valid => true,
    }
}

/// The channels of a pair's result: a multiple of the middle channels becomes a number.
fn full_channels(shapes: &Shapes, index: usize, pointwise: &Conv2d) -> Channels {
    match pointwise.out_channels {
        Channels::Count(_) => pointwise.out_channels,
        Channels::TimesInput(_) => {
            let dims = shapes.nodes[index].dims();
            dims.and_then(|dims| i64::try_from(*dims.get(1)?).ok()).map_or(pointwise.out_channels, Channels::Count)
        }
    }
}

fn has_bias(layer: &Layer) -> bool {
    match layer {
        Layer::Conv2d(conv) => conv.bias,
        Layer::ConvTranspose2d(conv) => conv.bias,
        Layer::Conv1d(conv) => conv.bias,
        Layer::ConvTranspose1d(conv) => conv.bias,
        Layer::Linear(linear) => linear.bias,
        _ => false,
    }
}

fn set_bias(layer: &mut Layer, bias: bool) {
    match layer {
        Layer::Conv2d(conv) => conv.bias = bias,
        Layer::ConvTranspose2d(conv) => conv.bias = bias,
        Layer::Conv1d(conv) => conv.bias = bias,
        Layer::ConvTranspose1d(conv) => conv.bias = bias,
        Layer::Linear(linear) => linear.bias = bias,
        _ => {}
    }
}
