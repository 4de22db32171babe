//! A table of figures.

use leptos::prelude::*;

/// Rows under a header, in a box that scrolls, by keyboard too, where it is too narrow for them.
#[component]
pub fn Table(
    label: &'static str,
    #[prop(into)] header: Signal<Vec<&'static str>>,
    /// What the buttons in a last column do: read out, not shown.
    #[prop(optional)]
    buttons: Option<&'static str>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label=label>
            <table class="data">
                <thead>
                    <tr>
                        {move || header.get().into_iter().map(|text| view! { <th scope="col">{text}</th> }).collect_view()}
                        {buttons.map(|buttons| view! { <th scope="col"><span class="visually-hidden">{buttons}</span></th> })}
                    </tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
