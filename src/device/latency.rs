//! How long a network runs, by the published timings of others on the same device and software.
//!
//! Cycles are a sum of terms with non-negative coefficients, fitted to the timings by least squares on the relative
//! error. How far off that is for a network it was not fitted to is measured by leaving networks out, and is the
//! band of every estimate.

use std::sync::OnceLock;

use crate::cost::Report;
use crate::model::Network;

use super::board::Device;
use super::least_squares::{Row, fit};
use super::pool::{Pool, scale, scaled};
use super::roofline::Bound;
use super::timings::{Stack, TIMINGS, Terms, Timing, Timings};
use super::workload::Workload;

/// The timings of a device and stack with the coefficients that follow.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// What was fitted.
    pub timings: &'static Timings,
    /// Cycles for each dense, pointwise and depthwise MAC, and for each output.
    pub cycles: [f64; 4],
    /// How well that tells networks it has not seen.
    pub held_out: HeldOut,
}

/// The relative error for networks that the coefficients were not fitted to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// What was left out at a time.
    pub left_out: LeftOut,
    /// Over all that was left out; 0.1 is ten percent.
    pub mean: f64,
    /// At most this for nine of ten of what was left out: for fewer than ten, the largest.
    pub band: f64,
    /// The error that was worst.
    pub largest: f64,
}

/// What one of the parts is that cross-validation leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// One network.
    Network,
    /// All networks of a family.
    Family,
}

/// The time of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// At the clock that the device is shown with.
    pub milliseconds: f64,
    /// The estimate less and plus the largest error for networks left out.
    pub low: f64,
    /// See [`Estimate::low`].
    pub high: f64,
    /// How far it can be trusted.
    pub standing: Standing,
}

/// How far an estimate can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// The network is like those that were timed: the band is what the evidence gives.
    Within,
    /// It is not, in this way: the band is not to be relied on.
    Extrapolated(String),
}

/// Estimates for a device, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// By software stack.
    Estimated(Vec<(Stack, Estimate)>),
    /// No timings, but the maker's peaks: so many ms are needed in any case, and more is usual.
    #[expect(missing_docs, reason = "the variant says it")]
    AtLeast { milliseconds: f64 },
    /// Neither, or a network that cannot be counted.
    Refused(&'static str),
}

impl HeldOut {
    fn of(left_out: LeftOut, mut errors: Vec<f64>) -> Self {
        errors.sort_by(f64::total_cmp);
        let count = errors.len();
        let at = (count * 9).div_ceil(10).saturating_sub(1);
        Self {
            left_out,
            mean: errors.iter().sum::<f64>() / count.max(1) as f64,
            band: errors.get(at).copied().unwrap_or(0.0),
            largest: errors.last().copied().unwrap_or(0.0),
        }
    }
}

impl Latency {
    /// Of a report in the device's numbers, by every stack that was timed there.
    pub fn on(device: &Device, network: &Network, report: &Report) -> Self {
        let Some(workload) = Workload::of(network, report) else {
            return Self::Refused("Not all layers can be counted, so no time can be given.");
        };
        let estimate = |fitted: &'static Fitted| (fitted.timings.stack, fitted.estimate(&workload));
        let estimates: Vec<_> = Fitted::on(device.id).map(estimate).collect();
        match device.roofline {
            _ if !estimates.is_empty() => Self::Estimated(estimates),
            Some(roofline) => {
                let rows = (0..network.nodes.len()).filter_map(|row| roofline.of_row(report, row));
                Self::AtLeast { milliseconds: rows.map(|(milliseconds, _)| milliseconds).sum() }
            }
            None => Self::Refused("No published timings for this device."),
        }
    }
}

impl Fitted {
    /// All timings, fitted once.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Fitted>> = OnceLock::new();
        ALL.get_or_init(|| TIMINGS.iter().map(Self::of).collect())
    }

    /// Those of a device of the catalogue, by its id.
    pub fn on(device: &str) -> impl Iterator<Item = &'static Self> {
        Self::all().iter().filter(move |fitted| fitted.timings.device == device)
    }

    /// The device and stack with the most timings.
    pub fn reference() -> Option<&'static Self> {
        Self::all().iter().max_by_key(|fitted| fitted.timings.runs.len())
    }

    fn of(timings: &'static Timings) -> Self {
        let rows: Vec<Row> = timings.runs.iter().map(|timing| equation(timings, timing)).collect();
        let mut families: Vec<&str> = timings.runs.iter().map(|timing| timing.family).collect();
        families.dedup();
        // Two families or fewer would leave nothing to fit to.
        let left_out =
            if families.len() > 2 && families.len() < rows.len() { LeftOut::Family } else { LeftOut::Network };
        let cycles = match timings.terms {
            Terms::Pooled => {
                let shape = Pool::all().shape(|_| true);
                scaled(&shape, scale(&shape, timings, |_| true))
            }
            terms => spread(terms, &fit(&rows)),
        };
        Self { timings, cycles, held_out: Self::held_out(timings, left_out) }
    }

    /// Fits to all but some, and compares with those, for every such some.
    pub fn held_out(timings: &'static Timings, left_out: LeftOut) -> HeldOut {
        if timings.terms == Terms::Pooled {
            let errors: Vec<f64> =
                Pool::all().left_out_runs(timings).into_iter().map(|(_, error)| error.abs()).collect();
            return HeldOut::of(LeftOut::Network, errors);
        }
        let mut errors = Vec::with_capacity(timings.runs.len());
        for (index, timing) in timings.runs.iter().enumerate() {
            let kept = timings.runs.iter().enumerate().filter(|&(other, timed)| match left_out {
                LeftOut::Network => other != index,
                LeftOut::Family => timed.family != timing.family,
            });
            let rows: Vec<Row> = kept.map(|(_, timing)| equation(timings, timing)).collect();
            errors.push((equation(timings, timing).predict(&fit(&rows)) - 1.0).abs());
        }
        HeldOut::of(left_out, errors)
    }

    /// The time for a network of this workload.
    pub fn estimate(&self, workload: &Workload) -> Estimate {
        let milliseconds = self.milliseconds(workload);
        let band = self.held_out.band;
        Estimate {
            milliseconds,
            low: milliseconds * (1.0 - band).max(0.0),
            high: milliseconds * (1.0 + band),
            standing: self.standing(workload),
        }
    }

    /// Without the band: for searches.
    pub fn milliseconds(&self, workload: &Workload) -> f64 {
        let cycles: f64 = self.parts(workload).iter().sum();
        cycles / self.timings.shown_clock as f64 * 1e3
    }

    /// Cycles of dense, pointwise and depthwise MACs, and of outputs.
    fn parts(&self, workload: &Workload) -> [f64; 4] {
        let [dense, pointwise, depthwise, outputs] = counts(workload);
        let [of_dense, of_pointwise, of_depthwise, of_output] = self.cycles;
        let linear = workload.linear_macs as f64;
        let pointwise = match self.timings.linear {
            Some(of_linear) => (pointwise - linear) * of_pointwise + linear * of_linear,
            None => pointwise * of_pointwise,
        };
        [dense * of_dense, pointwise, depthwise * of_depthwise, outputs * of_output]
    }

    /// The share of the time that goes with outputs rather than with multiply-accumulates.
    pub fn output_share(&self, workload: &Workload) -> Option<f64> {
        let parts = self.parts(workload);
        let total: f64 = parts.iter().sum();
        (total > 0.0).then(|| parts[3] / total)
    }

    /// The time of a row in ms, and whether its multiply-accumulates or its outputs take more of it.
    pub fn of_row(&self, network: &Network, report: &Report, row: usize) -> Option<(f64, Bound)> {
        let workload = Workload::of_row(network, report, row);
        let share = self.output_share(&workload)?;
        Some((self.milliseconds(&workload), if share > 0.5 { Bound::Memory } else { Bound::Compute }))
    }

    fn standing(&self, workload: &Workload) -> Standing {
        let timings = self.timings.runs;
        let macs = || timings.iter().map(|timing| timing.workload.macs());
        let density = |workload: &Workload| workload.macs() as f64 / workload.outputs.max(1) as f64;
        let densities = || timings.iter().map(|timing| density(&timing.workload));
        let (least, most) = (macs().min().unwrap_or(0), macs().max().unwrap_or(0));
        let thinnest = densities().fold(f64::INFINITY, f64::min);
        let densest = densities().fold(0.0, f64::max);
        let times = |ratio: f64| if ratio < 9.95 { format!("{ratio:.1}") } else { format!("{ratio:.0}") };
        let own = workload.macs();
        let reason = if own == 0 {
            "it has no convolution and no Linear".to_string()
        } else if own < least {
            format!("it has {} times fewer MACs than the smallest network timed", times(least as f64 / own as f64))
        } else if own > most {
            format!("it has {} times the MACs of the largest network timed", times(own as f64 / most as f64))
        } else if density(workload) < thinnest {
            let ratio = times(thinnest / density(workload));
            format!("it does {ratio} times fewer MACs for each output than any network timed")
        } else if density(workload) > densest {
            let ratio = times(density(workload) / densest);
            format!("it does {ratio} times more MACs for each output than any network timed")
        } else {
            return Standing::Within;
        };
        Standing::Extrapolated(reason)
    }
}

/// A timing as an equation.
pub(super) fn equation(timings: &Timings, timing: &Timing) -> Row {
    let cycles = timing.milliseconds / 1e3 * timings.clock as f64;
    let counts = counts(&timing.workload);
    let terms = match timings.terms {
        Terms::Four => counts.to_vec(),
        Terms::Two | Terms::Pooled => vec![counts[..3].iter().sum(), counts[3]],
    };
    Row { terms: terms.into_iter().map(|term| term / cycles).collect() }
}

fn counts(workload: &Workload) -> [f64; 4] {
    [workload.dense_macs, workload.pointwise_macs, workload.depthwise_macs, workload.outputs].map(|count| count as f64)
}

fn spread(terms: Terms, coefficients: &[f64]) -> [f64; 4] {
    match (terms, coefficients) {
        (Terms::Four, &[dense, pointwise, depthwise, output]) => [dense, pointwise, depthwise, output],
        (Terms::Two | Terms::Pooled, &[mac, output]) => [mac, mac, mac, output],
        _ => [0.0; 4],
    }
}
