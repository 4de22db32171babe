//! One argument over a range, for a network and its separable twin.

use rustc_hash::FxHashSet;

use crate::device::Fitted;
use crate::model::{Channels, Conv2d, Layer, Network, NodeId};
use crate::rewrite::is_divisible;
use crate::shape::{self, NodeShape};

use super::evaluator::{Evaluator, Metrics};
use super::space::{Axis, Space};

/// The curves of one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub points: Vec<Point>,
    /// The place of the network's own value, where it is one of them.
    pub present: Option<usize>,
}

/// One value of the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// `kernel 3x3`.
    pub label: String,
    /// `3x3`.
    pub short_label: String,
    /// How large the value is; `None` for what has no size.
    pub place: Option<f64>,
    /// What its neighbours on a line have in common with it.
    pub family: u64,
    /// As it is; `None` where it cannot run.
    pub standard: Option<Metrics>,
    /// With all its convolutions separable.
    pub separable: Option<Metrics>,
    pub standard_milliseconds: Option<f64>,
    pub separable_milliseconds: Option<f64>,
    /// Why it cannot run as it is, and separable: the first layer that cannot, and its error.
    pub reasons: [Option<String>; 2],
}

/// The costs along an axis.
pub fn sweep(network: &Network, axis: Axis, fitted: Option<&Fitted>) -> Sweep {
    let own = own_value(network, &axis);
    // A kernel of 1x1 cannot be divided, another one can: all full convolutions are to be, whatever theirs is now.
    // What is swept over stays out of the twin's own switch.
    let (varied, switched) = match &axis {
        Axis::KernelSize { nodes, .. } => (nodes.iter().copied().collect(), FxHashSet::default()),
        Axis::Separable { nodes } => (FxHashSet::default(), nodes.iter().copied().collect()),
        _ => Default::default(),
    };
    let full = network
        .nodes
        .iter()
        .filter(|node| Conv2d::of(&node.layer).is_some_and(|conv| is_divisible(&conv) || varied.contains(&node.id)));
    let nodes: Vec<NodeId> = full.map(|node| node.id).filter(|id| !switched.contains(id)).collect();
    let space = Space::new(network, vec![Axis::Separable { nodes }, axis]);
    let mut evaluator = Evaluator::new(&space);
    let Some(axis) = space.axes.get(1) else { return Sweep { points: Vec::new(), present: None } };
    let points = (0..axis.len()).map(|value| {
        let [standard, separable] = [0, 1].map(|form| evaluator.evaluate(&[form, value]));
        let time = |metrics: Option<Metrics>| Some(metrics?.milliseconds(fitted?));
        Point {
            label: axis.label(value),
            short_label: axis.short_label(value),
            place: axis.place(value),
            family: axis.family(value),
            reasons: [(standard, 0), (separable, 1)]
                .map(|(metrics, form)| metrics.map_or_else(|| reason(&space.variant(&[form, value])), |_| None)),
            standard_milliseconds: time(standard),
            separable_milliseconds: time(separable),
            standard,
            separable,
        }
    });
    Sweep { points: points.collect(), present: own }
}

/// The first layer that cannot take its input, and why.
fn reason(network: &Network) -> Option<String> {
    let shapes = shape::infer(network, &network.wiring(), 1);
    network.nodes.iter().zip(&shapes.nodes).find_map(|(node, shape)| match shape {
        NodeShape::Failed(error) => Some(format!("{}: {error}", node.name)),
        NodeShape::Known(_) | NodeShape::Waits { .. } => None,
    })
}

/// The place of the value that the network has now.
fn own_value(network: &Network, axis: &Axis) -> Option<usize> {
    match axis {
        Axis::Width(values) => values.iter().position(|&value| value == 1.0),
        Axis::Resolution(values) => match *network.input.sizes() {
            [_, height, width] => values.iter().position(|&value| value == (height, width)),
            _ => None,
        },
        Axis::KernelSize { nodes, sizes } => {
            let positions = network.positions();
            let own = |id: &NodeId| Some(Conv2d::of(&network.nodes[*positions.get(id)?].layer)?.kernel_size);
            let first = own(nodes.first()?)?;
            let all_alike = nodes.iter().all(|id| own(id) == Some(first));
            sizes.iter().position(|&size| size == first).filter(|_| all_alike)
        }
        Axis::Channels { node, counts } => {
            let layer = &network.node(*node)?.layer;
            let own = match (layer.convolution().map(|conv| conv.out_channels), layer) {
                (Some(Channels::Count(own)), _) => own,
                (None, Layer::Linear(linear)) => linear.out_features,
                _ => return None,
            };
            counts.iter().position(|&count| count == own)
        }
        Axis::Separable { .. } => Some(0),
        Axis::Head(values) => values.iter().position(Option::is_none),
    }
}
