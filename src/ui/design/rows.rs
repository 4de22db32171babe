//! The rows of a design: all of them, or of a long one those near what is seen.

use leptos::html;
use leptos::prelude::*;

use crate::model::NodeId;
use crate::page::window::{MOST_ROWS_SHOWN, Window};
use crate::ui::each::Each;
use crate::ui::later::{Later, Piece};

use super::handle::RowsHandle;
use super::row::Row;

/// The height of a row with its line, in CSS pixels (`--row` of the style sheet).
pub const ROW_PIXELS: u64 = 41;

/// So many rows of a long design are shown at first.
const AT_FIRST: usize = 48;

#[component]
pub fn Rows(design: usize, ids: Memo<Vec<usize>>, is_shown: Memo<bool>) -> impl IntoView {
    let list = NodeRef::<html::Ol>::new();
    let window = RwSignal::new(None::<Window>);
    let keys = Memo::new(move |_| {
        ids.with(|ids| match window.get() {
            _ if ids.len() <= MOST_ROWS_SHOWN => ids.clone(),
            Some(window) => ids.get(window.first..window.end.min(ids.len())).unwrap_or_default().to_vec(),
            None => ids[..AT_FIRST].to_vec(),
        })
    });
    let padding = move |read: fn(&Window) -> u64| {
        move || window.with(|window| format!("{}px", window.as_ref().map_or(0, read) * ROW_PIXELS))
    };
    view! {
        <div role="table" aria-label="layers" aria-rowcount=move || ids.with(Vec::len).to_string()>
            <ol
                node_ref=list
                class="rows"
                role="none"
                style:padding-top=padding(|window| window.above)
                style:padding-bottom=padding(|window| window.below)
            >
                <Each keys view=move |id| view! { <Row design id=NodeId(id as u32)/> }.into_any()/>
            </ol>
        </div>
        <Later piece=Piece::Follow(RowsHandle { design, list, ids, is_shown, window })/>
    }
}
