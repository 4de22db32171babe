//! What the run of one design gave.

use leptos::prelude::*;

use crate::job::{Int8Report, Peak, RunReport, StepReport, Threads};
use crate::page::format::{bytes, percent, time};
use crate::page::runs::{RunState, Versus};
use crate::ui::studio::Studio;

use super::RunsView;

/// How many of the slowest steps are shown.
const STEPS_SHOWN: usize = 8;

#[component]
pub fn RunResult(design: usize, runs: RunsView) -> impl IntoView {
    let studio = Studio::expect();
    let state = Memo::new(move |_| runs.state(design));
    let shown = Memo::new(move |_| runs.shown(design));
    let is_stale = Memo::new(move |_| shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.is_stale)));
    let result = Memo::new(move |_| shown.with(|shown| shown.clone().map(|shown| (shown.rows, shown.result))));
    let report = move || result.with(|result| result.as_ref().and_then(|(_, result)| result.as_ref().ok().cloned()));
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    view! {
        <div
            class="run-result"
            data-color=design.to_string()
            data-testid=format!("run-{design}")
            data-state=move || state.get().name()
            class:stale=is_stale
            data-median-ms=move || report().map(|report| report.median.to_string())
            data-output=move || report().map(|report| format!("{:?}", report.output))
        >
            <h3><span class="swatch" aria-hidden="true"></span>{name}</h3>
            <Show when=move || is_stale.get()>
                <p class="muted stale-note">{move || stale_words(state.get())}</p>
            </Show>
            {move || match result.get() {
                None => view! { <p class="muted">{move || idle_words(state.get())}</p> }.into_any(),
                Some((_, Err(words))) => view! { <p class="problem" data-testid="problem">{words}</p> }.into_any(),
                Some((rows, Ok(report))) => view! { <Times report rows design/> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Times(report: RunReport, rows: Vec<String>, design: usize) -> impl IntoView {
    let is_steady = report.is_steady();
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
            <small>" "{format!("a pass (half of them {} to {}, the fastest tenth below {})", time(report.lower_quartile), time(report.upper_quartile), time(report.fastest))}</small>
        </p>
        {(!is_steady).then(|| view! {
            <p class="warning" data-testid=format!("busy-{design}")>
                "The machine was busy: the first and the second half of the samples differ. Measure again."
            </p>
        })}
        <p class="outputs">{format!("output [{}]{more}", outputs.join(", "))}</p>
        {rate_words(&report).map(|words| view! { <p class="muted" data-testid=format!("rate-{design}")>{words}</p> })}
        <p
            class="muted"
            data-testid=format!("run-threads-{design}")
            data-threads=report.threads.count.to_string()
        >
            {threads_words(&report.threads)}
        </p>
        {report.int8.map(|int8| view! {
            <p
                class="muted"
                data-testid=format!("int8-{design}")
                data-median-ms=int8.median.to_string()
                data-error=int8.largest_error.to_string()
            >
                {int8_words(&int8, &report)}
            </p>
        })}
        <Steps steps=report.steps peak=report.peak rows design/>
    }
}

/// `18.4 GMAC/s, 72 % of the 25.6 that one thread reaches here`; nothing of a network that multiplies nothing.
fn rate_words(report: &RunReport) -> Option<String> {
    let macs: u64 = report.steps.iter().map(|step| step.macs).sum();
    if macs == 0 {
        return None;
    }
    let rate = macs as f64 / report.median;
    let predicted: f64 = report.steps.iter().map(|step| step.predicted).sum();
    Some(format!(
        "{} GMAC/s, {} of the {} that one thread of this machine reaches. At that peak, and with its memory, a pass would take {}.",
        giga(rate),
        percent(rate / report.peak.macs),
        giga(report.peak.macs),
        time(predicted)
    ))
}

/// `On 2 threads.`, or on one and why.
fn threads_words(threads: &Threads) -> String {
    match threads {
        Threads { count: 1, reason } if reason.is_empty() => "On one thread.".to_string(),
        Threads { count: 1, reason } => format!("On one thread: {reason}."),
        Threads { count, .. } => format!("On {count} threads."),
    }
}

fn int8_words(int8: &Int8Report, float: &RunReport) -> String {
    let int8_range = (int8.lower_quartile, int8.upper_quartile);
    format!(
        "With 8-bit numbers {} a pass ({}), {} of weights instead of {}, batch norms folded; outputs {}, {}.",
        time(int8.median),
        compared(Versus::of((int8.median, int8_range), (float.median, float.range()))),
        bytes(int8.weight_bytes),
        bytes(int8.float_weight_bytes),
        match int8.largest_error {
            error if error < 0.0005 => "off by less than 0.1 % of the largest".to_string(),
            error => format!("off by at most {} of the largest", percent(error)),
        },
        match int8.changed {
            0 => "top-1 unchanged".to_string(),
            1 => "top-1 changed for 1 input".to_string(),
            changed => format!("top-1 changed for {changed} inputs"),
        }
    )
}

/// `1.7 times as fast`, `2.0 times as slow`, or that it is neither.
pub fn compared(versus: Versus) -> String {
    match versus {
        Versus::Same => "no difference within the spread".to_string(),
        Versus::Faster(times) => format!("{times:.1} times as fast"),
        Versus::Slower(times) => format!("{times:.1} times as slow"),
    }
}

/// Thousand million in a second, of a number in a millisecond.
fn giga(in_a_millisecond: f64) -> String {
    match in_a_millisecond / 1e6 {
        giga if giga < 0.05 => "< 0.1".to_string(),
        giga => format!("{giga:.1}"),
    }
}

/// The slowest steps by the names of the rows, with their share of the time, and a table of all.
#[component]
fn Steps(steps: Vec<StepReport>, peak: Peak, rows: Vec<String>, design: usize) -> impl IntoView {
    let total: f64 = steps.iter().map(|step| step.time).sum();
    let label = |step: &StepReport| {
        let names = step.rows.iter().filter_map(|&row| rows.get(row as usize).map(String::as_str));
        names.collect::<Vec<_>>().join(" + ")
    };
    let mut slowest: Vec<&StepReport> = steps.iter().collect();
    slowest.sort_by(|a, b| b.time.total_cmp(&a.time));
    slowest.truncate(STEPS_SHOWN);
    slowest.sort_by_key(|step| step.rows.first().copied());
    let note = match steps.len() - slowest.len() {
        0 => "Steps are timed one by one, which adds a little to each.".to_string(),
        1.. => format!("The {STEPS_SHOWN} slowest steps, timed one by one, which adds a little to each."),
    };
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
        <p class="muted">{note}</p>
        <details class="all-steps">
            <summary>{match steps.len() {
                1 => "The step: rate, prediction, kernel".to_string(),
                count => format!("All {count} steps: rate, prediction, kernel"),
            }}</summary>
            <div class="scrolls" tabindex="0" role="group" aria-label="every step of the pass">
                <table data-testid=format!("steps-{design}")>
                    <thead>
                        <tr>
                            <th scope="col">"layers"</th>
                            <th scope="col">"time"</th>
                            <th scope="col">"GMAC/s"</th>
                            <th scope="col">"of peak"</th>
                            <th scope="col" title="The longer of MACs / peak and bytes / the rate of copying">"at the peak"</th>
                            <th scope="col">"kernel, and why"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {steps.iter().map(|step| {
                            let rate = step.macs as f64 / step.time.max(f64::MIN_POSITIVE);
                            let (rate, share) = match step.macs {
                                0 => (String::new(), String::new()),
                                _ => (giga(rate), percent(rate / peak.macs)),
                            };
                            let cells = [time(step.time), rate, share, time(step.predicted)];
                            view! {
                                <tr>
                                    <th scope="row">{label(step)}</th>
                                    {cells.map(|cell| view! { <td class="number">{cell}</td> }).collect_view()}
                                    <td>{format!("{}: {}", step.kernel, step.reason)}</td>
                                </tr>
                            }
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </details>
    }
}

fn stale_words(state: RunState) -> &'static str {
    match state {
        RunState::Running => "From before the last edits; the present ones are running …",
        RunState::Idle | RunState::Done | RunState::Stale | RunState::Failed => {
            "From before the last edits. Run again to see the present ones."
        }
    }
}

fn idle_words(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running …",
        RunState::Idle | RunState::Done | RunState::Stale | RunState::Failed => "Not run yet.",
    }
}
