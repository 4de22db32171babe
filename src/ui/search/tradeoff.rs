//! Two figures of all designs, and of what a search found, against one another.

use std::collections::HashMap;

use leptos::prelude::*;

use crate::chart::Picture;
use crate::chart::{Scale, ScatterAxis, ScatterChart, ScatterPoint, Side, Unit};
use crate::device::Fitted;
use crate::job::FoundReport;
use crate::page::drafts::Field;
use crate::page::shared::Shared;
use crate::page::tradeoff::{Candidate, Figure};
use crate::share_link;
use crate::ui::charts::Chart;
use crate::ui::select::Select;
use crate::ui::studio::Studio;
use crate::ui::summary::device;
use crate::ui::typed::Typed;

/// `open` hears which of the found ones is to stand beside the designs.
#[component]
pub fn TradeOff(found: Signal<Vec<FoundReport>>, open: Callback<usize>) -> impl IntoView {
    let studio = Studio::expect();
    let at_rest = studio.at_rest();
    let axes = [RwSignal::new(Figure::Macs), RwSignal::new(Figure::Flash)];
    let scale = RwSignal::new(Scale::Linear);
    let budgets = RwSignal::new(HashMap::<Figure, u64>::new());
    let device = device(studio);
    let designs = Memo::new(move |_| {
        let id = device.get().map(|device| device.id.to_string());
        let fitted = id.as_deref().and_then(|id| Fitted::on(id).next());
        let learned = studio.learned.get();
        at_rest.derived.with(|derived| {
            let one = |(index, state): (usize, &crate::page::derived::DesignState)| {
                let network = (!learned.is_empty()).then(|| share_link::encode_design(state.network()));
                let known = learned.iter().find(|learned| Some(&learned.network) == network.as_ref());
                Candidate::of_design(index, state, fitted, known.map(|learned| learned.accuracy))
            };
            derived.designs.iter().enumerate().filter_map(one).collect::<Vec<_>>()
        })
    });
    let all = Memo::new(move |_| {
        let mut all: Vec<Candidate> = found.with(|found| found.iter().map(Candidate::of_found).collect());
        all.extend(designs.get());
        all
    });
    // Those that have both figures, by their places among all.
    let shown = Memo::new(move |_| {
        let figures = axes.map(|axis| axis.get());
        let has_both = |candidate: &Candidate| figures.iter().all(|&figure| candidate.figure(figure).is_some());
        all.with(|all| (0..all.len()).filter(|&index| has_both(&all[index])).collect::<Vec<_>>())
    });
    let picture = Memo::new(move |_| {
        let figures = axes.map(|axis| axis.get());
        let axis = |figure: Figure| ScatterAxis {
            title: figure.title().to_string(),
            unit: unit(figure),
            budget: budgets.with(|budgets| budgets.get(&figure).copied()),
            more_is_better: figure == Figure::Accuracy,
        };
        let chart = all.with(|all| {
            let point = |&index: &usize| {
                let candidate = &all[index];
                let figures = [candidate.figure(figures[0])?, candidate.figure(figures[1])?];
                Some(ScatterPoint { label: candidate.label.clone(), figures, design: candidate.design })
            };
            ScatterChart {
                title: format!("{} against {}", figures[1].title(), figures[0].title()),
                axes: figures.map(axis),
                scale: scale.get(),
                points: shown.with(|shown| shown.iter().filter_map(point).collect()),
            }
        });
        (!chart.points.is_empty()).then(|| Shared::new(Picture::Scatter(chart)))
    });
    let drag = move |(side, budget): (Side, Option<u64>)| {
        let figure = axes[side.index()].get_untracked();
        set_budget(budgets, figure, budget);
    };
    let pick = move |row: usize| {
        let index = shown.with_untracked(|shown| shown.get(row).copied());
        let Some(index) = index else { return };
        match all.with_untracked(|all| all.get(index).map(|candidate| candidate.design)) {
            Some(Some(design)) => studio.compare_with(design),
            Some(None) => open.run(index),
            None => {}
        }
    };
    let choice = move |to: Scale, title: &'static str| {
        view! {
            <button class="button small" aria-pressed=move || (scale.get() == to).to_string() on:click=move |_| scale.set(to)>{title}</button>
        }
    };
    let left_out = move || {
        let figures = axes.map(|axis| axis.get());
        let count = all.with(Vec::len) - shown.with(Vec::len);
        (count > 0).then(|| {
            let why = match figures.contains(&Figure::Accuracy) {
                true => "train the designs to see them here",
                false => "no timings of this device are published",
            };
            format!("{count} not shown: {why}.")
        })
    };
    view! {
        <div class="tradeoff" data-testid="tradeoff">
            <div class="search-controls">
                <h3>"Trade-offs"</h3>
                <AxisFields side=Side::Across label="Across" axis=axes[0] budgets/>
                <AxisFields side=Side::Up label="Up" axis=axes[1] budgets/>
                <div class="tabs" role="group" aria-label="Scale of both axes">
                    {choice(Scale::Linear, "linear")}
                    {choice(Scale::Log, "log")}
                </div>
            </div>
            <Chart name="tradeoff" picture drag=Callback::new(drag) pick=Callback::new(pick)/>
            <p class="muted">
                "Large dots: designs; small ones: what a search below found, and a click opens it beside. On the stairs nothing is better in both. Drag the line at an edge to set a budget; what is beyond it is hollow. "
                {left_out}
            </p>
        </div>
    }
}

/// What stands on an axis, and the budget there.
#[component]
fn AxisFields(
    side: Side,
    label: &'static str,
    axis: RwSignal<Figure>,
    budgets: RwSignal<HashMap<Figure, u64>>,
) -> impl IntoView {
    let hook = if side == Side::Across { "tradeoff-x" } else { "tradeoff-y" };
    let field = if side == Side::Across { "tradeoff-x-budget" } else { "tradeoff-y-budget" };
    let budget = move || {
        let figure = axis.get();
        budgets.with(|budgets| budgets.get(&figure).map(|&budget| unit(figure).number(budget))).unwrap_or_default()
    };
    let typed = Typed::new(Studio::expect(), Field::Setting(field), budget);
    let take = move |text: &str| {
        let figure = axis.get_untracked();
        if text.trim().is_empty() {
            set_budget(budgets, figure, None);
            return Ok(());
        }
        let read = figure
            .read(text)
            .ok_or_else(|| format!("a budget of {} reads like {}", figure.title(), example(figure)))?;
        set_budget(budgets, figure, Some(read));
        Ok(())
    };
    view! {
        <span class="axis-fields">
            <Select
                label
                hook
                options=Figure::ALL.iter().map(|figure| (figure.id(), figure.title())).collect()
                chosen=Signal::derive(move || Some(axis.get().id()))
                choose=move |id: String| if let Some(figure) = Figure::from_id(&id) { axis.set(figure) }
            />
            <label class="muted">
                {move || if axis.get() == Figure::Accuracy { "at least " } else { "at most " }}
                <input
                    class="field"
                    type="text"
                    size="8"
                    autocomplete="off"
                    placeholder=move || example(axis.get())
                    data-testid=field
                    prop:value=move || typed.get()
                    aria-invalid=move || typed.is_refused().then_some("true")
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        let outcome = take(&text);
                        typed.set(text, outcome);
                    }
                    on:blur=move |_| typed.leave()
                />
            </label>
            {move || typed.problem().map(|problem| view! { <span class="problem" data-testid="problem">{problem}</span> })}
        </span>
    }
}

fn set_budget(budgets: RwSignal<HashMap<Figure, u64>>, figure: Figure, budget: Option<u64>) {
    budgets.update(|budgets| match budget {
        Some(budget) => {
            budgets.insert(figure, budget);
        }
        None => {
            budgets.remove(&figure);
        }
    });
}

const fn unit(figure: Figure) -> Unit {
    match figure {
        Figure::Params => Unit::Params,
        Figure::Macs => Unit::Macs,
        Figure::Flash | Figure::Peak => Unit::Bytes,
        Figure::Time => Unit::Nanoseconds,
        Figure::Accuracy => Unit::Accuracy,
    }
}

const fn example(figure: Figure) -> &'static str {
    match figure {
        Figure::Params => "10k",
        Figure::Macs => "5M",
        Figure::Flash | Figure::Peak => "64 kB",
        Figure::Time => "10 ms",
        Figure::Accuracy => "90 %",
    }
}
