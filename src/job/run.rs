//! Running a network again and again, and timing it.

use serde::{Deserialize, Serialize};

use crate::engine::{Kernels, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use crate::share_link;

/// Run a network on seeded weights and a seeded input, again and again, and time it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTask {
    /// As in a link.
    pub network: String,
    pub batch: u64,
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// Fold batch norms and fuse activations.
    pub fuse: bool,
    /// How long to measure, in milliseconds.
    pub measure: f64,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The first [`OUTPUTS_SHOWN`] values of the output.
    pub output: Vec<f32>,
    /// The sizes of the output, the batch first.
    pub output_dims: Vec<u64>,
    /// Of one forward pass over all samples, in milliseconds.
    pub median: f64,
    /// A quarter of the samples were faster.
    pub lower_quartile: f64,
    /// A quarter of the samples were slower.
    pub upper_quartile: f64,
    /// Timed samples, and forward passes in each.
    pub samples: u32,
    pub passes: u32,
    pub steps: Vec<StepReport>,
    /// Activations of the run, in bytes.
    pub arena_bytes: u64,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Indices of the rows whose work it does.
    pub rows: Vec<u32>,
    pub kernel: String,
    /// Why this kernel.
    pub reason: String,
    /// Its mean time in a pass that is timed step by step, in milliseconds.
    pub time: f64,
    pub macs: u64,
    /// Bytes read and written.
    pub bytes: u64,
}

/// How many values of an output are told.
pub const OUTPUTS_SHOWN: usize = 16;

/// The least time of a sample, in milliseconds: clocks in browsers tick in tenths of one.
const LEAST_SAMPLE: f64 = 2.0;
const MOST_SAMPLES: usize = 200;
const MOST_STEP_PASSES: u32 = 1 << 20;
/// The least milliseconds between two messages of progress in one pass.
const PROGRESS_INTERVAL: f64 = 50.0;
/// The share of the measuring time that goes to timing step by step.
const STEPS_SHARE: f64 = 0.5;

impl RunTask {
    pub(super) fn run(
        &self,
        clock: &mut dyn FnMut() -> f64,
        progress: &mut dyn FnMut(f64),
    ) -> Result<RunReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let weights = WeightSource::Seeded(Seeding { seed: self.seed, gain: self.gain, streams: Default::default() });
        let batch = usize::try_from(self.batch).map_err(|_| format!("a batch of {} is too large", self.batch))?;
        let options = PlanOptions { batch, fuse: self.fuse, kernels: Kernels::Fast, ..PlanOptions::default() };
        let mut plan = Plan::new(&network, &weights, &options).map_err(|error| error.to_string())?;
        let input = seeded_input(self.seed, 0, plan.input_mut().len(), 1.0);
        plan.set_input(&input).map_err(|error| error.to_string())?;
        let mut furthest = 0.0_f64;
        let progress = &mut |done| {
            furthest = furthest.max(done);
            progress(furthest);
        };
        let first = first_pass(&mut plan, clock, progress);
        let sample_time = self.measure * (1.0 - STEPS_SHARE);
        let samples = Samples::take(&mut plan, clock, sample_time, &mut |done| progress(done * (1.0 - STEPS_SHARE)));
        let steps = step_times(&mut plan, clock, first, self.measure * STEPS_SHARE);
        Ok(RunReport {
            steps,
            output: plan.output().iter().take(OUTPUTS_SHOWN).copied().collect(),
            output_dims: plan.output_dims().iter().map(|&size| size as u64).collect(),
            median: quantile(&samples.sorted, 0.5),
            lower_quartile: quantile(&samples.sorted, 0.25),
            upper_quartile: quantile(&samples.sorted, 0.75),
            samples: samples.sorted.len() as u32,
            passes: samples.passes,
            arena_bytes: plan.arena_bytes() as u64,
        })
    }
}

/// Times of single passes, in milliseconds.
struct Samples {
    sorted: Vec<f64>,
    /// Forward passes in each sample.
    passes: u32,
}

impl Samples {
    /// As many samples as the time allows, at least one.
    fn take(plan: &mut Plan, clock: &mut dyn FnMut() -> f64, sample_time: f64, progress: &mut dyn FnMut(f64)) -> Self {
        let start = clock();
        let mut passes = 1_u32;
        let mut took = time_passes(plan, passes, clock);
        while took < LEAST_SAMPLE && passes < 1 << 20 {
            passes *= 2;
            took = time_passes(plan, passes, clock);
        }
        let mut sorted = vec![took / f64::from(passes)];
        while sorted.len() < MOST_SAMPLES && clock() - start < sample_time {
            progress(((clock() - start) / sample_time).min(1.0));
            sorted.push(time_passes(plan, passes, clock) / f64::from(passes));
        }
        sorted.sort_by(f64::total_cmp);
        Self { sorted, passes }
    }
}

fn time_passes(plan: &mut Plan, passes: u32, clock: &mut dyn FnMut() -> f64) -> f64 {
    let start = clock();
    for _ in 0..passes {
        plan.run();
    }
    clock() - start
}

/// One pass that warms up and tells of every step where it takes long; gives what each step took.
fn first_pass(plan: &mut Plan, clock: &mut dyn FnMut() -> f64, progress: &mut dyn FnMut(f64)) -> Vec<f64> {
    let mut times = vec![0.0; plan.steps().len()];
    let count = times.len().max(1) as f64;
    let mut told = clock();
    let mut done = 0.0;
    progress(0.0);
    let mut telling_clock = || {
        let now = clock();
        if now - told >= PROGRESS_INTERVAL {
            told = now;
            progress(0.5 * f64::min(done / count, 1.0));
        }
        done += 1.0;
        now
    };
    plan.run_timed(&mut telling_clock, &mut times);
    times
}

/// The mean time of every step. The first pass is enough where it took longer than there is time.
fn step_times(plan: &mut Plan, clock: &mut dyn FnMut() -> f64, first: Vec<f64>, measure: f64) -> Vec<StepReport> {
    let mut times = first;
    let mut timed = 1_u32;
    if times.iter().sum::<f64>() < measure {
        times.fill(0.0);
        timed = 0;
        let start = clock();
        while timed == 0 || (timed < MOST_STEP_PASSES && clock() - start < measure) {
            plan.run_timed(clock, &mut times);
            timed += 1;
        }
    }
    let steps = plan.steps().iter().zip(times).map(|(step, time)| StepReport {
        rows: step.nodes.iter().map(|&row| row as u32).collect(),
        kernel: step.kernel.to_string(),
        reason: step.reason.to_string(),
        time: time / f64::from(timed),
        macs: step.macs,
        bytes: step.bytes,
    });
    steps.collect()
}

/// Of sorted samples, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor() as usize;
    let (Some(&low), Some(&high)) = (sorted.get(below), sorted.get(place.ceil() as usize)) else { return 0.0 };
    low + (high - low) * (place - below as f64)
}
