//! The page: components, in folders named after its regions.

mod address;
mod advice;
mod answer;
mod charts;
mod counting;
mod design;
mod fit;
mod format;
mod header;
mod history;
mod import;
mod run;
mod runner;
mod search;
mod selfcheck;
mod studio;

use leptos::prelude::*;

use advice::{AdvicePanel, Adviser};
use answer::Answer;
use charts::Charts;
use counting::{CountingPanel, MemoryPanel};
use design::Design;
use fit::FitPanel;
use header::Header;
use header::theme::ThemeChoice;
use import::{ImportDialog, Importer, Problems};
use run::Run;
use search::SearchPanel;
use selfcheck::SelfCheck;
use studio::Studio;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let (workbench, problems) = address::first();
    let studio = Studio::new(workbench);
    studio.link_problems.set(problems);
    provide_context(studio);
    provide_context(ThemeChoice::new());
    provide_context(Adviser::new(studio));
    provide_context(Importer::new(studio));
    address::follow(studio);
    let designs = Memo::new(move |_| studio.workbench().with(|workbench| workbench.designs.len()));
    view! {
        <div class="page">
            <Header/>
            <ImportDialog/>
            <main class="page-main">
                <Problems/>
                <Answer/>
                <div class="bench">
                    <div class="designs" style:--count=move || designs.get().to_string()>
                        <For each=move || 0..designs.get() key=|design| *design let(design)>
                            <Design design/>
                        </For>
                    </div>
                    <Charts/>
                </div>
                <AdvicePanel/>
                <Run/>
                <FitPanel/>
                <SearchPanel/>
                <CountingPanel/>
                <MemoryPanel/>
            </main>
            <SelfCheck/>
        </div>
    }
}
