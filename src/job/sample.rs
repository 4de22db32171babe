//! Timing a plan again and again, alone or in turns with others.

use std::sync::atomic::{AtomicBool, Ordering};

use super::pace::Pace;
use crate::engine::Plan;

/// Hears how far something is, 0 to 1.
pub(super) type Progress<'a> = &'a mut dyn FnMut(f64);

/// The least time of a sample, in milliseconds: clocks in browsers tick in tenths of one.
const LEAST_SAMPLE: f64 = 2.0;
const MOST_SAMPLES: usize = 200;
const MOST_PASSES: u32 = 1 << 20;

/// Times of single passes, in milliseconds, in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub times: Vec<f64>,
    /// Forward passes in each sample.
    pub passes: u32,
}

/// How a set of times is spread, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub median: f64,
    pub lower_quartile: f64,
    pub upper_quartile: f64,
    /// A tenth was faster.
    pub fastest: f64,
    /// The medians of the first half and of the second.
    pub halves: (f64, f64),
}

impl Samples {
    /// As many samples of each plan as the time allows, at least one, a sample of one after a sample of the other: what
    /// slows the machine for a while slows all of them.
    pub(super) async fn in_turns(
        plans: &mut [&mut Plan],
        pace: &mut Pace<'_>,
        time: f64,
        progress: Progress<'_>,
    ) -> Vec<Self> {
        let start = pace.now();
        let mut all = Vec::with_capacity(plans.len());
        for plan in &mut *plans {
            all.push(Self { times: Vec::new(), passes: passes_of_a_sample(plan, pace).await });
        }
        let mut rounds = 0;
        while !plans.is_empty() && (rounds == 0 || (rounds < MOST_SAMPLES && pace.now() - start < time)) {
            for (plan, samples) in plans.iter_mut().zip(&mut all) {
                pace.pause_at_times().await;
                samples.times.push(time_passes(plan, samples.passes, pace) / f64::from(samples.passes));
            }
            rounds += 1;
            progress(((pace.now() - start) / time).min(1.0));
        }
        all
    }

    pub(super) fn spread(&self) -> Spread {
        let (first, second) = self.times.split_at(self.times.len() / 2);
        let first = if first.is_empty() { second } else { first };
        let sorted = sorted(&self.times);
        Spread {
            median: quantile(&sorted, 0.5),
            lower_quartile: quantile(&sorted, 0.25),
            upper_quartile: quantile(&sorted, 0.75),
            fastest: quantile(&sorted, 0.1),
            halves: (quantile(&self::sorted(first), 0.5), quantile(&self::sorted(second), 0.5)),
        }
    }
}

/// Passes that are not timed, for so many milliseconds, where this worker has made none yet.
pub(super) async fn warm_up(plan: &mut Plan, pace: &mut Pace<'_>, time: f64, is_warm: &AtomicBool) {
    if !is_warm.load(Ordering::Relaxed) {
        Samples::in_turns(&mut [plan], pace, time, &mut |_| {}).await;
        is_warm.store(true, Ordering::Relaxed);
    }
}

/// So many passes that they take long enough to be timed. Whatever seems long enough by a pause of the machine's is
/// looked at again.
async fn passes_of_a_sample(plan: &mut Plan, pace: &mut Pace<'_>) -> u32 {
    let mut passes = 1_u32;
    while passes < MOST_PASSES {
        pace.pause_at_times().await;
        let took = time_passes(plan, passes, pace);
        if took >= 4.0 * LEAST_SAMPLE || (took >= LEAST_SAMPLE && time_passes(plan, passes, pace) >= LEAST_SAMPLE) {
            break;
        }
        passes *= 2;
    }
    passes
}

fn time_passes(plan: &mut Plan, passes: u32, pace: &mut Pace<'_>) -> f64 {
    let start = pace.now();
    for _ in 0..passes {
        plan.run();
    }
    pace.now() - start
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Of sorted samples, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor() as usize;
    let (Some(&low), Some(&high)) = (sorted.get(below), sorted.get(place.ceil() as usize)) else { return 0.0 };
    low + (high - low) * (place - below as f64)
}
