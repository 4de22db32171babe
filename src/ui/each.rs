//! A list whose views stay while their keys do.

use leptos::prelude::*;

/// One view for each key, in order. [`For`] for one type of key and of view: each use of that is compiled anew.
#[component]
pub fn Each(#[prop(into)] keys: Signal<Vec<usize>>, #[prop(into)] view: Callback<usize, AnyView>) -> impl IntoView {
    view! { <For each=move || keys.get() key=|key| *key let(key)>{view.run(key)}</For> }
}
