//! What outlives a reload of this tab, and what tells that an opening never ended. Both are written at once, where the
//! database takes a moment.

use crate::page::opening::Session;

/// The tab's work, in the session storage; `start.js` reads the link in it.
const SESSION: &str = "convscope.session";

/// What is being opened, in the local storage, as another tab may be the one that comes after it; `start.js` too.
const OPENING: &str = "convscope.opening";

/// Where works were kept before there was a database.
const EARLIER: &str = "convscope.workbench";

pub fn read() -> Option<Session> {
    Session::from_text(&session_storage()?.get_item(SESSION).ok()??)
}

pub fn write(session: &Session) {
    if let Some(storage) = session_storage() {
        // Where there is no room the address has it a moment later.
        let _ = storage.set_item(SESSION, &session.to_text());
    }
}

/// An opening that was begun and not ended: its link, and when it began.
pub fn unended() -> Option<(String, u64)> {
    let text = local_storage()?.get_item(OPENING).ok()??;
    let (began, link) = text.split_once('\n')?;
    Some((link.to_string(), began.parse().ok()?))
}

/// Notes that a link is being opened.
pub fn begin_opening(link: &str, now: u64) {
    if let Some(storage) = local_storage() {
        let _ = storage.set_item(OPENING, &format!("{now}\n{link}"));
    }
}

pub fn end_opening() {
    if let Some(storage) = local_storage() {
        let _ = storage.remove_item(OPENING);
    }
}

/// The link that was kept before there was a database.
pub fn earlier() -> Option<String> {
    local_storage()?.get_item(EARLIER).ok()?
}

pub fn forget_earlier() {
    if let Some(storage) = local_storage() {
        let _ = storage.remove_item(EARLIER);
    }
}

/// What stays when the page is closed.
pub fn local_storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}

fn session_storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().session_storage().ok().flatten()
}
