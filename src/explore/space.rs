//! What is varied, and over which values.

use crate::model::{Channels, Conv2d, Layer, Network, Node, NodeId, Pair};
use crate::rewrite::{self, HiddenLayers, PooledHead, Rewrite};
use crate::shape;

/// One thing that is varied. Each value is numbered by its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// The channels of everything, times this.
    Width(Vec<f64>),
    /// Height and width of the input.
    Resolution(Vec<(u64, u64)>),
    /// The kernel of these convolutions.
    KernelSize { nodes: Vec<NodeId>, sizes: Vec<Pair> },
    /// The output channels or features of one layer.
    Channels { node: NodeId, counts: Vec<i64> },
    /// These convolutions full (0) or separable (1), together.
    Separable { nodes: Vec<NodeId> },
    /// The classifier; `None` leaves it.
    Head(Vec<Option<PooledHead>>),
}

/// What is varied in the usual space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Varied {
    pub width: bool,
    pub resolution: bool,
    /// Each full convolution separable or not.
    pub separable: bool,
    /// One kernel for all convolutions that are not 1x1.
    pub kernel: bool,
    /// The channels or features of the largest layers, each by itself; then the width has no say.
    pub channels: bool,
    pub head: bool,
}

impl Default for Varied {
    fn default() -> Self {
        Self { width: true, resolution: true, separable: true, kernel: false, channels: false, head: true }
    }
}

/// The product of some axes over a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    pub network: Network,
    pub axes: Vec<Axis>,
}

impl Axis {
    /// How many values it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Width(values) => values.len(),
            Self::Resolution(values) => values.len(),
            Self::KernelSize { sizes, .. } => sizes.len(),
            Self::Channels { counts, .. } => counts.len(),
            Self::Separable { .. } => 2,
            Self::Head(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether its values are arguments of single layers.
    pub(super) const fn sets_arguments(&self) -> bool {
        match self {
            Self::KernelSize { .. } | Self::Channels { .. } => true,
            Self::Width(_) | Self::Resolution(_) | Self::Separable { .. } | Self::Head(_) => false,
        }
    }

    /// What one of its values is called, briefly: `0.5`, `96x96`, `3x3`, `separable`.
    pub fn short_label(&self, value: usize) -> String {
        match self {
            Self::Width(values) => values.get(value).map(f64::to_string),
            Self::KernelSize { sizes, .. } => sizes.get(value).map(|size| format!("{}x{}", size.height, size.width)),
            Self::Channels { counts, .. } => counts.get(value).map(i64::to_string),
            Self::Head(values) => values.get(value).map(|head| match head {
                None => "as it is".to_string(),
                Some(PooledHead { size, hidden: HiddenLayers::Drop }) => format!("{size}x{size}"),
                Some(PooledHead { size, hidden: HiddenLayers::Keep }) => format!("{size}x{size}, hidden"),
            }),
            Self::Resolution(_) | Self::Separable { .. } => Some(self.label(value)),
        }
        .unwrap_or_default()
    }

    /// How large one of its values is: the multiplier, the channels, the width of the input, the side of a square of
    /// as many taps. `None` for what has no size.
    pub fn place(&self, value: usize) -> Option<f64> {
        match self {
            Self::Width(values) => values.get(value).copied(),
            Self::Resolution(values) => values.get(value).map(|&(_, width)| width as f64),
            Self::KernelSize { sizes, .. } => {
                sizes.get(value).map(|size| (size.height as f64 * size.width as f64).sqrt())
            }
            Self::Channels { counts, .. } => counts.get(value).map(|&count| count as f64),
            Self::Separable { .. } | Self::Head(_) => None,
        }
    }

    /// Values of one family grow alike, so that a line between them says something: kernels of odd and of even size are
    /// padded differently.
    pub fn family(&self, value: usize) -> u64 {
        match self {
            Self::KernelSize { sizes, .. } => sizes.get(value).map_or(0, |size| u64::from(size.height % 2 != 0)),
            Self::Width(_) | Self::Resolution(_) | Self::Channels { .. } | Self::Separable { .. } | Self::Head(_) => 0,
        }
    }

    /// What one of its values is called: `width 0.5`, `96x96`, `kernel 3x3`, `separable`.
    pub fn label(&self, value: usize) -> String {
        match self {
            Self::Width(values) => values.get(value).map(|width| format!("width {width}")),
            Self::Resolution(values) => values.get(value).map(|(height, width)| format!("{height}x{width}")),
            Self::KernelSize { sizes, .. } => {
                sizes.get(value).map(|size| format!("kernel {}x{}", size.height, size.width))
            }
            Self::Channels { counts, .. } => counts.get(value).map(|count| format!("{count} channels")),
            Self::Separable { .. } => Some(if value == 0 { "full" } else { "separable" }.to_string()),
            Self::Head(values) => values.get(value).map(|head| match head {
                None => "head as it is".to_string(),
                Some(PooledHead { size, hidden: HiddenLayers::Drop }) => {
                    format!("head averaged to {size}x{size}, one Linear")
                }
                Some(PooledHead { size, hidden: HiddenLayers::Keep }) => format!("head averaged to {size}x{size}"),
            }),
        }
        .unwrap_or_default()
    }

    /// The rewrite that gives a network this value; `None` where the value is the network's own.
    fn rewrite(&self, value: usize) -> Option<Rewrite> {
        match self {
            Self::Width(values) => {
                let multiplier = *values.get(value)?;
                (multiplier != 1.0).then_some(Rewrite::Width { multiplier })
            }
            Self::Resolution(values) => values.get(value).map(|&(height, width)| Rewrite::Resolution { height, width }),
            Self::KernelSize { nodes, sizes } => {
                sizes.get(value).map(|&size| Rewrite::KernelSize { nodes: nodes.clone(), size })
            }
            Self::Channels { node, counts } => counts.get(value).map(|&count| Rewrite::Channels { node: *node, count }),
            Self::Separable { nodes } => (value == 1).then(|| Rewrite::SeparableFor { nodes: nodes.clone() }),
            Self::Head(values) => (*values.get(value)?).map(Rewrite::PooledHead),
        }
    }

    /// Rewrites are made in this order, whatever the order of the axes: what replaces nodes comes last.
    const fn order(&self) -> u8 {
        match self {
            Self::Width(_) => 0,
            Self::Channels { .. } => 1,
            Self::KernelSize { .. } => 2,
            Self::Resolution(_) => 3,
            Self::Head(_) => 4,
            Self::Separable { .. } => 5,
        }
    }
}

impl Space {
    /// Axes without values are left out.
    pub fn new(network: &Network, axes: Vec<Axis>) -> Self {
        Self { network: network.clone(), axes: axes.into_iter().filter(|axis| !axis.is_empty()).collect() }
    }

    /// How many variants there are; at most `u64::MAX`.
    pub fn len(&self) -> u64 {
        self.axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.len() as u64))
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of a variant, one for each axis; the last axis turns fastest.
    pub fn choice(&self, index: u64) -> Vec<usize> {
        let mut choice = vec![0; self.axes.len()];
        self.choose(index, &mut choice);
        choice
    }

    pub(super) fn choose(&self, mut index: u64, choice: &mut [usize]) {
        for (value, axis) in choice.iter_mut().zip(&self.axes).rev() {
            *value = (index % axis.len() as u64) as usize;
            index /= axis.len() as u64;
        }
    }

    /// The width multiplier and the input's pixels of a variant.
    pub fn capacity(&self, choice: &[usize]) -> [f64; 2] {
        let pixels = |sizes: &[u64]| sizes.iter().skip(1).map(|&size| size as f64).product::<f64>();
        let mut capacity = [1.0, pixels(self.network.input.sizes())];
        for (axis, &value) in self.axes.iter().zip(choice) {
            match axis {
                Axis::Width(values) => capacity[0] = values.get(value).copied().unwrap_or(1.0),
                Axis::Resolution(values) => {
                    let size = values.get(value).map(|&(height, width)| height as f64 * width as f64);
                    capacity[1] = size.unwrap_or(capacity[1]);
                }
                Axis::KernelSize { .. } | Axis::Channels { .. } | Axis::Separable { .. } | Axis::Head(_) => {}
            }
        }
        capacity
    }

    /// What the values are called: `width 0.5, 96x96, conv2 and conv3 separable, head as it is`.
    pub fn label(&self, choice: &[usize]) -> String {
        let mut labels = Vec::new();
        let (mut separable, mut switches) = (Vec::new(), 0);
        for (axis, &value) in self.axes.iter().zip(choice) {
            match axis {
                Axis::Separable { nodes } => {
                    switches += 1;
                    if value == 1 {
                        separable.push(self.names(nodes));
                    }
                }
                Axis::Channels { node, counts } => {
                    let name = self.names(std::slice::from_ref(node));
                    labels.push(format!("{name} {}", counts.get(value).copied().unwrap_or_default()));
                }
                axis => labels.push(axis.label(value)),
            }
        }
        let forms = match separable.split_last() {
            None if switches == 0 => None,
            None => Some("all full".to_string()),
            Some(_) if separable.len() == switches => Some("all separable".to_string()),
            Some((last, [])) => Some(format!("{last} separable")),
            Some((last, rest)) => Some(format!("{} and {last} separable", rest.join(", "))),
        };
        labels.extend(forms);
        labels.join(", ")
    }

    /// `conv1`, `conv1 to conv4`.
    fn names(&self, nodes: &[NodeId]) -> String {
        let name = |id: Option<&NodeId>| {
            id.and_then(|&id| self.network.node(id)).map(|node| node.name.clone()).unwrap_or_default()
        };
        match nodes {
            [_] | [] => name(nodes.first()),
            [first, .., last] => format!("{} to {}", name(Some(first)), name(Some(last))),
        }
    }

    /// The rewrites that make a variant of the network.
    pub fn rewrites(&self, choice: &[usize]) -> Vec<Rewrite> {
        let mut chosen: Vec<(u8, Rewrite)> = self
            .axes
            .iter()
            .zip(choice)
            .filter_map(|(axis, &value)| axis.rewrite(value).map(|rewrite| (axis.order(), rewrite)))
            .collect();
        chosen.sort_by_key(|&(order, _)| order);
        chosen.into_iter().map(|(_, rewrite)| rewrite).collect()
    }

    /// The network of a variant, also where it cannot run.
    pub fn variant(&self, choice: &[usize]) -> Network {
        let mut network = rewrite::with_flexible_sizes(&self.network);
        for rewrite in self.rewrites(choice) {
            network = rewrite::apply_unchecked(&network, &rewrite).network;
        }
        network
    }

    /// The usual space of a network: width, resolution, each full convolution separable or not, head.
    pub fn usual(network: &Network) -> Self {
        Self::varied(network, Varied::default())
    }

    /// The usual axes, as far as they are wanted; each holds the network's own value.
    pub fn varied(network: &Network, varied: Varied) -> Self {
        let mut axes = Vec::new();
        if varied.width && !varied.channels {
            axes.push(Axis::Width(vec![0.25, 0.35, 0.5, 0.75, 1.0]));
        }
        if let (true, &[_, height, width]) = (varied.resolution, network.input.sizes()) {
            let scaled = |percent: u64| {
                let part = |size: u64| ((u128::from(size) * u128::from(percent) / 100) as u64).max(1);
                (part(height), part(width))
            };
            let mut sizes: Vec<(u64, u64)> = [50, 60, 75, 85, 100].into_iter().map(scaled).collect();
            sizes.dedup();
            axes.push(Axis::Resolution(sizes));
        }
        axes.extend(Self::kernels(network).filter(|_| varied.kernel));
        if varied.channels {
            axes.extend(Self::channels(network));
        }
        if varied.separable {
            let full = convolutions(network, rewrite::is_divisible);
            // More switches than this are set in runs of neighbours.
            const SWITCHES: usize = 8;
            let run = full.len().div_ceil(SWITCHES).max(1);
            axes.extend(full.chunks(run).map(|nodes| Axis::Separable { nodes: nodes.to_vec() }));
        }
        if varied.head {
            axes.push(Self::heads(network));
        }
        Self::new(network, axes)
    }

    /// Kernels of 2x2 to 5x5 for all convolutions that have one kernel in common, that one included.
    fn kernels(network: &Network) -> Option<Axis> {
        let wide = |conv: &Conv2d| conv.kernel_size != Pair::square(1);
        let first = network.nodes.iter().find_map(|node| match &node.layer {
            Layer::Conv2d(conv) if wide(conv) => Some(conv.kernel_size),
            _ => None,
        })?;
        let mut sizes = vec![Pair::square(2), Pair::square(3), Pair::square(5)];
        if !sizes.contains(&first) {
            sizes.insert(0, first);
        }
        Some(Axis::KernelSize { nodes: convolutions(network, |conv| conv.kernel_size == first), sizes })
    }

    /// A quarter, a half, three quarters and all of the channels of each layer that sets its own, but the last one;
    /// of the largest, where there are many.
    fn channels(network: &Network) -> impl Iterator<Item = Axis> {
        const MOST: usize = 10;
        let shapes = shape::infer(network, &network.wiring(), 1);
        let own = |(index, node): (usize, &Node)| {
            let count = match (Conv2d::of(&node.layer), &node.layer) {
                (Some(conv), _) if !conv.is_depthwise() => match conv.out_channels {
                    Channels::Count(count) => count,
                    Channels::TimesInput(_) => return None,
                },
                (None, Layer::Linear(linear)) => linear.out_features,
                _ => return None,
            };
            let weights = shapes.nodes[index].dims().and_then(|dims| dims.elements()).unwrap_or(0);
            (count > 1).then_some((node.id, count, weights))
        };
        let mut layers: Vec<(NodeId, i64, u64)> = network.nodes.iter().enumerate().filter_map(own).collect();
        layers.pop();
        let mut largest: Vec<usize> = (0..layers.len()).collect();
        largest.sort_by_key(|&place| std::cmp::Reverse((layers[place].2, place)));
        largest.truncate(MOST);
        largest.sort_unstable();
        let layers = largest.into_iter().map(|place| layers[place]).collect::<Vec<_>>();
        layers.into_iter().map(|(node, count, _)| {
            let part = |quarters: i64| i64::try_from(i128::from(count) * i128::from(quarters) / 4).unwrap_or(count);
            let mut counts: Vec<i64> = (1..=4).map(|quarters| part(quarters).max(1)).collect();
            counts.dedup();
            Axis::Channels { node, counts }
        })
    }

    /// The classifier as it is, and the ways to average the map before it that change anything.
    pub fn heads(network: &Network) -> Axis {
        let heads = [
            None,
            Some(PooledHead { size: 1, hidden: HiddenLayers::Drop }),
            Some(PooledHead { size: 2, hidden: HiddenLayers::Drop }),
            Some(PooledHead { size: 1, hidden: HiddenLayers::Keep }),
        ];
        let changes = |head: &&Option<PooledHead>| match head {
            None => true,
            Some(head) => !rewrite::apply(network, &Rewrite::PooledHead(*head)).changes.is_empty(),
        };
        Axis::Head(heads.iter().filter(changes).copied().collect())
    }
}

fn convolutions(network: &Network, chosen: impl Fn(&Conv2d) -> bool) -> Vec<NodeId> {
    let chosen = network.nodes.iter().filter(|node| Conv2d::of(&node.layer).is_some_and(|conv| chosen(&conv)));
    chosen.map(|node| node.id).collect()
}
