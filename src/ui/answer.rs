//! The answer in words, with the numbers of the moment.

use leptos::prelude::*;

use crate::compare::headline_of_one;
use crate::rewrite::Effect;

use super::advice::Adviser;
use super::later::{Later, Part};
use super::studio::Studio;
use crate::page::format::grouped;

#[component]
pub fn Answer() -> impl IntoView {
    let studio = Studio::expect();
    let headline = Memo::new(move |_| {
        studio.derived.with(|derived| match &derived.comparison {
            Some(comparison) => Some(comparison.headline()),
            None => derived.designs.first().map(|design| headline_of_one(&design.side())),
        })
    });
    view! {
        <section class="answer" aria-live="polite" data-testid="answer">
            {move || headline.get().map(|headline| view! {
                <h1>{headline.title}</h1>
                <p>{headline.text}</p>
            })}
            <div class="best-place"><Later part=Part::BestRemedy/></div>
        </section>
    }
}

/// What pays most, with what it comes to, one click away.
#[component]
pub fn BestRemedy() -> impl IntoView {
    let studio = Studio::expect();
    let adviser = Adviser::expect();
    let best = move || {
        adviser.advice.with(|advice| {
            let advice = advice.as_ref()?;
            // Where nothing comes out, what to mend comes first.
            studio.with_design(advice.design, |state| state.report.shapes.output().is_some()).filter(|runs| *runs)?;
            let remedies = advice.findings.iter().flat_map(|finding| &finding.remedies);
            let best =
                remedies.max_by_key(|remedy| remedy.saves_params()).filter(|remedy| remedy.saves_params() > 0)?;
            Some((advice.design, best.clone()))
        })
    };
    move || {
        let (design, remedy) = best()?;
        let name = studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
        Some(view! {
            <div class="best">
                <p>
                    {format!("What saves most in {name}: ")}<strong>{remedy.title.clone()}</strong>
                    {format!(
                        ", {} params instead of {}{}.",
                        grouped(remedy.after.params),
                        grouped(remedy.before.params),
                        if remedy.effect == Effect::Retrain { ", trained anew" } else { "" },
                    )}
                </p>
                <button
                    class="button primary small"
                    data-testid="apply-best"
                    title=remedy.warning()
                    on:click={
                        let rewrites = remedy.rewrites.clone();
                        move |_| studio.apply(design, &rewrites)
                    }
                >
                    "Apply"
                </button>
                <button
                    class="button small"
                    on:click={
                        let (name, rewrites) = (remedy.title.clone(), remedy.rewrites.clone());
                        move |_| studio.open_beside(design, name.clone(), &rewrites)
                    }
                >
                    "Open beside"
                </button>
            </div>
        })
    }
}
