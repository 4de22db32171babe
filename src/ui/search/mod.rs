//! What else a design could be: sweeps along one argument, and searches over several at once.

mod find;
mod sweep;
mod tradeoff;

use leptos::prelude::*;

use crate::ui::named::DesignTabs;
use crate::ui::studio::Studio;

use find::{Find, Finder};
use sweep::SweepView;
use tradeoff::TradeOff;

#[component]
pub fn SearchPanel() -> impl IntoView {
    let studio = Studio::expect();
    let chosen = RwSignal::new(0_usize);
    let count = move || studio.derived.with(|derived| derived.designs.len());
    // A design that is gone gives way to the first one.
    let design = Memo::new(move |_| if chosen.get() < count() { chosen.get() } else { 0 });
    let finder = Finder::new();
    let open = Callback::new(move |place: usize| finder.open_beside(studio, place));
    view! {
        <section class="card search" aria-label="Search">
            <div class="panel-head">
                <h2>"Explore variants"</h2>
                <DesignTabs label="variants of the design" design=design.into() choose=chosen.write_only()/>
            </div>
            <TradeOff found=Signal::derive(move || finder.found()) open/>
            <SweepView design/>
            <Find design finder/>
        </section>
    }
}
