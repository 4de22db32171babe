//! Thinner layers: fewer channels everywhere, with what must agree kept in agreement.

use crate::model::{ChannelFlow, Channels, Conv2d, Groups, Layer, Network, Tap};
use crate::shape::{self, Shapes};

use super::Rewritten;
use super::draft::Draft;
use super::uses::Uses;

/// How many channels are left of so many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Thinning {
    /// The nearest multiple of what the groups ask for, at least one.
    Times(f64),
    /// PyTorch's structured pruning: `round(ratio * channels)` go, an exact half to the even number.
    Without(f64),
}

/// Thins all convolutions and hidden Linears. Channels that the network's input or output fixes stay.
pub(super) fn thin(network: &Network, thinning: Thinning) -> Rewritten {
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    let classes = Classes::of(network, &uses, &shapes);
    let mut draft = Draft::new(network);
    for (index, node) in network.nodes.iter().enumerate() {
        match classes.thinned(index, thinning, network, &uses, &shapes) {
            Some((layer, what)) if layer != node.layer => {
                draft.replace(index, layer);
                if let Some(what) = what {
                    draft.change(index, format!("{} has {what}", node.name));
                }
            }
            _ => draft.keep(index),
        }
    }
    draft.finish()
}

/// Which outputs have their channels in common: tied by sums, products and layers that work on each channel.
struct Classes {
    /// A union-find forest over the nodes; the last entry is the network's input. Once it is whole, every parent is a
    /// root.
    parents: Vec<usize>,
    /// Roots whose channels stay.
    fixed: Vec<bool>,
    /// What the channels of a root must be a multiple of.
    multiples: Vec<u64>,
}

impl Classes {
    fn of(network: &Network, uses: &Uses, shapes: &Shapes) -> Self {
        let count = network.nodes.len();
        let mut classes =
            Self { parents: (0..=count).collect(), fixed: vec![false; count + 1], multiples: vec![1; count + 1] };
        let input = count;
        let entry = |tap: &Tap| match *tap {
            Tap::Input => Some(input),
            Tap::Node(above) => Some(above),
            Tap::Missing(_) | Tap::NotAbove(_) => None,
        };
        for (index, node) in network.nodes.iter().enumerate() {
            let channelwise = node.layer.kind().facts().channels == ChannelFlow::Kept || passes_channels(&node.layer);
            for above in uses.taps(index).iter().filter_map(entry).filter(|_| channelwise) {
                classes.join(index, above);
            }
        }
        // Calls of one module have one number of channels.
        for (index, first) in network.first_calls().into_iter().enumerate() {
            if let Some(first) = first {
                classes.join(index, first);
            }
        }
        // Nodes whose channels the network's output fixes: each is looked at once, however many ways lead to it.
        let mut is_fixed = vec![false; count];
        if let Some(last) = is_fixed.last_mut() {
            *last = true;
        }
        for index in (0..count).rev() {
            if is_fixed[index] && !sets_channels(&network.nodes[index].layer) {
                let above = uses.taps(index).iter().filter_map(entry).filter(|&above| above != input);
                above.for_each(|above| is_fixed[above] = true);
            }
        }
        for index in (0..count).filter(|&index| is_fixed[index]).chain([input]) {
            let root = classes.root(index);
            classes.fixed[root] = true;
        }
        for (index, node) in network.nodes.iter().enumerate() {
            let convolution = node.layer.convolution();
            let groups = match (convolution, &node.layer) {
                (Some(conv), _) => group_count(conv.groups, uses.channels_into(shapes, index)),
                (None, Layer::GroupNorm(norm)) => u64::try_from(norm.num_groups).unwrap_or(1),
                (None, Layer::ChannelShuffle(shuffle)) => u64::try_from(shuffle.groups).unwrap_or(1),
                (None, _) => 1,
            };
            if groups > 1 {
                for end in uses.taps(index).iter().filter_map(entry).chain([index]) {
                    let root = classes.root(end);
                    classes.multiples[root] = lcm(classes.multiples[root], groups);
                }
            }
        }
        for index in 0..=count {
            classes.parents[index] = classes.root(index);
        }
        classes
    }

    /// The layer with fewer channels, and how many it has now; `None` where it has no channels of its own.
    fn thinned(
        &self,
        index: usize,
        thinning: Thinning,
        network: &Network,
        uses: &Uses,
        shapes: &Shapes,
    ) -> Option<(Layer, Option<String>)> {
        let root = self.parents[index];
        let left = |count: i64| match self.fixed[root] {
            true => count,
            false => thinning.left(count, self.multiples[root]),
        };
        let own = |count: i64, unit: &str| {
            let left = left(count);
            (left, Some(format!("{left} {unit} instead of {count}")))
        };
        let input = uses.channels_into(shapes, index).and_then(|channels| i64::try_from(channels).ok());
        let layer = &network.nodes[index].layer;
        if let Some(conv) = Conv2d::of(layer) {
            return match (conv.out_channels, input) {
                // Written in numbers, a depthwise convolution would not follow its input.
                (Channels::Count(count), Some(input)) if per_channel(&conv, input) && count % input == 0 => {
                    let out_channels = Channels::TimesInput(count / input);
                    let conv = Conv2d { out_channels, groups: Groups::InputChannels, ..conv };
                    Some((conv.over(layer), None))
                }
                (Channels::Count(count), _) => {
                    let (left, what) = own(count, "channels");
                    Some((Conv2d { out_channels: Channels::Count(left), ..conv }.over(layer), what))
                }
                (Channels::TimesInput(_), _) => None,
            };
        }
        Some(match layer {
            Layer::ConvTranspose1d(conv) => match conv.out_channels {
                Channels::Count(count) => {
                    let (left, what) = own(count, "channels");
                    let mut conv = conv.clone();
                    conv.out_channels = Channels::Count(left);
                    (conv.into(), what)
                }
                Channels::TimesInput(_) => return None,
            },
            Layer::ConvTranspose2d(conv) => match conv.out_channels {
                Channels::Count(count) => {
                    let (left, what) = own(count, "channels");
                    let mut conv = conv.clone();
                    conv.out_channels = Channels::Count(left);
                    (conv.into(), what)
                }
                Channels::TimesInput(_) => return None,
            },
            Layer::Linear(linear) => {
                let (left, what) = own(linear.out_features, "features");
                let mut linear = linear.clone();
                linear.out_features = left;
                (linear.into(), what)
            }
            Layer::PReLU(prelu) => match prelu.num_parameters {
                Channels::Count(count) if count > 1 => {
                    let mut prelu = prelu.clone();
                    prelu.num_parameters = Channels::Count(left(count));
                    (prelu.into(), None)
                }
                Channels::Count(_) | Channels::TimesInput(_) => return None,
            },
            _ => return None,
        })
    }

    /// Shortens the way it goes, so that ways stay short.
    fn root(&mut self, mut index: usize) -> usize {
        while self.parents[index] != index {
            self.parents[index] = self.parents[self.parents[index]];
            index = self.parents[index];
        }
        index
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        // The input's root stays the input's, the others' the earlier one.
        let (child, parent) = if left == self.parents.len() - 1 { (right, left) } else { (left, right) };
        self.parents[child] = parent;
    }
}

impl Thinning {
    fn left(self, count: i64, multiple: u64) -> i64 {
        let multiple = i64::try_from(multiple).unwrap_or(i64::MAX).max(1);
        let left = match self {
            Self::Times(times) => count as f64 * times,
            Self::Without(ratio) => count as f64 - (count as f64 * ratio).round_ties_even(),
        };
        if multiple == 1 {
            return (left.round() as i64).max(1);
        }
        ((left / multiple as f64).round() as i64).max(1).saturating_mul(multiple)
    }
}

/// Sets its output's channels by itself.
fn sets_channels(layer: &Layer) -> bool {
    match layer.convolution() {
        Some(conv) => matches!(conv.out_channels, Channels::Count(_)),
        None => layer.kind().facts().channels == ChannelFlow::Made,
    }
}

/// Depthwise with as many output channels as input channels.
fn passes_channels(layer: &Layer) -> bool {
    Conv2d::of(layer).is_some_and(|conv| conv.is_depthwise() && conv.out_channels == Channels::TimesInput(1))
}

fn per_channel(conv: &Conv2d, input: i64) -> bool {
    input > 1 && (conv.is_depthwise() || conv.groups == Groups::Count(input))
}

fn group_count(groups: Groups, input: Option<u64>) -> u64 {
    match groups {
        Groups::Count(groups) if input != u64::try_from(groups).ok() => u64::try_from(groups).unwrap_or(1),
        Groups::Count(_) | Groups::InputChannels => 1,
    }
}

fn lcm(left: u64, right: u64) -> u64 {
    let (mut a, mut b) = (left, right);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (left / a.max(1)).saturating_mul(right)
}
