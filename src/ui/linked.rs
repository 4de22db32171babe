//! Sentences with addresses in them.

use leptos::prelude::*;

/// A text whose addresses can be followed.
#[component]
pub fn Linked(#[prop(into)] text: String) -> impl IntoView {
    let mut pieces: Vec<AnyView> = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("https://") {
        let (before, address) = rest.split_at(start);
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, ')' | ';');
        let (address, after) = address.split_at(address.find(is_end).unwrap_or(address.len()));
        let whole = address.trim_end_matches(['.', ',']);
        let shown = whole.trim_start_matches("https://").to_string();
        let whole = whole.to_string();
        pieces.push(before.to_string().into_any());
        pieces.push(
            view! { <a href=whole.clone() target="_blank" rel="noopener noreferrer" title=whole.clone()>{shown}</a> }
                .into_any(),
        );
        pieces.push(address[whole.len()..].to_string().into_any());
        rest = after;
    }
    pieces.push(rest.to_string().into_any());
    pieces.collect_view()
}
