//! What comes in from outside: files that are chosen or dropped, and what is pasted anywhere on the page.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileList, HtmlInputElement};

use crate::page::notation;
use crate::share_link;
use crate::ui::import::Importer;
use crate::ui::keys::is_typing;
use crate::ui::studio::Studio;

/// Kinds of files that are read, as an `input` wants them.
const ACCEPTED: &str = ".py,.txt,.ipynb,text/*";

/// A button that opens files; the field behind it is there for programs, too.
#[component]
pub fn OpenFile() -> impl IntoView {
    let studio = Studio::expect();
    let importer = Importer::expect();
    let input = NodeRef::<html::Input>::new();
    let open = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let read = move |event: ev::Event| {
        let input = event_target::<HtmlInputElement>(&event);
        read_files(studio, importer, input.files(), false);
        // The same file can be chosen again.
        input.set_value("");
    };
    view! {
        <button class="button" on:click=open>"Open file"</button>
        <input node_ref=input type="file" hidden multiple accept=ACCEPTED data-testid="open-file" on:change=read/>
    }
}

/// Asks for files to read, to open or (`beside`) to add.
pub fn choose_file(studio: Studio, importer: Importer, beside: bool) {
    let Ok(input) = document().create_element("input").map(JsCast::unchecked_into::<HtmlInputElement>) else { return };
    input.set_type("file");
    input.set_multiple(true);
    input.set_accept(ACCEPTED);
    let chosen = input.clone();
    let read = Closure::once_into_js(move || read_files(studio, importer, chosen.files(), beside));
    input.set_onchange(Some(read.unchecked_ref()));
    input.click();
}

/// Reads what is pasted where nothing else takes it, and files that are dropped anywhere.
pub fn receive_anywhere(studio: Studio, importer: Importer) {
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
            read_files(studio, importer, data.files(), false);
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
        read_files(studio, importer, Some(files), false);
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

fn read_files(studio: Studio, importer: Importer, files: Option<FileList>, beside: bool) {
    let Some(files) = files else { return };
    let files: Vec<File> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    spawn_local(async move {
        let mut texts = Vec::new();
        for file in &files {
            match read(file).await {
                Ok(text) if files.len() == 1 => texts.push(text),
                Ok(text) => texts.push(format!("# {}\n{text}", file.name())),
                Err(words) => return studio.say(words, false),
            }
        }
        if !texts.is_empty() {
            take_text(studio, importer, texts.join("\n\n"), beside);
        }
    });
}

/// The text of a file, or what is wrong with it.
async fn read(file: &File) -> Result<String, String> {
    let name = file.name();
    if file.size() > MOST_BYTES {
        return Err(format!("{name} has more than 16 MB: no source text is so long"));
    }
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| format!("{name} could not be read"))?;
    if text.contains('\0') {
        return Err(format!(
            "{name} is no text: Python files, notebooks and printed models open here; .onnx, .safetensors and .pth are read by the command line convscope"
        ));
    }
    if name.ends_with(".ipynb") {
        return cells(&text).ok_or_else(|| format!("{name} is no notebook: its JSON has no cells"));
    }
    Ok(text)
}

const MOST_BYTES: f64 = 16e6;

/// The code cells of a notebook, one below the other.
fn cells(text: &str) -> Option<String> {
    let get = |value: &JsValue, key: &str| js_sys::Reflect::get(value, &key.into()).ok();
    let notebook = js_sys::JSON::parse(text).ok()?;
    let cells: js_sys::Array = get(&notebook, "cells")?.dyn_into().ok()?;
    let source = |cell: JsValue| {
        get(&cell, "cell_type").filter(|kind| *kind == "code")?;
        let source = get(&cell, "source")?;
        match source.dyn_ref::<js_sys::Array>() {
            Some(lines) => Some(lines.iter().filter_map(|line| line.as_string()).collect::<String>()),
            None => source.as_string(),
        }
    };
    Some(cells.iter().filter_map(source).collect::<Vec<_>>().join("\n\n"))
}
