//! A design as text to take away: PyTorch, Keras, and tables.

use leptos::prelude::*;

use crate::keras;
use crate::pytorch::export_module;
use crate::report::Format;
use crate::ui::studio::Studio;

/// What a design can be taken away as.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    PyTorch,
    Keras,
    Table(Format),
}

impl Form {
    fn all() -> Vec<Self> {
        let tables = Format::ALL.iter().map(|&format| Self::Table(format));
        [Self::PyTorch, Self::Keras].into_iter().chain(tables).collect()
    }

    const fn title(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Keras => "Keras",
            Self::Table(format) => format.title(),
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::PyTorch | Self::Keras => "py",
            Self::Table(format) => format.extension(),
        }
    }
}

#[component]
pub fn ExportButton(exporting: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            class="button"
            data-testid="export-open"
            aria-expanded=move || exporting.get().to_string()
            on:click=move |_| exporting.update(|exporting| *exporting = !*exporting)
        >
            "Export"
        </button>
    }
}

/// The text of one design, to copy or to save.
#[component]
pub fn Export(open: RwSignal<bool>) -> impl IntoView {
    let studio = Studio::expect();
    let design = RwSignal::new(0_usize);
    let form = RwSignal::new(Form::PyTorch);
    let copied = RwSignal::new(false);
    let text = Memo::new(move |_| {
        if !open.get() {
            return String::new();
        }
        copied.set(false);
        let form = form.get();
        let written = studio.with_design(design.get(), |state| match form {
            Form::PyTorch => export_module(state.network()),
            Form::Keras => keras::export(state.network()).unwrap_or_else(|problem| problem.to_string()),
            Form::Table(format) => format.write(state.network(), &state.report),
        });
        written.unwrap_or_default()
    });
    let names = move || {
        studio.derived.with(|derived| derived.designs.iter().map(|design| design.name.clone()).collect::<Vec<_>>())
    };
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&text.get_untracked());
        leptos::task::spawn_local(async move {
            copied.set(wasm_bindgen_futures::JsFuture::from(promise).await.is_ok());
        });
    };
    let file = move || format!("design.{}", form.get().extension());
    let address = move || text.with(|text| format!("data:text/plain;charset=utf-8,{}", encoded(text)));
    view! {
        <Show when=move || open.get()>
            <section class="card export" aria-label="Export">
                <div class="export-bar">
                    <select
                        class="field"
                        data-testid="export-design"
                        aria-label="Design"
                        on:change:target=move |event| design.set(event.target().value().parse().unwrap_or(0))
                    >
                        {move || names().into_iter().enumerate().map(|(index, name)| view! {
                            <option value=index.to_string() selected=index == design.get_untracked()>{name}</option>
                        }).collect_view()}
                    </select>
                    <select
                        class="field"
                        data-testid="export-form"
                        aria-label="Form"
                        on:change:target=move |event| {
                            let index: usize = event.target().value().parse().unwrap_or(0);
                            form.set(Form::all().get(index).copied().unwrap_or(Form::PyTorch));
                        }
                    >
                        {Form::all().into_iter().enumerate().map(|(index, each)| view! {
                            <option value=index.to_string() selected=each == form.get_untracked()>{each.title()}</option>
                        }).collect_view()}
                    </select>
                    <button class="button primary" data-testid="export-copy" on:click=copy>
                        {move || if copied.get() { "Copied" } else { "Copy" }}
                    </button>
                    <a class="button" data-testid="export-download" href=address download=file>"Download"</a>
                </div>
                <textarea
                    class="field export-text"
                    data-testid="export-text"
                    aria-label="Text of the design"
                    rows="12"
                    readonly
                    spellcheck="false"
                    prop:value=text
                ></textarea>
            </section>
        </Show>
    }
}

fn encoded(text: &str) -> String {
    String::from(js_sys::encode_uri_component(text))
}
