//! The forward pass: every design run for real in the worker, on seeded weights and a seeded input.

mod benchmark;
mod result;

use leptos::prelude::*;

use crate::decimal;
use crate::job::{Message, News, RunReport, RunTask, Task};
use crate::share_link;
use crate::ui::checked_field::CheckedField;
use crate::ui::each::Each;
use crate::ui::history::EditKey;
use crate::ui::runner::{Runner, Simd};
use crate::ui::studio::Studio;

use benchmark::Benchmark;
use result::RunResult;

/// Networks up to so many multiply-accumulates run again by themselves after an edit.
const RUNS_BY_ITSELF: u64 = 5_000_000;

/// How long edits rest before that, in milliseconds.
const SETTLED: u64 = 250;

/// How long to measure each design, in milliseconds.
const MEASURE: f64 = 240.0;

/// A design's run: what was asked for last, and what came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DesignRun {
    /// The job that is under way.
    pub job: Option<u32>,
    /// How far it is, 0 to 1.
    pub progress: f64,
    /// The result there is, and what it was run on.
    pub shown: Option<(Asked, Result<RunReport, String>)>,
    /// What the job under way runs on.
    pub asked: Option<Asked>,
}

/// What a run was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub task: RunTask,
    /// The design's name then, and the workbench it stood in: a result of another one is none of this design.
    origin: (String, usize),
}

/// A result as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The network it was run on, as its link.
    pub network: String,
    pub result: Result<RunReport, String>,
    /// Whether the design or the settings have been edited since.
    pub is_stale: bool,
}

/// What is to be seen of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Idle,
    Running,
    Done,
    /// The result shown is of another network or other settings.
    Stale,
    Failed,
}

impl RunState {
    /// For the hook `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stale => "stale",
            Self::Failed => "failed",
        }
    }
}

/// The runs of all designs. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct Runs {
    pub runs: RwSignal<Vec<DesignRun>>,
    /// What a run of each design would be now; `None` where the design has an error.
    pub wanted: Memo<Vec<Option<RunTask>>>,
    studio: Studio,
}

impl Runs {
    pub fn state(&self, design: usize) -> RunState {
        if self.runs.with(|runs| runs.get(design).is_some_and(|run| run.job.is_some())) {
            return RunState::Running;
        }
        match self.shown(design) {
            None => RunState::Idle,
            Some(Shown { is_stale: true, .. }) => RunState::Stale,
            Some(Shown { result: Ok(_), .. }) => RunState::Done,
            Some(Shown { result: Err(_), .. }) => RunState::Failed,
        }
    }

    /// The result that says something of the design: of it as it is, or as it was before the last edits.
    pub fn shown(&self, design: usize) -> Option<Shown> {
        let origin = origin(&self.studio, design);
        let wanted = self.wanted.with(|wanted| wanted.get(design).cloned().flatten());
        self.runs.with(|runs| {
            let (asked, result) = runs.get(design)?.shown.as_ref()?;
            let is_stale = Some(&asked.task) != wanted.as_ref();
            let is_own = !is_stale || asked.origin == origin;
            is_own.then(|| Shown { network: asked.task.network.clone(), result: result.clone(), is_stale })
        })
    }
}

fn origin(studio: &Studio, design: usize) -> (String, usize) {
    (studio.with_design(design, |state| state.name.clone()).unwrap_or_default(), studio.sitting.get())
}

#[component]
pub fn Run() -> impl IntoView {
    let studio = Studio::expect();
    let wanted = Memo::new(move |_| wanted(&studio));
    let runs = Runs { runs: RwSignal::new(Vec::new()), wanted, studio };
    let binary = engine_binary();
    let runner = Runner::new(
        binary.unwrap_or("worker"),
        Callback::new(move |message| runs.runs.update(|runs| take(runs, message))),
    );
    let stop = move || {
        if runs.runs.with_untracked(|runs| runs.iter().any(|run| run.job.is_some())) {
            runner.stop();
            runs.runs.update(|runs| runs.iter_mut().for_each(|run| run.job = None));
        }
    };
    let run_all = move || {
        if binary.is_none() {
            return;
        }
        stop();
        let tasks = wanted.get_untracked();
        runs.runs.update(|runs| {
            runs.resize_with(tasks.len(), DesignRun::default);
            for (design, (run, task)) in runs.iter_mut().zip(tasks).enumerate() {
                run.progress = 0.0;
                run.job = task.clone().map(|task| runner.start(Task::Run(task)));
                run.asked = task.map(|task| Asked { task, origin: untrack(|| origin(&studio, design)) });
            }
        });
    };
    let cancel = move || {
        runner.cancel();
        runs.runs.update(|runs| runs.iter_mut().for_each(|run| run.job = None));
    };
    run_small_networks(studio, wanted, runs, stop, run_all);
    let running = Memo::new(move |_| runs.runs.with(|runs| runs.iter().any(|run| run.job.is_some())));
    let progress = move || runs.runs.with(|runs| mean_progress(runs));
    let designs = studio.design_indices();
    view! {
        <section class="card run" aria-label="Run">
            <div class="run-head">
                <h2>"Forward pass"</h2>
                <button class="button primary" data-testid="run" disabled=binary.is_none() on:click=move |_| run_all()>
                    {move || match designs.with(Vec::len) {
                        1 => "Run",
                        2 => "Run both",
                        _ => "Run all",
                    }}
                </button>
                <Show when=move || running.get()>
                    <progress max="1" prop:value=progress aria-label="progress of the run"></progress>
                    <button class="button" data-testid="cancel" on:click=move |_| cancel()>"Cancel"</button>
                </Show>
                <Settings/>
                <span class="muted">"Really run here, in this browser, on one thread, with made-up weights that are the same everywhere."</span>
            </div>
            {binary.is_none().then(|| view! {
                <p class="problem" data-testid="problem">
                    "This browser has no WebAssembly SIMD, so networks do not run here. Everything else works: every browser since 2023 has it."
                </p>
            })}
            <div class="run-results">
                <Each keys=designs view=move |design| view! { <RunResult design runs/> }.into_any()/>
            </div>
            {binary.map(|binary| view! { <Benchmark binary/> })}
        </section>
    }
}

/// The worker that has the best kernels this browser takes; `None` where it has no SIMD.
fn engine_binary() -> Option<&'static str> {
    match Simd::of_browser() {
        Simd::Relaxed => Some("relaxed"),
        Simd::Plain => Some("worker"),
        Simd::None => None,
    }
}

/// The seed and the gain of the weights.
#[component]
fn Settings() -> impl IntoView {
    let studio = Studio::expect();
    let seed = Signal::derive(move || studio.workbench().with(|workbench| workbench.settings.seed.to_string()));
    let gain = Signal::derive(move || studio.workbench().with(|workbench| workbench.settings.gain.to_string()));
    let set_seed = move |text: &str| {
        let seed = text.parse().ok()?;
        studio.edit(Some(EditKey::Setting("seed")), |workbench| workbench.settings.seed = seed);
        Some(())
    };
    let set_gain = move |text: &str| {
        let gain = decimal::parse(text).filter(|gain| gain.is_finite() && *gain > 0.0)?;
        studio.edit(Some(EditKey::Setting("gain")), |workbench| workbench.settings.gain = gain);
        Some(())
    };
    let meaning =
        "Weights are uniform in ±sqrt(gain / fan-in): 1 is PyTorch's default, 6 keeps signals alive in deep networks";
    view! {
        <CheckedField name="seed" value=seed expected="a whole number from 0, of 64 bits" take=set_seed/>
        <CheckedField name="gain" title=meaning value=gain expected="a number above 0" take=set_gain/>
    }
}

/// What a run of each design would be now.
fn wanted(studio: &Studio) -> Vec<Option<RunTask>> {
    let settings = studio.workbench().with(|workbench| workbench.settings.clone());
    studio.derived.with(|derived| {
        let task = |state: &crate::ui::studio::DesignState| {
            state.report.shapes.output()?;
            Some(RunTask {
                network: share_link::encode_design(state.network()),
                batch: settings.batch,
                seed: settings.seed,
                gain: settings.gain,
                fuse: true,
                measure: MEASURE,
            })
        };
        derived.designs.iter().map(task).collect()
    })
}

/// Runs small networks when the page opens and after edits that have settled. An edit stops what is under way, so that
/// it does not take the processor from who edits.
fn run_small_networks(
    studio: Studio,
    wanted: Memo<Vec<Option<RunTask>>>,
    runs: Runs,
    stop: impl Fn() + Copy + 'static,
    run_all: impl Fn() + Copy + 'static,
) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let is_small = move || {
        studio.derived.with_untracked(|derived| {
            let macs = derived.designs.iter().map(|state| state.report.totals.figures.macs.0);
            macs.fold(0, u64::saturating_add) <= RUNS_BY_ITSELF
        })
    };
    Effect::new(move |_| {
        let tasks = wanted.get();
        if let Some(earlier) = pending.get_value() {
            earlier.clear();
        }
        if !is_small() {
            return;
        }
        stop();
        let shown = runs.runs.with_untracked(|runs| {
            let shown = |(design, task): (usize, &Option<RunTask>)| match runs.get(design) {
                Some(run) => task.is_none() || run.shown.as_ref().map(|(asked, _)| &asked.task) == task.as_ref(),
                None => false,
            };
            tasks.iter().enumerate().all(shown)
        });
        if !shown && tasks.iter().any(Option::is_some) {
            let handle = set_timeout_with_handle(run_all, std::time::Duration::from_millis(SETTLED));
            pending.set_value(handle.ok());
        }
    });
}

/// Takes a worker's news in.
fn take(runs: &mut [DesignRun], message: Message) {
    // News of no job in particular: the worker itself failed.
    let is_meant = |run: &DesignRun| run.job.is_some() && (message.id == 0 || run.job == Some(message.id));
    for run in runs.iter_mut().filter(|run| is_meant(run)) {
        let result = match &message.news {
            News::Progress(done) => {
                run.progress = *done;
                continue;
            }
            News::Imported(_) | News::Found(_) | News::Factored(_) | News::Checked(_) => continue,
            News::Ran(report) => Ok((**report).clone()),
            News::Failed(words) => Err(words.clone()),
        };
        run.job = None;
        run.progress = 1.0;
        run.shown = run.asked.take().map(|asked| (asked, result));
    }
}

fn mean_progress(runs: &[DesignRun]) -> f64 {
    let done: f64 = runs.iter().map(|run| run.progress).sum();
    if runs.is_empty() { 0.0 } else { done / runs.len() as f64 }
}
