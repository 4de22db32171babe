//! The remedies one after another, down to the smallest network.

use leptos::prelude::*;

use crate::device::Fitted;
use crate::rewrite::Effect;
use crate::ui::fit::Evidence;
use crate::ui::studio::Studio;
use crate::ui::table::Table;

use super::Adviser;
use super::costs::cells;

#[component]
pub fn LadderView() -> impl IntoView {
    let studio = Studio::expect();
    let adviser = Adviser::expect();
    let ladder =
        move || adviser.advice.with(|advice| advice.as_ref().map(|advice| (advice.design, advice.ladder.clone())));
    move || {
        let (design, ladder) = ladder()?;
        if ladder.steps.is_empty() {
            return None;
        }
        let start = ladder.start;
        let steps = ladder.steps.clone();
        let open_all = move |_| {
            for step in &steps {
                studio.open_beside(design, step.title.clone(), &step.rewrites);
            }
        };
        Some(view! {
            <div class="ladder">
                <h3>"The ladder: how small it can get, step by step"</h3>
                <Table
                    label="The ladder"
                    header=vec!["step", "params", "MACs", "peak in place", "int8 flash", "Cortex-M7", "retrain?"]
                    buttons="apply or open"
                >
                    <tr>
                        <td>"as it is"</td>
                        {cells(&start).map(|cell| view! { <td>{cell}</td> }).collect_view()}
                        <td></td>
                        <td></td>
                    </tr>
                    {ladder.steps.into_iter().map(|step| {
                        let (name, rewrites) = (step.title.clone(), step.rewrites.clone());
                        let all = step.rewrites.clone();
                        view! {
                            <tr data-testid="step" data-params=step.costs.params.to_string()>
                                <td>{step.title}</td>
                                {cells(&step.costs).map(|cell| view! { <td>{cell}</td> }).collect_view()}
                                <td>{function(step.effect)}</td>
                                <td><div class="step-actions">
                                    <button
                                        class="button small"
                                        title="All steps down to this one"
                                        on:click=move |_| studio.apply(design, &all)
                                    >
                                        "Apply"
                                    </button>
                                    <button
                                        class="button small"
                                        on:click=move |_| studio.open_beside(design, name.clone(), &rewrites)
                                    >
                                        "Open beside"
                                    </button>
                                </div></td>
                            </tr>
                        }
                    }).collect_view()}
                </Table>
                <Evidence fitted=Fitted::reference()/>
                <button class="button small beside" on:click=open_all>"Open every step beside"</button>
            </div>
        })
    }
}

/// What a step does to the function that the network computes.
const fn function(effect: Effect) -> &'static str {
    match effect {
        Effect::Exact => "no",
        Effect::Approximate => "fine-tune",
        Effect::Retrain => "yes",
    }
}
