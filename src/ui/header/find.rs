//! Finding a row by its name or class, also one of a long design that is not shown.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;

use crate::model::NodeId;
use crate::ui::keys::is_typing;
use crate::ui::studio::Studio;

/// So many are listed.
const MOST_FOUND: usize = 12;

/// A row that was found: its design, and what is said of it.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    design: usize,
    id: NodeId,
    name: String,
    of: String,
}

#[component]
pub fn FindRow() -> impl IntoView {
    let studio = Studio::expect();
    let field = NodeRef::<html::Input>::new();
    let words = RwSignal::new(String::new());
    let found = Memo::new(move |_| words.with(|words| studio.derived.with(|derived| find(derived, words))));
    let typed = window_event_listener(ev::keydown, move |event| {
        if event.key() == "/" && !is_typing() {
            event.prevent_default();
            if let Some(field) = field.get_untracked() {
                let _ = field.focus();
                field.select();
            }
        }
    });
    on_cleanup(move || typed.remove());
    let go = move |found: &Found| {
        words.set(String::new());
        studio.seek(found.design, found.id);
    };
    view! {
        <span class="pop-place find-place">
            <input
                node_ref=field
                class="field find-row"
                type="search"
                autocomplete="off"
                spellcheck="false"
                placeholder="Find a layer  /"
                aria-label="Find a layer by its name or class"
                data-testid="find-row"
                prop:value=move || words.get()
                on:input=move |event| words.set(event_target_value(&event))
                on:keydown=move |event| match event.key().as_str() {
                    "Enter" => {
                        if let Some(first) = found.with_untracked(|found| found.first().cloned()) {
                            go(&first);
                        }
                    }
                    "Escape" => words.set(String::new()),
                    _ => {}
                }
            />
            <Show when=move || words.with(|words| !words.trim().is_empty())>
                <ul class="card pop found">
                    {move || found.get().into_iter().map(|found| view! {
                        <li>
                            <button class="button quiet" data-testid="found-row" on:click={
                                let found = found.clone();
                                move |_| go(&found)
                            }>
                                <b>{found.name.clone()}</b><span class="muted">{found.of.clone()}</span>
                            </button>
                        </li>
                    }).collect_view()}
                    {move || found.with(Vec::is_empty).then(|| view! { <li class="muted">"No layer is called so."</li> })}
                </ul>
            </Show>
        </span>
    }
}

/// Rows whose name or class has all of the words, those whose name begins with them first.
fn find(derived: &crate::page::derived::Derived, words: &str) -> Vec<Found> {
    let words = words.trim().to_lowercase();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(bool, Found)> = Vec::new();
    for (design, state) in derived.designs.iter().enumerate() {
        for node in &state.network().nodes {
            let (name, class) = (node.name.to_lowercase(), node.layer.kind().class());
            if name.contains(&words) || class.to_lowercase().contains(&words) {
                let of = format!("{class} in {}", state.name);
                found.push((!name.starts_with(&words), Found { design, id: node.id, name: node.name.clone(), of }));
            }
        }
    }
    found.sort_by_key(|(is_later, _)| *is_later);
    found.into_iter().map(|(_, found)| found).take(MOST_FOUND).collect()
}
