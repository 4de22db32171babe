//! The designs: stacks of editable rows, side by side.

mod add;
mod argument;
mod details;
mod drag;
mod follow;
pub mod handle;
mod module;
mod row;
mod rows;
mod several;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::page::drafts::Field;
use crate::page::format::{bytes, grouped, short};
use crate::page::totals::{TotalsView, qualified};
use crate::ui::later::{Later, Piece};
use crate::ui::slots::What::{Attribute, Text};
use crate::ui::slots::{Slot, show, slot};
use crate::ui::studio::Studio;
use crate::ui::typed::Typed;

use drag::Dragging;
use module::FoldModules;
use rows::Rows;

pub use add::AddLayer;
pub use details::Details;
pub use follow::Follow;
pub use module::ModuleLine;
pub use row::keep_focus;
pub use several::Several;

/// One design: its totals, its input, its rows.
#[component]
pub fn Design(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    provide_context(Dragging::new());
    let rows = Memo::new(move |_| {
        let ids =
            |network: &crate::model::Network| network.nodes.iter().map(|node| node.id.0 as usize).collect::<Vec<_>>();
        studio.with_design(design, |state| ids(state.network())).unwrap_or_default()
    });
    let name = Memo::new(move |_| studio.with_design(design, |state| state.name.clone()).unwrap_or_default());
    let twin_of = Memo::new(move |_| studio.with_design(design, |state| state.resolved.twin_of).flatten());
    let is_shown = Memo::new(move |_| {
        studio.derived.with(|derived| derived.pair.is_none_or(|(one, other)| one == design || other == design))
    });
    let has_own_input = Memo::new(move |_| {
        studio.workbench().with(|workbench| workbench.settings.own_inputs && workbench.designs.len() > 1)
            || studio.derived.with(|derived| {
                let inputs = |index: usize| derived.designs.get(index).map(|state| &state.network().input);
                (0..derived.designs.len()).any(|index| inputs(index) != inputs(0))
            })
    });
    view! {
        <section
            class="card design"
            hidden=move || (!is_shown.get()).then_some("until-found")
            data-color=design.to_string()
            data-testid=format!("design-{design}")
            data-name=name
            data-twin=move || twin_of.get().is_some().to_string()
            aria-label=name
        >
            <div class="design-head">
                <div class="design-title">
                    <h2>{name}</h2>
                    <Later piece=Piece::Menu { design }/>
                </div>
                <Totals design/>
            </div>
            <Show when=move || has_own_input.get()><Later piece=Piece::OwnInput { design }/></Show>
            <div class="rows-head" aria-hidden="true">
                <span></span>
                <span>"layer"</span>
                <span>"arguments → output"</span>
                <span class="number">"params"</span>
                <span class="macs number">"MACs"</span>
                <span></span>
            </div>
            <Rows design ids=rows is_shown/>
            <Show when=move || rows.with(Vec::is_empty)>
                <p class="row-message muted">"No layers yet: the output is the input. Add the first one."</p>
            </Show>
            <div class="add">
                <Later piece=Piece::Add { design }/>
            </div>
        </section>
    }
}

/// What a design follows, and what can be done with it as a whole.
#[component]
pub fn Menu(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let menu = NodeRef::<html::Details>::new();
    let close = move || {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    // A click elsewhere closes it, and so does Escape, which gives the focus back.
    let is_open = move || menu.get_untracked().filter(|menu| menu.open());
    let pressed = window_event_listener(leptos::ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if is_open().is_some_and(|menu| !menu.contains(target.as_ref())) {
            close();
        }
    });
    let typed = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape"
            && let Some(menu) = is_open()
        {
            close();
            if let Ok(Some(summary)) = menu.query_selector("summary")
                && let Some(summary) = summary.dyn_ref::<web_sys::HtmlElement>()
            {
                let _ = summary.focus();
            }
        }
    });
    on_cleanup(move || {
        pressed.remove();
        typed.remove();
    });
    let count = Memo::new(move |_| studio.workbench().with(|workbench| workbench.designs.len()));
    let is_baseline = Memo::new(move |_| studio.workbench().with(|workbench| workbench.baseline == design));
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    let typed = Typed::new(studio, Field::DesignName { design }, name);
    let rename = move |text: String| {
        let outcome = studio.rename_design(design, text.trim()).map_err(|error| error.to_string());
        typed.set(text, outcome);
        typed.leave();
    };
    view! {
        <TwinState design/>
        <details class="menu" node_ref=menu>
            <summary class="button quiet icon small" aria-label=move || format!("More for {}", name())>"⋯"</summary>
            <div class="card menu-items">
                <label class="muted">
                    "Name "
                    <input
                        class="field"
                        type="text"
                        autocomplete="off"
                        prop:value=move || typed.get()
                        aria-invalid=move || typed.is_refused().then_some("true")
                        on:change=move |event| rename(event_target_value(&event))
                    />
                    {move || typed.problem().map(|problem| view! { <span class="problem" data-testid="problem">{problem}</span> })}
                </label>
                <button class="button quiet" on:click=move |_| { close(); studio.duplicate_design(design); }>"Duplicate design"</button>
                <Show when=move || !is_baseline.get()>
                    <button class="button quiet" on:click=move |_| { close(); studio.make_baseline(design); }>"Make it the baseline"</button>
                    <button class="button quiet" on:click=move |_| { close(); studio.compare_with(design); }>"Compare with the baseline"</button>
                </Show>
                <FoldModules design close/>
                <Show when=move || { count.get() > 1 }>
                    <button class="button quiet" on:click=move |_| { close(); studio.remove_design(design); }>"Remove design"</button>
                </Show>
            </div>
        </details>
    }
}

/// Whether a design follows another one, and how to change that.
#[component]
fn TwinState(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let twin_of = Memo::new(move |_| studio.with_design(design, |state| state.resolved.twin_of).flatten());
    let baseline = Memo::new(move |_| studio.workbench().with(|workbench| workbench.baseline));
    let name_of = move |index: usize| studio.with_design(index, |state| state.name.clone()).unwrap_or_default();
    move || {
        match twin_of.get() {
        Some(of) => Some(
            view! {
                <span class="badge" title="Every convolution becomes depthwise + pointwise">"twin: follows "{name_of(of)}</span>
                <button class="button small" on:click=move |_| studio.detach(design)>"Detach"</button>
            }
            .into_any(),
        ),
        None if design == baseline.get() => None,
        None => Some(
            view! {
                <button
                    class="button small"
                    data-testid=format!("reattach-{design}")
                    title=move || format!("Make it the separable twin of {} again", name_of(baseline.get()))
                    on:click=move |_| studio.attach(design)
                >
                    {move || format!("Make twin of {}", name_of(baseline.get()))}
                </button>
            }
            .into_any(),
        ),
    }
    }
}

/// The totals of a design.
#[component]
fn Totals(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let totals = Memo::new(move |_| studio.with_design(design, |state| TotalsView::of(&state.report)));
    let list = NodeRef::<html::Dl>::new();
    show(move || list.get().map(Into::into), TOTALS, totals, |_| {});
    view! {
        <dl node_ref=list class="totals" data-testid=format!("totals-{design}")>
            <div><dt>"params"</dt><dd class="params"></dd></div>
            <div class="macs"><dt>"MACs"</dt><dd></dd></div>
            <div class="minor" title="The most activation memory that is live at once, every layer writing its own output">
                <dt>"activation peak"</dt>
                <dd class="peak"></dd>
            </div>
            <div class="minor" title="All parameters in the chosen number type"><dt>"weights"</dt><dd class="weights"></dd></div>
        </dl>
    }
}

/// All that the totals show.
const TOTALS: &[Slot<TotalsView>] = &[
    slot("", Attribute("data-params"), |totals| Some(totals.params.to_string())),
    slot("", Attribute("data-trainable"), |totals| Some(totals.trainable.to_string())),
    slot("", Attribute("data-buffers"), |totals| Some(totals.buffers.to_string())),
    slot("", Attribute("data-macs"), |totals| Some(totals.macs.to_string())),
    slot("", Attribute("data-flops"), |totals| Some(totals.flops.to_string())),
    slot("", Attribute("data-peak-bytes"), |totals| Some(totals.peak_bytes.to_string())),
    slot("", Attribute("data-weight-bytes"), |totals| Some(totals.weight_bytes.to_string())),
    slot(".params", Text, |totals| Some(qualified(totals.params_qualifier, grouped(totals.params)))),
    slot(".macs", Attribute("title"), |totals| {
        let (macs, flops) = (grouped(totals.macs), grouped(totals.flops));
        Some(format!("{macs} MACs, a multiply-accumulate of a convolution or matrix product; {flops} FLOPs"))
    }),
    slot(".macs dd", Text, |totals| {
        let macs = if totals.macs < 10_000_000 { grouped(totals.macs) } else { short(totals.macs) };
        Some(qualified(totals.qualifier, macs))
    }),
    slot(".peak", Text, |totals| Some(qualified(totals.qualifier, bytes(totals.peak_bytes)))),
    slot(".weights", Text, |totals| Some(qualified(totals.params_qualifier, bytes(totals.weight_bytes)))),
];

/// The shape of a design's own input, where designs have different ones.
#[component]
pub fn OwnInput(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let shape =
        Memo::new(move |_| studio.with_design(design, |state| state.network().input.to_string()).unwrap_or_default());
    let is_own = move || studio.with_design(design, |state| state.resolved.twin_of.is_none()).unwrap_or(true);
    let typed = Typed::new(studio, Field::Input { design }, move || shape.get());
    view! {
        <div class="input-line">
            <label>
                "input "
                <input
                    class="field"
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    aria-label="input shape of this design, channels x height x width"
                    title="channels x height x width"
                    data-testid=format!("input-shape-{design}")
                    disabled=move || !is_own()
                    prop:value=move || typed.get()
                    aria-invalid=move || typed.is_refused().then_some("true")
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        let outcome = studio.type_input(design, &text);
                        typed.set(text, outcome);
                    }
                    on:blur=move |_| typed.leave()
                />
            </label>
            <Show when=move || !is_own()>
                <span>"as the design it follows"</span>
            </Show>
            {move || typed.problem().map(|problem| view! {
                <span class="problem" data-testid="problem">{format!("{problem}. Still using {}.", shape.get())}</span>
            })}
        </div>
    }
}
