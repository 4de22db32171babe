//! The workbench in the address and in the browser's storage, so that nothing typed is ever lost.

use std::collections::HashMap;

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::share_link::{self, LinkProblem};
use crate::workbench::Workbench;

use super::selfcheck;
use super::studio::Studio;

/// Where the last workbench is kept, as its link.
const STORED: &str = "convscope.workbench";

/// How long edits rest before they are a step of the browser's history, in milliseconds.
const SETTLED: u64 = 400;

/// The workbench to begin with: the address's, else the last one, else the question's pair.
pub fn first() -> (Workbench, Vec<LinkProblem>) {
    let link = fragment().or_else(|| storage()?.get_item(STORED).ok()?);
    link.map_or_else(|| (Workbench::default(), Vec::new()), |link| share_link::decode(&link))
}

/// Keeps address and storage up with the workbench, and the workbench with the address.
pub fn follow(studio: Studio) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |started: Option<()>| {
        let link = studio.workbench().with(share_link::encode);
        if let Some(storage) = storage() {
            let _ = storage.set_item(STORED, &link);
        }
        if let Some(earlier) = pending.get_value() {
            earlier.clear();
        }
        if started.is_some() {
            let push = move || push(&link);
            pending.set_value(set_timeout_with_handle(push, std::time::Duration::from_millis(SETTLED)).ok());
        }
    });
    let follow_address = move || {
        if window().location().hash().is_ok_and(|hash| hash.strip_prefix('#') == Some(selfcheck::FRAGMENT)) {
            return;
        }
        let link = fragment().unwrap_or_default();
        if link == studio.workbench().with_untracked(share_link::encode) {
            return;
        }
        let (workbench, problems) =
            if link.is_empty() { (Workbench::default(), Vec::new()) } else { share_link::decode(&link) };
        studio.link_problems.set(problems);
        studio.drafts.update(HashMap::clear);
        studio.show(workbench);
    };
    // It comes with a step of the history and with an address typed by hand.
    let handle = window_event_listener(leptos::ev::popstate, move |_| follow_address());
    on_cleanup(move || handle.remove());
}

/// The whole address with the present workbench.
pub fn share_url(workbench: &Workbench) -> String {
    let location = window().location();
    let base = location.href().unwrap_or_default();
    let base = base.split('#').next().unwrap_or_default();
    format!("{base}#{}", share_link::encode(workbench))
}

fn push(link: &str) {
    if fragment().as_deref() != Some(link) {
        let address = format!("#{link}");
        if let Ok(history) = window().history() {
            // An address that was typed by hand and says the same is the step already.
            let is_same = fragment().is_some_and(|typed| share_link::encode(&share_link::decode(&typed).0) == link);
            let _ = if is_same {
                history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(&address))
            };
        }
    }
}

/// The link that stands behind `#`.
fn fragment() -> Option<String> {
    let hash = window().location().hash().ok()?;
    let link = hash.strip_prefix('#')?;
    (!link.is_empty() && link != selfcheck::FRAGMENT).then(|| link.to_string())
}

/// What stays when the page is closed.
pub fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
