//! What one node of a variant costs.

use crate::device::Workload;
use crate::model::{Dims, Kind, Layer};
use crate::shape::parameter_tensors;

use super::memory::Writes;

/// What one node costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeFigures {
    pub params: u64,
    pub flash: u64,
    pub written: u64,
    pub workload: Workload,
}

impl NodeFigures {
    /// Sums; they end at `u64::MAX`.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            params: self.params.saturating_add(other.params),
            flash: self.flash.saturating_add(other.flash),
            written: self.written.saturating_add(other.written),
            workload: plus(&self.workload, &other.workload),
        }
    }
}

pub fn plus(one: &Workload, other: &Workload) -> Workload {
    Workload {
        dense_macs: one.dense_macs.saturating_add(other.dense_macs),
        pointwise_macs: one.pointwise_macs.saturating_add(other.pointwise_macs),
        depthwise_macs: one.depthwise_macs.saturating_add(other.depthwise_macs),
        outputs: one.outputs.saturating_add(other.outputs),
    }
}

/// What a layer costs; without parameters where they count above.
pub fn figures(layer: &Layer, input: Option<&Dims>, output: &Dims, counted: bool) -> NodeFigures {
    let elements = output.elements().unwrap_or(u64::MAX);
    let kind = layer.kind();
    let writes = writes(kind);
    let mut figures = NodeFigures {
        written: if matches!(writes, Writes::View | Writes::Nothing) { 0 } else { elements },
        ..NodeFigures::default()
    };
    let (mut weights, mut learned) = (0, 0_u64);
    let tensors = parameter_tensors(layer, input);
    for tensor in tensors.iter().filter(|tensor| !tensor.fill.is_buffer()) {
        let elements = tensor.elements().unwrap_or(u64::MAX);
        learned = learned.saturating_add(elements);
        if tensor.name == "weight" {
            weights = elements;
        }
    }
    if counted {
        figures.params = learned;
    }
    match layer {
        Layer::Conv2d(conv) => {
            let channels = output.get(1).copied().unwrap_or(1).max(1);
            let macs = elements.saturating_mul(weights / channels);
            figures.workload = Workload::of_convolution(conv, input, (macs, elements));
            figures.flash = weights.saturating_add(channels.saturating_mul(4));
        }
        Layer::ConvTranspose2d(_) => {
            let (input_channels, channels) = (input.and_then(|input| input.get(1)), output.get(1));
            let read = input.and_then(|input| input.elements()).unwrap_or(0);
            let macs = read.saturating_mul(weights / input_channels.copied().unwrap_or(1).max(1));
            figures.workload = Workload { dense_macs: macs, outputs: elements, ..Workload::default() };
            figures.flash = weights.saturating_add(channels.copied().unwrap_or(0).saturating_mul(4));
        }
        Layer::Linear(_) => {
            let features = output.last().copied().unwrap_or(1).max(1);
            let macs = elements.saturating_mul(weights / features);
            figures.workload = Workload { pointwise_macs: macs, outputs: elements, ..Workload::default() };
            figures.flash = weights.saturating_add(features.saturating_mul(4));
        }
        _ => figures.flash = learned.saturating_mul(4),
    }
    if !counted {
        figures.flash = 0;
    }
    figures
}

pub fn writes(kind: Kind) -> Writes {
    match kind {
        Kind::Parameter => Writes::Nothing,
        kind if kind.is_view() => Writes::View,
        kind if kind.may_overwrite_its_input() => Writes::InPlace,
        _ => Writes::Own,
    }
}
