//! Running a network again and again, and timing it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::engine::{Calibration, Numbers, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use crate::model::Network;
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
    pub peak: Peak,
    /// The same network in 8-bit numbers; `None` where no layer has a kernel for them.
    pub int8: Option<Int8Report>,
}

/// What one thread of this machine can do at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Multiply-accumulates in a millisecond, in the first cache.
    pub macs: f64,
    /// Bytes read and written in a millisecond by copying.
    pub bytes: f64,
}

/// What 8-bit weights and activations change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Int8Report {
    /// Of one forward pass, in milliseconds.
    pub median: f64,
    /// Weights and biases as they would be stored, in bytes.
    pub weight_bytes: u64,
    /// The same in f32.
    pub float_weight_bytes: u64,
    /// The largest difference of an output from f32's, as a share of the largest magnitude of f32's.
    pub largest_error: f64,
    /// Samples whose largest output is another than in f32.
    pub changed: u32,
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
    /// The time at the machine's peak, in milliseconds: that of its arithmetic or of its memory, whichever is longer.
    pub predicted: f64,
}

/// Hears how far a run is, 0 to 1.
type Progress<'a> = &'a mut dyn FnMut(f64);

/// How many values of an output are told.
pub const OUTPUTS_SHOWN: usize = 16;

/// The least time of a sample, in milliseconds: clocks in browsers tick in tenths of one.
const LEAST_SAMPLE: f64 = 2.0;
const MOST_SAMPLES: usize = 200;
const MOST_PASSES: u32 = 1 << 20;
const MOST_STEP_PASSES: u32 = 1 << 20;
/// The least milliseconds between two messages of progress in one pass.
const PROGRESS_INTERVAL: f64 = 50.0;
/// The share of the measuring time that goes to timing step by step.
const STEPS_SHARE: f64 = 0.4;
/// The share that goes to 8-bit numbers.
const INT8_SHARE: f64 = 0.2;
/// How long the first passes of a worker go on before anything is timed, in milliseconds: browsers translate well only
/// what has run for a while.
const WARM_UP: f64 = 200.0;
static F32_IS_WARM: AtomicBool = AtomicBool::new(false);
static INT8_IS_WARM: AtomicBool = AtomicBool::new(false);
/// Samples of the calibration; the fastest counts.
const PEAK_SAMPLES: usize = 5;
/// What one of them does: about two milliseconds.
const PEAK_PRODUCTS: usize = 1500;
const PEAK_COPIES: usize = 24;

impl RunTask {
    pub(super) async fn run(&self, pace: &mut Pace<'_>, progress: Progress<'_>) -> Result<RunReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let weights = WeightSource::Seeded(Seeding { seed: self.seed, gain: self.gain, streams: Default::default() });
        let options = PlanOptions { batch: self.batch, fuse: self.fuse, ..PlanOptions::default() };
        let mut plan = self.plan(&network, &weights, &options)?;
        let mut furthest = 0.0_f64;
        let progress = &mut |done| {
            furthest = furthest.max(done);
            progress(furthest);
        };
        let first = first_pass(&mut plan, pace, progress).await;
        if first.iter().sum::<f64>() < WARM_UP {
            warm_up(&mut plan, pace, &F32_IS_WARM).await;
        }
        let peak = Peak::measure(pace).await;
        let sample_time = self.measure * (1.0 - STEPS_SHARE - INT8_SHARE);
        let progress_of_samples = &mut |done| progress(done * (1.0 - STEPS_SHARE));
        let samples = Samples::take(&mut plan, pace, sample_time, progress_of_samples).await;
        let steps = step_times(&mut plan, pace, StepTiming { first, measure: self.measure * STEPS_SHARE, peak }).await;
        let float = FloatRun { output: plan.output().to_vec(), weight_bytes: weight_bytes(&plan) };
        let dims = plan.output_dims().to_vec();
        let arena_bytes = plan.arena_bytes() as u64;
        // Its memory is free before the next plan wants its own.
        drop(plan);
        let mut quantized = self.plan(&network, &weights, &PlanOptions { numbers: Numbers::Int8, ..options })?;
        let int8 = if weight_bytes(&quantized) < float.weight_bytes {
            let time = self.measure * INT8_SHARE;
            Some(Int8Report::measure(&mut quantized, pace, (time, self.batch), &float).await)
        } else {
            None
        };
        Ok(RunReport {
            steps,
            output: float.output.iter().take(OUTPUTS_SHOWN).copied().collect(),
            output_dims: dims.iter().map(|&size| size as u64).collect(),
            median: quantile(&samples.sorted, 0.5),
            lower_quartile: quantile(&samples.sorted, 0.25),
            upper_quartile: quantile(&samples.sorted, 0.75),
            samples: samples.sorted.len() as u32,
            passes: samples.passes,
            arena_bytes,
            peak,
            int8,
        })
    }

    /// A plan with its input set.
    fn plan(&self, network: &Network, weights: &WeightSource, options: &PlanOptions) -> Result<Plan, String> {
        let mut plan = Plan::new(network, weights, options).map_err(|error| error.to_string())?;
        let input = seeded_input(self.seed, 0, plan.input_mut().len(), 1.0);
        plan.set_input(&input).map_err(|error| error.to_string())?;
        Ok(plan)
    }
}

impl Peak {
    async fn measure(pace: &mut Pace<'_>) -> Self {
        let mut calibration = Calibration::default();
        let mut best = Self::default();
        for _ in 0..PEAK_SAMPLES {
            pace.pause_at_times().await;
            let start = pace.now();
            let macs = calibration.run(PEAK_PRODUCTS);
            let between = pace.now();
            let bytes = calibration.copy(PEAK_COPIES);
            let end = pace.now();
            best.macs = best.macs.max(macs as f64 / (between - start).max(f64::MIN_POSITIVE));
            best.bytes = best.bytes.max(bytes as f64 / (end - between).max(f64::MIN_POSITIVE));
        }
        best
    }

    /// The least milliseconds for so much work: max(MACs / peak, bytes / bandwidth).
    fn least_time(&self, macs: u64, bytes: u64) -> f64 {
        f64::max(macs as f64 / self.macs, bytes as f64 / self.bytes)
    }
}

/// What the run in f32 leaves to compare with.
struct FloatRun {
    output: Vec<f32>,
    weight_bytes: u64,
}

impl Int8Report {
    async fn measure(plan: &mut Plan, pace: &mut Pace<'_>, (time, batch): (f64, u64), float: &FloatRun) -> Self {
        warm_up(plan, pace, &INT8_IS_WARM).await;
        let samples = Samples::take(plan, pace, time, &mut |_| {}).await;
        let (found, wanted) = (plan.output(), float.output.as_slice());
        let largest = wanted.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let difference = found.iter().zip(wanted).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        let length = (wanted.len() / batch as usize).max(1);
        let winners = |values: &[f32]| values.chunks(length).map(place_of_largest).collect::<Vec<_>>();
        let changed = winners(found).iter().zip(winners(wanted)).filter(|(a, b)| **a != *b).count();
        Self {
            median: quantile(&samples.sorted, 0.5),
            weight_bytes: weight_bytes(plan),
            float_weight_bytes: float.weight_bytes,
            largest_error: f64::from(difference) / f64::from(largest).max(f64::MIN_POSITIVE),
            changed: changed as u32,
        }
    }
}

fn place_of_largest(values: &[f32]) -> usize {
    let larger = |best: usize, (at, value): (usize, &f32)| if *value > values[best] { at } else { best };
    values.iter().enumerate().fold(0, larger)
}

fn weight_bytes(plan: &Plan) -> u64 {
    plan.steps().iter().map(|step| step.weight_bytes).sum()
}

/// Times of single passes, in milliseconds.
struct Samples {
    sorted: Vec<f64>,
    /// Forward passes in each sample.
    passes: u32,
}

impl Samples {
    /// As many samples as the time allows, at least one.
    async fn take(plan: &mut Plan, pace: &mut Pace<'_>, sample_time: f64, progress: Progress<'_>) -> Self {
        let start = pace.now();
        let mut passes = 1_u32;
        let mut sorted = Vec::new();
        while sorted.is_empty() || (sorted.len() < MOST_SAMPLES && pace.now() - start < sample_time) {
            pace.pause_at_times().await;
            let took = time_passes(plan, passes, pace);
            if took < LEAST_SAMPLE && passes < MOST_PASSES {
                // Whatever seemed long enough before was a pause of the machine's.
                passes *= 2;
                sorted.clear();
                continue;
            }
            let sample = took / f64::from(passes);
            sorted.insert(sorted.partition_point(|&other| other <= sample), sample);
            progress(((pace.now() - start) / sample_time).min(1.0));
        }
        Self { sorted, passes }
    }
}

/// Passes that are not timed, where this worker has made none yet.
async fn warm_up(plan: &mut Plan, pace: &mut Pace<'_>, is_warm: &AtomicBool) {
    if !is_warm.load(Ordering::Relaxed) {
        Samples::take(plan, pace, WARM_UP, &mut |_| {}).await;
        is_warm.store(true, Ordering::Relaxed);
    }
}

fn time_passes(plan: &mut Plan, passes: u32, pace: &mut Pace<'_>) -> f64 {
    let start = pace.now();
    for _ in 0..passes {
        plan.run();
    }
    pace.now() - start
}

/// One pass that warms up and tells of every step where it takes long; gives what each step took.
async fn first_pass(plan: &mut Plan, pace: &mut Pace<'_>, progress: Progress<'_>) -> Vec<f64> {
    let mut times = vec![0.0; plan.steps().len()];
    let count = plan.call_count();
    let mut told = pace.now();
    progress(0.0);
    for call in 0..count {
        pace.pause_at_times().await;
        plan.run_calls_timed(call..call + 1, pace.clock(), &mut times);
        let now = pace.now();
        if now - told >= PROGRESS_INTERVAL {
            told = now;
            progress(0.5 * (call + 1) as f64 / count as f64);
        }
    }
    times
}

/// What the timing of steps needs to know.
struct StepTiming {
    /// What each step took in the first pass.
    first: Vec<f64>,
    /// Milliseconds to spend.
    measure: f64,
    peak: Peak,
}

/// The mean time of every step. The first pass is enough where it took longer than there is time.
async fn step_times(plan: &mut Plan, pace: &mut Pace<'_>, timing: StepTiming) -> Vec<StepReport> {
    let StepTiming { first, measure, peak } = timing;
    let mut times = first;
    let mut timed = 1_u32;
    if times.iter().sum::<f64>() < measure {
        times.fill(0.0);
        timed = 0;
        let start = pace.now();
        while timed == 0 || (timed < MOST_STEP_PASSES && pace.now() - start < measure) {
            pace.pause_at_times().await;
            plan.run_timed(pace.clock(), &mut times);
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
        predicted: peak.least_time(step.macs, step.bytes),
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
