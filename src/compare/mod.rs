//! Two designs side by side: which rows belong together, what differs, where it comes from, and that in words.
//!
//! All numbers come from the two reports.

mod align;
mod attribution;
mod headline;

pub use align::AlignedRow;
pub use attribution::{Dominant, Group, GroupFigures, Part};
pub use headline::{DOMINATES, Headline, percent, share, times};

use crate::cost::Report;
use crate::model::{Dims, Network, NodeId};

/// A design that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The design's, for sentences.
    pub name: &'a str,
    /// The design's, resolved.
    pub network: &'a Network,
    /// Its costs; both sides with the same settings.
    pub report: &'a Report,
    /// Where this side was derived from the other one: for each node, the other side's node it comes from.
    pub origins: Option<&'a [NodeId]>,
}

/// What a comparison of two designs found.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Totals of the left side.
    pub left: Summary,
    /// Totals of the right side.
    pub right: Summary,
    /// All rows of both sides, in order; those that belong together in one.
    pub rows: Vec<AlignedRow>,
    /// What the designs are made of, and how much of it each side has. Parts that neither has are left out.
    pub groups: Vec<Group>,
    /// The networks have the same input and layers.
    pub same: bool,
    /// The inputs of both sides, where they differ: then only parameters compare.
    pub inputs: Option<(Dims, Dims)>,
    /// There is a convolution on the left that is not yet depthwise, grouped or 1x1.
    pub separable: bool,
}

/// One side in totals.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The design's, for sentences.
    pub name: String,
    /// Learned numbers.
    pub params: u64,
    /// Multiply-accumulates with the report's batch.
    pub macs: u64,
    /// Elements that all layers write together.
    pub written: u64,
    /// The most elements alive at once, batch norms and activations in place; `None` where it does not fit 64 bits.
    pub peak: Option<u64>,
    /// Bytes of an element.
    pub element_bytes: u64,
    /// `at least` or `about` where the parameters are not exact, else empty.
    pub qualifier: &'static str,
    /// The rows whose cost is not known: the totals are without them.
    pub unknown: Vec<String>,
    /// The row with the most parameters; `None` where a row that is not known may have more.
    pub dominant: Option<Dominant>,
    /// The first row that cannot be: its name, and PyTorch's words.
    pub problem: Option<(String, String)>,
}

/// Compares two designs; the differences are those of the right side to the left.
pub fn compare(left: &Side, right: &Side) -> Comparison {
    let same_layers = |(left, right): (&crate::model::Node, &crate::model::Node)| left.layer == right.layer;
    let rows = align::align(left, right);
    let in_step = rows.iter().all(|row| row.left == row.right);
    Comparison {
        left: Summary::of(left),
        right: Summary::of(right),
        groups: attribution::groups(left, right),
        same: left.network.input == right.network.input
            && left.network.nodes.len() == right.network.nodes.len()
            && left.network.nodes.iter().zip(&right.network.nodes).all(same_layers)
            && in_step,
        inputs: (left.network.input != right.network.input).then_some((left.network.input, right.network.input)),
        separable: left.network.nodes.iter().any(|node| match &node.layer {
            crate::model::Layer::Conv2d(conv) => crate::rewrite::is_divisible(conv),
            _ => false,
        }),
        rows,
    }
}

/// A design by itself in a heading and a sentence or two.
pub fn headline_of_one(side: &Side) -> Headline {
    headline::of_one(&Summary::of(side))
}

impl Comparison {
    /// The difference in a heading and a sentence or two.
    pub fn headline(&self) -> Headline {
        headline::of(self)
    }
}
