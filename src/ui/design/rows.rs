//! The rows of a design: all of them, or of a long one those near what is seen.

use leptos::html;
use leptos::prelude::*;

use crate::model::NodeId;
use crate::page::modules::{Entry, Head, Module, entries};
use crate::page::window::{MOST_ROWS_SHOWN, Window};
use crate::ui::each::Each;
use crate::ui::later::{Later, Piece};

use super::handle::RowsHandle;
use super::row::Row;

/// The height of a row with its line, in CSS pixels (`--row` of the style sheet).
pub const ROW_PIXELS: u64 = 41;

/// In a key: the line of the module that begins with this row, not the row.
const HEAD: usize = 1 << 31;

/// So many rows of a long design are shown at first.
const AT_FIRST: usize = 48;

#[component]
pub fn Rows(design: usize, ids: Memo<Vec<usize>>, is_shown: Memo<bool>) -> impl IntoView {
    let list = NodeRef::<html::Ol>::new();
    let window = RwSignal::new(None::<Window>);
    let modules = RwSignal::new(Vec::<(Module, bool)>::new());
    let rows = RowsHandle { design, list, ids, is_shown, window, modules };
    let keys = Memo::new(move |_| {
        ids.with(|ids| {
            let (first, end) = match window.get() {
                _ if ids.len() <= MOST_ROWS_SHOWN => (0, ids.len()),
                Some(window) => (window.first, window.end.min(ids.len())),
                None => (0, AT_FIRST),
            };
            let head = |(module, is_folded): &(Module, bool)| Head {
                first: module.first,
                end: module.end,
                is_folded: *is_folded,
            };
            let heads: Vec<Head> = modules.with(|modules| modules.iter().map(head).collect());
            let key = |entry| match entry {
                Entry::Row(row) => ids.get(row).copied(),
                Entry::Head(row) => ids.get(row).map(|id| id | HEAD),
            };
            entries(&heads, first, end).into_iter().filter_map(key).collect::<Vec<_>>()
        })
    });
    let entry = move |key: usize| match key & HEAD {
        0 => view! { <Row design id=NodeId(key as u32)/> }.into_any(),
        _ => {
            let id = NodeId((key ^ HEAD) as u32);
            view! { <li class="module" role="none"><Later piece=Piece::Module { rows, id }/></li> }.into_any()
        }
    };
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
                <Each keys view=entry/>
            </ol>
        </div>
        <Later piece=Piece::Follow(rows)/>
    }
}
