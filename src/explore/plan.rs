//! What of a network does not change between its variants.

use crate::model::{Layer, Network, NodeId, Wiring};
use crate::rewrite::{self, Uses, find_head, folds};
use crate::shape;

use super::space::Axis;

/// What does not change between variants.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The network itself can run.
    pub runs: bool,
    pub wiring: Wiring,
    pub layers_at_width: Vec<Vec<Layer>>,
    /// Batch norms that fold into the layer before.
    pub folded: Vec<bool>,
    /// Calls of a module whose parameters count above.
    pub counted_above: Vec<bool>,
    /// For each axis: the indices of its nodes, all calls of each module.
    pub touched: Vec<Vec<usize>>,
    /// Nodes whose layer is not the same in all variants, each with the axes that set an argument of it.
    pub variable: Vec<(usize, Vec<usize>)>,
    pub flatten: Option<usize>,
    /// The adaptive pool directly before the flattening.
    pub pool: Option<usize>,
    /// Left out with the hidden Linears.
    pub hidden: Vec<bool>,
}

impl Plan {
    pub(super) fn of(network: &Network, axes: &[Axis]) -> Self {
        let uses = Uses::of(network);
        let wiring = network.wiring();
        let shapes = shape::infer(network, &wiring, 1);
        let count = network.nodes.len();
        let widths = axes.iter().find_map(|axis| match axis {
            Axis::Width(widths) => Some(widths.clone()),
            _ => None,
        });
        let layers = |network: &Network| network.nodes.iter().map(|node| node.layer.clone()).collect::<Vec<_>>();
        let at_width = |&multiplier: &f64| {
            let thinner = rewrite::apply_unchecked(network, &rewrite::Rewrite::Width { multiplier });
            layers(if multiplier == 1.0 { network } else { &thinner.network })
        };
        let folded = |index: usize| {
            let above = uses.only_source(index);
            above.is_some_and(|above| uses.only_reader(above) == Some(index) && folds(network, &uses, above, index))
        };
        let head = find_head(network, &uses, &shapes);
        let flatten = head.as_ref().map(|head| head.flatten);
        let last = head.as_ref().and_then(|head| head.linears.last().copied());
        let is_hidden = |index: usize| {
            let between = flatten.zip(last).is_some_and(|(flatten, last)| index > flatten && index < last);
            between && rewrite::drops_with_hidden(&network.nodes[index].layer)
        };
        let pool = flatten.and_then(|flatten| uses.only_source(flatten)).filter(|&above| {
            matches!(network.nodes[above].layer, Layer::AdaptiveAvgPool2d(_) | Layer::AdaptiveAvgPool1d(_))
                && uses.only_reader(above).is_some()
        });
        let calls_of = |ids: &[NodeId]| -> Vec<usize> {
            let names = network.names_of(ids);
            (0..count).filter(|&index| names.contains(network.nodes[index].name.as_str())).collect()
        };
        let touched = axes.iter().map(|axis| match axis {
            Axis::Width(_) | Axis::Resolution(_) => Vec::new(),
            Axis::KernelSize { nodes, .. } | Axis::Separable { nodes } => calls_of(nodes),
            Axis::Channels { node, .. } => calls_of(&[*node]),
            Axis::Head(_) => {
                (0..count).filter(|&index| is_hidden(index) || Some(index) == flatten || Some(index) == pool).collect()
            }
        });
        let touched: Vec<Vec<usize>> = touched.collect();
        let layers_at_width: Vec<Vec<Layer>> = match widths {
            Some(widths) => widths.iter().map(at_width).collect(),
            None => vec![layers(network)],
        };
        // The axes that change a node's layer itself.
        let mut axes_of = vec![Vec::new(); count];
        for (axis, _) in axes.iter().enumerate().filter(|(_, axis)| axis.sets_arguments()) {
            touched[axis].iter().for_each(|&index| axes_of[index].push(axis));
        }
        let varies = |index: &usize| {
            let by_width = layers_at_width.iter().any(|layers| layers[*index] != layers_at_width[0][*index]);
            // The first width need not be the network's own.
            by_width || !axes_of[*index].is_empty() || layers_at_width[0][*index] != network.nodes[*index].layer
        };
        Self {
            runs: shapes.nodes.iter().all(|shape| shape.dims().is_some()),
            variable: (0..count).filter(varies).map(|index| (index, axes_of[index].clone())).collect(),
            layers_at_width,
            folded: (0..count).map(folded).collect(),
            counted_above: network.first_calls().iter().map(Option::is_some).collect(),
            touched,
            hidden: (0..count).map(is_hidden).collect(),
            flatten,
            pool,
            wiring,
        }
    }
}
