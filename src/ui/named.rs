//! Designs by name and colour: to choose one of them, and above what is said of one.

use leptos::prelude::*;

use super::studio::Studio;

/// A button for each design.
#[component]
pub fn DesignTabs(label: &'static str, design: Signal<usize>, choose: WriteSignal<usize>) -> impl IntoView {
    let studio = Studio::expect();
    let names = Memo::new(move |_| {
        studio.derived.with(|derived| derived.designs.iter().map(|design| design.name.clone()).collect::<Vec<_>>())
    });
    view! {
        <div class="tabs" role="group" aria-label=label>
            {move || names.get().into_iter().enumerate().map(|(index, name)| view! {
                <button
                    class="button small"
                    data-color=index.to_string()
                    aria-pressed=move || (design.get() == index).to_string()
                    on:click=move |_| choose.set(index)
                >
                    <span class="swatch" aria-hidden="true"></span>{name}
                </button>
            }).collect_view()}
        </div>
    }
}

/// The heading of what is said of a design.
#[component]
pub fn DesignName(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    view! { <h3><span class="swatch" aria-hidden="true"></span>{name}</h3> }
}
