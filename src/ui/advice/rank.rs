//! A Linear in two factors of a rank that is chosen.

use leptos::prelude::*;

use crate::job::{FactorsReport, FactorsTask, Message, News, RankReport};
use crate::model::NodeId;
use crate::page::format::{grouped, percent};
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;

use super::costs::differences;

/// Asks the worker for all ranks when it is opened.
#[component]
pub fn RankSlider(design: usize, node: NodeId) -> impl IntoView {
    let studio = Studio::expect();
    let answer = RwSignal::new(None::<Result<FactorsReport, String>>);
    let hear = move |message: Message<FactorsReport>| match message.news {
        News::Told(report) => answer.set(Some(Ok(report))),
        News::Failed(words) => answer.set(Some(Err(words))),
        News::Progress(_) => {}
    };
    let runner = Runner::<FactorsTask>::new(Callback::new(hear));
    on_cleanup(move || runner.cancel());
    let asked = StoredValue::new(false);
    let ask = move |_| {
        let settings =
            studio.workbench().with_untracked(|workbench| (workbench.settings.seed, workbench.settings.gain));
        let row = studio.with_design(design, |state| {
            Some((share_link::encode_design(state.network()), state.network().position(node)? as u32))
        });
        if let (Some((network, row)), false) = (row.flatten(), asked.get_value()) {
            asked.set_value(true);
            let (seed, gain) = settings;
            runner.start(FactorsTask { network, row, seed, gain });
        }
    };
    view! {
        <details class="why" on:toggle=ask>
            <summary>"Choose the rank of two factors"</summary>
            {move || match answer.get() {
                None => view! { <p>"Taking the weights apart…"</p> }.into_any(),
                Some(Err(words)) => view! { <p>{words}</p> }.into_any(),
                Some(Ok(report)) => view! { <Slider design node report/> }.into_any(),
            }}
        </details>
    }
}

#[component]
fn Slider(design: usize, node: NodeId, report: FactorsReport) -> impl IntoView {
    let studio = Studio::expect();
    let last = report.ranks.len().saturating_sub(1);
    let place = RwSignal::new(last / 4);
    let report = StoredValue::new(report);
    let read = move |read: fn(&FactorsReport, &RankReport) -> String| {
        report.with_value(|report| report.ranks.get(place.get()).map(|rank| read(report, rank)))
    };
    let rewrites = move || {
        let rank = report.with_value(|report| report.ranks.get(place.get_untracked()).map_or(1, |rank| rank.rank));
        vec![Rewrite::LowRank { node, rank: rank as i64 }]
    };
    let name = move || read(|report, rank| format!("{} of rank {}", report.name, rank.rank)).unwrap_or_default();
    let error = move || {
        let error = report.with_value(|report| report.ranks.get(place.get()).and_then(|rank| rank.error));
        error.map(|error| error.to_string())
    };
    view! {
        <div class="remedy">
            <div>
                <label class="rank">
                    "rank "
                    <input
                        type="range"
                        min="0"
                        max=last.to_string()
                        data-testid="rank"
                        data-error=error
                        prop:value=move || place.get().to_string()
                        aria-valuetext=move || read(|_, rank| rank.rank.to_string())
                        on:input=move |event| place.set(event_target_value(&event).parse().unwrap_or(0))
                    />
                </label>
                <p>{move || read(sentence)}</p>
                <p class="costs">{move || read(|report, rank| differences(&report.now.into(), &rank.costs.into()))}</p>
                <p class="warning">"The outputs move: weights carry over only approximately, so fine-tune."</p>
            </div>
            <div class="remedy-actions">
                <button class="button small" data-testid="apply" on:click=move |_| studio.apply(design, &rewrites())>"Apply"</button>
                <button class="button small" on:click=move |_| studio.open_beside(design, name(), &rewrites())>"Open beside"</button>
            </div>
        </div>
    }
}

fn sentence(report: &FactorsReport, rank: &RankReport) -> String {
    let (before, after) = (report.inputs * report.outputs, rank.rank * (report.inputs + report.outputs));
    let error = match rank.error {
        Some(error) => format!(
            " The best approximation of the seeded weights is {} off; trained weights are usually nearer.",
            percent(error)
        ),
        None => " The weights are too many to be taken apart here.".to_string(),
    };
    format!("Rank {}: {} weights instead of {}.{error}", rank.rank, grouped(after), grouped(before))
}
