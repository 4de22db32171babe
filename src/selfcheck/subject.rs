//! What is measured: a preset at a size, with the figures that publications print.

use crate::cost::{self, Settings};
use crate::model::presets::{self, Scale};
use crate::model::{Dims, Kind, Layer, Network, Pair};

/// A network and its cost.
pub(super) struct Subject {
    network: Network,
    report: cost::Report,
}

/// The parts of a MobileNet that table 2 tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Pointwise,
    Depthwise,
    Convolution,
    Product,
}

impl Subject {
    pub(super) fn new(network: Network) -> Self {
        let report = cost::analyze(&network, &Settings::default());
        Self { network, report }
    }

    /// A preset as it was published. An id that no preset has gives an empty network, which agrees with nothing.
    pub(super) fn preset(id: &str) -> Self {
        Self::scaled(id, |_| {})
    }

    /// A preset at another size.
    pub(super) fn scaled(id: &str, change: impl FnOnce(&mut Scale)) -> Self {
        let network = presets::find(id).map(|preset| {
            let mut scale = preset.scale();
            change(&mut scale);
            preset.build(scale)
        });
        Self::new(network.unwrap_or_else(|| Network::chain(id, Dims::default(), [])))
    }

    pub(super) fn macs(&self) -> f64 {
        self.report.totals.figures.macs.0 as f64
    }

    pub(super) fn params(&self) -> f64 {
        self.report.totals.figures.params().0 as f64
    }

    /// Without the scales and shifts of batch norms, which papers leave out.
    pub(super) fn params_without_norms(&self) -> f64 {
        self.sum_params(|layer| !matches!(layer.kind(), Kind::BatchNorm2d | Kind::BatchNorm1d))
    }

    /// With running means and variances, which Keras counts as parameters that do not learn.
    pub(super) fn params_with_statistics(&self) -> f64 {
        let norms = self.rows(|layer| matches!(layer.kind(), Kind::BatchNorm2d | Kind::BatchNorm1d)).count();
        // PyTorch's counter of batches is one element more in each norm.
        self.params() + self.report.totals.figures.buffers.0 as f64 - norms as f64
    }

    pub(super) fn macs_without_product(&self) -> f64 {
        self.macs() - self.sum_macs(|layer| layer.kind() == Kind::Linear)
    }

    /// The share of a part of a MobileNet in the multiply-accumulates, in percent.
    pub(super) fn share_of_macs(&self, part: Part) -> f64 {
        100.0 * self.sum_macs(|layer| Part::of(layer) == Some(part)) / self.macs()
    }

    /// The share of a part in the weights, without biases and batch norms, in percent.
    pub(super) fn share_of_weights(&self, part: Part) -> f64 {
        let all = self.weights(|layer| Part::of(layer).is_some());
        100.0 * self.weights(|layer| Part::of(layer) == Some(part)) / all
    }

    /// Weights in 8 bits and, batch norms folded, one bias of 32 bits for each output channel.
    pub(super) fn int8_flash(&self) -> f64 {
        let biases = self.rows(|layer| Part::of(layer).is_some()).map(|index| self.outputs(index));
        self.weights(|layer| Part::of(layer).is_some()) + 4.0 * biases.sum::<f64>()
    }

    fn rows(&self, counts: impl Fn(&Layer) -> bool) -> impl Iterator<Item = usize> {
        self.network.nodes.iter().enumerate().filter(move |(_, node)| counts(&node.layer)).map(|(index, _)| index)
    }

    fn sum_params(&self, counts: impl Fn(&Layer) -> bool) -> f64 {
        self.rows(counts).map(|index| self.report.rows[index].figures.params().0 as f64).sum()
    }

    fn sum_macs(&self, counts: impl Fn(&Layer) -> bool) -> f64 {
        self.rows(counts).map(|index| self.report.rows[index].figures.macs.0 as f64).sum()
    }

    fn weights(&self, counts: impl Fn(&Layer) -> bool) -> f64 {
        let weights = self.rows(counts).map(|index| {
            let has_bias = match &self.network.nodes[index].layer {
                Layer::Conv2d(conv) => conv.bias,
                Layer::Linear(linear) => linear.bias,
                _ => false,
            };
            let bias = if has_bias { self.outputs(index) } else { 0.0 };
            self.report.rows[index].figures.params().0 as f64 - bias
        });
        weights.sum()
    }

    /// The channels or features that a row gives.
    fn outputs(&self, index: usize) -> f64 {
        self.report.shapes.nodes[index].dims().and_then(|dims| dims.get(1)).map_or(0.0, |&size| size as f64)
    }
}

impl Part {
    fn of(layer: &Layer) -> Option<Self> {
        match layer {
            Layer::Conv2d(conv) if conv.is_depthwise() => Some(Self::Depthwise),
            Layer::Conv2d(conv) if conv.kernel_size == Pair::square(1) => Some(Self::Pointwise),
            Layer::Conv2d(_) => Some(Self::Convolution),
            Layer::Linear(_) => Some(Self::Product),
            _ => None,
        }
    }
}
