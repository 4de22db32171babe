//! What one node of a variant costs.

use crate::cost::{Site, multiply_accumulates};
use crate::device::{Int8Flash, Workload};
use crate::model::{Dims, Flow, Layer};
use crate::shape::parameter_tensors;

/// What one node costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NodeFigures {
    pub params: u64,
    pub flash: u64,
    pub written: u64,
    pub workload: Workload,
}

impl NodeFigures {
    /// Sums; they end at `u64::MAX`.
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            params: self.params.saturating_add(other.params),
            flash: self.flash.saturating_add(other.flash),
            written: self.written.saturating_add(other.written),
            workload: plus(&self.workload, &other.workload),
        }
    }
}

pub(super) fn plus(one: &Workload, other: &Workload) -> Workload {
    Workload {
        dense_macs: one.dense_macs.saturating_add(other.dense_macs),
        pointwise_macs: one.pointwise_macs.saturating_add(other.pointwise_macs),
        linear_macs: one.linear_macs.saturating_add(other.linear_macs),
        depthwise_macs: one.depthwise_macs.saturating_add(other.depthwise_macs),
        outputs: one.outputs.saturating_add(other.outputs),
    }
}

/// What a layer costs; without parameters where they count above.
pub(super) fn figures(layer: &Layer, input: Option<&Dims>, output: &Dims, counted: bool) -> NodeFigures {
    let elements = output.elements().unwrap_or(u64::MAX);
    let written = match layer.kind().flow() {
        Flow::Writes | Flow::InPlace => elements,
        Flow::Views | Flow::Holds => 0,
    };
    let mut figures = NodeFigures { written, ..NodeFigures::default() };
    let tensors = parameter_tensors(layer, input);
    if counted {
        let learned = tensors.iter().filter(|tensor| !tensor.fill.is_buffer());
        let elements = learned.map(|tensor| tensor.elements().unwrap_or(u64::MAX));
        figures.params = elements.fold(0, u64::saturating_add);
        figures.flash = Int8Flash::of_layer(layer, &tensors, Some(output)).bytes();
    }
    if layer.kind().multiplies() {
        let inputs = input.map_or(&[] as &[Dims], std::slice::from_ref);
        let macs = multiply_accumulates(&Site { layer, inputs, output: *output }).unwrap_or(u64::MAX);
        figures.workload = Workload::of_layer(layer, input, (macs, elements));
    }
    figures
}
