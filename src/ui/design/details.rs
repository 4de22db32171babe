//! What opens below a row: its name, wiring, all other arguments, its formulas, and what can be done with it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::cost::{Expression, Figure};
use crate::decimal::fixed;
use crate::model::{Inputs, Layer, Network, NodeId, Source};
use crate::ui::studio::{DesignState, Studio};
use crate::ui::typed::Typed;

use super::add::LayerChoice;
use super::argument::ArgumentInput;
use super::row::{RowHandle, keep_focus};
use super::row_view::{RowView, inline_arguments};

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
    let typed = Typed::new(studio);
    let problem = RwSignal::new(None::<String>);
    let refused = Memo::new(move |_| typed.get().zip(problem.get()));
    let name = move || view.with(|view| view.as_ref().map_or(String::new(), |view| view.name.clone()));
    let change = move |text: String| {
        problem.set(studio.rename(design, id, text.trim()).err().map(|error| error.to_string()));
        typed.set(text);
    };
    view! {
        <label class="argument">
            "name"
            <input
                type="text"
                name="name"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || refused.get().map_or_else(name, |(typed, _)| typed)
                aria-invalid=move || refused.with(Option::is_some).then_some("true")
                on:change=move |event| change(event_target_value(&event))
            />
            {move || refused.get().map(|(_, problem)| view! { <span class="problem" data-testid="problem">{problem}</span> })}
        </label>
    }
}

/// Which rows a row takes its input from, by their names.
#[component]
fn Takes(design: usize, id: NodeId, view: Memo<Option<RowView>>) -> impl IntoView {
    let studio = Studio::expect();
    let typed = Typed::new(studio);
    let problem = RwSignal::new(None::<String>);
    let refused = Memo::new(move |_| typed.get().zip(problem.get()));
    let takes = move || view.with(|view| view.as_ref().and_then(|view| view.takes.clone()).unwrap_or_default());
    let change = move |text: String| {
        let mut outcome = Ok(());
        studio.edit_network(design, None, |network| outcome = set_inputs(network, id, &text));
        problem.set(outcome.err());
        typed.set(text);
    };
    view! {
        <label class="argument">
            "takes"
            <input
                type="text"
                name="takes"
                autocomplete="off"
                spellcheck="false"
                placeholder="the row above"
                title="Names of the rows it takes, with commas between; input is the network's input"
                prop:value=move || refused.get().map_or_else(takes, |(typed, _)| typed)
                aria-invalid=move || refused.with(Option::is_some).then_some("true")
                on:change=move |event| change(event_target_value(&event))
            />
            {move || refused.get().map(|(_, problem)| view! { <span class="problem" data-testid="problem">{problem}</span> })}
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

/// The figures of a row that are not zero, each with how it comes about.
fn formulas(state: &DesignState, id: NodeId) -> Vec<(&'static str, String)> {
    const SHOWN: [Figure; 13] = [
        Figure::Params,
        Figure::Buffers,
        Figure::Macs,
        Figure::Flops,
        Figure::Multiplications,
        Figure::Additions,
        Figure::Comparisons,
        Figure::Divisions,
        Figure::Exponentials,
        Figure::WeightBytes,
        Figure::Input,
        Figure::Output,
        Figure::OutputBytes,
    ];
    let Some(index) = state.network().position(id) else { return Vec::new() };
    let explained = |figure: Figure| {
        let formula = state.report.explain(state.network(), index, figure)?;
        (formula.value() != Some(0)).then(|| (figure.title(), formula.to_string()))
    };
    let field = state.report.receptive_field(index).map(|field| {
        let (height, width) = (field.height, field.width);
        let size = format!("{} × {} pixels of the input", height.size(), width.size());
        let strides = format!("strides {} and {}", trimmed(height.stride), trimmed(width.stride));
        let centre = format!("the first around ({}, {})", trimmed(height.offset()), trimmed(width.offset()));
        ("receptive field", format!("{size}, {strides}, {centre}"))
    });
    let intensity = state.report.rows[index].figures.arithmetic_intensity().filter(|intensity| *intensity > 0.0);
    let intensity = intensity.map(|intensity| ("arithmetic intensity", fixed(intensity, 2) + " MACs a byte"));
    SHOWN.into_iter().filter_map(explained).chain(intensity).chain(field).collect()
}

/// Two decimals at most.
fn trimmed(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Wires a node to rows named in a text; an empty one means the row above.
fn set_inputs(network: &mut Network, id: NodeId, text: &str) -> Result<(), String> {
    let Some(position) = network.position(id) else { return Ok(()) };
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    let source = |name: &str| {
        if name == "input" {
            return Ok(Source::Input);
        }
        let above = network.nodes[..position].iter().rev().find(|node| node.name == name);
        above.map(|node| Source::Node(node.id)).ok_or_else(|| format!("no row above is called {name}"))
    };
    let sources = names.map(source).collect::<Result<Vec<_>, _>>()?;
    network.nodes[position].inputs = if sources.is_empty() { Inputs::Above } else { Inputs::From(sources) };
    Ok(())
}
