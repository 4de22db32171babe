//! The parts of the page: on wide screens tabs above the one that stands open, on narrow ones heads that unfold.

use leptos::prelude::*;

use crate::workbench::Part;

use super::design::Design;
use super::each::Each;
use super::later::{Later, Piece};
use super::studio::Studio;

/// Every part, the head of each before it. What is not open is there all the same: the browser finds and prints it.
#[component]
pub fn Parts() -> impl IntoView {
    let studio = Studio::expect();
    let part = studio.look();
    let one = move |one: Part| {
        let is_open = move || part.get().part.shows(one);
        let id = format!("part-{}", one.id());
        view! {
            <h2 class="part-head">
                <button
                    data-testid=id.clone()
                    aria-expanded=move || is_open().to_string()
                    aria-controls=id.clone()
                    on:click=move |_| studio.show_part(one)
                >
                    {one.title()}
                </button>
            </h2>
            <section
                class="part"
                id=id
                data-part=one.id()
                hidden=move || (!is_open()).then_some("until-found")
            >
                {match one {
                    Part::Layers => view! { <Layers/> }.into_any(),
                    other => view! { <Later piece=Piece::Panel(other)/> }.into_any(),
                }}
            </section>
        }
    };
    view! { <div class="parts">{Part::EACH.iter().map(|&part| one(part)).collect_view()}</div> }
}

/// The two designs that are compared, with their charts.
#[component]
fn Layers() -> impl IntoView {
    let studio = Studio::expect();
    let designs = studio.design_indices();
    view! {
        <div class="bench">
            <div class="designs">
                <Each keys=designs view=|design| view! { <Design design/> }.into_any()/>
            </div>
            <Later piece=Piece::Charts/>
        </div>
    }
}
