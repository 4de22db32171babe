//! How a model stands on a device.

use serde::Serialize;

use crate::cost::Report;
use crate::decimal::fixed;
use crate::device::{Device, Fit, Latency, Verdict};
use crate::model::Network;

/// How a model stands on a device.
#[derive(Debug, Serialize)]
pub(super) struct DeviceFit {
    pub device: &'static str,
    pub flash_bytes: Option<u64>,
    pub flash: Kept,
    pub ram_bytes: Option<u64>,
    pub ram: Kept,
    /// An estimate; `None` where nothing was published for the device.
    pub milliseconds: Option<f64>,
}

/// Whether a limit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kept {
    Fits,
    /// It fits alone; beside the largest runtime known it may not.
    Tight,
    TooLarge,
    /// A part of the cost is not known, and what is known fits.
    Unknown,
}

impl Kept {
    const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fits { .. } => Self::Fits,
            Verdict::Tight { .. } => Self::Tight,
            Verdict::TooLarge { .. } => Self::TooLarge,
        }
    }

    pub(super) const fn is_kept(self) -> bool {
        matches!(self, Self::Fits | Self::Tight)
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Tight => "tight",
            Self::TooLarge => "too large",
            Self::Unknown => "unknown",
        }
    }
}

impl DeviceFit {
    pub(super) fn of(device: &Device, network: &Network, report: &Report) -> Self {
        let fit = Fit::of(device, network);
        let exact = report.totals.completeness.is_exact();
        let kept = |verdict: Option<Verdict>| match verdict.map(Kept::of) {
            None => Kept::Unknown,
            Some(kept) if !exact && kept.is_kept() => Kept::Unknown,
            Some(kept) => kept,
        };
        let milliseconds = match Latency::on(device, network, report) {
            Latency::Estimated(estimates) => estimates.first().map(|(_, estimate)| estimate.milliseconds),
            Latency::AtLeast { milliseconds } => Some(milliseconds),
            Latency::Refused(_) => None,
        };
        Self {
            device: device.id,
            flash_bytes: fit.as_ref().map(|fit| fit.weights),
            flash: kept(fit.as_ref().map(|fit| fit.flash)),
            ram_bytes: fit.as_ref().map(|fit| fit.tensors),
            ram: kept(fit.as_ref().map(|fit| fit.ram)),
            milliseconds,
        }
    }

    /// The worse of both.
    pub(super) fn verdict(&self) -> &'static str {
        let worst = [Kept::TooLarge, Kept::Unknown, Kept::Tight];
        let of = worst.into_iter().find(|kept| self.flash == *kept || self.ram == *kept);
        of.unwrap_or(Kept::Fits).words()
    }

    pub(super) fn words(&self) -> String {
        let time = self.milliseconds.map_or(String::new(), |time| format!(", about {} ms", fixed(time, 1)));
        format!("flash {}, RAM {}{time}", self.flash.words(), self.ram.words())
    }
}
