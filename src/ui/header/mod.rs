//! The bar at the top, what it opens, and what there is to say of the page's own doings.

mod add;
mod export;
mod find;
mod help;
mod models;
mod open;
mod pop;
mod presets;
mod share;
pub mod theme;
mod weights;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::ui::design::keep_focus;
use crate::ui::import::{ImportDialog, ImportProblems, Importer};
use crate::ui::keep::{Beginning, KeepNotices, Keeper, Recent};
use crate::ui::snackbar::Snackbar;
use crate::ui::studio::Studio;
use crate::workbench::{Show as Showing, Workbench};

use add::Add;
use export::Export;
use find::FindRow;
use help::Help;
use models::Models;
use open::{OpenFile, receive_anywhere};
use pop::{Pop, PopButton, PopCard, Pops};
use presets::Presets;
use share::Share;
use theme::{Theme, ThemeChoice};
use weights::WeightsReports;

/// How long after the last piece of the page is there its first sweeps and tables have been computed, in milliseconds:
/// whatever takes longer delays the timer too.
const SHOWN: u64 = 500;

#[component]
pub fn Header() -> impl IntoView {
    let studio = Studio::expect();
    let beginning = expect_context::<StoredValue<Option<Beginning>>>();
    if let Some(beginning) = beginning.try_update_value(Option::take).flatten() {
        let keeper = Keeper::new(studio, beginning);
        provide_context(keeper);
        Effect::new(move |_| set_timeout(move || keeper.note_shown(), std::time::Duration::from_millis(SHOWN)));
    }
    ThemeChoice::expect().follow();
    Effect::new(move |_| document().set_title(&title(&studio)));
    let importer = Importer::new(studio);
    provide_context(importer);
    let pops = Pops::new();
    provide_context(pops);
    let models = Models::new(studio, importer);
    provide_context(models);
    receive_anywhere(studio, importer, models);
    let keys = move |event: ev::KeyboardEvent| {
        if !(event.ctrl_key() || event.meta_key()) {
            return;
        }
        let step = match (event.key().as_str(), event.shift_key()) {
            ("z" | "Z", false) => Studio::undo,
            ("z" | "Z", true) | ("y" | "Y", _) => Studio::redo,
            _ => return,
        };
        keep_focus(&|| step(&studio));
        event.prevent_default();
    };
    let handle = window_event_listener(ev::keydown, keys);
    on_cleanup(move || handle.remove());
    let found = window_event_listener_untyped("beforematch", move |event| open_part_of(&studio, &event));
    on_cleanup(move || found.remove());
    let newer = window_event_listener_untyped("convscope-newer", move |_| {
        studio.say("A newer version of this page is there: reload to have it".to_string(), false);
    });
    on_cleanup(move || newer.remove());
    let close = Callback::new(move |()| pops.close());
    view! {
        <header class="topbar">
            <button class="button skip" data-testid="skip" on:click=move |_| focus_open_part()>"Skip to the part that is open"</button>
            <a class="brand" href="./" title="Convscope: what a convolutional network costs, layer by layer">
                <svg viewBox="0 0 16 16" aria-hidden="true">
                    <rect x="2" y="2" width="5" height="12" rx="1" fill="var(--design-0)"/>
                    <rect x="9" y="6" width="5" height="8" rx="1" fill="var(--design-1)"/>
                </svg>
                <span>"Convscope"</span>
            </a>
            <button
                class="button"
                data-testid="new"
                title="An empty design; what is here stays under Recent"
                on:click=move |_| studio.open(Workbench::empty())
            >
                "New"
            </button>
            <button class="button" data-testid="import-open" on:click=move |_| importer.show(false)>"Paste code"</button>
            <OpenFile/>
            <span class="group presets"><Presets/></span>
            <span class="pop-place">
                <PopButton pop=Pop::Recent hook="recent-open" title="Recent"/>
                <PopCard pop=Pop::Recent class="recent" label="Recent"><Recent close/></PopCard>
            </span>
            <span class="pop-place">
                <PopButton pop=Pop::Add hook="add-design" title="Add design"/>
                <PopCard pop=Pop::Add class="add-menu" label="Add a design"><Add/></PopCard>
            </span>
            <span class="space"></span>
            <FindRow/>
            <div class="group">
                <button
                    class="button icon"
                    title="Undo (Ctrl Z)"
                    aria-label="Undo"
                    data-testid="undo"
                    disabled=move || !studio.can_undo()
                    on:click=move |_| studio.undo()
                >
                    <Icon path="M6 3 2.5 6.5 6 10M3 6.5h6.5a4 4 0 0 1 0 8H7"/>
                </button>
                <button
                    class="button icon"
                    title="Redo (Ctrl Shift Z)"
                    aria-label="Redo"
                    data-testid="redo"
                    disabled=move || !studio.can_redo()
                    on:click=move |_| studio.redo()
                >
                    <Icon path="M10 3l3.5 3.5L10 10m3-3.5H6.500a4 4 0 0 0 0 8H9"/>
                </button>
            </div>
            <PopButton pop=Pop::Share hook="share" title="Share"/>
            <PopButton pop=Pop::Export hook="export-open" title="Export"/>
            <Help/>
            <Theme/>
            <PopCard pop=Pop::Share class="share" label="Share"><Share/></PopCard>
            <PopCard pop=Pop::Export class="export" label="Export"><Export/></PopCard>
        </header>
        <div class="notices">
            <LinkProblems/>
            <KeepNotices/>
            <ImportProblems/>
            <WeightsReports/>
        </div>
        <ImportDialog/>
        <Snackbar/>
        <WayBack/>
    }
}

/// What is on the page, for tabs, bookmarks and the browser's history: `Standard vs Separable – Convscope`.
fn title(studio: &Studio) -> String {
    studio.derived.with(|derived| {
        let name = |index: usize| derived.designs.get(index).map_or("", |design| design.name.as_str());
        match derived.pair {
            Some((baseline, other)) => format!("{} vs {} – Convscope", name(baseline), name(other)),
            None => format!("{} – Convscope", name(0)),
        }
    })
}

/// A small picture of strokes, 16 by 16.
#[component]
pub fn Icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
    }
}

/// Opens the part in which the browser has found something.
fn open_part_of(studio: &Studio, event: &web_sys::Event) {
    use wasm_bindgen::JsCast;
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let name = target.and_then(|target| target.get_attribute("data-part"));
    if let Some(part) = name.and_then(|name| crate::workbench::Part::from_id(&name)) {
        studio.show_part(part);
    }
}

/// From a page that is set for a room, or for a place within another page, back to the whole.
#[component]
fn WayBack() -> impl IntoView {
    let studio = Studio::expect();
    let show = move || studio.look().get().show;
    let whole = move |_| studio.set_look(|look| look.show = Showing::Whole);
    let address = move || {
        let mut workbench = Workbench::clone(&studio.workbench().get());
        workbench.look.show = Showing::Whole;
        crate::ui::address::share_url(&workbench)
    };
    move || {
        match show() {
        Showing::Whole => None,
        Showing::Present => {
            Some(view! { <button class="button small way-back" on:click=whole>"End presentation"</button> }.into_any())
        }
        Showing::Embed => Some(
            view! { <a class="button small way-back" href=address target="_blank" rel="noopener">"Open in Convscope"</a> }
                .into_any(),
        ),
    }
    }
}

/// What could not be read of a link, piece by piece.
#[component]
fn LinkProblems() -> impl IntoView {
    let studio = Studio::expect();
    view! {
        <Show when=move || studio.link_problems.with(|problems| !problems.is_empty())>
            <section class="card problems" data-testid="problem" role="status">
                <div class="problems-head">
                    <h2>"Some of the link could not be read; the rest is here."</h2>
                    <button class="button small" on:click=move |_| studio.link_problems.set(Vec::new())>"Dismiss"</button>
                </div>
                <ul>
                    {move || studio.link_problems.get().into_iter().map(|problem| view! { <li>{problem.to_string()}</li> }).collect_view()}
                </ul>
            </section>
        </Show>
    }
}

/// For who goes by the keyboard: past the bar and the summary.
fn focus_open_part() {
    let head = document().query_selector(".part-head button[aria-expanded='true']").ok().flatten();
    if let Some(head) = head.and_then(|head| head.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Nothing is lost where it cannot have the focus.
        let _ = head.focus();
    }
}
