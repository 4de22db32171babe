//! How long a network runs, by the published timings of others on the same device and software.
//!
//! Cycles are a sum of terms with non-negative coefficients, fitted to the timings by least squares on the relative
//! error. How far off that is for a network it was not fitted to is measured by leaving networks out, and is the
//! band of every estimate.

use std::sync::OnceLock;

use crate::cost::Report;
use crate::model::Network;

use super::catalogue::Device;
use super::roofline::Bound;
use super::timings::{Stack, TIMINGS, Terms, Timing, Timings};
use super::workload::Workload;

/// The timings of a device and stack with the coefficients that follow.
#[derive(Clone, Debug)]
pub struct Fitted {
    pub timings: &'static Timings,
    /// Cycles for each dense, pointwise and depthwise MAC, and for each output.
    pub cycles: [f64; 4],
    pub held_out: HeldOut,
}

/// The relative error for networks that the coefficients were not fitted to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// What was left out at a time.
    pub left_out: LeftOut,
    pub mean: f64,
    pub largest: f64,
}

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
    pub milliseconds: f64,
    /// The estimate less and plus the largest error for networks left out.
    pub low: f64,
    pub high: f64,
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
    AtLeast { milliseconds: f64 },
    /// Neither, or a network that cannot be counted.
    Refused(&'static str),
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
            None => Self::Refused("No published timing for this device."),
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
        let rows: Vec<Row> = timings.runs.iter().map(|timing| Row::of(timings, timing)).collect();
        let mut families: Vec<&str> = timings.runs.iter().map(|timing| timing.family).collect();
        families.dedup();
        // Two families or fewer would leave nothing to fit to.
        let left_out =
            if families.len() > 2 && families.len() < rows.len() { LeftOut::Family } else { LeftOut::Network };
        Self { timings, cycles: spread(timings.terms, &fit(&rows)), held_out: Self::held_out(timings, left_out) }
    }

    /// Fits to all but some, and compares with those, for every such some.
    pub fn held_out(timings: &'static Timings, left_out: LeftOut) -> HeldOut {
        let mut errors = Vec::with_capacity(timings.runs.len());
        for (index, timing) in timings.runs.iter().enumerate() {
            let kept = timings.runs.iter().enumerate().filter(|&(other, timed)| match left_out {
                LeftOut::Network => other != index,
                LeftOut::Family => timed.family != timing.family,
            });
            let rows: Vec<Row> = kept.map(|(_, timing)| Row::of(timings, timing)).collect();
            errors.push((Row::of(timings, timing).predict(&fit(&rows)) - 1.0).abs());
        }
        HeldOut {
            left_out,
            mean: errors.iter().sum::<f64>() / errors.len().max(1) as f64,
            largest: errors.iter().copied().fold(0.0, f64::max),
        }
    }

    /// The time for a network of this workload.
    pub fn estimate(&self, workload: &Workload) -> Estimate {
        let milliseconds = self.milliseconds(workload);
        let band = self.held_out.largest;
        Estimate {
            milliseconds,
            low: milliseconds * (1.0 - band).max(0.0),
            high: milliseconds * (1.0 + band),
            standing: self.standing(workload),
        }
    }

    /// Without the band: for searches.
    pub fn milliseconds(&self, workload: &Workload) -> f64 {
        let cycles: f64 = counts(workload).iter().zip(self.cycles).map(|(count, cycles)| count * cycles).sum();
        cycles / self.timings.clock as f64 * 1e3
    }

    /// The share of the time that goes with outputs rather than with multiply-accumulates.
    pub fn output_share(&self, workload: &Workload) -> Option<f64> {
        let parts: Vec<f64> = counts(workload).iter().zip(self.cycles).map(|(count, cycles)| count * cycles).collect();
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

/// A timing as an equation: the terms, each divided by the measured cycles, sum to 1.
struct Row {
    terms: Vec<f64>,
}

impl Row {
    fn of(timings: &Timings, timing: &Timing) -> Self {
        let cycles = timing.milliseconds / 1e3 * timings.clock as f64;
        let counts = counts(&timing.workload);
        let terms = match timings.terms {
            Terms::Four => counts.to_vec(),
            Terms::Two => vec![counts[..3].iter().sum(), counts[3]],
        };
        Self { terms: terms.into_iter().map(|term| term / cycles).collect() }
    }

    /// Of the measured time.
    fn predict(&self, coefficients: &[f64]) -> f64 {
        self.terms.iter().zip(coefficients).map(|(term, coefficient)| term * coefficient).sum()
    }
}

fn counts(workload: &Workload) -> [f64; 4] {
    [workload.dense_macs, workload.pointwise_macs, workload.depthwise_macs, workload.outputs].map(|count| count as f64)
}

fn spread(terms: Terms, coefficients: &[f64]) -> [f64; 4] {
    match (terms, coefficients) {
        (Terms::Four, &[dense, pointwise, depthwise, output]) => [dense, pointwise, depthwise, output],
        (Terms::Two, &[mac, output]) => [mac, mac, mac, output],
        _ => [0.0; 4],
    }
}

/// Non-negative least squares: the best of all subsets of terms whose coefficients come out non-negative.
fn fit(rows: &[Row]) -> Vec<f64> {
    let width = rows.first().map_or(0, |row| row.terms.len());
    let mut best = (f64::INFINITY, vec![0.0; width]);
    for subset in 1_u32..1 << width {
        let chosen: Vec<usize> = (0..width).filter(|&term| subset >> term & 1 == 1).collect();
        let Some(solution) = least_squares(rows, &chosen) else { continue };
        if solution.iter().any(|&coefficient| coefficient < 0.0) {
            continue;
        }
        let mut coefficients = vec![0.0; width];
        for (&term, value) in chosen.iter().zip(solution) {
            coefficients[term] = value;
        }
        let error: f64 = rows.iter().map(|row| (row.predict(&coefficients) - 1.0).powi(2)).sum();
        if error < best.0 {
            best = (error, coefficients);
        }
    }
    best.1
}

/// By the normal equations, with pivots; `None` where the terms cannot be told apart.
fn least_squares(rows: &[Row], chosen: &[usize]) -> Option<Vec<f64>> {
    let size = chosen.len();
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for row in rows {
        for (line, &left) in matrix.iter_mut().zip(chosen) {
            for (cell, &right) in line.iter_mut().zip(chosen) {
                *cell += row.terms[left] * row.terms[right];
            }
            line[size] += row.terms[left];
        }
    }
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        if scale.abs() < 1e-30 {
            return None;
        }
        let pivot_line = matrix[column].clone();
        for (_, line) in matrix.iter_mut().enumerate().filter(|(line, _)| *line != column) {
            let factor = line[column] / scale;
            for (cell, pivot) in line.iter_mut().zip(&pivot_line) {
                *cell -= factor * pivot;
            }
        }
    }
    Some((0..size).map(|line| matrix[line][size] / matrix[line][line]).collect())
}
