//! Light or dark: as the system has it, until one chooses.

use leptos::prelude::*;

const STORED: &str = "convscope.theme";

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

/// Whether the page is dark. Handed down as context.
#[derive(Clone, Copy)]
pub struct ThemeChoice(RwSignal<bool>);

impl ThemeChoice {
    pub fn new() -> Self {
        let stored =
            window().local_storage().ok().flatten().and_then(|storage| storage.get_item(STORED).ok().flatten());
        let system =
            window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches());
        let choice = Self(RwSignal::new(stored.map_or(system, |stored| stored == "dark")));
        Effect::new(move |_| choice.apply());
        choice
    }

    pub fn expect() -> Self {
        expect_context()
    }

    pub fn is_dark(&self) -> bool {
        self.0.get()
    }

    fn switch(&self) {
        let dark = !self.0.get_untracked();
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = storage.set_item(STORED, if dark { "dark" } else { "light" });
        }
        self.0.set(dark);
    }

    fn apply(&self) {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", if self.0.get() { "dark" } else { "light" });
        }
    }
}
