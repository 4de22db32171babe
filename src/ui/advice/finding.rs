//! One finding, with its remedies.

use leptos::prelude::*;

use crate::advice::{Certainty, Finding, Remedy, Rule};
use crate::rewrite::Effect;
use crate::ui::studio::Studio;

use super::check::Check;
use super::costs::{PEAK, differences};
use super::rank::RankSlider;

#[component]
pub fn FindingView(design: usize, finding: Finding) -> impl IntoView {
    let studio = Studio::expect();
    let nodes: Vec<_> = finding.nodes.iter().map(|&id| (design, id)).collect();
    let mark = move || studio.marked.set(nodes.clone());
    let mark_focused = mark.clone();
    let linear =
        finding.nodes.first().copied().filter(|_| matches!(finding.rule, Rule::DominantLinear | Rule::WideLinear));
    let saves = finding.remedies.first().map_or(0, Remedy::saves_params);
    let certainty = match finding.certainty {
        Certainty::Sure => None,
        Certainty::Depends(on) => Some(format!("It depends: {on}.")),
    };
    view! {
        <li
            class="finding"
            data-testid="advice"
            data-rule=finding.rule.id()
            data-saves-params=saves.to_string()
            on:mouseenter=move |_| mark()
            on:mouseleave=move |_| studio.marked.set(Vec::new())
            on:focusin=move |_| mark_focused()
            on:focusout=move |_| studio.marked.set(Vec::new())
        >
            <p class="finding-text">{finding.message.clone()}</p>
            {certainty.map(|on| view! { <p class="muted">{on}</p> })}
            <details class="why">
                <summary>"Why"</summary>
                <p>{finding.rule.why()}</p>
            </details>
            <ul class="remedies">
                {finding.remedies.into_iter().enumerate().map(|(index, remedy)| view! { <RemedyView design remedy is_first=index == 0/> }).collect_view()}
            </ul>
            {linear.map(|node| view! { <RankSlider design node/> })}
        </li>
    }
}

/// What can be done: the totals before the click.
#[component]
fn RemedyView(design: usize, remedy: Remedy, is_first: bool) -> impl IntoView {
    let studio = Studio::expect();
    let applied = remedy.rewrites.clone();
    let opened = remedy.rewrites.clone();
    let name = remedy.title.clone();
    let title = remedy.title.clone();
    view! {
        <li class="remedy">
            <div>
                <b>{remedy.title.clone()}</b>
                <p class="costs" title=PEAK>{differences(&remedy.before, &remedy.after)}</p>
                {match remedy.warning() {
                    Some(warning) => {
                        let tag = if remedy.effect == Effect::Retrain { "retrain" } else { "fine-tune" };
                        view! { <p class="warning"><span class="tag" title=warning>{tag}</span></p> }.into_any()
                    }
                    None => view! { <Check design rewrites=remedy.rewrites.clone()/> }.into_any(),
                }}
            </div>
            <div class="remedy-actions">
                <button class="button small" class:primary=is_first data-testid="apply" aria-label=format!("Apply: {title}") on:click=move |_| studio.apply(design, &applied)>"Apply"</button>
                <button
                    class="button small"
                    title="As a design of its own"
                    aria-label=format!("Open beside: {title}")
                    on:click=move |_| studio.open_beside(design, name.clone(), &opened)
                >
                    "Open beside"
                </button>
            </div>
        </li>
    }
}
