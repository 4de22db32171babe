//! A device without timings: what it would be told by.

use crate::cost::Report;
use crate::model::Network;

use super::board::Device;
use super::devices::CATALOGUE;
use super::latency::{Estimate, Fitted};
use super::timings::Stack;
use super::workload::Workload;

/// Times by those of another device with the same core, by the clocks alone: nobody measured them.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The one that was timed.
    pub from: &'static Device,
    /// By software stack. The bands are the other device's own.
    pub unverified: Vec<(Stack, Estimate)>,
}

/// The timed device with this one's core whose clock is nearest. `None` where the device has timings of its own, no
/// other has its core, or the network cannot be counted.
pub fn nearest(device: &Device, network: &Network, report: &Report) -> Option<Nearest> {
    if device.core.is_empty() || Fitted::on(device.id).next().is_some() {
        return None;
    }
    let workload = Workload::of(network, report)?;
    let timed = CATALOGUE.iter().filter(|other| other.core == device.core && Fitted::on(other.id).next().is_some());
    let from = timed.min_by_key(|other| other.clock.value.abs_diff(device.clock.value))?;
    let estimates = Fitted::on(from.id).map(|fitted| {
        let factor = fitted.timings.shown_clock as f64 / device.clock.value as f64;
        let estimate = fitted.estimate(&workload);
        let scaled = Estimate {
            milliseconds: estimate.milliseconds * factor,
            low: estimate.low * factor,
            high: estimate.high * factor,
            ..estimate
        };
        (fitted.timings.stack, scaled)
    });
    Some(Nearest { from, unverified: estimates.collect() })
}
