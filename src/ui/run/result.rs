//! What the run of one design gave.

use leptos::prelude::*;

use crate::job::{RunReport, StepReport};
use crate::ui::format::time;
use crate::ui::studio::Studio;

use super::{RunState, Runs};

/// How many of the slowest steps are shown.
const STEPS_SHOWN: usize = 8;

#[component]
pub fn RunResult(design: usize, runs: Runs) -> impl IntoView {
    let studio = Studio::expect();
    let state = Memo::new(move |_| runs.state(design));
    let shown = Memo::new(move |_| {
        runs.runs.with(|runs| runs.get(design).and_then(|run| run.shown.as_ref().map(|(_, result)| result.clone())))
    });
    let report = move || shown.with(|shown| shown.as_ref().and_then(|shown| shown.as_ref().ok().cloned()));
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    view! {
        <div
            class="run-result"
            data-color=design.to_string()
            data-testid=format!("run-{design}")
            data-state=move || state.get().name()
            data-median-ms=move || report().map(|report| report.median.to_string())
            data-output=move || report().map(|report| format!("{:?}", report.output))
        >
            <h3><span class="swatch" aria-hidden="true"></span>{name}</h3>
            {move || match shown.get() {
                None => view! { <p class="muted">{move || idle_words(state.get())}</p> }.into_any(),
                Some(Err(words)) => view! { <p class="problem" data-testid="problem">{words}</p> }.into_any(),
                Some(Ok(report)) => view! { <Times report design/> }.into_any(),
            }}
            <Show when=move || state.get() == RunState::Stale>
                <p class="muted">"Before the last edits. Run again to see the present ones."</p>
            </Show>
        </div>
    }
}

#[component]
fn Times(report: RunReport, design: usize) -> impl IntoView {
    let spread = format!(
        "median of {} samples of {} passes; half of them between {} and {}",
        report.samples,
        report.passes,
        time(report.lower_quartile),
        time(report.upper_quartile)
    );
    let outputs: Vec<String> = report.output.iter().map(|value| format!("{value:.4}")).collect();
    let total: u64 = report.output_dims.iter().product();
    let more = total.saturating_sub(report.output.len() as u64);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    view! {
        <p class="time" title=spread.clone()>
            {time(report.median)}
            <small>" "{format!("a pass (± {})", time((report.upper_quartile - report.lower_quartile) / 2.0))}</small>
        </p>
        <p class="outputs">{format!("output [{}]{more}", outputs.join(", "))}</p>
        <Steps steps=report.steps design/>
    }
}

/// The slowest steps, with their share of the time.
#[component]
fn Steps(steps: Vec<StepReport>, design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let total: f64 = steps.iter().map(|step| step.time).sum();
    let names = studio.derived.with_untracked(|derived| {
        let network = derived.designs.get(design)?.network();
        Some(network.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>())
    });
    let names = names.unwrap_or_default();
    let label = |step: &StepReport| {
        let names = step.rows.iter().filter_map(|&row| names.get(row as usize).cloned());
        names.collect::<Vec<_>>().join(" + ")
    };
    let mut slowest: Vec<&StepReport> = steps.iter().collect();
    slowest.sort_by(|a, b| b.time.total_cmp(&a.time));
    slowest.truncate(STEPS_SHOWN);
    slowest.sort_by_key(|step| step.rows.first().copied());
    let longest = slowest.iter().map(|step| step.time).fold(f64::MIN_POSITIVE, f64::max);
    view! {
        <div class="steps">
            {slowest.into_iter().map(|step| view! {
                <div class="step" title=format!("{}: {}", step.kernel, step.reason)>
                    <span>{label(step)}</span>
                    <span class="number">{time(step.time)}</span>
                    <span
                        class="bar"
                        style:--share=format!("{:.4}", step.time / longest)
                        title=format!("{:.0} % of the time", 100.0 * step.time / total.max(f64::MIN_POSITIVE))
                    ></span>
                </div>
            }).collect_view()}
        </div>
    }
}

fn idle_words(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running …",
        RunState::Idle | RunState::Done | RunState::Stale | RunState::Failed => "Not run yet.",
    }
}
