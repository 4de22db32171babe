//! Another design beside those that are there.

use leptos::prelude::*;

use crate::model::presets;
use crate::rewrite::Rewrite;
use crate::ui::import::Importer;
use crate::ui::studio::Studio;
use crate::workbench::{Content, MAX_DESIGNS, Workbench};

use super::models::Models;
use super::open::choose_file;
use super::pop::Pops;
use super::presets::PresetOptions;

#[component]
pub fn Add() -> impl IntoView {
    let studio = Studio::expect();
    let importer = Importer::expect();
    let models = expect_context::<Models>();
    let pops = Pops::expect();
    let pair = move || studio.workbench().with(|workbench| workbench.pair());
    let baseline = move || studio.workbench().with(|workbench| workbench.baseline);
    let shown = move || pair().map_or(baseline(), |(_, other)| other);
    let name = move |design: usize| studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    let has_room = move || studio.workbench().with(|workbench| workbench.designs.len() < MAX_DESIGNS);
    let item = move |text: Signal<String>, act: Callback<()>| {
        view! {
            <button
                class="button quiet"
                on:click=move |_| {
                    pops.close();
                    act.run(());
                }
            >
                {text}
            </button>
        }
    };
    let twin = move || {
        let of = baseline();
        let content = Content::Twin { of, rewrites: vec![Rewrite::Separable] };
        studio.add_design(format!("{} separable", name(of)), content);
    };
    let empty = move || {
        let input = studio.with_design(baseline(), |state| state.network().input).unwrap_or_default();
        let network = crate::model::Network { input, ..Workbench::empty_network() };
        studio.add_design("Empty".to_string(), Content::Network(network.into()));
    };
    let choose = move |event: leptos::ev::Event| {
        if let Some(preset) = presets::find(&event_target_value(&event)) {
            pops.close();
            studio.add_design(preset.title.to_string(), Content::Network(preset.network().into()));
        }
    };
    view! {
        <Show
            when=has_room
            fallback=|| view! { <p class="muted">{format!("There is room for {MAX_DESIGNS} designs.")}</p> }
        >
            {item(Signal::derive(move || format!("Copy of {}", name(shown()))), Callback::new(move |()| studio.duplicate_design(shown())))}
            {item(Signal::derive(move || format!("Separable twin of {}", name(baseline()))), Callback::new(move |()| twin()))}
            {item("Empty design".into(), Callback::new(move |()| empty()))}
            {item("From pasted code …".into(), Callback::new(move |()| importer.show(true)))}
            {item("From a file …".into(), Callback::new(move |()| choose_file(studio, importer, models, true)))}
            <select class="button" aria-label="Add a preset" data-testid="add-preset" on:change=choose>
                <option value="">"A preset …"</option>
                <PresetOptions/>
            </select>
        </Show>
    }
}
