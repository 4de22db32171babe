//! What is seen of a design's rows: which of a long one are shown, and one that is sought.

use leptos::ev;
use leptos::prelude::*;
use leptos::tachys::html::element::ElementExt;

use crate::model::NodeId;
use crate::page::modules::{Head, Module, modules as modules_of};
use crate::page::pointing::{compared_row, places};
use crate::page::window::{Heights, MOST_ROWS_SHOWN, Window};
use crate::ui::studio::Studio;

use super::handle::RowsHandle;
use super::rows::ROW_PIXELS;

const ROW: f64 = ROW_PIXELS as f64;

/// So many rows' heights are scrolled before the window follows: not each pixel is news.
const STEP: f64 = 4.0;

/// What is seen of a list, in rows' heights from where it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    From(f64, f64),
    /// For paper.
    All,
}

/// Keeps the window of a long design where the person looks, and brings a row that is sought into sight.
#[component]
pub fn Follow(rows: RowsHandle) -> impl IntoView {
    let RowsHandle { design, list, ids, is_shown, window, modules } = rows;
    let studio = Studio::expect();
    let found = Memo::new(move |_| studio.with_design(design, modules_of).unwrap_or_default());
    Effect::new(move |_| {
        let now = studio.folded.with(|folded| {
            let fold = |module: Module| {
                let is_folded = folded.contains(&module.name);
                (module, is_folded)
            };
            found.get().into_iter().map(fold).collect::<Vec<_>>()
        });
        if modules.with_untracked(|before| *before != now) {
            modules.set(now);
        }
    });
    let heads = Memo::new(move |_| {
        let head =
            |(module, is_folded): &(Module, bool)| Head { first: module.first, end: module.end, is_folded: *is_folded };
        modules.with(|modules| modules.iter().map(head).collect::<Vec<_>>())
    });
    let is_long = Memo::new(move |_| ids.with(|ids| ids.len() > MOST_ROWS_SHOWN));
    let heights = Memo::new(move |_| match is_long.get() {
        true => heads.with(|heads| studio.derived.with(|derived| Heights::of(derived, design, heads))),
        false => Heights::default(),
    });
    let seen = RwSignal::new(Seen::From(0.0, inner_height() / ROW));
    let look = move || {
        if let Some(list) = list.get_untracked() {
            let top = (-list.get_bounding_client_rect().top() / ROW / STEP).floor() * STEP;
            let now = Seen::From(top, top + inner_height() / ROW + STEP);
            if seen.get_untracked() != now {
                seen.set(now);
            }
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
    Effect::new(move |_| {
        let now = is_long.get().then(|| match seen.get() {
            Seen::All => heights.with(Heights::whole),
            Seen::From(..) if !is_shown.get() => Window::default(),
            Seen::From(top, bottom) => heights.with(|heights| heights.window(top, bottom)),
        });
        if window.get_untracked() != now {
            window.set(now);
        }
    });
    point_at_rows(studio, rows);
    Effect::new(move |_| {
        let Some((_, id)) = studio.sought.get().filter(|(sought, _)| *sought == design) else { return };
        let row = studio.with_design(design, |state| state.network().position(id)).flatten();
        if let (Some(list), Some(row)) = (list.get_untracked(), row) {
            let within = modules.with_untracked(|modules| {
                let within = modules.iter().find(|(module, _)| (module.first..module.end).contains(&row));
                within.map(|(module, _)| module.name.clone())
            });
            if let Some(name) = within {
                studio.folded.update(|folded| {
                    folded.remove(&name);
                });
            }
            let unfolded =
                |head: &Head| Head { is_folded: head.is_folded && !(head.first..head.end).contains(&row), ..*head };
            let heads: Vec<Head> = heads.with_untracked(|heads| heads.iter().map(unfolded).collect());
            let before = studio.derived.with_untracked(|derived| Heights::of(derived, design, &heads).before(row));
            let page = leptos::prelude::window();
            let top = list.get_bounding_client_rect().top() + page.scroll_y().unwrap_or(0.0) + before as f64 * ROW;
            page.scroll_to_with_x_and_y(0.0, (top - inner_height() / 2.0).max(0.0));
        }
        studio.marked.set(vec![(design, id)]);
        studio.sought.set(None);
    });
}

/// Sets off, beside the row under the pointer, its counterparts in the other design and in the charts.
fn point_at_rows(studio: Studio, RowsHandle { design, list, .. }: RowsHandle) {
    let point = move |id: Option<NodeId>| {
        let now = studio.derived.with_untracked(|derived| {
            let row = compared_row(derived, (design, id?))?;
            Some(places(derived, row))
        });
        let now = now.unwrap_or_default();
        if studio.marked.with_untracked(|before| *before != now) {
            studio.marked.set(now);
        }
    };
    Effect::new(move |_| {
        let Some(list) = list.get() else { return };
        let over = list.on(ev::pointerover, move |event| {
            let row = event_target::<web_sys::Element>(&event).closest("[data-row]").ok().flatten();
            point(row.and_then(|row| Some(NodeId(row.get_attribute("data-row")?.parse().ok()?))));
        });
        let leave = list.on(ev::pointerleave, move |_| point(None));
        on_cleanup(move || drop((over, leave)));
    });
}

fn inner_height() -> f64 {
    leptos::prelude::window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(900.0)
}
