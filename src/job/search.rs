//! Looking through many variants of a network.

use serde::{Deserialize, Serialize};

use crate::device::{Fitted, find};
use crate::explore::{Budget, Candidate, Capacity, Search, Space, Varied};
use crate::share_link;

use super::Clock;

/// Look through variants of a network for those that nothing beats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchTask {
    /// As in a link.
    pub network: String,
    /// The axes of the space.
    pub varied: VariedParts,
    /// The device that times are of, by its id in the catalogue.
    pub device: Option<String>,
    /// The variants have to fit it.
    pub must_fit: bool,
    /// The longest run there, where timings of it are known.
    pub milliseconds: Option<f64>,
    /// A variant is beaten only by one of as much width and resolution.
    pub keep_capacity: bool,
    /// Variants to look at, at most.
    pub most: u64,
}

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "those of Varied")]
pub struct VariedParts {
    pub width: bool,
    pub resolution: bool,
    pub separable: bool,
    pub kernel: bool,
    /// Of each layer; then the width has no say.
    pub channels: bool,
    pub head: bool,
}

/// What a search has found so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchReport {
    /// Variants looked at, and to look at.
    pub done: u64,
    /// The space, or as many of it as were asked for.
    pub total: u64,
    /// All variants there are.
    pub space: u64,
    /// Variants that fit, and that cannot run.
    pub within: u64,
    /// Those that some layer cannot take.
    pub impossible: u64,
    /// Variants that nothing beats, the fewest parameters first.
    pub found: Vec<FoundReport>,
    /// Variants within this ratio of another one in every respect are left out.
    pub tolerance: f64,
    /// Milliseconds it took so far.
    pub took: f64,
}

/// One variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundReport {
    /// Its number in the space.
    pub index: u64,
    /// The values of its axes, in words.
    pub label: String,
    /// Learned numbers.
    pub params: u64,
    /// Multiply-accumulates of one sample.
    pub macs: u64,
    /// Bytes of int8 weights.
    pub flash: u64,
    /// Bytes of int8 tensors alive at once.
    pub peak: u64,
    /// On the device asked for; `None` where there are no timings for it.
    pub milliseconds: Option<f64>,
}

/// Variants between two looks at the clock.
const PIECE: u64 = 100;

/// The least milliseconds between two reports.
const REPORT_INTERVAL: f64 = 100.0;

impl VariedParts {
    /// As the search takes it.
    pub const fn varied(self) -> Varied {
        let Self { width, resolution, separable, kernel, channels, head } = self;
        Varied { width, resolution, separable, kernel, channels, head }
    }
}

impl SearchTask {
    pub(super) fn search(&self, clock: Clock<'_>, tell: &mut dyn FnMut(SearchReport)) -> Result<SearchReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let device = self.device.as_deref().and_then(find);
        let fitted = device.as_ref().and_then(|device| Fitted::on(device.id).next());
        let budget = device.as_ref().filter(|_| self.must_fit).map(Budget::of).unwrap_or_default();
        let budget = Budget { milliseconds: self.milliseconds.filter(|_| fitted.is_some()), ..budget };
        let space = Space::varied(&network, self.varied.varied());
        let capacity = if self.keep_capacity { Capacity::Kept } else { Capacity::Free };
        let mut search = Search::new(space, budget, fitted, self.most).keeping(capacity);
        let start = clock();
        let mut told = start;
        while search.advance(PIECE) {
            let now = clock();
            if now - told >= REPORT_INTERVAL {
                told = now;
                tell(report(&search, now - start));
            }
        }
        Ok(report(&search, clock() - start))
    }
}

fn report(search: &Search, took: f64) -> SearchReport {
    let progress = search.progress();
    let found = |candidate: &Candidate| FoundReport {
        index: candidate.index,
        label: search.space().label(&search.space().choice(candidate.index)),
        params: candidate.metrics.params,
        macs: candidate.metrics.macs,
        flash: candidate.metrics.flash,
        peak: candidate.metrics.peak,
        milliseconds: candidate.milliseconds,
    };
    let mut all: Vec<FoundReport> = search.front().candidates().iter().map(found).collect();
    all.sort_by_key(|found| (found.params, found.macs, found.index));
    SearchReport {
        done: progress.done,
        total: progress.total,
        space: search.space().len(),
        within: progress.within,
        impossible: progress.impossible,
        found: all,
        tolerance: search.front().tolerance(),
        took,
    }
}
