//! What a network's tensors take in the RAM of a device.

use crate::cost::{NumberType, Report, Settings, analyze};
use crate::model::Network;

use super::timings::PLANNED;

/// The int8 arena of a network: batch norms and activations folded into the layers before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int8Ram {
    /// Planned here: greedy by size, 16-byte aligned; the input and the output included.
    pub arena: u64,
    /// The most bytes alive at once: no planner can do with less for this order of layers.
    pub bound: u64,
    /// The node at which most is alive, by index.
    pub peak_at: Option<u32>,
    /// What the arena takes where the input stays in 32-bit floats and is quantised on the device.
    pub with_float_input: u64,
}

/// Published arenas of a vendor's planner, in times of the one planned here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RamBand {
    pub low: f64,
    pub high: f64,
    /// How many networks it was taken from.
    pub networks: usize,
}

/// What the runtime takes beside the tensors on ST's model cards, in KiB (STM32 model zoo, image classification).
pub const RUNTIME_RAM_KIB: (u64, u64) = (4, 30);

impl Int8Ram {
    /// For a batch of one; `None` where a shape is missing or a size does not fit 64 bits.
    pub fn of(network: &Network) -> Option<Self> {
        let report = analyze(network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
        Self::of_report(&report)
    }

    /// From a report in int8.
    pub fn of_report(report: &Report) -> Option<Self> {
        let memory = report.memory.as_ref().filter(|_| report.totals.completeness.is_exact())?;
        let input = report.shapes.input.elements()?;
        Some(Self {
            arena: memory.arena.total,
            bound: memory.bytes(memory.peak_in_place.elements).0,
            peak_at: memory.peak_in_place.at,
            with_float_input: memory.arena.total.max(float_input(input)),
        })
    }
}

impl RamBand {
    /// Over all networks whose arena a vendor published.
    pub fn of_published() -> Self {
        let ratios = || PLANNED.iter().map(|planned| planned.published_kib * 1024.0 / planned.arena as f64);
        Self {
            low: ratios().fold(f64::INFINITY, f64::min),
            high: ratios().fold(0.0, f64::max),
            networks: PLANNED.len(),
        }
    }
}

/// The float input beside the int8 one that is made of it; then the float one is given up.
const fn float_input(elements: u64) -> u64 {
    elements.saturating_mul(5)
}
