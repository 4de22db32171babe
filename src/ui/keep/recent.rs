//! The works that are kept, to go on with; and what there is to say of keeping.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::page::opening::{Kept, in_order};

use super::{Keeper, database};

/// What was made in this browser, the newest first.
#[component]
pub fn Recent(close: Callback<()>) -> impl IntoView {
    let keeper = Keeper::expect();
    let kept = RwSignal::new(Vec::<Kept>::new());
    let read = move || {
        spawn_local(async move {
            kept.set(in_order(database::now().await.unwrap_or_default()).0);
        });
    };
    read();
    let entry = move |work: Kept| {
        let is_here = keeper.work.with_value(|here| here.id == work.id);
        let origin = if work.is_own { "" } else { ", opened from a link" };
        let when = format!("{}{origin}", database::local_time(work.saved as f64));
        let label = format!("Forget {}", work.title);
        let (title, id) = (work.title.clone(), work.id.clone());
        let go_on = move |_| {
            keeper.open(&work);
            close.run(());
        };
        let forget = move |_| {
            let id = id.clone();
            spawn_local(async move {
                database::forget(vec![id]).await;
                read();
            });
        };
        let ways = if is_here {
            view! { <span class="muted">"this one"</span> }.into_any()
        } else {
            view! {
                <span class="group">
                    <button class="button small" on:click=go_on>"Open"</button>
                    <button class="button small quiet" aria-label=label on:click=forget>"Forget"</button>
                </span>
            }
            .into_any()
        };
        view! {
            <li data-testid="recent">
                <span class="recent-title">{title}</span>
                <span class="muted">{when}</span>
                {ways}
            </li>
        }
    };
    view! {
                <p class="muted">"Kept in this browser alone, each edit at once. A link that you open never takes the place of what you made."</p>
                <ul>{move || kept.get().into_iter().map(entry).collect_view()}</ul>
                {move || kept.with(Vec::is_empty).then(|| view! { <p>"Nothing yet: what you edit, paste or open is kept here."</p> })}
    }
}

/// That nothing is kept, that a work is a copy, or that an opening did not end.
#[component]
pub fn KeepNotices() -> impl IntoView {
    let keeper = Keeper::expect();
    let not_kept = move || {
        keeper.not_kept.get().map(|reason| {
            let words = match reason.0.as_str() {
                "QuotaExceededError" => "The browser's storage is full, so edits are kept in the address alone. Make room under Recent, or copy the link.".to_string(),
                "VersionError" => "A newer version of this page has kept works here that this one cannot read. Reload to get it; until then edits are kept in the address alone.".to_string(),
                other => format!("This browser keeps nothing for this page ({other}): edits are in the address alone. Copy the link to keep them."),
            };
            notice(words, move || keeper.not_kept.set(None), None)
        })
    };
    let copy = move || {
        keeper.is_copy.get().then(|| {
            let words = "This is open in another tab too. Here it goes on as a copy: both are kept, under Recent.";
            notice(words.to_string(), move || keeper.is_copy.set(false), None)
        })
    };
    let held_back = move || {
        keeper.held_back.get().map(|link| {
            let words = "When this was opened last, the page did not get to the end of it, so something else is shown.";
            let again = Callback::new(move |()| {
                keeper.held_back.set(None);
                keeper.show(&link, None);
            });
            notice(words.to_string(), move || keeper.held_back.set(None), Some(("Open it all the same", again)))
        })
    };
    view! {
        {not_kept}
        {copy}
        {held_back}
    }
}

/// A word on the page's own doings, with a way to put it away and perhaps one more.
fn notice(words: String, dismiss: impl Fn() + 'static, way: Option<(&'static str, Callback<()>)>) -> impl IntoView {
    view! {
        <section class="card problems" data-testid="notice" role="status">
            <div class="problems-head">
                <p>{words}</p>
                <span class="group">
                    {way.map(|(name, act)| view! { <button class="button small" on:click=move |_| act.run(())>{name}</button> })}
                    <button class="button small" on:click=move |_| dismiss()>"Dismiss"</button>
                </span>
            </div>
        </section>
    }
}
