//! The address of the page: its fragment is the link of the workbench.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use crate::page::address::Step;
use crate::share_link;
use crate::workbench::Workbench;

use super::selfcheck;

/// The whole address with the present workbench.
pub fn share_url(workbench: &Workbench) -> String {
    format!("{}#{}", base(), share_link::encode(workbench))
}

/// The link that stands behind `#`.
pub fn fragment() -> Option<String> {
    let hash = window().location().hash().ok()?;
    let link = hash.strip_prefix('#')?;
    (!link.is_empty() && link != selfcheck::FRAGMENT).then(|| link.to_string())
}

/// Whether the address names a dialog of the page, not a workbench.
pub fn is_of_a_dialog() -> bool {
    window().location().hash().is_ok_and(|hash| hash.strip_prefix('#') == Some(selfcheck::FRAGMENT))
}

/// The work that the present step of the browser's history belongs to; `None` for one that the page did not make.
pub fn work_of_step() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

/// Writes a workbench's link, as part of a work.
pub fn write(link: &str, step: Step, work: &str) {
    let typed = fragment();
    if typed.as_deref() == Some(link) {
        return;
    }
    let Ok(history) = window().history() else { return };
    let (state, address) = (JsValue::from_str(work), format!("#{link}"));
    // An address that was typed by hand and says the same is the step already.
    let is_same = || typed.is_some_and(|typed| share_link::encode(&share_link::decode(&typed).0) == link);
    // Refused where an address changes too often: the next edit writes it.
    let _ = match step {
        Step::Push if !is_same() => history.push_state_with_url(&state, "", Some(&address)),
        Step::Push | Step::Replace => history.replace_state_with_url(&state, "", Some(&address)),
    };
}

/// The plain address, in place of the present one.
pub fn clear() {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&base()));
    }
}

fn base() -> String {
    let address = window().location().href().unwrap_or_default();
    address.split('#').next().unwrap_or_default().to_string()
}
