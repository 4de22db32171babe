//! The dialog for pasting, and the problems that stay after it.

use leptos::html;
use leptos::prelude::*;

use crate::job::{ImportReport, ImportedDesign, ProblemReport};
use crate::page::format::grouped;
use crate::ui::studio::Studio;

use super::{Importer, Kept, KeptOf, State};

/// So many candidates of input shapes are a list to choose from.
const LISTED: usize = 256;

#[component]
pub fn ImportDialog() -> impl IntoView {
    let studio = Studio::expect();
    let importer = Importer::expect();
    let dialog = NodeRef::<html::Dialog>::new();
    let area = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (importer.open.get(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
                // What is pasted next takes the place of what was pasted before.
                if let Some(area) = area.get_untracked() {
                    let _ = area.focus();
                    area.select();
                }
            }
            (false, true) => dialog.close(),
            (true, true) | (false, false) => {}
        }
    });
    let is_reading = move || importer.state.with(|state| *state == State::Reading);
    view! {
        <dialog node_ref=dialog aria-labelledby="import-title" on:close=move |_| importer.open.set(false)>
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id="import-title">{move || if importer.adding.get() { "Add from PyTorch code" } else { "Paste PyTorch code" }}</h2>
                    <button class="button quiet" aria-label="Close" on:click=move |_| importer.open.set(false)>"✕"</button>
                </div>
                <p class="muted">
                    "One or more nn.Module classes, an nn.Sequential, or what print(model) gives, just as it is: from a forum, a notebook, with or without indentation. Nothing leaves this page."
                </p>
                <textarea
                    node_ref=area
                    class="field source"
                    rows="14"
                    spellcheck="false"
                    autocomplete="off"
                    aria-label="PyTorch source"
                    data-testid="import-text"
                    placeholder="class Net(nn.Module): …"
                    prop:value=move || importer.text.get()
                    on:input=move |event| importer.type_text(event_target_value(&event))
                ></textarea>
                {move || importer.state.with(|state| match state {
                    State::Empty => None,
                    State::Reading => Some(view! { <p class="muted" role="status">"Reading …"</p> }.into_any()),
                    State::Failed(words) => Some(view! { <p class="problem" data-testid="problem">{words.clone()}</p> }.into_any()),
                    State::Read(report) => Some(view! { <Found report=report.clone()/> }.into_any()),
                })}
                <div class="dialog-actions">
                    <Show when=is_reading>
                        <button class="button" on:click=move |_| importer.cancel()>"Cancel"</button>
                    </Show>
                    <button
                        class="button"
                        class:primary=move || importer.adding.get()
                        data-testid="import-add"
                        disabled=move || !importer.can_open()
                        on:click=move |_| {
                            importer.adding.set(true);
                            importer.apply(&studio);
                        }
                    >
                        "Add beside"
                    </button>
                    <button
                        class="button"
                        class:primary=move || !importer.adding.get()
                        data-testid="import-apply"
                        title="In place of what is here, which stays under Recent"
                        disabled=move || !importer.can_open()
                        on:click=move |_| {
                            importer.adding.set(false);
                            importer.apply(&studio);
                        }
                    >
                        "Open"
                    </button>
                </div>
            </div>
        </dialog>
    }
}

/// What was found in the text.
#[component]
fn Found(report: ImportReport) -> impl IntoView {
    let importer = Importer::expect();
    let designs = report.designs.clone();
    let count = designs.len();
    let choice = move |side: &'static str, first: bool| {
        let names: Vec<String> = designs.iter().map(described).collect();
        let selected = move |index: usize| {
            importer.chosen.with(|(one, other)| if first { *one == index } else { *other == Some(index) })
        };
        view! {
            <label class="muted">
                {side}
                <select
                    class="button"
                    on:change=move |event| {
                        let index = event_target_value(&event).parse().unwrap_or(0);
                        importer.chosen.update(|chosen| if first { chosen.0 = index } else { chosen.1 = Some(index) });
                    }
                >
                    {names.into_iter().enumerate().map(|(index, name)| view! {
                        <option value=index.to_string() selected=move || selected(index)>{name}</option>
                    }).collect_view()}
                </select>
            </label>
        }
    };
    // To the eye, the problem says it.
    let is_told = count == 0 && !report.problems.is_empty();
    let summary = match report.designs.as_slice() {
        [] => "No network was found in this text.".to_string(),
        [one] => format!("Found {}; it opens beside its separable twin.", described(one)),
        [one, other] => format!("Found {} and {}.", described(one), described(other)),
        many => format!("Found {} networks; choose two to compare.", many.len()),
    };
    view! {
        <p role="status" class:visually-hidden=is_told>{summary}</p>
        {(count > 2).then(|| view! { <div class="choices">{choice("compare ", true)}{choice("with ", false)}</div> })}
        {report.designs.first().cloned().map(|design| view! { <InputChoice design/> })}
        <ProblemList problems=report.problems/>
    }
}

/// Where the input shape comes from, and the other ones that would do.
#[component]
fn InputChoice(design: ImportedDesign) -> impl IntoView {
    let importer = Importer::expect();
    let candidates: Vec<String> = design.candidates.iter().take(LISTED).cloned().collect();
    let shown = candidates.len() > 1;
    view! {
        <p class="muted">
            {format!("Input {}. ", design.input)}
            {shown.then(|| view! {
                <label>
                    {format!("{} shapes are possible: ", design.candidate_count)}
                    <select class="button small" data-testid="import-input" on:change=move |event| importer.choose_input(event_target_value(&event))>
                        {candidates.into_iter().map(|shape| {
                            let selected = importer.input.with(|input| input.as_deref() == Some(shape.as_str()));
                            view! { <option value=shape.clone() selected=selected>{shape.clone()}</option> }
                        }).collect_view()}
                    </select>
                </label>
            })}
        </p>
    }
}

/// Problems with their lines, PyTorch's words, and the fix where it is certain.
#[component]
fn ProblemList(problems: Vec<ProblemReport>) -> impl IntoView {
    let importer = Importer::expect();
    view! {
        <ul class="import-problems" data-testid="import-problems">
            {problems.into_iter().map(|problem| view! {
                <li class:error=problem.is_error data-kind=problem.kind data-line=problem.line.map(|line| line.to_string())>
                    <p>
                        {problem.line.map(|line| view! { <b>{format!("line {line}: ")}</b> })}
                        {problem.message}
                    </p>
                    {problem.original.map(|words| view! { <code>{words}</code> })}
                    {problem.fix.map(|(label, text)| view! {
                        <button class="button small" on:click=move |_| {
                            importer.type_text(text.clone());
                            importer.open.set(true);
                        }>{label}</button>
                    })}
                </li>
            }).collect_view()}
        </ul>
    }
}

/// The problems of the text that was opened last; they stay until they are dismissed.
#[component]
pub fn ImportProblems() -> impl IntoView {
    let importer = Importer::expect();
    move || {
        let Kept { problems, of } = importer.kept.get();
        if problems.is_empty() || importer.open.get() {
            return None;
        }
        let head = match (of, problems.len()) {
            (KeptOf::RefusedFiles, _) => "Not opened".to_string(),
            (_, 1) => "Opened with a note".to_string(),
            (_, count) => format!("Opened with {count} notes"),
        };
        Some(view! {
            <section class="card problems" role="status" aria-label="What the import says">
                <div class="problems-head">
                    <h2>{head}</h2>
                    <div class="group">
                        {(of == KeptOf::Text).then(|| view! {
                            <button class="button small" on:click=move |_| importer.open.set(true)>"Back to the text"</button>
                        })}
                        <button class="button small" on:click=move |_| importer.kept.set(Kept::default())>"Dismiss"</button>
                    </div>
                </div>
                <ProblemList problems/>
            </section>
        })
    }
}

fn described(design: &ImportedDesign) -> String {
    match design.params {
        Some(params) => format!("{} ({} params)", design.name, grouped(params)),
        None => format!("{} (some cost unknown)", design.name),
    }
}
