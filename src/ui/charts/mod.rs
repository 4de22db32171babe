//! The charts beside the designs: parameters and MACs by layer, activation memory over depth.

mod canvas;
mod picture;

use leptos::prelude::*;

use crate::chart::Scale;
use crate::document::OverLayers;
use crate::page::shared::Shared;
use crate::ui::studio::Studio;

pub use canvas::Chart;

#[component]
pub fn Charts() -> impl IntoView {
    let studio = Studio::expect();
    let scale = RwSignal::new(Scale::Linear);
    let picture = move |over: OverLayers| {
        Memo::new(move |_| studio.derived.with(|derived| over.picture(derived, scale.get())).map(Shared::new))
    };
    let choice = move |to: Scale, title: &'static str, words: &'static str| {
        view! {
            <button
                class="button small"
                aria-pressed=move || (scale.get() == to).to_string()
                title=words
                on:click=move |_| scale.set(to)
            >
                {title}
            </button>
        }
    };
    view! {
        <aside class="card charts" aria-label="Charts">
            <div class="charts-head">
                <Legend/>
                <div class="tabs" role="group" aria-label="Scale of the bars">
                    {choice(Scale::Linear, "linear", "Lengths as the numbers are")}
                    {choice(Scale::Log, "log", "Each tenfold takes the same length, so that small layers are seen")}
                </div>
            </div>
            <Chart name="params" picture=picture(OverLayers::Params)/>
            <Chart name="macs" picture=picture(OverLayers::Macs)/>
            <Chart name="memory" picture=picture(OverLayers::Memory)/>
        </aside>
    }
}

/// Which colour is whose.
#[component]
fn Legend() -> impl IntoView {
    let studio = Studio::expect();
    let names = Memo::new(move |_| {
        studio.derived.with(|derived| {
            let shown = |index: &usize| match derived.pair {
                Some((left, right)) => *index == left || *index == right,
                None => true,
            };
            let designs = derived.designs.iter().map(|design| design.name.clone());
            designs.enumerate().filter(|(index, _)| shown(index)).collect::<Vec<_>>()
        })
    });
    let entry = |(index, name): (usize, String)| {
        view! { <li data-color=index.to_string()><span class="swatch" aria-hidden="true"></span>{name}</li> }
    };
    view! { <ul class="legend">{move || names.get().into_iter().map(entry).collect_view()}</ul> }
}
