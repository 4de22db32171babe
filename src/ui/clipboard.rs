//! Copying, also where the page may not write to the clipboard by itself: on plain http, and within another page.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlTextAreaElement;

/// What came of copying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Copied {
    #[default]
    NotYet,
    Done,
    /// Refused in every way: it has to be done by hand.
    Refused,
}

impl Copied {
    /// What stands on the button.
    pub const fn words(self, before: &'static str) -> &'static str {
        match self {
            Self::NotYet => before,
            Self::Done => "Copied",
            Self::Refused => "Press Ctrl C",
        }
    }
}

/// Copies a text, and tells what came of it.
pub fn copy(text: String, copied: RwSignal<Copied>) {
    let written = clipboard().map(|clipboard| clipboard.write_text(&text));
    leptos::task::spawn_local(async move {
        let is_written = match written {
            Some(promise) => JsFuture::from(promise).await.is_ok(),
            None => false,
        };
        copied.set(if is_written || copy_selected(&text) { Copied::Done } else { Copied::Refused });
    });
}

/// The clipboard, where the browser gives one: not on plain http.
fn clipboard() -> Option<web_sys::Clipboard> {
    let navigator = window().navigator();
    js_sys::Reflect::get(&navigator, &"clipboard".into()).ok()?.dyn_into().ok()
}

/// The old way: selects the text in a field of its own and has the document copy it.
fn copy_selected(text: &str) -> bool {
    let document = document();
    let focused = document.active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    let Some(field) =
        document.create_element("textarea").ok().and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return false;
    };
    field.set_value(text);
    field.set_class_name("visually-hidden");
    // Within an open dialog nothing outside of it can be selected.
    let home = document.query_selector("dialog[open]").ok().flatten();
    let home = home.or_else(|| document.body().map(Into::into));
    let Some(home) = home.filter(|home| home.append_child(&field).is_ok()) else { return false };
    field.select();
    let command = js_sys::Reflect::get(&document, &"execCommand".into());
    let command = command.ok().and_then(|command| command.dyn_into::<js_sys::Function>().ok());
    let outcome = command.and_then(|command| command.call1(&document, &"copy".into()).ok());
    let _ = home.remove_child(&field);
    if let Some(focused) = focused {
        let _ = focused.focus();
    }
    outcome.is_some_and(|outcome| outcome.is_truthy())
}
