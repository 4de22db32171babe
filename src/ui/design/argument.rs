//! Inputs for the arguments of a layer.

use leptos::ev;
use leptos::prelude::*;

use crate::model::{Kind, Layer, NodeId, Value};
use crate::ui::studio::Studio;
use crate::ui::typed::Typed;

use super::row_view::plain;

/// One argument of a row: a text, a check box or a choice, as its type wants.
#[component]
pub fn ArgumentInput(
    design: usize,
    id: NodeId,
    kind: Kind,
    name: &'static str,
    /// What stands before it; nothing for none.
    label: &'static str,
    layer: RwSignal<Option<Layer>>,
) -> impl IntoView {
    let value = Memo::new(move |_| layer.with(|layer| layer.as_ref().and_then(|layer| layer.argument(name))));
    let choices = kind.choices(name);
    let is_switch = matches!(kind.layer().argument(name), Some(Value::Bool(_)));
    let input = if is_switch {
        view! { <Switch design id name value/> }.into_any()
    } else if !choices.is_empty() {
        view! { <Choice design id name value choices/> }.into_any()
    } else {
        view! { <TextArgument design id kind name value/> }.into_any()
    };
    view! {
        <label class="argument" title=name>
            {label}
            {input}
        </label>
    }
}

#[component]
fn TextArgument(
    design: usize,
    id: NodeId,
    kind: Kind,
    name: &'static str,
    value: Memo<Option<Value>>,
) -> impl IntoView {
    let studio = Studio::expect();
    let draft = move || studio.drafts.with(|drafts| drafts.get(&(design, Some(id), name.to_string())).cloned());
    let typed = Typed::new(studio);
    let shown = move || {
        typed.get().or_else(draft).unwrap_or_else(|| value.with(|value| value.as_ref().map_or(String::new(), plain)))
    };
    let step = move |event: &ev::KeyboardEvent, by: i64| {
        if let Some(Value::Int(int)) = value.get_untracked() {
            event.prevent_default();
            typed.clear();
            studio.type_argument(design, id, name, &(int + by).to_string());
        }
    };
    let expected = kind.expected(name).unwrap_or_default();
    view! {
        <input
            type="text"
            name=name
            autocomplete="off"
            spellcheck="false"
            placeholder=if kind.layer().argument(name) == Some(Value::None) { "–" } else { "" }
            aria-label=name
            prop:value=shown
            aria-invalid=move || draft().is_some().then_some("true")
            title=move || if draft().is_some() { format!("{name} is {expected}") } else { name.to_string() }
            on:input=move |event| {
                let text = event_target_value(&event);
                typed.set(text.clone());
                studio.type_argument(design, id, name, &text);
            }
            on:blur=move |_| typed.clear()
            on:keydown=move |event| match (event.key().as_str(), event.alt_key()) {
                ("ArrowUp", false) => step(&event, 1),
                ("ArrowDown", false) => step(&event, -1),
                _ => {}
            }
        />
    }
}

#[component]
fn Switch(design: usize, id: NodeId, name: &'static str, value: Memo<Option<Value>>) -> impl IntoView {
    let studio = Studio::expect();
    view! {
        <input
            type="checkbox"
            name=name
            aria-label=name
            prop:checked=move || value.get() == Some(Value::Bool(true))
            on:change=move |event| {
                studio.type_argument(design, id, name, if event_target_checked(&event) { "True" } else { "False" });
            }
        />
    }
}

#[component]
fn Choice(
    design: usize,
    id: NodeId,
    name: &'static str,
    value: Memo<Option<Value>>,
    choices: &'static [&'static str],
) -> impl IntoView {
    let studio = Studio::expect();
    let chosen = move || value.with(|value| value.as_ref().map_or(String::new(), plain));
    view! {
        <select
            name=name
            aria-label=name
            prop:value=chosen
            on:change=move |event| studio.type_argument(design, id, name, &event_target_value(&event))
        >
            {choices.iter().map(|choice| view! { <option value=*choice>{*choice}</option> }).collect_view()}
        </select>
    }
}
