//! What opens below a row: its name, wiring, all other arguments, its formulas, and what can be done with it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::model::{Layer, NodeId};
use crate::page::drafts::Field;
use crate::page::formulas::formulas;
use crate::page::row::{RowView, inline_arguments};
use crate::ui::studio::Studio;
use crate::ui::typed::Typed;

use super::add::LayerChoice;
use super::argument::ArgumentInput;
use super::handle::RowHandle;
use super::row::keep_focus;

#[component]
pub fn Details(row: RowHandle) -> impl IntoView {
    let RowHandle { design, id, view, layer } = row;
    let studio = Studio::expect();
    let kind = Memo::new(move |_| layer.with(|layer| layer.as_ref().map(Layer::kind)));
    // The focus goes on to the next row, or to the one before, or to what adds one.
    let remove = move |event: &leptos::ev::MouseEvent| {
        let row = event_target::<web_sys::Element>(event).closest(".row").ok().flatten();
        let beside = row.and_then(|row| row.next_element_sibling().or_else(|| row.previous_element_sibling()));
        let place = match beside {
            Some(row) => row.query_selector(".more"),
            None => document().query_selector(&format!("[data-testid=add-{design}]")),
        };
        studio.remove(design, id);
        if let Some(place) = place.ok().flatten().and_then(|place| place.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = place.focus();
        }
    };
    view! {
        <div class="details">
            <form class="arguments">
                <Name design id view/>
                <Takes design id view/>
                {move || kind.get().map(|kind| {
                    let inline = inline_arguments(kind);
                    let others = kind.arguments().iter().filter(|name| inline.iter().all(|(inline, _)| inline != *name));
                    others.map(|&name| view! { <ArgumentInput design id kind name label=name layer/> }).collect_view()
                })}
            </form>
            <Formulas design id/>
            <div class="actions">
                <button class="button small" data-action="move-up" on:click=move |_| keep_focus(&|| studio.move_by(design, id, -1))>"Move up"</button>
                <button class="button small" data-action="move-down" on:click=move |_| keep_focus(&|| studio.move_by(design, id, 1))>"Move down"</button>
                <button class="button small" data-action="duplicate" on:click=move |_| studio.duplicate(design, id)>"Duplicate"</button>
                <button class="button small" data-action="remove" on:click=move |event| remove(&event)>"Remove"</button>
                <LayerChoice label="Add below…" hook="add-below".to_string() on_choice=move |kind| studio.add(design, Some(id), kind)/>
            </div>
        </div>
    }
}

/// The name of the row's module. One that cannot be stays in the field, with what is wrong with it.
#[component]
fn Name(design: usize, id: NodeId, view: Memo<Option<RowView>>) -> impl IntoView {
    let studio = Studio::expect();
    let name = move || view.with(|view| view.as_ref().map_or(String::new(), |view| view.name.clone()));
    let typed = Typed::new(studio, Field::Name { design, id }, name);
    let take = move |text: &str| studio.rename(design, id, text.trim()).map_err(|error| error.to_string());
    view! { <Words name="name" title="" placeholder="" typed take/> }
}

/// Which rows a row takes its input from, by their names.
#[component]
fn Takes(design: usize, id: NodeId, view: Memo<Option<RowView>>) -> impl IntoView {
    let studio = Studio::expect();
    let takes = move || view.with(|view| view.as_ref().and_then(|view| view.takes.clone()).unwrap_or_default());
    let typed = Typed::new(studio, Field::Takes { design, id }, takes);
    let take = move |text: &str| studio.set_inputs(design, id, text);
    let title = "Names of the rows it takes, with commas between; input is the network's input";
    view! { <Words name="takes" title placeholder="the row above" typed take/> }
}

/// A text that is taken over when it is left.
#[component]
fn Words(
    name: &'static str,
    title: &'static str,
    placeholder: &'static str,
    typed: Typed,
    take: impl Fn(&str) -> Result<(), String> + 'static,
) -> impl IntoView {
    let change = move |text: String| {
        let outcome = take(&text);
        typed.set(text, outcome);
        typed.leave();
    };
    view! {
        <label class="argument">
            {name}
            <input
                type="text"
                name=name
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                title=title
                prop:value=move || typed.get()
                aria-invalid=move || typed.is_refused().then_some("true")
                on:change=move |event| change(event_target_value(&event))
            />
            {move || typed.problem().map(|problem| view! { <span class="problem" data-testid="problem">{problem}</span> })}
        </label>
    }
}

/// The counts of the row with their formulas filled in.
#[component]
fn Formulas(design: usize, id: NodeId) -> impl IntoView {
    let studio = Studio::expect();
    let lines = Memo::new(move |_| studio.with_design(design, |state| formulas(state, id)).unwrap_or_default());
    view! {
        <div class="formula">
            {move || lines.get().into_iter().map(|(what, formula)| view! { <div><b>{what}</b>" = "{formula}</div> }).collect_view()}
        </div>
    }
}
