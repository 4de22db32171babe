//! What comes in from outside: files that are chosen or dropped, and what is pasted anywhere on the page.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use web_sys::{File, FileList, HtmlInputElement};

use crate::page::notation;
use crate::share_link;
use crate::ui::import::Importer;
use crate::ui::keys::is_typing;
use crate::ui::studio::Studio;

use super::models::{Models, bytes};

/// Kinds of files that are read, as an `input` wants them: what a file is, is known by its content. Phones know no endings
/// like these and offer nothing then, so that any kind is among them.
const ACCEPTED: &str =
    ".py,.txt,.ipynb,.onnx,.data,.tflite,.safetensors,.pt,.pth,.json,text/*,application/octet-stream,*/*";

/// A button that opens files; the field behind it is there for programs, too.
#[component]
pub fn OpenFile() -> impl IntoView {
    let studio = Studio::expect();
    let importer = Importer::expect();
    let models = expect_context::<Models>();
    let input = NodeRef::<html::Input>::new();
    let open = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let read = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        read_files(studio, importer, models, input.files(), false);
        // The same file can be chosen again.
        input.set_value("");
    };
    view! {
        <button class="button" title="Python, notebooks, .onnx, .tflite, weights as .safetensors, .pt and .pth; several at once; or drop them anywhere" on:click=open>
            "Open file"
        </button>
        <input node_ref=input type="file" hidden multiple accept=ACCEPTED data-testid="open-file" on:change=read/>
    }
}

/// Asks for files to read, to open or (`beside`) to add.
pub fn choose_file(studio: Studio, importer: Importer, models: Models, beside: bool) {
    let Ok(input) = document().create_element("input").map(JsCast::unchecked_into::<HtmlInputElement>) else { return };
    input.set_type("file");
    input.set_multiple(true);
    input.set_accept(ACCEPTED);
    let chosen = input.clone();
    let read = Closure::once_into_js(move || read_files(studio, importer, models, chosen.files(), beside));
    input.set_onchange(Some(read.unchecked_ref()));
    input.click();
}

/// Reads what is pasted where nothing else takes it, and files that are dropped anywhere.
pub fn receive_anywhere(studio: Studio, importer: Importer, models: Models) {
    let pasted = window_event_listener(ev::paste, move |event| {
        let Some(data) = event.clipboard_data().filter(|_| !is_typing()) else { return };
        let text = data.get_data("text/plain").unwrap_or_default();
        if text.starts_with(notation::COPIED) {
            event.prevent_default();
            studio.paste(&text);
        } else if !text.trim().is_empty() {
            event.prevent_default();
            take_text(studio, importer, text, false);
        } else if data.files().is_some_and(|files| files.length() > 0) {
            event.prevent_default();
            read_files(studio, importer, models, data.files(), false);
        }
    });
    let over = window_event_listener(ev::dragover, |event| {
        if event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0)) {
            event.prevent_default();
        }
    });
    let dropped = window_event_listener(ev::drop, move |event| {
        let Some(files) = event.data_transfer().and_then(|data| data.files()).filter(|files| files.length() > 0) else {
            return;
        };
        event.prevent_default();
        read_files(studio, importer, models, Some(files), false);
    });
    on_cleanup(move || {
        pasted.remove();
        over.remove();
        dropped.remove();
    });
}

/// A link opens what it says, any other text is read as code.
fn take_text(studio: Studio, importer: Importer, text: String, beside: bool) {
    let fragment = text.trim().rsplit_once('#').map_or(text.trim(), |(_, fragment)| fragment);
    let is_link = !text.trim().contains(char::is_whitespace) && fragment.starts_with("v=");
    if is_link {
        let (workbench, problems) = share_link::decode(fragment);
        studio.link_problems.set(problems);
        studio.open(workbench);
    } else {
        importer.show(beside);
        importer.type_text(text);
    }
}

/// Source text is shown in the dialog; whatever else there is, is read in a worker.
fn read_files(studio: Studio, importer: Importer, models: Models, files: Option<FileList>, beside: bool) {
    let Some(files) = files else { return };
    let files: Vec<File> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    if files.is_empty() {
        return;
    }
    spawn_local(async move {
        let mut texts = Vec::new();
        for file in &files {
            match source(file).await {
                Some(text) if files.len() == 1 => texts.push(text),
                Some(text) => texts.push(format!("# {}\n{text}", file.name())),
                None => return models.read(studio, importer, files, beside).await,
            }
        }
        take_text(studio, importer, texts.join("\n\n"), beside);
    });
}

/// The text of a file; `None` where it is none, or JSON.
async fn source(file: &File) -> Option<String> {
    if file.size() > MOST_TEXT {
        return None;
    }
    let text = String::from_utf8(bytes(file).await?).ok()?;
    let is_text = !text.contains(|letter: char| letter < '\t') && !text.trim_start().starts_with('{');
    (is_text && !text.trim().is_empty()).then_some(text)
}

/// No source text is so long.
const MOST_TEXT: f64 = 16e6;
