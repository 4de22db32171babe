//! The figures a remedy is judged by.

use crate::cost::{NumberType, Report, Settings, analyze};
use crate::device::{Fitted, Int8Flash, Workload, int8_arena};
use crate::model::Network;

/// What a network costs, in one line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Learned numbers, buffers not counted.
    pub params: u64,
    /// Multiply-accumulates of one sample.
    pub macs: u64,
    /// Elements that all layers write.
    pub written: u64,
    /// Bytes at the peak in 32-bit floats, norms and activations in place; `None` where not known.
    pub peak_bytes: Option<u64>,
    /// Bytes of the int8 weights with 32-bit biases.
    pub flash_bytes: u64,
    /// Bytes of the planned int8 arena; `None` where not known.
    pub ram_bytes: Option<u64>,
    /// On a Cortex-M7 at 400 MHz with ST's stack; may be an extrapolation. `None` where not known.
    pub milliseconds: Option<f64>,
}

impl Costs {
    /// Counts the network anew.
    pub fn of(network: &Network) -> Self {
        Self::of_report(network, &analyze(network, &Settings::default()))
    }

    /// From a report in 32-bit floats.
    pub fn of_report(network: &Network, report: &Report) -> Self {
        let memory = report.memory.as_ref().filter(|_| report.totals.completeness.is_exact());
        let int8 = analyze(
            network,
            &Settings { number_type: NumberType::Int8, batch: report.settings.batch, ..Settings::default() },
        );
        Self {
            params: report.totals.figures.params().0,
            macs: report.totals.figures.macs.0,
            written: report.totals.figures.output.0,
            peak_bytes: memory.map(|memory| memory.bytes(memory.peak_in_place.elements).0),
            flash_bytes: Int8Flash::of(network, report).bytes(),
            ram_bytes: int8_arena(&int8),
            milliseconds: Workload::of(network, report)
                .filter(|workload| workload.macs() > 0)
                .and_then(|workload| Some(Fitted::reference()?.milliseconds(&workload))),
        }
    }
}
