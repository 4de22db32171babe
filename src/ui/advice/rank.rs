//! A Linear in two factors, of a rank that is chosen.

use leptos::prelude::*;

use crate::advice::Costs;
use crate::engine::{Seeding, WeightSource, all_tensors};
use crate::model::NodeId;
use crate::rewrite::{self, Rewrite};
use crate::transplant::{LowRank, low_rank};
use crate::ui::format::{grouped, percent};
use crate::ui::studio::Studio;

use super::{apply, finding::differences, open_beside};

/// Above so many parameters, weights are not made up only to take one apart.
const MOST_PARAMS: u64 = 2_000_000;

/// The same for the work of taking apart: the square of the shorter side times the longer one.
const MOST_WORK: u64 = 30_000_000;

/// A Linear that can be divided.
#[derive(Clone, Debug)]
struct Divisible {
    name: String,
    inputs: u64,
    outputs: u64,
    /// The last rank that still saves parameters.
    most: i64,
    before: Costs,
    taken: Option<LowRank>,
}

#[component]
pub fn RankSlider(design: usize, node: NodeId) -> impl IntoView {
    let studio = Studio::expect();
    let open = RwSignal::new(false);
    let divisible =
        Memo::new_with_compare(move |_| open.get().then(|| divisible(&studio, design, node)).flatten(), |_, _| true);
    view! {
        <details class="why" on:toggle=move |_| open.set(true)>
            <summary>"Choose the rank of two factors"</summary>
            {move || divisible.get().map(|divisible| view! { <Slider design node divisible/> })}
        </details>
    }
}

#[component]
fn Slider(design: usize, node: NodeId, divisible: Divisible) -> impl IntoView {
    let studio = Studio::expect();
    let rank = RwSignal::new((divisible.most / 4).max(1));
    let most = divisible.most;
    let divisible = StoredValue::new(divisible);
    let rewrites = move || vec![Rewrite::LowRank { node, rank: rank.get_untracked() }];
    let text = move || {
        let rank = rank.get();
        divisible.with_value(|linear| {
            let own = rank as u64 * (linear.inputs + linear.outputs);
            let error = linear.taken.as_ref().map(|taken| taken.relative_error(rank as usize));
            let error = error.map(|error| {
                format!(
                    " The best approximation of the made-up weights is {} off; trained weights are usually nearer.",
                    percent(error)
                )
            });
            format!(
                "Rank {rank}: {} weights instead of {}.{}",
                grouped(own),
                grouped(linear.inputs * linear.outputs),
                error.unwrap_or_default()
            )
        })
    };
    let costs = move || {
        let rewrite = Rewrite::LowRank { node, rank: rank.get() };
        let after = studio.with_design(design, |state| Costs::of(&rewrite::apply(state.network(), &rewrite).network));
        after.map(|after| divisible.with_value(|linear| differences(&linear.before, &after)))
    };
    let name = move || divisible.with_value(|linear| format!("{} of rank {}", linear.name, rank.get_untracked()));
    view! {
        <div class="remedy">
            <div>
                <label class="rank">
                    "rank "
                    <input
                        type="range"
                        min="1"
                        max=most.to_string()
                        data-testid="rank"
                        prop:value=move || rank.get().to_string()
                        on:input=move |event| rank.set(event_target_value(&event).parse().unwrap_or(1))
                    />
                    {move || rank.get()}
                </label>
                <p>{text}</p>
                <p class="costs">{costs}</p>
            </div>
            <div class="remedy-actions">
                <button class="button small" data-testid="apply" on:click=move |_| apply(&studio, design, &rewrites())>"Apply"</button>
                <button class="button small" on:click=move |_| open_beside(&studio, design, name(), &rewrites())>"Open beside"</button>
            </div>
        </div>
    }
}

/// The Linear with its costs, and its made-up weight taken apart where that is quick.
fn divisible(studio: &Studio, design: usize, node: NodeId) -> Option<Divisible> {
    let (seed, gain) =
        studio.workbench().with_untracked(|workbench| (workbench.settings.seed, workbench.settings.gain));
    studio.with_design(design, |state| {
        let network = state.network();
        let index = network.position(node)?;
        let input = state.report.wiring.taps(index).first().and_then(|&tap| state.report.shapes.tap(tap))?;
        let (inputs, outputs) = (*input.last()?, *state.report.shapes.nodes[index].dims()?.last()?);
        let most = i64::try_from(inputs.checked_mul(outputs)?.checked_sub(1)? / (inputs + outputs)).ok()?;
        let before = Costs::of_report(network, &state.report);
        let (short, long) = (inputs.min(outputs), inputs.max(outputs));
        let quick = before.params <= MOST_PARAMS && short.saturating_mul(short).saturating_mul(long) <= MOST_WORK;
        let taken = quick.then(|| {
            let weights = WeightSource::Seeded(Seeding { seed, gain, ..Seeding::default() });
            let tensors = all_tensors(network, &weights).ok()?;
            low_rank(tensors.get(&node)?.first()?, (outputs as usize, inputs as usize)).ok()
        });
        (most >= 1).then(|| Divisible {
            name: network.nodes[index].name.clone(),
            inputs,
            outputs,
            most,
            before,
            taken: taken.flatten(),
        })
    })?
}
