//! Running networks again and again, and timing them in turns.

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::given::GivenWeights;
use super::pace::Pace;
use super::sample::{Progress, Samples, Spread, warm_up};
use super::threads::{Tally, Threads};
use super::{Binary, Clock, News, Request};
use crate::engine::{Numbers, PeakProbe, Plan, PlanOptions, Seeding, seeded_input};
use crate::model::Network;
use crate::share_link;

/// Run networks and time them in turns, so that whatever slows the machine slows all of them alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunsTask {
    /// A network each.
    pub runs: Vec<RunTask>,
}

/// What each run of a [`RunsTask`] gave, in order, or why it gave nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunsReport {
    /// As many as were asked for.
    pub runs: Vec<Result<RunReport, String>>,
}

/// Run a network on seeded weights and a seeded input, again and again, and time it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTask {
    /// As in a link.
    pub network: String,
    /// Samples in each forward pass.
    pub batch: u64,
    /// Of weights and input.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// What a file gave in place of seeded weights.
    pub given: GivenWeights,
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
    /// A tenth of the samples was faster.
    pub fastest: f64,
    /// The medians of the first half of the samples and of the second.
    pub halves: (f64, f64),
    /// Timed samples, and forward passes in each.
    pub samples: u32,
    /// See [`RunReport::samples`].
    pub passes: u32,
    /// That shared each pass.
    pub threads: Threads,
    /// In the order in which they run.
    pub steps: Vec<StepReport>,
    /// Activations of the run, in bytes.
    pub arena_bytes: u64,
    /// Measured once for all runs of a task.
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
    /// A quarter of the samples was faster.
    pub lower_quartile: f64,
    /// A quarter of the samples was slower.
    pub upper_quartile: f64,
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
    /// In words.
    pub kernel: String,
    /// Why this kernel.
    pub reason: String,
    /// Its mean time in a pass that is timed step by step, in milliseconds.
    pub time: f64,
    /// Multiply-accumulates with the batch.
    pub macs: u64,
    /// Bytes read and written.
    pub bytes: u64,
    /// The time at the machine's peak, in milliseconds: that of its arithmetic or of its memory, whichever is longer.
    pub predicted: f64,
}

/// How many values of an output are told.
pub const OUTPUTS_SHOWN: usize = 16;

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
/// Samples of the peak; the fastest counts.
const PEAK_SAMPLES: usize = 5;
/// What one of them does: about two milliseconds.
const PEAK_PRODUCTS: usize = 1500;
const PEAK_COPIES: usize = 24;

/// So many bytes of plans are held to be timed in turns; what comes after them is timed by itself.
const MOST_TOGETHER: u64 = 512_000_000;

/// Halves that differ by more than this share were not taken on a quiet machine.
const STEADY: f64 = 0.15;

impl Request for RunsTask {
    type Reply = RunsReport;
    type Wire = Self;
    const BINARY: Binary = Binary::Engine;

    async fn answer(&self, clock: Clock<'_>, tell: &mut dyn FnMut(News<RunsReport>)) -> Result<RunsReport, String> {
        let mut furthest = 0.0_f64;
        let mut progress = |done| {
            furthest = furthest.max(done);
            tell(News::Progress(furthest));
        };
        let runs = self.run(&mut Pace::new(clock), &mut progress).await;
        Ok(RunsReport { runs })
    }
}

impl RunsTask {
    async fn run(&self, pace: &mut Pace<'_>, progress: Progress<'_>) -> Vec<Result<RunReport, String>> {
        let count = self.runs.len().max(1) as f64;
        let mut results: Vec<Result<RunReport, String>> = self.runs.iter().map(|_| Err(String::new())).collect();
        let mut group: Vec<(usize, Prepared)> = Vec::new();
        let mut peak = None;
        for (index, task) in self.runs.iter().enumerate() {
            let done = index as f64 / count;
            match task.prepare(pace, &mut |share| progress(0.5 * (done + share / count))).await {
                Err(words) => results[index] = Err(words),
                Ok(prepared) => group.push((index, prepared)),
            }
            let held: u64 = group.iter().map(|(_, prepared)| prepared.bytes()).sum();
            if held > MOST_TOGETHER || index + 1 == self.runs.len() {
                let peak = match peak {
                    Some(peak) => peak,
                    None => *peak.insert(Peak::measure(pace).await),
                };
                self.measure(std::mem::take(&mut group), peak, pace, &mut results, progress).await;
            }
        }
        results
    }

    /// Times what was prepared, in turns, and then what each of them is made of.
    async fn measure(
        &self,
        mut group: Vec<(usize, Prepared)>,
        peak: Peak,
        pace: &mut Pace<'_>,
        results: &mut [Result<RunReport, String>],
        progress: Progress<'_>,
    ) {
        let time: f64 = group.iter().map(|(index, _)| self.runs[*index].measure).sum();
        let mut plans: Vec<&mut Plan> = group.iter_mut().map(|(_, prepared)| &mut prepared.plan).collect();
        let time = time * (1.0 - STEPS_SHARE - INT8_SHARE);
        let samples = Samples::in_turns(&mut plans, pace, time, &mut |done| progress(0.5 + 0.3 * done)).await;
        for ((index, prepared), samples) in group.into_iter().zip(samples) {
            results[index] = self.runs[index].report(prepared, &samples, peak, pace).await;
        }
    }
}

/// A plan that has run once.
struct Prepared {
    network: Network,
    plan: Plan,
    /// What each step took in the first pass.
    first: Vec<f64>,
}

impl Prepared {
    fn bytes(&self) -> u64 {
        weight_bytes(&self.plan).saturating_add(self.plan.arena_bytes() as u64)
    }
}

impl RunReport {
    /// Whether nothing else seems to have taken the processor meanwhile.
    pub fn is_steady(&self) -> bool {
        let (first, second) = self.halves;
        f64::max(first, second) <= f64::min(first, second) * (1.0 + STEADY)
    }

    /// The quartiles around the median.
    pub const fn range(&self) -> (f64, f64) {
        (self.lower_quartile, self.upper_quartile)
    }
}

impl RunTask {
    async fn prepare(&self, pace: &mut Pace<'_>, progress: Progress<'_>) -> Result<Prepared, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let mut plan = self.plan(&network, Numbers::F32)?;
        let first = first_pass(&mut plan, pace, progress).await;
        if first.iter().sum::<f64>() < WARM_UP {
            warm_up(&mut plan, pace, WARM_UP, &F32_IS_WARM).await;
        }
        Ok(Prepared { network, plan, first })
    }

    async fn report(
        &self,
        prepared: Prepared,
        samples: &Samples,
        peak: Peak,
        pace: &mut Pace<'_>,
    ) -> Result<RunReport, String> {
        let Prepared { network, mut plan, first } = prepared;
        let before = Tally::now();
        plan.run();
        let threads = Threads::since(before);
        let steps = step_times(&mut plan, pace, StepTiming { first, measure: self.measure * STEPS_SHARE, peak }).await;
        let float = FloatRun { output: plan.output().to_vec(), weight_bytes: weight_bytes(&plan) };
        let dims = plan.output_dims().to_vec();
        let arena_bytes = plan.arena_bytes() as u64;
        // Its memory is free before the next plan wants its own.
        drop(plan);
        let mut quantized = self.plan(&network, Numbers::Int8)?;
        let int8 = if weight_bytes(&quantized) < float.weight_bytes {
            let time = self.measure * INT8_SHARE;
            Some(Int8Report::measure(&mut quantized, pace, (time, self.batch), &float).await)
        } else {
            None
        };
        let Spread { median, lower_quartile, upper_quartile, fastest, halves } = samples.spread();
        Ok(RunReport {
            steps,
            output: float.output.iter().take(OUTPUTS_SHOWN).copied().collect(),
            output_dims: dims.iter().map(|&size| size as u64).collect(),
            median,
            lower_quartile,
            upper_quartile,
            fastest,
            halves,
            samples: samples.times.len() as u32,
            passes: samples.passes,
            threads,
            arena_bytes,
            peak,
            int8,
        })
    }

    /// A plan with its input set.
    fn plan(&self, network: &Network, numbers: Numbers) -> Result<Plan, String> {
        let seeding = Seeding { seed: self.seed, gain: self.gain, streams: Default::default() };
        let weights = self.given.source(network, seeding)?;
        let crew = Threads::crew();
        let options = PlanOptions { batch: self.batch, fuse: self.fuse, numbers, crew, ..PlanOptions::default() };
        let mut plan = Plan::new(network, &weights, &options).map_err(|error| error.to_string())?;
        let input = seeded_input(self.seed, 0, plan.input_mut().len(), 1.0);
        plan.set_input(&input).map_err(|error| error.to_string())?;
        Ok(plan)
    }
}

impl Peak {
    async fn measure(pace: &mut Pace<'_>) -> Self {
        let mut probe = PeakProbe::default();
        let mut best = Self::default();
        for _ in 0..PEAK_SAMPLES {
            pace.pause_at_times().await;
            let start = pace.now();
            let macs = probe.run(PEAK_PRODUCTS);
            let between = pace.now();
            let bytes = probe.copy(PEAK_COPIES);
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
        warm_up(plan, pace, WARM_UP, &INT8_IS_WARM).await;
        let samples = Samples::in_turns(&mut [&mut *plan], pace, time, &mut |_| {}).await;
        let spread = samples.first().map(Samples::spread).unwrap_or_default();
        let (found, wanted) = (plan.output(), float.output.as_slice());
        let largest = wanted.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let difference = found.iter().zip(wanted).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        let length = (wanted.len() / batch as usize).max(1);
        let winners = |values: &[f32]| values.chunks(length).map(place_of_largest).collect::<Vec<_>>();
        let changed = winners(found).iter().zip(winners(wanted)).filter(|(a, b)| **a != *b).count();
        Self {
            median: spread.median,
            lower_quartile: spread.lower_quartile,
            upper_quartile: spread.upper_quartile,
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
        kernel: step.choice.kernel().to_string(),
        reason: step.choice.reason().to_string(),
        time: time / f64::from(timed),
        macs: step.macs,
        bytes: step.bytes,
        predicted: peak.least_time(step.macs, step.bytes),
    });
    steps.collect()
}
