//! What limits a layer: computing, or moving bytes.

use crate::cost::Report;

use super::source::Figure;

/// The peaks that a maker states: more is never reached, less is common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roofline {
    /// Multiply-accumulates a second in 32-bit floats.
    pub macs_per_second: Figure,
    /// Bytes a second to and from memory.
    pub bytes_per_second: Figure,
}

/// What a layer waits for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The device's operations a second.
    Compute,
    /// The bytes a second to and from memory.
    Memory,
}

impl Roofline {
    /// The shortest time in which a row can run, in ms, and what it waits for; `None` where it neither computes nor
    /// moves anything.
    pub fn of_row(&self, report: &Report, row: usize) -> Option<(f64, Bound)> {
        let figures = &report.rows[row].figures;
        let bytes = figures.input_bytes.0 as f64 + figures.output_bytes.0 as f64 + figures.weight_bytes.0 as f64;
        let compute = figures.macs.0 as f64 / self.macs_per_second.value as f64;
        let memory = bytes / self.bytes_per_second.value as f64;
        let bound = if compute > memory { Bound::Compute } else { Bound::Memory };
        (compute.max(memory) > 0.0).then_some((compute.max(memory) * 1e3, bound))
    }
}
