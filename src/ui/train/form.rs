//! What to learn from, and how.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::job::Control;
use crate::page::train::{OPTIMIZERS, SCHEDULES, Source, set, setting};

use super::Trainer;

/// The fields by their names, which PyTorch has for them where it has any, with what is said of each.
const FIELDS: [(&str, &str); 8] = [
    ("epochs", "How often all samples are learned from"),
    ("batch_size", "Samples of one step"),
    ("lr", "The rate; it may be changed while designs learn"),
    ("momentum", "Of SGD and RMSprop"),
    ("weight_decay", "Added to the gradient; AdamW's is taken from the weights"),
    ("label_smoothing", "Of the cross entropy"),
    ("train_seed", "As torch.manual_seed takes it: it decides the weights, the batches and the split"),
    ("seeds", "So many seeds one after the other, from train_seed on"),
];

#[component]
pub fn Form(trainer: Trainer) -> impl IntoView {
    let settings = trainer.settings;
    let choose_source = move |event: leptos::ev::Event| {
        trainer.problem.set(None);
        if let Some(source) = Source::from_id(&event_target_value(&event)) {
            trainer.source.set(source);
        }
    };
    let choose_optimizer = move |event: leptos::ev::Event| {
        let id = event_target_value(&event);
        if let Some((.., optimizer)) = OPTIMIZERS.iter().find(|(known, ..)| *known == id) {
            settings.update(|settings| settings.optimizer = *optimizer);
        }
    };
    let choose_schedule = move |event: leptos::ev::Event| {
        let id = event_target_value(&event);
        if let Some((.., schedule)) = SCHEDULES.iter().find(|(known, ..)| *known == id) {
            settings.update(|settings| settings.schedule = *schedule);
        }
    };
    view! {
        <div class="train-form">
            <label class="muted">
                "data "
                <select class="button" name="train-data" data-testid="train-data" prop:value=move || trainer.source.get().id() on:change=choose_source>
                    {Source::ALL.map(|(id, text, _)| view! { <option value=id>{text}</option> }).collect_view()}
                </select>
            </label>
            {FIELDS.map(|(name, title)| view! { <Number name title trainer/> }).collect_view()}
            <label class="muted">
                "optimizer "
                <select
                    class="button"
                    name="optimizer"
                    data-testid="optimizer"
                    prop:value=move || settings.with(|settings| {
                        OPTIMIZERS.iter().find(|(.., known)| *known == settings.optimizer).map(|(id, ..)| *id)
                    })
                    on:change=choose_optimizer
                >
                    {OPTIMIZERS.map(|(id, text, _)| view! { <option value=id>{text}</option> }).collect_view()}
                </select>
            </label>
            <label class="muted">
                "schedule "
                <select
                    class="button"
                    name="schedule"
                    data-testid="schedule"
                    prop:value=move || settings.with(|settings| {
                        SCHEDULES.iter().find(|(.., known)| *known == settings.schedule).map(|(id, ..)| *id)
                    })
                    on:change=choose_schedule
                >
                    {SCHEDULES.map(|(id, text, _)| view! { <option value=id>{text}</option> }).collect_view()}
                </select>
            </label>
            <Check label="stop when the test loss no longer falls" hook="train-patience" is_on=move || settings.with(|s| s.stops_by_itself) turn=move |on| settings.update(|s| s.stops_by_itself = on)/>
            <Check label="bring the data to the design's shape, instead of the design to the data" hook="train-resample" is_on=move || settings.with(|s| s.resamples) turn=move |on| settings.update(|s| s.resamples = on)/>
        </div>
        <Show when=move || trainer.source.get() == Source::Own><Own trainer/></Show>
    }
}

#[component]
fn Number(name: &'static str, title: &'static str, trainer: Trainer) -> impl IntoView {
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let value = move || trainer.settings.with(|settings| setting(settings, name));
    let take = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        let mut settings = trainer.settings.get_untracked();
        let outcome = set(&mut settings, name, text.trim());
        typed.set(Some(text));
        problem.set(outcome.err());
        if problem.with_untracked(Option::is_none) {
            if name == "lr" {
                trainer.say(Control::Rate(settings.lr));
            }
            trainer.settings.set(settings);
        }
    };
    view! {
        <label class="muted" title=title>
            {name}" "
            <input
                class="field"
                type="text"
                inputmode="decimal"
                autocomplete="off"
                size="6"
                name=name
                data-testid=name
                prop:value=move || typed.get().unwrap_or_else(value)
                aria-invalid=move || problem.with(Option::is_some).then_some("true")
                on:input=take
                on:blur=move |_| if problem.with_untracked(Option::is_none) { typed.set(None) }
            />
        </label>
        {move || problem.get().map(|words| view! {
            <span class="problem" data-testid="problem">{format!("{words}. Still using {}.", value())}</span>
        })}
    }
}

#[component]
fn Check(
    label: &'static str,
    hook: &'static str,
    is_on: impl Fn() -> bool + Send + 'static,
    turn: impl Fn(bool) + 'static,
) -> impl IntoView {
    view! {
        <label class="muted check">
            <input type="checkbox" data-testid=hook prop:checked=is_on on:change=move |event| turn(event_target_checked(&event))/>
            {label}
        </label>
    }
}

/// A person's own table: a file, or text.
#[component]
fn Own(trainer: Trainer) -> impl IntoView {
    let read = move |event: leptos::ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(file) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        leptos::task::spawn_local(async move {
            match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
                Some(text) => trainer.own.set(text),
                None => trainer.problem.set(Some("The file could not be read as text.".to_string())),
            }
        });
    };
    view! {
        <div class="own-data">
            <input type="file" accept=".csv,.tsv,.txt,.ts" data-testid="own-file" aria-label="a table of your own" on:change=read/>
            <textarea
                class="field"
                rows="4"
                data-testid="own-text"
                aria-label="a table of your own, as text"
                placeholder="class,value,value,value"
                spellcheck="false"
                prop:value=move || trainer.own.get()
                on:input=move |event| trainer.own.set(event_target_value(&event))
            ></textarea>
        </div>
    }
}
