//! What of a network's cost decides how long it runs on a small processor.

use crate::cost::Report;
use crate::model::{Kind, Layer, Network};

/// Multiply-accumulates by the sort of layer that does them, and what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Of convolutions over pixels and channels.
    pub dense_macs: u64,
    /// Of 1x1 convolutions and Linears.
    pub pointwise_macs: u64,
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
            sum.depthwise_macs = sum.depthwise_macs.checked_add(one.depthwise_macs)?;
            sum.outputs = sum.outputs.checked_add(one.outputs)?;
        }
        Some(sum)
    }

    /// Of one row.
    pub fn of_row(network: &Network, report: &Report, row: usize) -> Self {
        let figures = &report.rows[row].figures;
        let (macs, outputs) = (figures.macs.0, figures.output.0);
        match &network.nodes[row].layer {
            Layer::Conv2d(conv) => {
                let input = report.wiring.taps(row).first().and_then(|&tap| report.shapes.tap(tap));
                let channels = input.and_then(|input| conv.channels(*input.get(1)?).ok());
                let depthwise =
                    channels.is_some_and(|channels| channels.groups > 1 && channels.groups == channels.input);
                match (depthwise, conv.kernel_size.height * conv.kernel_size.width) {
                    (true, _) => Self { depthwise_macs: macs, outputs, ..Self::default() },
                    (false, 1) => Self { pointwise_macs: macs, outputs, ..Self::default() },
                    (false, _) => Self { dense_macs: macs, outputs, ..Self::default() },
                }
            }
            layer if layer.kind() == Kind::ConvTranspose2d => Self { dense_macs: macs, outputs, ..Self::default() },
            layer if layer.kind() == Kind::Linear => Self { pointwise_macs: macs, outputs, ..Self::default() },
            _ => Self::default(),
        }
    }

    pub const fn macs(&self) -> u64 {
        self.dense_macs.saturating_add(self.pointwise_macs).saturating_add(self.depthwise_macs)
    }
}
