//! The page: components, in folders named after its regions.

mod address;
mod advice;
mod answer;
mod charts;
mod checked_field;
mod counting;
mod design;
mod each;
mod fit;
mod format;
mod header;
mod history;
mod import;
mod keep;
mod later;
mod named;
mod rest;
mod run;
mod runner;
mod search;
mod select;
mod selfcheck;
mod slots;
mod studio;
mod table;
mod typed;

use leptos::context::Provider;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use advice::{AdvicePanel, Adviser};
use answer::{Answer, BestRemedy};
use charts::Charts;
use counting::{CountingPanel, MemoryPanel};
use design::{AddLayer, Batch, Design, Details, Menu};
use each::Each;
use fit::FitPanel;
use header::theme::ThemeChoice;
use header::{Export, Header, LinkProblems, Presets, Share};
use import::Import;
use keep::{Beginning, KeepNotices, Keeper, Recent};
use later::{Later, Part};
use run::Run;
use search::SearchPanel;
use selfcheck::SelfCheck;
use studio::Studio;

/// Begins a visit: finds out what to open, and shows the page.
pub async fn start() {
    let beginning = keep::begin().await;
    leptos::mount::mount_to_body(move || view! { <App beginning/> });
}

/// The whole page.
#[component]
fn App(mut beginning: Beginning) -> impl IntoView {
    let studio = Studio::new(std::mem::take(&mut beginning.workbench));
    studio.link_problems.set(std::mem::take(&mut beginning.problems));
    provide_context(studio);
    provide_context(Keeper::new(studio, beginning));
    provide_context(ThemeChoice::new());
    provide_context(Adviser::new(studio));
    let importing = RwSignal::new(false);
    let designs = studio.design_indices();
    view! {
        <div class="page" on:submit=|event| event.prevent_default()>
            <Header importing/>
            <main class="page-main">
                <Later part=Part::Import { open: importing }/>
                <Answer/>
                <div class="bench">
                    <div class="designs" style:--count=move || designs.with(Vec::len).to_string()>
                        <Each keys=designs view=|design| view! { <Design design/> }.into_any()/>
                    </div>
                    <Later part=Part::Charts/>
                </div>
                <Later part=Part::Panels/>
            </main>
        </div>
    }
}

/// The parts of the page that can wait until the designs have been shown: a binary of their own.
#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn rest(part: Part) -> Result<AnyView, SplitLoaderError> {
    Ok(match part {
        Part::Add { design } => view! { <AddLayer design/> }.into_any(),
        Part::Batch => view! { <Batch/> }.into_any(),
        Part::BestRemedy => view! { <BestRemedy/> }.into_any(),
        Part::Charts => view! { <Charts/> }.into_any(),
        Part::Details(row) => view! { <Details row/> }.into_any(),
        Part::Export { open } => view! { <Export open/> }.into_any(),
        Part::Import { open } => view! { <Import open/> }.into_any(),
        Part::Notices => view! {
            <LinkProblems/>
            <KeepNotices/>
        }
        .into_any(),
        Part::Menu { design } => view! { <Menu design/> }.into_any(),
        Part::Presets => view! { <Presets/> }.into_any(),
        Part::Recent { open } => view! { <Recent open/> }.into_any(),
        Part::Share { open } => view! { <Share open/> }.into_any(),
        Part::Panels => view! {
            <Shown/>
            <AdvicePanel/>
            <Run/>
            <FitPanel/>
            <Provider value=Studio::expect().at_rest()>
                <SearchPanel/>
                <CountingPanel/>
                <MemoryPanel/>
            </Provider>
            <SelfCheck/>
        }
        .into_any(),
    })
}

/// How long after the last part of the page is there its first sweeps and tables have been computed, in milliseconds.
const SHOWN: u64 = 500;

/// Notes when all that follows from what was opened has been computed: whatever takes longer delays the timer too.
#[component]
fn Shown() -> impl IntoView {
    let keeper = Keeper::expect();
    Effect::new(move |_| set_timeout(move || keeper.note_shown(), std::time::Duration::from_millis(SHOWN)));
}
