//! What a button of the bar opens below it: over the page, one at a time, away with Escape or a click elsewhere.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// Which card is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pop {
    Add,
    Recent,
    Share,
    Export,
}

/// The one that is open. `Copy`: a handle. Handed down as context.
#[derive(Clone, Copy)]
pub struct Pops(RwSignal<Option<Pop>>);

impl Pops {
    pub fn new() -> Self {
        let pops = Self(RwSignal::new(None));
        let pressed = window_event_listener(leptos::ev::pointerdown, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            // A button of the bar knows itself what to do.
            let is_inside = |target: &Element| target.closest(".pop, [data-pops]").is_ok_and(|found| found.is_some());
            if pops.0.get_untracked().is_some() && !target.as_ref().is_some_and(is_inside) {
                pops.close();
            }
        });
        let typed = window_event_listener(leptos::ev::keydown, move |event| {
            if event.key() == "Escape" && pops.0.get_untracked().is_some() {
                let button = document().query_selector("[data-pops][aria-expanded='true']").ok().flatten();
                pops.close();
                if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                    let _ = button.focus();
                }
            }
        });
        on_cleanup(move || {
            pressed.remove();
            typed.remove();
        });
        pops
    }

    pub fn expect() -> Self {
        expect_context()
    }

    pub fn is_open(&self, pop: Pop) -> bool {
        self.0.get() == Some(pop)
    }

    pub fn close(&self) {
        self.0.set(None);
    }

    fn toggle(&self, pop: Pop) {
        self.0.update(|open| *open = Some(pop).filter(|pop| *open != Some(*pop)));
    }
}

/// The button of a card.
#[component]
pub fn PopButton(pop: Pop, hook: &'static str, title: &'static str) -> impl IntoView {
    let pops = Pops::expect();
    view! {
        <button
            class="button"
            data-testid=hook
            data-pops=""
            aria-expanded=move || pops.is_open(pop).to_string()
            on:click=move |_| pops.toggle(pop)
        >
            {title}
        </button>
    }
}

/// The card, while it is open.
#[component]
pub fn PopCard(pop: Pop, class: &'static str, label: &'static str, children: ChildrenFn) -> impl IntoView {
    let pops = Pops::expect();
    let is_open = Memo::new(move |_| pops.is_open(pop));
    view! {
        <Show when=move || is_open.get()>
            <section class=format!("card pop {class}") aria-label=label>{children()}</section>
        </Show>
    }
}
