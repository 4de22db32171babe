//! What the totals of a design show.

use crate::cost::Report;

/// The totals that are shown, as plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the figures of Report")]
pub struct TotalsView {
    pub params: u64,
    pub trainable: u64,
    pub buffers: u64,
    pub macs: u64,
    pub flops: u64,
    pub peak_bytes: u64,
    pub weight_bytes: u64,
    /// Before what follows from the parameters alone.
    pub params_qualifier: &'static str,
    pub qualifier: &'static str,
}

impl TotalsView {
    /// The peak is 0 where it does not fit 64 bits.
    pub fn of(report: &Report) -> Self {
        let figures = &report.totals.figures;
        let peak = report.memory.as_ref().map_or(0, |memory| memory.bytes(memory.peak_out_of_place.elements).0);
        Self {
            params: figures.params().0,
            trainable: figures.trainable.0,
            buffers: figures.buffers.0,
            macs: figures.macs.0,
            flops: figures.flops.0,
            peak_bytes: peak,
            weight_bytes: figures.weight_bytes.0,
            params_qualifier: report.totals.completeness.params_qualifier(),
            qualifier: report.totals.completeness.qualifier(),
        }
    }
}

/// `at least 28`, or the text alone where it is exact.
pub fn qualified(qualifier: &str, text: String) -> String {
    if qualifier.is_empty() { text } else { format!("{qualifier} {text}") }
}
