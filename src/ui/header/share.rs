//! The link to the whole workbench.

use leptos::html;
use leptos::prelude::*;

use crate::ui::address;
use crate::ui::studio::Studio;

#[component]
pub fn ShareButton(sharing: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="button"
            data-testid="share"
            aria-expanded=move || sharing.get().to_string()
            on:click=move |_| sharing.update(|sharing| *sharing = !*sharing)
        >
            "Share"
        </button>
    }
}

/// The link, selected, with a button that copies it.
#[component]
pub fn Share(open: RwSignal<bool>) -> impl IntoView {
    let studio = Studio::expect();
    let input = NodeRef::<html::Input>::new();
    let copied = RwSignal::new(false);
    let url = Memo::new(move |_| studio.workbench().with(|workbench| address::share_url(workbench)));
    Effect::new(move |_| {
        if open.get()
            && let Some(input) = input.get()
        {
            copied.set(false);
            let _ = input.focus();
            input.select();
        }
    });
    let copy = move |_| {
        let clipboard = window().navigator().clipboard();
        let promise = clipboard.write_text(&url.get_untracked());
        leptos::task::spawn_local(async move {
            copied.set(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok());
        });
    };
    view! {
        <Show when=move || open.get()>
            <section class="card share" aria-label="Share">
                <input
                    class="field"
                    type="text"
                    readonly
                    data-testid="share-url"
                    aria-label="Link to this workbench"
                    node_ref=input
                    prop:value=url
                />
                <button class="button primary" on:click=copy>{move || if copied.get() { "Copied" } else { "Copy link" }}</button>
                <p>
                    {move || format!(
                        "The link holds everything: designs, input, settings. It is {} characters; nothing is stored anywhere else.",
                        url.with(|url| url.split_once('#').map_or(0, |(_, fragment)| fragment.len()))
                    )}
                </p>
            </section>
        </Show>
    }
}
