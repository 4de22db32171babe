//! A field for a setting.

use leptos::prelude::*;

use crate::page::drafts::Field;

use super::studio::Studio;
use super::typed::Typed;

/// A field for one value, by its name, which is its hook too. What cannot be read stays in the field, with what could be
/// and with the value that counts until then.
#[component]
pub fn CheckedField(
    name: &'static str,
    /// What stands behind the field.
    #[prop(default = "")]
    unit: &'static str,
    #[prop(default = "")] class: &'static str,
    #[prop(default = "")] title: &'static str,
    /// Its hook, where that is not its name.
    #[prop(default = "")]
    hook: &'static str,
    value: Signal<String>,
    /// Takes a value over from a text, or says what could be read: "seed is a whole number".
    take: impl Fn(&str) -> Result<(), String> + 'static,
) -> impl IntoView {
    let hook = if hook.is_empty() { name } else { hook };
    let typed = Typed::new(Studio::expect(), Field::Setting(hook), move || value.get());
    view! {
        <label class="muted" title=title>
            {name}" "
            <input
                class=format!("field {class}")
                type="text"
                inputmode="decimal"
                autocomplete="off"
                size="6"
                data-testid=hook
                prop:value=move || typed.get()
                aria-invalid=move || typed.is_refused().then_some("true")
                on:input=move |event| {
                    let text = event_target_value(&event);
                    let outcome = take(text.trim());
                    typed.set(text, outcome);
                }
                on:blur=move |_| typed.leave()
            />
            {(!unit.is_empty()).then(|| format!(" {unit}"))}
        </label>
        {move || typed.problem().map(|problem| {
            let words = format!("{problem}. Still using {}.", value.get());
            view! { <span class="problem" data-testid="problem">{words}</span> }
        })}
    }
}
