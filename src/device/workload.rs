//! What of a network's cost decides how long it runs on a small processor.

use crate::cost::Report;
use crate::model::{Dims, Layer, Network, Sort};
use crate::shape::{Convolution, Direction};

/// Multiply-accumulates by the sort of layer that does them, and what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Of convolutions over pixels and channels.
    pub dense_macs: u64,
    /// Of 1x1 convolutions and Linears.
    pub pointwise_macs: u64,
    /// Of Linears alone: a part of the ones before.
    pub linear_macs: u64,
    /// Of depthwise convolutions.
    pub depthwise_macs: u64,
    /// Elements that convolutions and Linears write; batch norms and activations count as part of them.
    pub outputs: u64,
}

impl Workload {
    /// Of all rows; `None` where the report does not know all rows, or does not count exactly.
    pub fn of(network: &Network, report: &Report) -> Option<Self> {
        if !report.totals.completeness.is_exact() {
            return None;
        }
        let mut sum = Self::default();
        for row in 0..network.nodes.len() {
            let one = Self::of_row(network, report, row);
            sum.dense_macs = sum.dense_macs.checked_add(one.dense_macs)?;
            sum.pointwise_macs = sum.pointwise_macs.checked_add(one.pointwise_macs)?;
            sum.linear_macs = sum.linear_macs.checked_add(one.linear_macs)?;
            sum.depthwise_macs = sum.depthwise_macs.checked_add(one.depthwise_macs)?;
            sum.outputs = sum.outputs.checked_add(one.outputs)?;
        }
        Some(sum)
    }

    /// Of one row.
    pub fn of_row(network: &Network, report: &Report, row: usize) -> Self {
        let figures = &report.rows[row].figures;
        let (macs, outputs) = (figures.macs.0, figures.output.0);
        let input = report.wiring.taps(row).first().and_then(|&tap| report.shapes.tap(tap));
        Self::of_layer(&network.nodes[row].layer, input, (macs, outputs))
    }

    /// Of a layer of this input that has so many multiply-accumulates and outputs.
    pub fn of_layer(layer: &Layer, input: Option<&Dims>, (macs, outputs): (u64, u64)) -> Self {
        let none = Self { outputs, ..Self::default() };
        match layer.kind().sort() {
            Sort::Convolution => match layer.convolution() {
                Some(conv) if conv.direction == Direction::Plain && is_depthwise(&conv, input) => {
                    Self { depthwise_macs: macs, ..none }
                }
                Some(conv) if conv.direction == Direction::Plain && conv.kernel.is_one() => {
                    Self { pointwise_macs: macs, ..none }
                }
                Some(_) | None => Self { dense_macs: macs, ..none },
            },
            Sort::MatrixProduct => Self { pointwise_macs: macs, linear_macs: macs, ..none },
            Sort::Pool
            | Sort::Norm
            | Sort::Activation
            | Sort::Softmax
            | Sort::Regularizer
            | Sort::Rearrangement
            | Sort::Resizing
            | Sort::Combination
            | Sort::Parameter
            | Sort::Unknown => Self::default(),
        }
    }

    /// Of all three sorts.
    pub const fn macs(&self) -> u64 {
        self.dense_macs.saturating_add(self.pointwise_macs).saturating_add(self.depthwise_macs)
    }
}

/// One group for each input channel, and more than one.
fn is_depthwise(conv: &Convolution, input: Option<&Dims>) -> bool {
    let channels = input.and_then(|input| conv.channels(input));
    channels.is_some_and(|channels| channels.groups > 1 && channels.groups == channels.input)
}
