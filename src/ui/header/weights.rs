//! What was loaded from files of weights, for each design that has some.

use leptos::prelude::*;

use crate::page::derived::DesignState;
use crate::page::weights::Used;
use crate::ui::each::Each;
use crate::ui::studio::Studio;

/// So many names of a list are shown.
const LISTED: usize = 200;

/// A card for each design with weights of a file.
#[component]
pub fn WeightsReports() -> impl IntoView {
    let studio = Studio::expect();
    let with_weights = Memo::new(move |_| {
        studio.derived.with(|derived| {
            let has = |design: &usize| derived.designs[*design].weights.is_some();
            (0..derived.designs.len()).filter(has).collect::<Vec<_>>()
        })
    });
    view! { <Each keys=with_weights view=move |design| view! { <WeightsReport design/> }.into_any()/> }
}

#[component]
fn WeightsReport(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let used = Memo::new(move |_| {
        let read = |state: &DesignState| Some((state.name.clone(), studio.shelf.with(|shelf| shelf.used(state))?));
        studio.with_design(design, read)?
    });
    let count = move |of: fn(&Used) -> usize| move || used.with(|used| used.as_ref().map_or(0, |(_, used)| of(used)));
    let head = move || {
        used.with(|used| match used {
            Some((name, used)) => format!("{name} has weights of {}", used.loaded.file),
            None => "Its weights were let go: too many were loaded since. Open the file again".to_string(),
        })
    };
    let words = move || used.with(|used| used.as_ref().map(|(_, used)| used.words()));
    let lists = move || {
        used.with(|used| {
            let fit = used.as_ref().map(|(_, used)| used.loaded.fit.clone()).unwrap_or_default();
            let sizes = |sizes: &[u64]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
            let differs = fit
                .mismatched
                .iter()
                .map(|one| format!("{}: {} here, {} in the file", one.name, sizes(&one.network), sizes(&one.file)));
            let dropped = used.as_ref().map(|(_, used)| used.dropped.clone()).unwrap_or_default();
            [
                ("Missing in the file", fit.missing.clone()),
                ("In the file only", fit.unexpected.clone()),
                ("Of another shape", differs.collect()),
                ("Changed here since", dropped),
                ("Matched", fit.matched.clone()),
            ]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(title, names)| {
                let more = names.len().saturating_sub(LISTED);
                let shown = names.into_iter().take(LISTED).collect::<Vec<_>>().join(", ");
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                view! { <dt>{title}</dt><dd>{shown}{more}</dd> }
            })
            .collect_view()
        })
    };
    view! {
        <section
            class="card weights-report"
            role="status"
            aria-label="Weights of a file"
            data-testid="weights-report"
            data-design=design.to_string()
            data-matched=count(|used| used.loaded.fit.matched.len())
            data-missing=count(|used| used.loaded.fit.missing.len())
            data-unexpected=count(|used| used.loaded.fit.unexpected.len())
            data-mismatched=count(|used| used.loaded.fit.mismatched.len())
            data-dropped=count(|used| used.dropped.len())
        >
            <div class="problems-head">
                <p><b>{head}</b>": "{words}</p>
                <button
                    class="button small"
                    title="The design stays; it runs on random weights from the seed again"
                    on:click=move |_| studio.set_weights(design, None)
                >
                    "Forget them"
                </button>
            </div>
            <details>
                <summary>"Which"</summary>
                <dl>{lists}</dl>
            </details>
        </section>
    }
}
