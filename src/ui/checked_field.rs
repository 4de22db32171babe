//! A field for a setting.

use leptos::prelude::*;

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
    /// What can be read: "a whole number".
    #[prop(into)]
    expected: String,
    /// Takes a value over from a text; `None` where it is no value.
    take: impl Fn(&str) -> Option<()> + 'static,
) -> impl IntoView {
    let typed = Typed::new(Studio::expect());
    let refused = RwSignal::new(false);
    let is_refused = Memo::new(move |_| typed.get().is_some() && refused.get());
    view! {
        <label class="muted" title=title>
            {name}" "
            <input
                class=format!("field {class}")
                type="text"
                inputmode="decimal"
                autocomplete="off"
                size="6"
                data-testid=if hook.is_empty() { name } else { hook }
                prop:value=move || typed.get().unwrap_or_else(|| value.get())
                aria-invalid=move || is_refused.get().then_some("true")
                on:input=move |event| {
                    let text = event_target_value(&event);
                    refused.set(take(text.trim()).is_none());
                    typed.set(text);
                }
                on:blur=move |_| {
                    if !is_refused.get_untracked() {
                        typed.clear();
                    }
                }
            />
            {(!unit.is_empty()).then(|| format!(" {unit}"))}
        </label>
        {move || is_refused.get().then(|| {
            let words = format!("{name} is {expected}. Until then {} counts.", value.get());
            view! { <span class="problem" data-testid="problem">{words}</span> }
        })}
    }
}
