//! Light or dark: as the system has it, until one chooses.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::ui::keep::local_storage;

/// Where the choice is kept; `start.js` reads it, too.
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
    /// As `start.js` has set it on the document, or as the system has it.
    pub fn new() -> Self {
        let chosen = document().document_element().and_then(|root| root.get_attribute("data-theme"));
        let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        Self {
            chosen: RwSignal::new(chosen.map(|chosen| chosen == DARK)),
            system: RwSignal::new(query.is_some_and(|query| query.matches())),
        }
    }

    /// Follows the system, and shows what is chosen.
    pub fn follow(self) {
        if let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") {
            let changed =
                Closure::<dyn FnMut(web_sys::MediaQueryListEvent)>::new(move |event: web_sys::MediaQueryListEvent| {
                    self.system.set(event.matches())
                });
            let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
            // The page has one theme for as long as it is open.
            changed.forget();
        }
        Effect::new(move |_| self.apply());
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
