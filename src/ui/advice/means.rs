//! PyTorch's own means: what each gives at best, and the lines that do it.

use leptos::prelude::*;

use crate::page::format::bytes;

use super::Adviser;

#[component]
pub fn Means() -> impl IntoView {
    let adviser = Adviser::expect();
    let means =
        move || adviser.advice.with(|advice| advice.as_ref().map(|advice| advice.means.clone()).unwrap_or_default());
    view! {
        <details class="means" hidden=move || means().is_empty()>
            <summary><h3>"What else PyTorch offers: quantising, pruning, distilling"</h3></summary>
            <ul>
                {move || means().into_iter().map(|technique| view! {
                    <li>
                        <p>
                            <b>{technique.title}</b>
                            <span class="muted">{format!(" weights {} → {} at best", bytes(technique.bytes.before), bytes(technique.bytes.after))}</span>
                        </p>
                        <p>{technique.effect}</p>
                        <p class="muted">{technique.but}</p>
                        <pre tabindex="0">{technique.code}</pre>
                    </li>
                }).collect_view()}
            </ul>
        </details>
    }
}
