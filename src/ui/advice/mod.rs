//! Why a design costs what it costs, and what to change.

mod check;
mod costs;
mod finding;
mod ladder;
mod means;
mod rank;

use leptos::prelude::*;

use crate::advice::{self, Finding, Ladder, Technique};
use crate::page::shared::Shared;
use crate::ui::named::DesignTabs;
use crate::ui::settle::when_settled;
use crate::ui::studio::Studio;

use finding::FindingView;
use ladder::LadderView;
use means::Means;

/// How long edits rest before the advice follows, in milliseconds: it rewrites and costs many networks.
const SETTLED: u64 = 120;

/// How many findings stand open; the others fold.
const SHOWN: usize = 5;

/// What is advised for a design.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    pub design: usize,
    pub findings: Vec<Finding>,
    pub ladder: Ladder,
    pub means: Vec<Technique>,
}

/// The advice of the moment, for the design that is chosen. `Copy`: handles. Handed down as context.
#[derive(Clone, Copy)]
pub struct Adviser {
    pub advice: RwSignal<Option<Shared<Advice>>>,
    /// The design that the advice is for.
    pub design: RwSignal<usize>,
}

impl Adviser {
    pub fn new(studio: Studio) -> Self {
        let last = studio.derived.with_untracked(|derived| derived.designs.len().saturating_sub(1));
        Self { advice: RwSignal::new(None), design: RwSignal::new(last.min(1)) }
    }

    /// Advises now, so that nothing below moves a moment later, and whenever the designs have changed and rest.
    fn follow(self, studio: Studio) {
        self.advise(&studio);
        let follow = move || {
            studio.derived.track();
            self.design.track();
        };
        when_settled(SETTLED, follow, move || self.advise(&studio));
    }

    pub fn expect() -> Self {
        expect_context()
    }

    fn advise(&self, studio: &Studio) {
        let advice = studio.derived.with_untracked(|derived| {
            let design = self.design.get_untracked().min(derived.designs.len().checked_sub(1)?);
            let state = derived.designs.get(design)?;
            let (network, report) = (state.network(), &state.report);
            Some(Advice {
                design,
                findings: advice::diagnose(network, report),
                ladder: advice::ladder(network),
                means: advice::arsenal(network, report),
            })
        });
        // What stays as it is keeps what was opened in it.
        if self.advice.with_untracked(|now| now.as_deref() != advice.as_ref()) {
            self.advice.set(advice.map(Shared::new));
        }
    }
}

#[component]
pub fn AdvicePanel() -> impl IntoView {
    let studio = Studio::expect();
    let adviser = Adviser::expect();
    adviser.follow(studio);
    let findings = move || adviser.advice.with(|advice| advice.as_ref().map_or(0, |advice| advice.findings.len()));
    let all = RwSignal::new(false);
    let rows = move || {
        adviser.advice.with(|advice| {
            let Some(advice) = advice else { return Vec::new() };
            let shown = if all.get() { usize::MAX } else { SHOWN };
            advice.findings.iter().take(shown).map(|finding| (advice.design, finding.clone())).collect()
        })
    };
    view! {
        <section class="card advice" aria-label="Advice">
            <div class="panel-head">
                <h2>"What costs most, and what to change"</h2>
                <DesignTabs label="for the design" design=adviser.design.into() choose=adviser.design.write_only()/>
            </div>
            <p class="muted tags">
                <span class="tag">"retrain"</span>" another function: train it anew, accuracy may change. "
                <span class="tag">"fine-tune"</span>" weights carry over approximately. All else keeps the outputs."
            </p>
            <Show when=move || { findings() == 0 }>
                <p class="muted">"Nothing stands out."</p>
            </Show>
            <ol class="findings">
                <For
                    each=rows
                    key=|row| format!("{row:?}")
                    children=|(design, finding)| view! { <FindingView design finding/> }
                />
            </ol>
            <Show when=move || { findings() > SHOWN }>
                <button class="button small" on:click=move |_| all.update(|all| *all = !*all)>
                    {move || if all.get() { "Fewer".to_string() } else { format!("{} more", findings() - SHOWN) }}
                </button>
            </Show>
            <LadderView/>
            <Means/>
        </section>
    }
}
