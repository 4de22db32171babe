//! Inputs for the arguments of a layer.

use leptos::ev;
use leptos::prelude::*;

use crate::model::{Kind, Layer, NodeId, Value};
use crate::page::drafts::Field;
use crate::page::row::plain;
use crate::ui::studio::Studio;
use crate::ui::typed::Typed;

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
    let shown = move || value.with(|value| value.as_ref().map_or(String::new(), plain));
    let typed = Typed::new(studio, Field::Argument { design, id, name }, shown);
    let take = move |text: String| {
        let outcome = studio.type_argument(design, id, name, &text);
        typed.set(text, outcome);
    };
    let step = move |event: &ev::KeyboardEvent, by: i64| {
        if let Some(Value::Int(int)) = value.get_untracked() {
            event.prevent_default();
            take(int.saturating_add(by).to_string());
            typed.leave();
        }
    };
    view! {
        <input
            type="text"
            name=name
            autocomplete="off"
            spellcheck="false"
            placeholder=if kind.layer().argument(name) == Some(Value::None) { "–" } else { "" }
            aria-label=name
            prop:value=move || typed.get()
            aria-invalid=move || typed.is_refused().then_some("true")
            title=move || typed.problem().unwrap_or_else(|| name.to_string())
            on:input=move |event| take(event_target_value(&event))
            on:blur=move |_| typed.leave()
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
                let text = if event_target_checked(&event) { "True" } else { "False" };
                // Each of the two is a value of it.
                let _ = studio.type_argument(design, id, name, text);
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
            // Each choice is a value of it.
            on:change=move |event| drop(studio.type_argument(design, id, name, &event_target_value(&event)))
        >
            {choices.iter().map(|choice| view! { <option value=*choice>{*choice}</option> }).collect_view()}
        </select>
    }
}
