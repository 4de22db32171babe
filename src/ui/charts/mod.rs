//! The charts beside the designs: parameters and MACs by layer, activation memory over depth.

mod canvas;
mod picture;

use leptos::prelude::*;

use crate::chart::{Picture, Scale};
use crate::document::OverLayers;
use crate::page::pointing::{compared_row, places};
use crate::page::shared::Shared;
use crate::ui::studio::Studio;

pub use canvas::Chart;

#[component]
pub fn Charts() -> impl IntoView {
    let studio = Studio::expect();
    let scale = RwSignal::new(Scale::Linear);
    // A layer that is pointed at, in a chart or a row, is set off in all of them.
    let pointed = Memo::new(move |_| {
        let first = studio.marked.with(|marked| marked.first().copied())?;
        studio.derived.with(|derived| compared_row(derived, first))
    });
    let over_layers = move |name: &'static str, over: OverLayers| {
        let picture =
            Memo::new(move |_| studio.derived.with(|derived| over.picture(derived, scale.get())).map(Shared::new));
        let read = move |read: &dyn Fn(&Picture) -> Option<usize>| picture.with_untracked(|it| read(it.as_ref()?));
        let places_of = move |drawn: usize| {
            let compared = read(&|picture| picture.compared_row(drawn));
            compared.map_or_else(Vec::new, |row| studio.derived.with_untracked(|derived| places(derived, row)))
        };
        let drawn = Memo::new(move |_| {
            let row = pointed.get()?;
            picture.with(|picture| picture.as_ref()?.drawn_row(row))
        });
        let point = move |drawn: Option<usize>| studio.marked.set(drawn.map(places_of).unwrap_or_default());
        let pick = move |drawn: usize| {
            if let Some(&(design, id)) = places_of(drawn).first() {
                studio.seek(design, id);
            }
        };
        view! { <Chart name picture pick pointed=drawn point/> }
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
            {over_layers("params", OverLayers::Params)}
            {over_layers("macs", OverLayers::Macs)}
            {over_layers("memory", OverLayers::Memory)}
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
