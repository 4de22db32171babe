//! A design as text to take away: PyTorch, Keras, and tables.

use leptos::prelude::*;

use crate::c_code;
use crate::engine::Numbers;
use crate::keras;
use crate::model::Network;
use crate::pytorch::export_module;
use crate::report::Format;
use crate::ui::clipboard::{Copied, copy};
use crate::ui::files::text_address;
use crate::ui::studio::Studio;

/// What a design can be taken away as.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    PyTorch,
    Keras,
    /// For a microcontroller.
    C(Numbers),
    Table(Format),
}

impl Form {
    fn all() -> Vec<Self> {
        let tables = Format::ALL.iter().map(|&format| Self::Table(format));
        let code = [Self::PyTorch, Self::Keras, Self::C(Numbers::F32), Self::C(Numbers::Int8)];
        code.into_iter().chain(tables).collect()
    }

    const fn title(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Keras => "Keras",
            Self::C(Numbers::F32) => "C for a microcontroller, floats",
            Self::C(Numbers::Int8) => "C for a microcontroller, int8",
            Self::Table(format) => format.title(),
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::PyTorch | Self::Keras => "py",
            Self::C(_) => "c",
            Self::Table(format) => format.extension(),
        }
    }
}

/// Both files of a design as one text, each behind its name, with the weights of the first seed.
fn c_text(network: &Network, numbers: Numbers) -> String {
    match c_code::export(network, 0, numbers) {
        Ok(code) => code.whole(),
        Err(problem) => problem.to_string(),
    }
}

/// The text of one design, to copy or to save.
#[component]
pub fn Export() -> impl IntoView {
    let studio = Studio::expect();
    // The design that is meant is most often the one that was just changed.
    let design = RwSignal::new(studio.touched());
    let form = RwSignal::new(Form::PyTorch);
    let copied = RwSignal::new(Copied::NotYet);
    let text = Memo::new(move |_| {
        copied.set(Copied::NotYet);
        let form = form.get();
        let written = studio.with_design(design.get(), |state| match form {
            Form::PyTorch => export_module(state.network()),
            Form::Keras => keras::export(state.network()).unwrap_or_else(|problem| problem.to_string()),
            Form::C(numbers) => c_text(state.network(), numbers),
            Form::Table(format) => format.write(state.network(), &state.report),
        });
        written.unwrap_or_default()
    });
    let names = move || {
        studio.derived.with(|derived| derived.designs.iter().map(|design| design.name.clone()).collect::<Vec<_>>())
    };
    let file = move || {
        let name = studio.with_design(design.get(), |state| file_name(&state.name)).unwrap_or_default();
        format!("{name}.{}", form.get().extension())
    };
    let address = move || text.with(|text| text_address("text/plain", text));
    view! {
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
                    <button class="button primary" data-testid="export-copy" on:click=move |_| copy(text.get_untracked(), copied)>
                        {move || copied.get().words("Copy")}
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
    }
}

/// A design's name as that of a file: letters, digits and hyphens.
fn file_name(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_lowercase();
    if name.is_empty() { "design".to_string() } else { name }
}
