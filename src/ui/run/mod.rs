//! The forward pass: every design run for real in the worker, on seeded weights and a seeded input.

mod benchmark;
mod isolation;
mod result;

use leptos::prelude::*;

use crate::job::{Binary, Message, RunsReport, RunsTask};
use crate::page::runs::{Asked, Origin, RunState, Runs, Shown, Versus, wanted};
use crate::ui::checked_field::CheckedField;
use crate::ui::each::Each;
use crate::ui::runner::{Runner, simd};
use crate::ui::settle::Rest;
use crate::ui::studio::{Studio, now};
use crate::workbench::Part;

use benchmark::Benchmark;
use isolation::Isolation;
use result::{RunResult, compared};

/// Networks up to so many multiply-accumulates run again by themselves after an edit.
const RUNS_BY_ITSELF: u64 = 5_000_000;

/// How long edits rest before that, in milliseconds.
const SETTLED: u64 = 250;

/// So long after its first panels the page may still be loading, in milliseconds.
const LOADS: f64 = 1500.0;

/// The runs of all designs as they are to be seen. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct RunsView {
    runs: RwSignal<Runs>,
    /// What a run of each design would be now; `None` where the design has an error.
    wanted: Memo<Vec<Option<Asked>>>,
    studio: Studio,
}

impl RunsView {
    pub fn state(&self, design: usize) -> RunState {
        self.read(design, |runs, origin, wanted| runs.state(design, origin, wanted))
    }

    /// The result that says something of the design: of it as it is, or as it was before the last edits.
    pub fn shown(&self, design: usize) -> Option<Shown> {
        self.read(design, |runs, origin, wanted| runs.shown(design, origin, wanted))
    }

    fn read<T>(&self, design: usize, read: impl FnOnce(&Runs, &Origin, Option<&Asked>) -> T) -> T {
        let name = self.studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
        let origin = Origin { name, sitting: self.studio.sitting() };
        self.wanted.with(|wanted| {
            let wanted = wanted.get(design).and_then(Option::as_ref);
            self.runs.with(|runs| read(runs, &origin, wanted))
        })
    }
}

#[component]
pub fn Run() -> impl IntoView {
    let studio = Studio::expect();
    let wanted = Memo::new(move |_| {
        let settings = studio.workbench().with(|workbench| workbench.settings.clone());
        studio.derived.with(|derived| studio.shelf.with(|shelf| wanted(derived, &settings, shelf, studio.sitting())))
    });
    let runs = RwSignal::new(Runs::default());
    let view = RunsView { runs, wanted, studio };
    let can_run = Binary::Engine.file(simd()).is_some();
    let runner = Runner::<RunsTask>::new(Callback::new(move |message: Message<RunsReport>| {
        runs.update(|runs| runs.take(message.id, &message.news))
    }));
    let stop = move || {
        if runs.with_untracked(Runs::is_running) {
            runner.stop();
            runs.update(Runs::stop);
        }
    };
    let run_all = move || {
        if can_run {
            stop();
            runs.update(|runs| runs.start(wanted.get_untracked(), |task| runner.start(task)));
        }
    };
    let cancel = move || {
        runner.cancel();
        runs.update(Runs::stop);
    };
    run_small_networks(studio, wanted, runs, stop, run_all);
    let running = Memo::new(move |_| runs.with(Runs::is_running));
    let progress = move || runs.with(Runs::progress);
    let designs = studio.design_indices();
    view! {
        <section class="card run" aria-label="Run">
            <div class="run-head">
                <h2>"Forward pass"</h2>
                <button class="button primary" data-testid="run" disabled=!can_run on:click=move |_| run_all()>
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
                <Isolation/>
                <span class="muted">"Measured in this browser. Random weights from the seed, the same on every machine, where no file gave others."</span>
            </div>
            {(!can_run).then(|| view! {
                <p class="problem" data-testid="problem">
                    "This browser has no WebAssembly SIMD, so networks do not run here. Everything else works: every browser since 2023 has it."
                </p>
            })}
            <PairTimes runs=view/>
            <div class="run-results">
                <Each keys=designs view=move |design| view! { <RunResult design runs=view/> }.into_any()/>
            </div>
            {can_run.then(|| view! { <Benchmark/> })}
        </section>
    }
}

/// The two designs that are compared, by times that were taken in turns.
#[component]
fn PairTimes(runs: RunsView) -> impl IntoView {
    let studio = Studio::expect();
    let words = Memo::new(move |_| {
        let (baseline, other) = studio.derived.with(|derived| derived.pair)?;
        let name = |design: usize| studio.with_design(design, |state| state.name.clone());
        let report = |design: usize| runs.shown(design).filter(|shown| !shown.is_stale)?.result.ok();
        let (one, two) = (report(baseline)?, report(other)?);
        let versus = Versus::of((two.median, two.range()), (one.median, one.range()));
        Some(format!("{} against {}: {}.", name(other)?, name(baseline)?, compared(versus)))
    });
    move || {
        words.get().map(
            |words| view! { <p data-testid="pair-times"><b>{words}</b>" Measured in turns, one and the other."</p> },
        )
    }
}

/// The seed and the gain of the weights.
#[component]
fn Settings() -> impl IntoView {
    let studio = Studio::expect();
    let meaning =
        "Weights are uniform in ±sqrt(gain / fan-in): 1 is PyTorch's default, 6 keeps signals alive in deep networks";
    view! {
        <CheckedField name="seed" value=studio.setting("seed") take=move |text| studio.set("seed", text)/>
        <CheckedField name="gain" title=meaning value=studio.setting("gain") take=move |text| studio.set("gain", text)/>
    }
}

/// Runs small networks when the part is opened, and from then on after edits that have settled. An edit stops what is
/// under way, so that it does not take the processor from who edits.
fn run_small_networks(
    studio: Studio,
    wanted: Memo<Vec<Option<Asked>>>,
    runs: RwSignal<Runs>,
    stop: impl Fn() + Copy + 'static,
    run_all: impl Fn() + Copy + 'static,
) {
    let rest = Rest::new();
    let look = studio.look();
    // Once it has been opened, its results follow the edits.
    let is_open = Memo::new(move |before: Option<&bool>| before == Some(&true) || look.get().part.shows(Part::Run));
    // What is measured while the page loads says nothing.
    let opened = now();
    let is_small = move || {
        studio.derived.with_untracked(|derived| {
            let macs = derived.designs.iter().map(|state| state.report.totals.figures.macs.0);
            macs.fold(0, u64::saturating_add) <= RUNS_BY_ITSELF
        })
    };
    Effect::new(move |_| {
        let tasks = wanted.get();
        rest.cancel();
        if !is_open.get() || !is_small() {
            return;
        }
        stop();
        let shown = runs.with_untracked(|runs| runs.are_of(&tasks));
        if !shown && tasks.iter().any(Option::is_some) {
            // Meanwhile it may have been asked for by hand.
            let run_unless_known = move || {
                if !runs.with_untracked(|runs| runs.is_running() || runs.are_of(&wanted.get_untracked())) {
                    run_all();
                }
            };
            rest.then(SETTLED.max((opened + LOADS - now()).max(0.0) as u64), run_unless_known);
        }
    });
}
