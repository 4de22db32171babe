//! Timings of one stack on many devices, few on each: what its networks have in common is fitted to all of them, and each
//! device has a factor of its own.

use std::sync::OnceLock;

use super::least_squares::{Row, fit};
use super::timings::{TIMINGS, Terms, Timing, Timings};

/// All timings of the stack that is pooled.
pub(super) struct Pool {
    timings: Vec<&'static Timings>,
}

/// MACs and outputs of a timing, over the cycles it took.
fn equation(timings: &Timings, timing: &Timing) -> Row {
    let cycles = timing.milliseconds / 1e3 * timings.clock as f64;
    let terms = [timing.workload.macs() as f64 / cycles, timing.workload.outputs as f64 / cycles];
    Row { terms: terms.to_vec() }
}

/// A device's factor for a shape: the geometric mean over its runs.
pub(super) fn scale(shape: &[f64], timings: &Timings, keep: impl Fn(&Timing) -> bool) -> f64 {
    let kept = timings.runs.iter().filter(|timing| keep(timing));
    let logs: Vec<f64> = kept.map(|timing| -equation(timings, timing).predict(shape).ln()).collect();
    (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp()
}

/// Cycles for each MAC of any sort, and for each output.
pub(super) fn scaled(shape: &[f64], scale: f64) -> [f64; 4] {
    let of = |index: usize| shape.get(index).copied().unwrap_or(0.0) * scale;
    [of(0), of(0), of(0), of(1)]
}

impl Pool {
    pub(super) fn all() -> &'static Self {
        static ALL: OnceLock<Pool> = OnceLock::new();
        ALL.get_or_init(|| {
            let pooled = TIMINGS.iter().filter(|timings| timings.terms == Terms::Pooled);
            Self { timings: pooled.collect() }
        })
    }

    /// How MACs and outputs stand to one another over the runs that are kept: scales and shape in turns, until neither
    /// moves.
    pub(super) fn shape(&self, keep: impl Fn((&Timings, &Timing)) -> bool) -> Vec<f64> {
        let mut shape = vec![1.0, 0.0];
        for _ in 0..40 {
            let rows = self.timings.iter().flat_map(|timings| {
                let factor = scale(&shape, timings, |timing| keep((timings, timing)));
                let kept = timings.runs.iter().filter(|timing| keep((timings, timing)));
                kept.map(move |timing| {
                    let row = equation(timings, timing);
                    Row { terms: row.terms.into_iter().map(|term| term * factor).collect() }
                })
            });
            shape = fit(&rows.collect::<Vec<_>>());
        }
        shape
    }

    /// The relative error for each run of a device, by the shape that all other devices have and the factor that its other
    /// runs give.
    pub(super) fn left_out_runs(&self, device: &Timings) -> Vec<(&'static str, f64)> {
        let shape = self.shape(|(timings, _)| timings.device != device.device);
        let errors = device.runs.iter().map(|left_out| {
            let factor = scale(&shape, device, |timing| timing.network != left_out.network);
            (left_out.network, equation(device, left_out).predict(&shape) * factor - 1.0)
        });
        errors.collect()
    }

    /// The same with the shape of all devices but without the network anywhere.
    pub(super) fn left_out_network(&self, network: &str) -> Vec<(&'static str, f64)> {
        let shape = self.shape(|(_, timing)| timing.network != network);
        let devices = self.timings.iter().filter_map(|timings| {
            let left_out = timings.runs.iter().find(|timing| timing.network == network)?;
            let factor = scale(&shape, timings, |timing| timing.network != network);
            Some((timings.device, equation(timings, left_out).predict(&shape) * factor - 1.0))
        });
        devices.collect()
    }
}

/// For each network and device of the pooled stack the relative error with the network left out everywhere.
pub fn pooled_errors(network: &str) -> Vec<(&'static str, f64)> {
    Pool::all().left_out_network(network)
}
