//! A menu of choices.

use leptos::prelude::*;

/// Each option with its id and its text.
#[component]
pub fn Select(
    label: &'static str,
    /// For the hook `data-testid`.
    hook: &'static str,
    options: Vec<(&'static str, &'static str)>,
    /// The id of what is chosen.
    chosen: Signal<Option<&'static str>>,
    choose: impl Fn(String) + 'static,
) -> impl IntoView {
    view! {
        <select
            class="button"
            aria-label=label
            data-testid=hook
            prop:value=chosen
            on:change=move |event| choose(event_target_value(&event))
        >
            {options.into_iter().map(|(id, text)| view! { <option value=id>{text}</option> }).collect_view()}
        </select>
    }
}
