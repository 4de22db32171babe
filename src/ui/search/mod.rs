//! What else a design could be: sweeps along one argument, and searches over several at once.

mod find;
mod sweep;

use leptos::prelude::*;

use crate::ui::studio::Studio;

use find::Find;
use sweep::SweepView;

#[component]
pub fn SearchPanel() -> impl IntoView {
    let studio = Studio::expect();
    let chosen = RwSignal::new(0_usize);
    let names = Memo::new(move |_| {
        studio.derived.with(|derived| derived.designs.iter().map(|design| design.name.clone()).collect::<Vec<_>>())
    });
    // A design that is gone gives way to the first one.
    let design = Memo::new(move |_| if chosen.get() < names.with(Vec::len) { chosen.get() } else { 0 });
    view! {
        <section class="card search" aria-label="Search">
            <div class="panel-head">
                <h2>"What else could it be?"</h2>
                <div class="tabs" role="group" aria-label="variants of the design">
                    {move || names.get().into_iter().enumerate().map(|(index, name)| view! {
                        <button
                            class="button small"
                            data-color=index.to_string()
                            aria-pressed=move || (design.get() == index).to_string()
                            on:click=move |_| chosen.set(index)
                        >
                            <span class="swatch" aria-hidden="true"></span>{name}
                        </button>
                    }).collect_view()}
                </div>
            </div>
            <SweepView design/>
            <Find design/>
        </section>
    }
}
