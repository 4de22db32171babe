//! Designs against devices.

use crate::cost::{NumberType, Settings, analyze};
use crate::model::Network;

use super::board::{Class, Device};
use super::fit::{Fit, Needs};
use super::latency::{Estimate, Latency};
use super::timings::Stack;

/// One design on one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Whether weights and tensors have room.
    pub fit: Fit,
    /// By the device's first software stack; `None` where nothing was timed on it.
    pub time: Option<(Stack, Estimate)>,
}

/// For each design a row with a cell for each device; `None` where a design has no known cost.
pub fn matrix(designs: &[&Network], devices: &[&Device]) -> Vec<Vec<Option<Cell>>> {
    let row = |network: &&Network| {
        let report = |number_type| analyze(network, &Settings { number_type, ..Settings::default() });
        let (int8, floats) = (report(NumberType::Int8), report(NumberType::F32));
        let needs = |class| Needs::of(class, network);
        let (in_flash, in_memory) = (needs(Class::Microcontroller), needs(Class::Computer));
        let cell = |device: &&Device| {
            let (needs, report) = match device.class {
                Class::Microcontroller => (&in_flash, &int8),
                Class::Computer => (&in_memory, &floats),
            };
            let fit = needs.as_ref()?.on(device);
            let time = match Latency::on(device, network, report) {
                Latency::Estimated(estimates) => estimates.into_iter().next(),
                Latency::AtLeast { .. } | Latency::Refused(_) => None,
            };
            Some(Cell { fit, time })
        };
        devices.iter().map(cell).collect()
    };
    designs.iter().map(row).collect()
}
