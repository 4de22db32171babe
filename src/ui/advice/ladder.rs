//! The remedies one after another, down to the smallest network.

use leptos::prelude::*;

use crate::ui::format::{bytes, grouped, short};
use crate::ui::studio::Studio;

use super::{Adviser, open_beside};

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
        Some(view! {
            <div class="ladder">
                <h3>"The ladder: how small it can get, step by step"</h3>
                <div class="scroll" tabindex="0" role="region" aria-label="The ladder">
                    <table class="data">
                        <thead>
                            <tr>
                                <th scope="col">"step"</th>
                                <th scope="col">"params"</th>
                                <th scope="col">"MACs"</th>
                                <th scope="col">"int8 flash"</th>
                                <th scope="col"><span class="visually-hidden">"open"</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            <tr>
                                <td>"as it is"</td>
                                <td>{grouped(start.params)}</td>
                                <td>{short(start.macs)}</td>
                                <td>{bytes(start.flash_bytes)}</td>
                                <td></td>
                            </tr>
                            {ladder.steps.into_iter().map(|step| {
                                let (name, rewrites) = (step.title.clone(), step.rewrites.clone());
                                view! {
                                    <tr>
                                        <td>{step.title}</td>
                                        <td>{grouped(step.costs.params)}</td>
                                        <td>{short(step.costs.macs)}</td>
                                        <td>{bytes(step.costs.flash_bytes)}</td>
                                        <td>
                                            <button
                                                class="button small"
                                                on:click=move |_| open_beside(&studio, design, name.clone(), &rewrites)
                                            >
                                                "Open beside"
                                            </button>
                                        </td>
                                    </tr>
                                }
                            }).collect_view()}
                        </tbody>
                    </table>
                </div>
            </div>
        })
    }
}
