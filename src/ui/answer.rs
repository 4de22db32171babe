//! The answer in words, with the numbers of the moment.

use leptos::prelude::*;

use super::studio::Studio;

#[component]
pub fn Answer() -> impl IntoView {
    let studio = Studio::expect();
    let headline = Memo::new(move |_| {
        studio.derived.with(|derived| derived.comparison.as_ref().map(|comparison| comparison.headline()))
    });
    view! {
        <section class="answer" aria-live="polite" data-testid="answer">
            {move || headline.get().map(|headline| view! {
                <h1>{headline.title}</h1>
                <p>{headline.text}</p>
            })}
        </section>
    }
}
