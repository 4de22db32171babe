//! The page: components, in folders named after its regions.

mod address;
mod advice;
mod answer;
mod charts;
mod checked_field;
mod clipboard;
mod counting;
mod design;
mod each;
mod files;
mod fit;
mod header;
mod import;
mod keep;
mod keys;
mod later;
mod linked;
mod maps;
mod named;
mod parts;
mod run;
mod runner;
mod search;
mod select;
mod selfcheck;
mod settle;
mod slots;
mod snackbar;
mod studio;
mod summary;
mod table;
mod train;
mod typed;

use leptos::context::Provider;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::workbench::Part;
use advice::{AdvicePanel, Adviser};
use answer::{Answer, BestRemedy};
use charts::Charts;
use counting::{CountingPanel, MemoryPanel};
use design::{AddLayer, Details, Follow, Menu, ModuleLine, OwnInput, Several};
use fit::FitPanel;
use header::Header;
use header::theme::ThemeChoice;
use keep::Beginning;
use later::{Later, Piece};
use maps::FeatureMaps;
use parts::Parts;
use run::Run;
use search::SearchPanel;
use selfcheck::SelfCheck;
use studio::Studio;
use summary::Summary;
use train::Train;

/// Begins a visit: finds out what to open, and shows the page.
pub async fn start() {
    let beginning = keep::begin().await;
    if let Some(skeleton) = document().get_element_by_id("skeleton") {
        skeleton.remove();
    }
    leptos::mount::mount_to_body(move || view! { <App beginning/> });
}

/// The whole page.
#[component]
fn App(mut beginning: Beginning) -> impl IntoView {
    let studio = Studio::new(std::mem::take(&mut beginning.workbench));
    studio.link_problems.set(std::mem::take(&mut beginning.problems));
    provide_context(studio);
    provide_context(StoredValue::new(Some(beginning)));
    provide_context(ThemeChoice::new());
    provide_context(Adviser::new(studio));
    let look = studio.look();
    view! {
        <div
            class="page"
            data-view=move || look.get().part.id()
            data-show=move || look.get().show.id()
            data-hide=move || look.get().hidden()
            on:submit=|event| event.prevent_default()
        >
            <Later piece=Piece::Header/>
            <main class="page-main">
                <Answer/>
                <div class="summary-place"><Later piece=Piece::Summary/></div>
                <Parts/>
            </main>
        </div>
    }
}

/// The pieces of the page that can wait until the designs have been shown: a binary of their own.
#[wasm_split(later_pieces, wasm_split_path = leptos::wasm_split, fallible)]
fn later_pieces(piece: Piece) -> Result<AnyView, SplitLoaderError> {
    Ok(match piece {
        Piece::Add { design } => view! { <AddLayer design/> }.into_any(),
        Piece::BestRemedy => view! { <BestRemedy/> }.into_any(),
        Piece::Charts => view! { <Charts/> }.into_any(),
        Piece::Details(row) => view! { <Details row/> }.into_any(),
        Piece::Follow(rows) => view! { <Follow rows/><Several rows/> }.into_any(),
        Piece::Header => view! { <Header/> }.into_any(),
        Piece::Menu { design } => view! { <Menu design/> }.into_any(),
        Piece::Module { rows, id } => view! { <ModuleLine rows id/> }.into_any(),
        Piece::OwnInput { design } => view! { <OwnInput design/> }.into_any(),
        Piece::Panel(part) => panel(part),
        Piece::Summary => view! { <Summary/> }.into_any(),
    })
}

/// All of a part but the layers.
fn panel(part: Part) -> AnyView {
    match part {
        Part::Improve => view! { <AdvicePanel/> }.into_any(),
        Part::Device => view! { <FitPanel/> }.into_any(),
        Part::Run => view! { <Run/><FeatureMaps/> }.into_any(),
        Part::Train => view! { <Train/> }.into_any(),
        Part::Explore => view! { <Provider value=Studio::expect().at_rest()><SearchPanel/></Provider> }.into_any(),
        Part::Details => view! {
            <Provider value=Studio::expect().at_rest()>
                <CountingPanel/>
                <MemoryPanel/>
            </Provider>
            <SelfCheck/>
        }
        .into_any(),
        Part::Layers | Part::All => ().into_any(),
    }
}
