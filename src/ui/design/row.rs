//! One row of a design.

use leptos::prelude::*;
use leptos::{ev, html};

use crate::decimal::fixed;
use crate::model::{Layer, NodeId};
use crate::page::format::{grouped, percent};
use crate::page::modules::leaf;
use crate::page::row::{RowState, RowView, class_of, inline_arguments, number, output, params, plain, row_view};
use crate::ui::later::{Later, Piece};
use crate::ui::slots::What::{Attribute, Class, Style, Text};
use crate::ui::slots::{Slot, show, slot};
use crate::ui::studio::Studio;

use super::argument::ArgumentInput;
use super::drag::{Drag, Dragging};
use super::handle::RowHandle;

/// All that a row shows of its view, but for its arguments and what is wrong with it.
const SLOTS: &[Slot<RowView>] = &[
    slot("", Attribute("data-testid"), |row| Some(format!("row-{}-{}", row.design, row.index))),
    slot(".row-body", Attribute("aria-rowindex"), |row| Some((row.index + 1).to_string())),
    slot("", Attribute("data-kind"), |row| Some(class_of(row))),
    slot("", Attribute("data-name"), |row| Some(row.name.clone())),
    slot("", Attribute("data-out"), |row| Some(row.out.clone())),
    slot("", Attribute("data-params"), |row| Some(row.params.to_string())),
    slot("", Attribute("data-macs"), |row| Some(row.macs.to_string())),
    slot("", Attribute("data-state"), |row| Some(row.state.name().to_string())),
    slot("", Attribute("data-units"), |row| Some(row.units.to_string())),
    slot("", Attribute("data-space"), |row| Some(row.space.to_string())),
    slot("", Class("waits"), |row| matches!(row.state, RowState::Waits { .. }).then(String::new)),
    slot(".row-line", Style("--share"), |row| Some(fixed(row.share, 4))),
    slot(".row-name b", Class("whole"), |row| (!shows_its_end(leaf(&row.name).1)).then(String::new)),
    slot(".row-name b", Attribute("title"), |row| Some(row.name.clone())),
    slot(".row-name b", Text, |row| Some(leaf(&row.name).1.to_string())),
    slot(".row-main", Attribute("aria-label"), |row| Some(row.name.clone())),
    slot(".row-name span", Text, |row| {
        let (path, class) = (leaf(&row.name).0, class_of(row));
        Some(if path.is_empty() { class } else { format!("{class} in {path}") })
    }),
    slot(".row-out", Attribute("title"), |row| Some(output(row))),
    slot(".row-out", Text, |row| Some(output(row))),
    slot(".row-number.params", Class("zero"), |row| (row.params == 0).then(String::new)),
    slot(".row-number.params", Attribute("title"), |row| {
        Some(format!("{} params, {} of the design", grouped(row.params), percent(row.share)))
    }),
    slot(".row-number.params", Text, |row| Some(params(row))),
    slot(".row-number.macs", Class("zero"), |row| (row.macs == 0).then(String::new)),
    slot(".row-number.macs", Attribute("title"), |row| Some(format!("{} MACs", grouped(row.macs)))),
    slot(".row-number.macs", Text, |row| Some(number(row, row.macs))),
    slot(".more", Attribute("aria-label"), |row| Some(format!("Details of {}", row.name))),
];

#[component]
pub fn Row(design: usize, id: NodeId) -> impl IntoView {
    let studio = Studio::expect();
    let dragging = Dragging::expect();
    let view = Memo::new(move |_| studio.derived.with(|derived| row_view(derived, design, id)));
    let opened = Memo::new(move |_| studio.opened.with(|opened| opened.contains(&(design, id))));
    let marked = Memo::new(move |_| studio.marked.with(|marked| marked.contains(&(design, id))));
    let line = NodeRef::<html::Li>::new();
    let now = view.get_untracked();
    let layer = RwSignal::new(now.as_ref().map(|view| view.layer.clone()));
    let state = RwSignal::new(now.map(|view| view.state));
    show(
        move || line.get().map(Into::into),
        SLOTS,
        view,
        move |view| {
            keep(layer, &view.layer);
            keep(state, &view.state);
        },
    );
    let drop_place = Memo::new(move |_| dragging.place_at(design, id));
    let move_with_keys = move |event: ev::KeyboardEvent| {
        let places = match event.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            _ => return,
        };
        if event.alt_key() {
            event.prevent_default();
            keep_focus(&|| studio.move_by(design, id, places));
        }
    };
    view! {
        <li
            node_ref=line
            class="row"
            class:marked=marked
            class:dragged=move || dragging.is(design, id)
            class:drop-before=move || drop_place.get() == Some(false)
            class:drop-after=move || drop_place.get() == Some(true)
            role="none"
            data-row=id.0.to_string()
            on:keydown=move_with_keys
        >
            <div class="row-body" role="row">
                <div class="row-line">
                    <button
                        class="grip"
                        tabindex="-1"
                        title="Drag to move; or Alt and the arrow keys in the row"
                        aria-hidden="true"
                        on:pointerdown=move |event| dragging.start(&event, Drag { design, id })
                        on:pointermove=move |event| dragging.follow(&event)
                        on:pointerup=move |_| dragging.finish(&studio)
                        on:pointercancel=move |_| dragging.cancel()
                    >
                        "⠿"
                    </button>
                    <div class="row-name" role="rowheader"><b></b><span></span></div>
                    <div class="row-main" role="cell">
                        <Arguments design id layer/>
                        <span class="row-out"></span>
                    </div>
                    <span class="row-number params" role="cell"></span>
                    <span class="row-number macs" role="cell"></span>
                    <span role="cell"><button
                        class="button quiet icon small more"
                        aria-expanded=move || opened.get().to_string()
                        on:click=move |_| studio.opened.update(|opened| {
                            if !opened.remove(&(design, id)) {
                                opened.insert((design, id));
                            }
                        })
                    >
                        "⋯"
                    </button></span>
                </div>
                <div role="cell">
                    <Message design id layer state/>
                    <Show when=move || opened.get()>
                        <Later piece=Piece::Details(RowHandle { design, id, view, layer })/>
                    </Show>
                </div>
            </div>
        </li>
    }
}

/// Sets what differs. Most rows keep their layer and their state at a key press, though all have other numbers: what
/// follows these is not even woken, as it would be if they were memos.
fn keep<T: Clone + PartialEq + Send + Sync + 'static>(signal: RwSignal<Option<T>>, now: &T) {
    if signal.with_untracked(|before| before.as_ref() != Some(now)) {
        signal.set(Some(now.clone()));
    }
}

/// The row's own arguments. A form of their own: when a field is typed in, Chromium's autofill reads all of its form, or
/// all of the page that are in none.
#[component]
fn Arguments(design: usize, id: NodeId, layer: RwSignal<Option<Layer>>) -> impl IntoView {
    let kind = Memo::new(move |_| layer.with(|layer| layer.as_ref().map(Layer::kind)));
    view! {
        <form class="arguments">
            {move || kind.get().map(|kind| {
                let inputs = inline_arguments(kind).iter();
                inputs.map(|&(name, label)| view! { <ArgumentInput design id kind name label layer/> }).collect_view()
            })}
        </form>
    }
}

/// What is wrong with the row, in PyTorch's words, and the way out.
#[component]
fn Message(
    design: usize,
    id: NodeId,
    layer: RwSignal<Option<Layer>>,
    state: RwSignal<Option<RowState>>,
) -> impl IntoView {
    let studio = Studio::expect();
    let refused = Memo::new(move |_| studio.drafts.with(|drafts| drafts.refused(design, id)));
    let problem =
        move |text: String| view! { <p class="row-message problem" data-testid="problem">{text}</p> }.into_any();
    let quiet = move |text: String| view! { <p class="row-message muted">{text}</p> }.into_any();
    view! {
        {move || refused.get().into_iter().map(|(argument, words)| {
            let now = layer.with(|layer| layer.as_ref().and_then(|layer| layer.argument(argument)));
            let now = now.as_ref().map(plain).filter(|now| !now.is_empty());
            problem(format!("{words}. Still using {}.", now.as_deref().unwrap_or("None")))
        }).collect_view()}
        {move || match state.get()? {
            RowState::Fine => None,
            RowState::Failed { class, words, way_out } => {
                let way_out = way_out.map_or(String::new(), |way_out| format!(" {way_out}"));
                Some(problem(format!("{class}: {words}{}{way_out}", if words.ends_with('.') { "" } else { "." })))
            }
            RowState::Waits { on } => Some(quiet(format!("waits for {on}"))),
            RowState::Unsupported => Some(quiet("cost unknown: this layer is not one that Convscope knows".to_string())),
            RowState::Overflow(words) => Some(problem(words)),
        }}
    }
}

/// Does something that moves rows, and gives the focus back to what had it.
pub fn keep_focus(change: &dyn Fn()) {
    use wasm_bindgen::JsCast;
    let focused = document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    change();
    request_animation_frame(move || {
        if let Some(focused) = focused {
            let _ = focused.focus();
        }
    });
}

/// Whether a name may be written into a line from right to left, which cuts its beginning where it is too long: a letter
/// first and no sign last keep all of it in order.
fn shows_its_end(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.ends_with(|last: char| last.is_ascii_alphanumeric())
}
