//! The memory of a run: figures that are often taken for one another, and which tensor lives when.

use leptos::prelude::*;

use crate::cost::{ARENA_ALIGNMENT, Memory, NumberType};
use crate::model::Network;
use crate::page::derived::DesignState;
use crate::page::format::{bytes, grouped};
use crate::ui::each::Each;
use crate::ui::named::DesignName;
use crate::ui::select::Select;
use crate::ui::studio::Studio;
use crate::ui::table::Table;

#[component]
pub fn MemoryPanel() -> impl IntoView {
    let studio = Studio::expect();
    let chosen = Memo::new(move |_| studio.workbench().with(|workbench| workbench.settings.number_type));
    let choose = move |name: String| {
        if let Some(&number_type) = NumberType::ALL.iter().find(|number_type| number_type.name() == name) {
            studio.edit(|workbench| workbench.settings.number_type = number_type);
        }
    };
    let designs = studio.design_indices();
    view! {
        <section class="card counting" aria-label="Memory of a run">
            <div class="panel-head">
                <h2>"Memory of a run"</h2>
                <Select
                    label="Number type"
                    hook="number-type"
                    options=NumberType::ALL.iter().map(|number_type| (number_type.name(), number_type.name())).collect()
                    chosen=Signal::derive(move || Some(chosen.get().name()))
                    choose
                />
                <p class="muted">"Tensor memory: the input included, weights not. Common definitions differ:"</p>
            </div>
            <div class="counting-results">
                <Each keys=designs view=move |design| view! { <DesignMemory design/> }.into_any()/>
            </div>
        </section>
    }
}

/// One of the four figures.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    key: &'static str,
    name: &'static str,
    bytes: u64,
    /// The row at which it is reached.
    at: Option<String>,
}

/// What is known of a design's memory, or why it is not.
fn known(state: &DesignState) -> Result<Vec<Line>, &'static str> {
    if state.report.shapes.nodes.iter().any(|node| node.dims().is_none()) {
        return Err("Not known while a layer has no shape.");
    }
    let memory = state.report.memory.as_ref().ok_or("Too large to count.")?;
    Ok(lines(state.network(), memory))
}

fn lines(network: &Network, memory: &Memory) -> Vec<Line> {
    let at = |at: Option<u32>| at.and_then(|at| network.nodes.get(at as usize)).map(|node| node.name.clone());
    let line = |key, name, elements: u64, at| Line { key, name, bytes: memory.bytes(elements).0, at };
    let (pair, out, within) = (&memory.largest_pair, &memory.peak_out_of_place, &memory.peak_in_place);
    vec![
        line("sum", "all outputs added up", memory.sum_of_outputs.0, None),
        line("pair", "the largest input and output of one layer", pair.elements, at(pair.at)),
        line("peak", "the most alive at once", out.elements, at(out.at)),
        line("in-place", "the same with activations in place, batch norms folded", within.elements, at(within.at)),
        Line { key: "arena", name: "one planned block for all of them", bytes: memory.arena.total, at: None },
    ]
}

#[component]
fn DesignMemory(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let view = Memo::new(move |_| studio.with_design(design, known));
    let open = RwSignal::new(false);
    view! {
        <div class="counting-result" data-color=design.to_string() data-testid=format!("memory-{design}")>
            <DesignName design/>
            {move || match view.get() {
                None => ().into_any(),
                Some(Err(why)) => view! { <p class="muted">{why}</p> }.into_any(),
                Some(Ok(lines)) => view! {
                    <dl class="differences">
                        {lines.into_iter().map(|line| view! {
                            <dt class="number" data-memory=line.key data-bytes=line.bytes.to_string() title=format!("{} bytes", grouped(line.bytes))>{bytes(line.bytes)}</dt>
                            <dd>{line.name}{line.at.map(|at| view! { <span class="muted">", at "{at}</span> })}</dd>
                        }).collect_view()}
                    </dl>
                }.into_any(),
            }}
            <details on:toggle=move |_| open.update(|open| *open = !*open)>
                <summary class="muted">"Which tensor lives when, and where"</summary>
                <Show when=move || open.get()>
                    <Timeline design/>
                </Show>
            </details>
        </div>
    }
}

/// Every tensor of the planned block: its life as a bar over the rows, and its place.
#[component]
fn Timeline(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let tensors = move || {
        let read = |state: &DesignState| {
            let network = state.network();
            let Some(memory) = &state.report.memory else { return Vec::new() };
            let steps = network.nodes.len().max(1) as f64;
            let name = |row: u32| network.nodes.get(row as usize).map_or("–", |node| node.name.as_str()).to_string();
            let tensors = memory.in_place.storages.iter().zip(&memory.arena.offsets).map(|(storage, &offset)| {
                let written = storage.node.map_or_else(|| "input".to_string(), name);
                let start = f64::from(storage.first) / steps;
                let length = f64::from(storage.last - storage.first + 1) / steps;
                (written, name(storage.last), memory.bytes(storage.elements).0, offset, start, length)
            });
            tensors.collect()
        };
        studio.with_design(design, read).unwrap_or_default()
    };
    view! {
        <p class="muted">{format!("In place; offsets are multiples of {ARENA_ALIGNMENT} bytes.")}</p>
        <Table label="Which tensor lives when, and where" header=vec!["written by", "last read by", "bytes", "offset", "life"]>
            {move || tensors().into_iter().map(|(written, read, size, offset, start, length)| view! {
                <tr>
                    <td>{written}</td>
                    <td>{read}</td>
                    <td>{grouped(size)}</td>
                    <td>{grouped(offset)}</td>
                    <td class="life" aria-hidden="true">
                        <span style:margin-inline-start=format!("{:.2}%", 100.0 * start) style:width=format!("{:.2}%", 100.0 * length)></span>
                    </td>
                </tr>
            }).collect_view()}
        </Table>
    }
}
