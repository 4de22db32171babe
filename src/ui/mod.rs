//! The page: components, in folders named after its regions.

mod address;
mod answer;
mod charts;
mod design;
mod format;
mod header;
mod history;
mod run;
mod studio;

use leptos::prelude::*;

use answer::Answer;
use charts::Charts;
use design::Design;
use header::Header;
use header::theme::ThemeChoice;
use run::Run;
use studio::Studio;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let (workbench, problems) = address::first();
    let studio = Studio::new(workbench);
    studio.link_problems.set(problems);
    provide_context(studio);
    provide_context(ThemeChoice::new());
    address::follow(studio);
    let designs = Memo::new(move |_| studio.workbench().with(|workbench| workbench.designs.len()));
    view! {
        <div class="page">
            <Header/>
            <main class="page-main">
                <Answer/>
                <div class="bench">
                    <div class="designs" style:--count=move || designs.get().to_string()>
                        <For each=move || 0..designs.get() key=|design| *design let(design)>
                            <Design design/>
                        </For>
                    </div>
                    <Charts/>
                </div>
                <Run/>
            </main>
        </div>
    }
}
