//! The link to the whole workbench.

use leptos::html;
use leptos::prelude::*;

use crate::ui::address;
use crate::ui::clipboard::{Copied, copy};
use crate::ui::studio::Studio;

/// The link, selected, with a button that copies it.
#[component]
pub fn Share() -> impl IntoView {
    let studio = Studio::expect();
    let input = NodeRef::<html::Input>::new();
    let copied = RwSignal::new(Copied::NotYet);
    let url = Memo::new(move |_| studio.workbench().with(|workbench| address::share_url(workbench)));
    let select = move || {
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
            input.select();
        }
    };
    Effect::new(move |_| {
        if input.get().is_some() {
            select();
        }
    });
    Effect::new(move |_| {
        if copied.get() == Copied::Refused {
            select();
        }
    });
    view! {
        <input
            class="field"
            type="text"
            readonly
            data-testid="share-url"
            aria-label="Link to this workbench"
            node_ref=input
            prop:value=url
        />
        <button class="button primary" on:click=move |_| copy(url.get_untracked(), copied)>
            {move || copied.get().words("Copy link")}
        </button>
        <p>
            {move || format!(
                "The link holds everything: designs, inputs, settings, the part of the page that is open. It is {} characters. What you make is also kept in this browser, under Recent, where you can have it forgotten; nothing is sent anywhere.",
                url.with(|url| url.split_once('#').map_or(0, |(_, fragment)| fragment.len()))
            )}
        </p>
    }
}
