//! Pieces of the page that are fetched when the designs have been shown: see [`super::later_pieces`].

use std::pin::Pin;

use leptos::prelude::*;

use crate::model::NodeId;
use crate::workbench::Part;

use super::design::handle::{RowHandle, RowsHandle};

/// A piece of the page that can wait.
#[derive(Clone, Copy)]
pub enum Piece {
    Add {
        design: usize,
    },
    BestRemedy,
    Charts,
    Details(RowHandle),
    /// What follows where the person looks in a design's rows.
    Follow(RowsHandle),
    Menu {
        design: usize,
    },
    /// The line of the module that begins with this row.
    Module {
        rows: RowsHandle,
        id: NodeId,
    },
    /// The bar at the top, with what it opens and what there is to say of the page's own doings.
    Header,
    /// A design's own input, where it has one.
    OwnInput {
        design: usize,
    },
    /// All of a part but the layers.
    Panel(Part),
    /// A row for each design.
    Summary,
}

/// The piece when it is there; until then, nothing.
#[component]
pub fn Later(piece: Piece) -> impl IntoView {
    let view: Pin<Box<dyn Future<Output = AnyView> + Send>> =
        Box::pin(async move { super::later_pieces(piece).await.unwrap_or_else(|_| missing()) });
    Suspend::new(view)
}

fn missing() -> AnyView {
    let words = "A part of the page could not be fetched. What was typed is kept: reload the page.";
    view! { <p class="card problem" role="alert">{words}</p> }.into_any()
}
