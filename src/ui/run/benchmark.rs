//! All presets run one after another, as a text to share.

use leptos::prelude::*;

use crate::job::{GivenWeights, Message, News, RunReport, RunTask, RunsReport, RunsTask, Simd};
use crate::model::presets;
use crate::page::format::{short, time};
use crate::share_link;
use crate::ui::clipboard::{Copied, copy};
use crate::ui::runner::{Runner, simd};

/// How long to measure each preset, in milliseconds.
const MEASURE: f64 = 400.0;

#[component]
pub fn Benchmark() -> impl IntoView {
    let lines = RwSignal::new(Vec::<String>::new());
    let is_running = RwSignal::new(false);
    let copied = RwSignal::new(Copied::NotYet);
    let runner = StoredValue::new(None::<Runner<RunsTask>>);
    let start_next = move || {
        let next = presets::all().get(lines.with_untracked(Vec::len));
        is_running.set(next.is_some());
        if let (Some(preset), Some(runner)) = (next, runner.get_value()) {
            let network = share_link::encode_design(&preset.network());
            // The gain keeps signals alive in deep networks: 8-bit numbers then have something to round.
            let task = RunTask {
                network,
                batch: 1,
                seed: 0,
                gain: 6.0,
                given: GivenWeights::default(),
                fuse: true,
                measure: MEASURE,
            };
            runner.start(RunsTask { runs: vec![task] });
        }
    };
    let hear = move |message: Message<RunsReport>| {
        let done = lines.with_untracked(Vec::len);
        let title = presets::all().get(done).map_or("", |preset| preset.title);
        let line = match message.news {
            News::Told(report) => match report.runs.into_iter().next() {
                Some(Ok(report)) => line(title, &report),
                Some(Err(words)) => format!("{title:<28} {words}"),
                None => format!("{title:<28} no result"),
            },
            News::Failed(words) => format!("{title:<28} {words}"),
            News::Progress(_) => return,
        };
        lines.update(|lines| lines.push(line));
        start_next();
    };
    runner.set_value(Some(Runner::new(Callback::new(hear))));
    let start = move |_| {
        lines.set(Vec::new());
        copied.set(Copied::NotYet);
        start_next();
    };
    let stop = move |_| {
        if let Some(runner) = runner.get_value() {
            runner.cancel();
        }
        is_running.set(false);
    };
    let text = move || {
        let simd = if simd() == Simd::Relaxed { "relaxed SIMD" } else { "SIMD" };
        let head = format!("{:<28} {:>9} {:>9} {:>7} {:>8} {:>9}", simd, "MACs", "time", "GMAC/s", "of peak", "int8");
        lines.with(|lines| [&[head], lines.as_slice()].concat().join("\n"))
    };
    view! {
        <details class="benchmark">
            <summary>"Benchmark: every preset on this machine"</summary>
            <div class="run-head">
                <button class="button" data-testid="benchmark" disabled=move || is_running.get() on:click=start>"Run all presets"</button>
                <button class="button" disabled=move || !is_running.get() on:click=stop>"Stop"</button>
                <button class="button" data-testid="benchmark-copy" disabled=move || lines.with(Vec::is_empty) on:click=move |_| copy(text(), copied)>
                    {move || copied.get().words("Copy")}
                </button>
                <span class="muted" role="status">
                    {move || format!("{} of {}", lines.with(Vec::len), presets::all().len())}
                </span>
            </div>
            <textarea
                class="field"
                readonly
                rows="8"
                data-testid="benchmark-text"
                aria-label="results of the benchmark, as text to copy"
                prop:value=text
            ></textarea>
        </details>
    }
}

/// One preset's results in columns.
fn line(title: &str, report: &RunReport) -> String {
    let macs: u64 = report.steps.iter().map(|step| step.macs).sum();
    let rate = macs as f64 / report.median;
    let int8 = report.int8.map_or("-".to_string(), |int8| time(int8.median));
    format!(
        "{title:<28} {:>9} {:>9} {:>7.1} {:>6.0} % {int8:>9}",
        short(macs),
        time(report.median),
        rate / 1e6,
        100.0 * rate / report.peak.macs,
    )
}
