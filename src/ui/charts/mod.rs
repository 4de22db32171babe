//! The charts beside the designs: parameters and MACs by layer, activation memory over depth.

mod canvas;
mod picture;

use leptos::prelude::*;

use crate::chart::{self, ChartSide, Scale};
use crate::page::derived::Derived;
use crate::page::shared::Shared;
use crate::ui::studio::Studio;

pub use canvas::Chart;
pub use picture::Picture;

/// Bars for at most so many rows; the smallest become one.
const MOST_BARS: usize = 24;

#[component]
pub fn Charts() -> impl IntoView {
    let studio = Studio::expect();
    let scale = RwSignal::new(Scale::Linear);
    let picture = move |draw: fn(&Derived) -> Option<Picture>| {
        Memo::new(move |_| {
            let picture = studio.derived.with(|derived| draw(derived));
            picture.map(|picture| Shared::new(picture.scaled(scale.get())))
        })
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
            <Chart name="params" picture=picture(|derived| with_sides(derived, |left, right, rows| {
                Picture::Bars(chart::params_by_layer(left, right, rows).shortened(MOST_BARS))
            }))/>
            <Chart name="macs" picture=picture(|derived| with_sides(derived, |left, right, rows| {
                Picture::Bars(chart::macs_by_layer(left, right, rows).shortened(MOST_BARS))
            }))/>
            <Chart name="memory" picture=picture(|derived| with_sides(derived, |left, right, rows| {
                Picture::Depth(chart::memory_over_depth(left, right, rows, |memory| &memory.out_of_place))
            }))/>
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

/// The two designs that are compared, or the only one, as a chart wants them.
fn with_sides(
    derived: &Derived,
    draw: impl FnOnce(&ChartSide, Option<&ChartSide>, &[crate::compare::AlignedRow]) -> Picture,
) -> Option<Picture> {
    let side = |index: usize| {
        let design = derived.designs.get(index)?;
        Some(ChartSide { name: &design.name, color: index, network: design.network(), report: &design.report })
    };
    match (derived.pair, &derived.comparison) {
        (Some((left, right)), Some(comparison)) => Some(draw(&side(left)?, side(right).as_ref(), &comparison.rows)),
        _ => {
            let only = side(0)?;
            Some(draw(&only, None, &chart::rows_of_one(only.network)))
        }
    }
}
