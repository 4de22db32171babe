//! One design's feature maps, row by row.

use leptos::prelude::*;

use crate::job::{Maps, MapsReport};
use crate::page::maps::{Mosaic, Region, Spot, seen_by};
use crate::ui::named::DesignName;
use crate::ui::studio::Studio;

use super::Result;
use super::picture::Picture;

/// A value that was chosen, and the part of the input that it depends on.
#[derive(Clone, Debug, PartialEq)]
struct Chosen {
    words: String,
    region: Option<Region>,
}

#[component]
pub fn MapRows(design: usize, results: RwSignal<Vec<Option<Result>>>) -> impl IntoView {
    let studio = Studio::expect();
    let result = Memo::new(move |_| results.with(|results| results.get(design).cloned().flatten()));
    let chosen = RwSignal::new(None::<Chosen>);
    let choose = move |row: Option<usize>, name: String, spot: Spot, size: (u32, u32)| {
        let field = studio.with_design(design, |state| row.and_then(|row| state.report.receptive_field(row))).flatten();
        let region = field.and_then(|field| seen_by(&field, &spot, size));
        let Spot { channel, row: y, column: x, value } = spot;
        let depends = region.map_or(String::new(), |Region { rows, columns }| {
            format!(
                "; it depends on rows {} to {}, columns {} to {} of the input",
                rows.0, rows.1, columns.0, columns.1
            )
        });
        let words = format!("{name}, channel {channel}, row {y}, column {x}: about {value:.3}{depends}.");
        chosen.set(Some(Chosen { words, region }));
    };
    let list = move |report: MapsReport| {
        let names = studio.with_design(design, |state| {
            state.network().nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>()
        });
        let names = names.unwrap_or_default();
        let size = (report.input.height, report.input.width);
        let input = report.input.clone();
        let rows = report.rows.into_iter().map(|(row, maps)| {
            let name = names.get(row as usize).cloned().unwrap_or_default();
            let named = name.clone();
            view! { <Row name maps choose=move |spot| choose(Some(row as usize), named.clone(), spot, size)/> }
        });
        let rows = rows.collect_view();
        view! {
            <div class="maps-row">
                {heading("input".to_string(), &input)}
                <div class="maps-input">
                    <Picture
                        maps=input.clone()
                        label="the input".to_string()
                        choose=move |spot| choose(None, "input".to_string(), spot, size)
                    />
                    {move || chosen.get().and_then(|chosen| chosen.region).map(|region| view! { <Frame maps=input.clone() region/> })}
                </div>
            </div>
            <p class="maps-chosen" role="status">{move || chosen.get().map(|chosen| chosen.words)}</p>
            {rows}
        }
    };
    view! {
        <div class="maps-design" data-color=design.to_string() data-testid=format!("feature-maps-{design}")>
            <DesignName design/>
            {move || match result.get() {
                None => view! { <p class="muted">"running …"</p> }.into_any(),
                Some(Err(words)) => view! { <p class="problem" data-testid="problem">{words}</p> }.into_any(),
                Some(Ok(report)) => list(report).into_any(),
            }}
        </div>
    }
}

#[component]
fn Row(name: String, maps: Maps, choose: impl Fn(Spot) + 'static) -> impl IntoView {
    let label = format!("what {name} makes");
    view! {
        <div class="maps-row">
            {heading(name, &maps)}
            <Picture maps label choose/>
        </div>
    }
}

/// `conv1 · 8 of 64 channels, 28x28 · ±3.2`
fn heading(name: String, maps: &Maps) -> impl IntoView + use<> {
    let Maps { channels, shown, height, width, step, largest, .. } = *maps;
    let channels = match (channels, channels == shown) {
        (1, _) => String::new(),
        (_, true) => format!("{channels} channels, "),
        (_, false) => format!("{shown} of {channels} channels, "),
    };
    let means = if step > 1 { format!(", means of {step}x{step}") } else { String::new() };
    view! {
        <div class="maps-name">
            <b>{name}</b>
            <small class="muted">{format!("{channels}{height}x{width}{means}, ±{largest:.3}")}</small>
        </div>
    }
}

/// A frame around a part of the input's first channel.
#[component]
fn Frame(maps: Maps, region: Region) -> impl IntoView {
    let mosaic = Mosaic::of(&maps);
    let (across, down) = mosaic.first_tile(&maps);
    let share =
        |value: u32, of: u32, whole: f64| format!("{}%", 100.0 * whole * f64::from(value) / f64::from(of.max(1)));
    let (rows, columns) = (region.rows, region.columns);
    view! {
        <span
            class="maps-frame"
            aria-hidden="true"
            style:left=share(columns.0, maps.width, across)
            style:top=share(rows.0, maps.height, down)
            style:width=share(columns.1 + 1 - columns.0, maps.width, across)
            style:height=share(rows.1 + 1 - rows.0, maps.height, down)
        ></span>
    }
}
