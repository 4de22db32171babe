//! Parts of the page that are fetched when the designs have been shown: see [`super::rest`].

use std::pin::Pin;

use leptos::prelude::*;

use super::design::RowHandle;

/// A part of the page that can wait.
#[derive(Clone, Copy)]
pub enum Part {
    Add {
        design: usize,
    },
    Batch,
    BestRemedy,
    Charts,
    Details(RowHandle),
    Export {
        open: RwSignal<bool>,
    },
    Import {
        open: RwSignal<bool>,
    },
    /// What there is to say of the link and of keeping.
    Notices,
    Menu {
        design: usize,
    },
    /// What stands below the designs.
    Panels,
    Presets,
    Recent {
        open: RwSignal<bool>,
    },
    Share {
        open: RwSignal<bool>,
    },
}

/// The part when it is there; until then, nothing.
#[component]
pub fn Later(part: Part) -> impl IntoView {
    let view: Pin<Box<dyn Future<Output = AnyView> + Send>> =
        Box::pin(async move { super::rest(part).await.unwrap_or_else(|_| missing()) });
    Suspend::new(view)
}

fn missing() -> AnyView {
    let words = "A part of the page could not be fetched. What was typed is kept: reload the page.";
    view! { <p class="card problem" role="alert">{words}</p> }.into_any()
}
