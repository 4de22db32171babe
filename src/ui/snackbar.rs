//! A word on what was just done out of sight, with the way back.

use leptos::prelude::*;

use super::settle::Rest;
use super::studio::Studio;

/// How long a word stays, in milliseconds.
const STAYS: u64 = 8000;

#[component]
pub fn Snackbar() -> impl IntoView {
    let studio = Studio::expect();
    let said = studio.said;
    let rest = Rest::new();
    Effect::new(move |_| {
        if said.with(Option::is_some) {
            rest.then(STAYS, move || said.set(None));
        }
    });
    let undo = move |_| {
        studio.undo();
        said.set(None);
    };
    view! {
        <div class="snackbar-place" role="status">
            {move || said.get().map(|now| view! {
                <div
                    class="snackbar"
                    data-testid="snackbar"
                    on:pointerenter=move |_| rest.cancel()
                    on:pointerleave=move |_| rest.then(STAYS, move || said.set(None))
                >
                    <span>{now.words}</span>
                    {now.is_edit.then(|| view! { <button class="button small" on:click=undo>"Undo"</button> })}
                    <button class="button quiet icon small" aria-label="Dismiss" on:click=move |_| said.set(None)>"✕"</button>
                </div>
            })}
        </div>
    }
}
