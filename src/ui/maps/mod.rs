//! Feature maps: what each layer of every design makes of one input, and what a value of it depends on.

mod pad;
mod picture;
mod rows;

use leptos::prelude::*;

use crate::job::{MapsReport, MapsTask, Message, News};
use crate::share_link;
use crate::ui::each::Each;
use crate::ui::runner::Runner;
use crate::ui::settle::{Rest, at_rest};
use crate::ui::studio::Studio;

use pad::Pad;
use rows::MapRows;

/// So long an input or an edit rests before the maps follow, in milliseconds.
const SETTLED: u64 = 150;

/// What a design's layers make, or why that is not known.
type Result = std::result::Result<MapsReport, String>;

/// Folded away until somebody wants to see: only then something is run.
#[component]
pub fn FeatureMaps() -> impl IntoView {
    let opened = RwSignal::new(false);
    view! {
        <details class="card maps" data-testid="feature-maps" on:toggle=move |_| opened.set(true)>
            <summary>"What each layer makes of an input"</summary>
            <Show when=move || opened.get()><Panel/></Show>
        </details>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let studio = Studio::expect();
    // Values of the person's own; nothing: the seeded input of a run.
    let own = RwSignal::new(None::<Vec<f32>>);
    let results = RwSignal::new(Vec::<Option<Result>>::new());
    let asked = StoredValue::new(Vec::<(u32, usize)>::new());
    let hear = move |message: Message<MapsReport>| {
        let of = asked.with_value(|asked| asked.clone());
        let news = |result: Result| {
            for &(id, design) in &of {
                if message.id.is_none_or(|told| told == id) {
                    results.update(|results| results[design] = Some(result.clone()));
                }
            }
        };
        match message.news {
            News::Progress(_) => {}
            News::Told(report) => news(Ok(report)),
            News::Failed(words) => news(Err(words)),
        }
    };
    let runner = Runner::<MapsTask>::new(Callback::new(hear));
    let networks = Memo::new(move |_| {
        let (seed, gain) = studio.workbench().with(|workbench| (workbench.settings.seed, workbench.settings.gain));
        studio.derived.with(|derived| {
            let task = |state: &crate::page::derived::DesignState| {
                let length = state.network().input.sizes().iter().product::<u64>();
                (
                    MapsTask {
                        network: share_link::encode_design(state.network()),
                        seed,
                        gain,
                        given: studio.shelf.with(|shelf| shelf.given(state)),
                        input: None,
                    },
                    length,
                )
            };
            derived.designs.iter().map(task).collect::<Vec<_>>()
        })
    });
    let networks = at_rest(networks);
    let rest = Rest::new();
    Effect::new(move |_| {
        let tasks = networks.get();
        let own = own.get();
        rest.then(SETTLED, move || {
            runner.cancel();
            results.update(|results| results.resize(tasks.len(), None));
            let start = |(design, (task, length)): (usize, (MapsTask, u64))| {
                // A design with an input of another size runs on its seeded one.
                let input = own.clone().filter(|values| values.len() as u64 == length);
                (runner.start(MapsTask { input, ..task }), design)
            };
            let started: Vec<(u32, usize)> = tasks.into_iter().enumerate().map(start).collect();
            asked.set_value(started);
        });
    });
    let designs = studio.design_indices();
    view! {
        <p class="muted">
            "Random weights from the seed where no file gave others. White is zero, blue below, orange above; each row has its own scale. A click on a pixel shows what it depends on."
        </p>
        <Pad own/>
        <div class="maps-results">
            <Each keys=designs view=move |design| view! { <MapRows design results/> }.into_any()/>
        </div>
    }
}
