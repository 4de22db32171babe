//! Light or dark: as the system has it, until one chooses.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::ui::keep::local_storage;

const STORED: &str = "convscope.theme";
const DARK: &str = "dark";
const LIGHT: &str = "light";

/// The choice of theme. Charts read the colours anew when it changes: the choice is in the context as [`ThemeChoice`].
#[component]
pub fn Theme() -> impl IntoView {
    let choice = ThemeChoice::expect();
    view! {
        <button
            class="button icon"
            aria-label="Switch between light and dark"
            title="Light or dark"
            data-testid="theme"
            on:click=move |_| choice.switch()
        >
            "◐"
        </button>
    }
}

/// Whether the page is dark: as chosen, else as the system has it. Handed down as context.
#[derive(Clone, Copy)]
pub struct ThemeChoice {
    chosen: RwSignal<Option<bool>>,
    system: RwSignal<bool>,
}

impl ThemeChoice {
    pub fn new() -> Self {
        let stored = local_storage().and_then(|storage| storage.get_item(STORED).ok().flatten());
        let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        let choice = Self {
            chosen: RwSignal::new(stored.map(|stored| stored == DARK)),
            system: RwSignal::new(query.as_ref().is_some_and(|query| query.matches())),
        };
        if let Some(query) = query {
            let changed =
                Closure::<dyn FnMut(web_sys::MediaQueryListEvent)>::new(move |event: web_sys::MediaQueryListEvent| {
                    choice.system.set(event.matches())
                });
            let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
            // The page has one theme for as long as it is open.
            changed.forget();
        }
        Effect::new(move |_| choice.apply());
        choice
    }

    pub fn expect() -> Self {
        expect_context()
    }

    pub fn is_dark(&self) -> bool {
        self.chosen.get().unwrap_or_else(|| self.system.get())
    }

    fn switch(&self) {
        let dark = !untrack(|| self.is_dark());
        if let Some(storage) = local_storage() {
            let _ = storage.set_item(STORED, if dark { DARK } else { LIGHT });
        }
        self.chosen.set(Some(dark));
    }

    fn apply(&self) {
        let Some(root) = document().document_element() else { return };
        let _ = match self.chosen.get() {
            Some(dark) => root.set_attribute("data-theme", if dark { DARK } else { LIGHT }),
            None => root.remove_attribute("data-theme"),
        };
    }
}
