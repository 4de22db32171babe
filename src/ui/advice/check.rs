//! An exact remedy, checked by running the design and what it becomes.

use leptos::prelude::*;

use crate::job::{CheckReport, CheckTask, ExactRewrite, Message, News};
use crate::page::format::grouped;
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;

#[component]
pub fn Check(design: usize, rewrites: Vec<Rewrite>) -> impl IntoView {
    let studio = Studio::expect();
    let said = RwSignal::new(None::<String>);
    let hear = move |message: Message<CheckReport>| match message.news {
        News::Told(report) => said.set(Some(sentence(&report))),
        News::Failed(words) => said.set(Some(words)),
        News::Progress(_) => {}
    };
    let runner = Runner::<CheckTask>::new(Callback::new(hear));
    on_cleanup(move || runner.cancel());
    let exact: Option<Vec<ExactRewrite>> = rewrites.iter().map(ExactRewrite::of).collect();
    let check = move |_| {
        let (seed, gain) =
            studio.workbench().with_untracked(|workbench| (workbench.settings.seed, workbench.settings.gain));
        let network = studio.with_design(design, |state| share_link::encode_design(state.network()));
        if let (Some(network), Some(rewrites)) = (network, exact.clone()) {
            said.set(Some("Running both…".to_string()));
            runner.start(CheckTask { network, rewrites, seed, gain });
        }
    };
    view! {
        <p class="check" data-testid="checked">
            "The same function. "
            {move || match said.get() {
                Some(said) => said.into_any(),
                None => view! { <button class="link" data-testid="check" on:click=check.clone()>"Check by running both"</button> }.into_any(),
            }}
        </p>
    }
}

fn sentence(report: &CheckReport) -> String {
    format!(
        "Ran both: the {} outputs are at most {:.1e} apart; the largest is {:.2}.",
        grouped(report.outputs),
        report.largest_difference,
        report.largest_output
    )
}
