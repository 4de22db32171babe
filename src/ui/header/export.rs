//! A design as text to take away: PyTorch, Keras, and tables.

use leptos::prelude::*;

use crate::document::Document;
use crate::job::{Bytes, CodeReport, CodeTask, Message, News, WriteTask, WrittenForm};
use crate::keras;
use crate::page::format::grouped;
use crate::pytorch::export_with_loader;
use crate::report::{Format, json_with_workbench};
use crate::share_link;
use crate::ui::clipboard::{Copied, copy};
use crate::ui::files::{bytes_address, save, text_address};
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;
use crate::ui::{address, summary};

/// What a design can be taken away as.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    PyTorch,
    Keras,
    /// For a microcontroller.
    C {
        int8: bool,
    },
    /// A file that is no text, with the weights.
    File(WrittenForm),
    Table(Format),
}

impl Form {
    fn all() -> Vec<Self> {
        let tables = Format::ALL.iter().map(|&format| Self::Table(format));
        let code = [Self::PyTorch, Self::Keras, Self::C { int8: false }, Self::C { int8: true }];
        let files = [Self::File(WrittenForm::Onnx), Self::File(WrittenForm::SafeTensors)];
        code.into_iter().chain(files).chain(tables).collect()
    }

    const fn title(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Keras => "Keras",
            Self::C { int8: false } => "C for a microcontroller, floats",
            Self::C { int8: true } => "C for a microcontroller, int8",
            Self::File(WrittenForm::Onnx) => "ONNX",
            Self::File(WrittenForm::SafeTensors) => "Weights as .safetensors",
            Self::Table(format) => format.title(),
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::PyTorch | Self::Keras => "py",
            Self::C { .. } => "c",
            Self::File(WrittenForm::Onnx) => "onnx",
            Self::File(WrittenForm::SafeTensors) => "safetensors",
            Self::Table(format) => format.extension(),
        }
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
    // C is written by a worker, which runs the network for it.
    let code = RwSignal::new(String::new());
    let hear = move |message: Message<CodeReport>| match message.news {
        News::Told(report) => code.set(report.text),
        News::Failed(words) => code.set(words),
        News::Progress(_) => {}
    };
    let runner = Runner::<CodeTask>::new(Callback::new(hear));
    on_cleanup(move || runner.cancel());
    // Bytes to download, until others are there.
    let bytes = RwSignal::new(None::<String>);
    let hear = move |message: Message<Bytes>| match message.news {
        News::Told(written) => {
            let size = written.as_slice().len() as u64;
            forget(bytes);
            bytes.set(bytes_address(written.as_slice()));
            code.set(format!("A file of {} bytes, to download.", grouped(size)));
        }
        News::Failed(words) => code.set(words),
        News::Progress(_) => {}
    };
    let writer = Runner::<WriteTask>::new(Callback::new(hear));
    on_cleanup(move || {
        writer.cancel();
        forget(bytes);
    });
    Effect::new(move |_| {
        let form = form.get();
        // What is written of another form is not to come in later.
        writer.cancel();
        forget(bytes);
        let asked = studio.with_design(design.get(), |state| {
            (share_link::encode_design(state.network()), studio.shelf.with(|shelf| shelf.given(state)))
        });
        let (seed, gain) =
            studio.workbench().with_untracked(|workbench| (workbench.settings.seed, workbench.settings.gain));
        let Some((network, given)) = asked else { return };
        match form {
            Form::C { int8 } => {
                code.set("Writing…".to_string());
                runner.start(CodeTask { network, seed, gain, given, int8 });
            }
            Form::File(form) => {
                code.set("Writing…".to_string());
                writer.start(WriteTask { network, seed, gain, given, form });
            }
            Form::PyTorch | Form::Keras | Form::Table(_) => {}
        }
    });
    let text = Memo::new(move |_| {
        copied.set(Copied::NotYet);
        let form = form.get();
        if let Form::C { .. } | Form::File(_) = form {
            return code.get();
        }
        let written = studio.with_design(design.get(), |state| match form {
            Form::PyTorch => export_with_loader(state.network()),
            Form::Keras => keras::export(state.network()).unwrap_or_else(|problem| problem.to_string()),
            Form::C { .. } | Form::File(_) => String::new(),
            // The whole workbench comes back from it.
            Form::Table(Format::Json) => {
                let workbench = studio.workbench().with(|workbench| share_link::encode(workbench));
                json_with_workbench(state.network(), &state.report, &workbench)
            }
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
    let address = move || match form.get() {
        Form::File(_) => bytes.get(),
        _ => Some(text.with(|text| text_address("text/plain", text))),
    };
    let is_file = move || matches!(form.get(), Form::File(_));
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
                    <button class="button primary" data-testid="export-copy" disabled=is_file on:click=move |_| copy(text.get_untracked(), copied)>
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
                <p class="export-whole">
                    <button class="button" data-testid="export-document" on:click=move |_| save_document(studio)>
                        "Save the comparison as HTML"
                    </button>
                    <span class="muted">"All designs in one file, with tables, charts and what to change: for a mail, an issue, or paper."</span>
                </p>
    }
}

/// All designs as one HTML file.
fn save_document(studio: Studio) {
    let link = studio.workbench().with_untracked(|workbench| address::share_url(workbench));
    let baseline = studio.workbench().with_untracked(|workbench| workbench.baseline);
    let device = summary::device(studio).get_untracked();
    let learned = summary::accuracies(studio).get_untracked();
    let html = studio.derived.with_untracked(|derived| {
        Document { derived, baseline, device: device.as_ref(), learned: &learned, link: &link }.html()
    });
    if let Some(address) = bytes_address(html.as_bytes()) {
        save("comparison.html", &address);
    }
}

/// Lets bytes go that were to be downloaded.
fn forget(bytes: RwSignal<Option<String>>) {
    if let Some(address) = bytes.try_update(Option::take).flatten() {
        let _ = web_sys::Url::revoke_object_url(&address);
    }
}

/// A design's name as that of a file: letters, digits and hyphens.
fn file_name(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_lowercase();
    if name.is_empty() { "design".to_string() } else { name }
}
