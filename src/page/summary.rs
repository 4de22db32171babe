//! What the summary says of each design.

use crate::compare::percent;
use crate::device::{Device, Estimate, Fit, Latency, Standing};

use super::derived::DesignState;
use super::totals::TotalsView;

/// What stands in a row at each key press.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// The design's name.
    pub name: String,
    /// What it costs.
    pub totals: TotalsView,
    /// Params and MACs against the baseline's, on the same input.
    pub changes: [Option<String>; 2],
    /// What it is in the comparison.
    pub role: Role,
}

/// What a design is in the comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// What others are compared with.
    Baseline,
    /// What is compared with it.
    Compared,
    /// Neither.
    #[default]
    Other,
}

/// What the device says once edits rest.
#[derive(Clone, Debug, PartialEq)]
pub struct OnDevice {
    /// Bytes of tensors.
    pub ram: u64,
    /// Bytes of weights.
    pub flash: u64,
    /// Milliseconds; `None` where there is no evidence.
    pub time: Option<f64>,
    /// How the time is to be taken, where it is no estimate within its band.
    pub time_note: &'static str,
    /// Whether it fits, with the largest runtime known.
    pub fits: bool,
}

impl Role {
    /// Of the design of an index.
    pub fn of(design: usize, baseline: usize, pair: Option<(usize, usize)>) -> Self {
        if design == baseline {
            Self::Baseline
        } else if pair.is_some_and(|(_, compared)| compared == design) {
            Self::Compared
        } else {
            Self::Other
        }
    }
}

impl Counts {
    /// Of a design beside the baseline.
    pub fn of(own: &DesignState, base: &DesignState, role: Role) -> Self {
        let (totals, before) = (TotalsView::of(&own.report), TotalsView::of(&base.report));
        let is_known = |totals: &TotalsView| totals.qualifier.is_empty() && totals.params_qualifier.is_empty();
        let compares = role != Role::Baseline
            && is_known(&totals)
            && is_known(&before)
            && own.network().input == base.network().input;
        let change = |before: u64, after: u64| percent(before, after).filter(|_| compares && before != after);
        Self {
            name: own.name.clone(),
            changes: [change(before.params, totals.params), change(before.macs, totals.macs)],
            totals,
            role,
        }
    }
}

impl OnDevice {
    /// `None` where its costs there cannot be told.
    pub fn of(device: &Device, state: &DesignState) -> Option<Self> {
        let fit = Fit::of(device, state.network())?;
        let (time, time_note) = match Latency::on(device, state.network(), &state.report) {
            Latency::Estimated(estimates) => match estimates.first() {
                Some((_, Estimate { milliseconds, standing: Standing::Within, .. })) => (Some(*milliseconds), ""),
                Some((_, estimate)) => (Some(estimate.milliseconds), "extrapolated"),
                None => (None, ""),
            },
            Latency::AtLeast { milliseconds } => (Some(milliseconds), "at least"),
            Latency::Refused(_) => (None, ""),
        };
        Some(Self { ram: fit.tensors, flash: fit.weights, time, time_note, fits: fit.fits() })
    }
}
