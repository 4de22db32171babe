//! What the rules look at.

use crate::cost::Report;
use crate::model::{Conv2d, Dims, Layer, Network, NodeId};
use crate::rewrite::{Head, Uses, find_head, is_depthwise, is_pointwise};

use super::costs::Costs;

/// A network with everything that is known of it.
pub struct Context<'a> {
    /// The network that is looked at.
    pub network: &'a Network,
    /// Its costs, in 32-bit floats.
    pub report: &'a Report,
    /// Who reads what.
    pub uses: Uses,
    /// What remedies are measured against.
    pub costs: Costs,
    /// `None` where the network does not end in a classifier that is known.
    pub head: Option<Head>,
}

/// A depthwise convolution and the pointwise one directly behind it, by index.
#[derive(Clone, Debug)]
pub struct Pair {
    pub depthwise: usize,
    pub pointwise: usize,
    pub depthwise_layer: Conv2d,
    pub pointwise_layer: Conv2d,
}

impl<'a> Context<'a> {
    /// `report` is the network's in 32-bit floats.
    pub fn of(network: &'a Network, report: &'a Report) -> Self {
        let uses = Uses::of(network);
        Self {
            network,
            report,
            costs: Costs::of_report(network, report),
            head: find_head(network, &uses, &report.shapes),
            uses,
        }
    }

    /// Of the node at an index.
    pub fn id(&self, index: usize) -> NodeId {
        self.network.nodes[index].id
    }

    /// Of the node at an index.
    pub fn name(&self, index: usize) -> &str {
        &self.network.nodes[index].name
    }

    /// The names of these nodes as a [`list`].
    pub fn names(&self, nodes: &[NodeId]) -> String {
        let first = nodes.iter().take(3).filter_map(|&id| self.network.node(id)).map(|node| node.name.as_str());
        list_of(&first.collect::<Vec<_>>(), nodes.len())
    }

    /// Of the node at an index; 0 where a row above has them.
    pub fn params(&self, index: usize) -> u64 {
        self.report.rows[index].figures.params().0
    }

    /// Of the node at an index.
    pub fn macs(&self, index: usize) -> u64 {
        self.report.rows[index].figures.macs.0
    }

    /// The shape of a node's first input.
    pub fn input(&self, index: usize) -> Option<&Dims> {
        self.uses.taps(index).first().and_then(|&tap| self.report.shapes.tap(tap))
    }

    /// A node's shape with the batch of 1; `None` where it has none.
    pub fn output(&self, index: usize) -> Option<&Dims> {
        self.report.shapes.nodes[index].dims()
    }

    /// Every layer is counted: parts of totals can be told.
    pub fn is_exact(&self) -> bool {
        self.report.totals.completeness.is_exact()
    }

    /// Part of all parameters.
    pub fn share(&self, params: u64) -> f64 {
        if self.costs.params == 0 { 0.0 } else { params as f64 / self.costs.params as f64 }
    }

    /// Part of all multiply-accumulates.
    pub fn macs_share(&self, macs: u64) -> f64 {
        if self.costs.macs == 0 { 0.0 } else { macs as f64 / self.costs.macs as f64 }
    }

    /// Over maps and over lines, these as what they are over maps of one row.
    pub fn convolutions(&self) -> impl Iterator<Item = (usize, Conv2d)> {
        let nodes = self.network.nodes.iter().enumerate();
        nodes.filter_map(|(index, node)| Some((index, Conv2d::of(&node.layer)?)))
    }

    /// Over maps alone.
    pub fn convolutions_over_maps(&self) -> impl Iterator<Item = (usize, &'a Conv2d)> {
        self.network.nodes.iter().enumerate().filter_map(|(index, node)| match &node.layer {
            Layer::Conv2d(conv) => Some((index, conv)),
            _ => None,
        })
    }

    /// Depthwise convolutions with a pointwise one directly behind them, or behind a norm and an activation.
    pub fn separables(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for (index, conv) in self.convolutions() {
            if !is_depthwise(&conv, &self.uses, &self.report.shapes, index) {
                continue;
            }
            let mut next = self.uses.only_reader(index);
            while let Some(reader) = next {
                let layer = &self.network.nodes[reader].layer;
                if let Some(pointwise_layer) = Conv2d::of(layer).filter(is_pointwise) {
                    let depthwise_layer = conv;
                    pairs.push(Pair { depthwise: index, pointwise: reader, depthwise_layer, pointwise_layer });
                    break;
                }
                let is_norm = matches!(layer, Layer::BatchNorm2d(_) | Layer::BatchNorm1d(_));
                if !is_norm && !layer.kind().is_elementwise_activation() {
                    break;
                }
                next = self.uses.only_reader(reader);
            }
        }
        pairs
    }
}

/// `conv1`, `conv1 and conv2`, `conv1, conv2 and 3 more`.
pub(super) fn list(names: &[&str]) -> String {
    list_of(names, names.len())
}

/// [`list`] of so many names, of which the first three are enough.
fn list_of(first: &[&str], count: usize) -> String {
    match (first, count) {
        ([], _) => String::new(),
        ([one, ..], 1) => (*one).to_string(),
        ([one, two, ..], 2) => format!("{one} and {two}"),
        ([one, two, three, ..], 3) => format!("{one}, {two} and {three}"),
        ([one, two, ..], _) => format!("{one}, {two} and {} more", count - 2),
        ([one], _) => format!("{one} and {} more", count - 1),
    }
}
