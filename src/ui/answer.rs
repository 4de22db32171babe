//! The answer in words, with the numbers of the moment.

use leptos::prelude::*;

use crate::compare::headline_of_one;
use crate::rewrite::Effect;

use super::advice::Adviser;
use super::later::{Later, Piece};
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
        <section class="answer" data-testid="answer">
            {move || headline.get().map(|headline| view! {
                <h1>{whole_figures(&headline.title)}</h1>
                <p>{whole_figures(&headline.text)}</p>
            })}
            <div class="best-place"><Later piece=Piece::BestRemedy/></div>
        </section>
    }
}

/// A text in which no line breaks between a number and its percent sign.
fn whole_figures(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut whole = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        whole.truncate(whole.trim_end_matches(' ').len());
        whole.push_str("\u{a0}%");
        whole.push_str(piece);
    }
    whole
}

/// What pays most, with what it comes to, one click away.
#[component]
pub fn BestRemedy() -> impl IntoView {
    let studio = Studio::expect();
    let adviser = Adviser::expect();
    let of_inputs = move || {
        studio.derived.with(|derived| {
            let (baseline, _) = derived.pair?;
            let inputs = derived.comparison.as_ref()?.inputs.as_ref()?;
            Some((baseline, inputs.0.to_string()))
        })
    };
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
    let at_rest = studio.at_rest();
    let announced = Memo::new(move |_| {
        at_rest.derived.with(|derived| derived.comparison.as_ref().map(|comparison| comparison.headline().title))
    });
    let action = move || {
        // What does not compare yet is made to, first of all.
        if let Some((baseline, input)) = of_inputs() {
            return Some(
                view! {
                    <div class="best">
                        <button class="button primary small" on:click=move |_| studio.use_input_of(baseline)>
                            {format!("Use {input} for all")}
                        </button>
                    </div>
                }
                .into_any(),
            );
        }
        let (design, remedy) = best()?;
        let name = studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
        Some(
            view! {
                <div class="best">
                    <p>
                        {format!("Biggest saving in {name}: ")}<strong>{remedy.title.clone()}</strong>
                        {format!(
                            ". {} instead of {} params{}.",
                            grouped(remedy.after.params),
                            grouped(remedy.before.params),
                            if remedy.effect == Effect::Retrain { "; needs retraining" } else { "" },
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
            }
            .into_any(),
        )
    };
    view! {
        {action}
        // Heard when edits rest, and no more than the headline.
        <p class="visually-hidden" role="status">{announced}</p>
    }
}
