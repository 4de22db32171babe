//! Keys that mean something wherever the focus is.

use leptos::prelude::*;
use web_sys::Element;

/// Whether the focus is where keys are text.
pub fn is_typing() -> bool {
    let Some(element) = document().active_element() else { return false };
    let is_button = |element: &Element| {
        let kind = element.get_attribute("type").unwrap_or_default();
        matches!(kind.as_str(), "checkbox" | "radio" | "range" | "button" | "file")
    };
    match element.tag_name().as_str() {
        "INPUT" => !is_button(&element),
        "TEXTAREA" => true,
        _ => false,
    }
}

/// Whether some text of the page is selected, as one does to copy it.
pub fn is_text_chosen() -> bool {
    window().get_selection().ok().flatten().is_some_and(|chosen| !chosen.is_collapsed())
}
