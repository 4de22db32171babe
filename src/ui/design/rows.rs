//! The rows of a design: all of them, or of a long one those near what is seen.

use leptos::html;
use leptos::prelude::*;

use crate::model::{Network, NodeId};
use crate::page::window::{Heights, MOST_ROWS_SHOWN, Window};
use crate::ui::each::Each;
use crate::ui::studio::Studio;

use super::row::Row;

/// The height of a row with its line, in CSS pixels (`--row` of the style sheet).
const ROW_PIXELS: u64 = 41;
const ROW: f64 = ROW_PIXELS as f64;

#[component]
pub fn Rows(design: usize, ids: Memo<Vec<usize>>, is_shown: Memo<bool>) -> impl IntoView {
    let studio = Studio::expect();
    let list = NodeRef::<html::Ol>::new();
    let is_long = Memo::new(move |_| ids.with(|ids| ids.len() > MOST_ROWS_SHOWN));
    let heights = Memo::new(move |_| {
        if is_long.get() { studio.derived.with(|derived| Heights::of(derived, design)) } else { Heights::default() }
    });
    let seen = seen(list, is_long);
    let window = Memo::new(move |_| {
        if !is_long.get() {
            return None;
        }
        Some(match seen.get() {
            Seen::All => heights.with(Heights::whole),
            Seen::From(..) if !is_shown.get() => Window::default(),
            Seen::From(top, bottom) => heights.with(|heights| heights.window(top, bottom)),
        })
    });
    let keys = Memo::new(move |_| {
        ids.with(|ids| match window.get() {
            Some(window) => ids.get(window.first..window.end).unwrap_or_default().to_vec(),
            None => ids.clone(),
        })
    });
    let padding = move |read: fn(Window) -> u64| {
        move || window.get().map_or(String::new(), |window| format!("{}px", read(window) * ROW_PIXELS))
    };
    Effect::new(move |_| {
        let Some((_, id)) = studio.sought.get().filter(|(sought, _)| *sought == design) else { return };
        let row = studio.with_design(design, |state| Network::position(state.network(), id)).flatten();
        if let (Some(list), Some(row)) = (list.get_untracked(), row) {
            let before = studio.derived.with_untracked(|derived| Heights::of(derived, design).before(row));
            let top = list.get_bounding_client_rect().top() + window_top() + before as f64 * ROW;
            leptos::prelude::window().scroll_to_with_x_and_y(0.0, (top - inner_height() / 2.0).max(0.0));
        }
        studio.marked.set(vec![(design, id)]);
        studio.sought.set(None);
    });
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
    }
}

/// What is seen of a list, in rows' heights from where it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    From(f64, f64),
    /// For paper.
    All,
}

/// Follows what is seen of a long list.
fn seen(list: NodeRef<html::Ol>, is_long: Memo<bool>) -> Memo<Seen> {
    let seen = RwSignal::new(Seen::From(0.0, inner_height() / ROW));
    let look = move || {
        if let Some(list) = list.get_untracked() {
            // So that not each pixel is news.
            let top = (-list.get_bounding_client_rect().top() / ROW / 4.0).floor() * 4.0;
            seen.set(Seen::From(top, top + inner_height() / ROW + 4.0));
        }
    };
    Effect::new(move |_| {
        if !is_long.get() {
            return;
        }
        request_animation_frame(look);
        let follow = move |_| look();
        let listeners = [
            window_event_listener_untyped("scroll", follow),
            window_event_listener_untyped("resize", follow),
            window_event_listener_untyped("beforeprint", move |_| seen.set(Seen::All)),
            window_event_listener_untyped("afterprint", follow),
        ];
        on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    });
    Memo::new(move |_| seen.get())
}

fn inner_height() -> f64 {
    leptos::prelude::window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(900.0)
}

fn window_top() -> f64 {
    leptos::prelude::window().scroll_y().unwrap_or(0.0)
}
