//! The bar at the top: presets, undo and redo, sharing, theme; and below it what it opens.

mod export;
mod presets;
mod share;
pub mod theme;

use leptos::ev;
use leptos::prelude::*;

use crate::ui::design::keep_focus;
use crate::ui::keep::RecentButton;
use crate::ui::later::{Later, Part};
use crate::ui::studio::Studio;

pub use export::Export;
use export::ExportButton;
pub use presets::Presets;
pub use share::Share;
use share::ShareButton;
use theme::Theme;

#[component]
pub fn Header(importing: RwSignal<bool>) -> impl IntoView {
    let studio = Studio::expect();
    let sharing = RwSignal::new(false);
    let exporting = RwSignal::new(false);
    let recent = RwSignal::new(false);
    let keys = move |event: ev::KeyboardEvent| {
        if !(event.ctrl_key() || event.meta_key()) {
            return;
        }
        let step = match (event.key().as_str(), event.shift_key()) {
            ("z" | "Z", false) => Studio::undo,
            ("z" | "Z", true) | ("y" | "Y", _) => Studio::redo,
            _ => return,
        };
        keep_focus(&|| step(&studio));
        event.prevent_default();
    };
    let handle = window_event_listener(ev::keydown, keys);
    on_cleanup(move || handle.remove());
    view! {
        <header class="topbar">
            <a class="brand" href="./" style:text-decoration="none" style:color="inherit">
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <rect x="2" y="2" width="5" height="12" rx="1" fill="var(--design-0)"/>
                    <rect x="9" y="6" width="5" height="8" rx="1" fill="var(--design-1)"/>
                </svg>
                "Convscope"
            </a>
            <button class="button" data-testid="import-open" on:click=move |_| importing.set(true)>"Paste PyTorch"</button>
            <span class="group presets"><Later part=Part::Presets/></span>
            <RecentButton open=recent/>
            <span class="space"></span>
            <div class="group">
                <button
                    class="button icon"
                    title="Undo (Ctrl Z)"
                    aria-label="Undo"
                    data-testid="undo"
                    disabled=move || !studio.can_undo()
                    on:click=move |_| studio.undo()
                >
                    "↶"
                </button>
                <button
                    class="button icon"
                    title="Redo (Ctrl Shift Z)"
                    aria-label="Redo"
                    data-testid="redo"
                    disabled=move || !studio.can_redo()
                    on:click=move |_| studio.redo()
                >
                    "↷"
                </button>
            </div>
            <ShareButton sharing/>
            <ExportButton exporting/>
            <Theme/>
        </header>
        <Later part=Part::Share { open: sharing }/>
        <Later part=Part::Export { open: exporting }/>
        <Later part=Part::Recent { open: recent }/>
        <Later part=Part::Notices/>
    }
}

/// What could not be read of a link, piece by piece.
#[component]
pub fn LinkProblems() -> impl IntoView {
    let studio = Studio::expect();
    view! {
        <Show when=move || studio.link_problems.with(|problems| !problems.is_empty())>
            <section class="card problems" data-testid="problem" role="status">
                <div class="problems-head">
                    <h2>"Some of the link could not be read; the rest is here."</h2>
                    <button class="button small" on:click=move |_| studio.link_problems.set(Vec::new())>"Dismiss"</button>
                </div>
                <ul>
                    {move || studio.link_problems.get().into_iter().map(|problem| view! { <li>{problem.to_string()}</li> }).collect_view()}
                </ul>
            </section>
        </Show>
    }
}
