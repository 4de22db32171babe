//! Several rows at once: selected by their names, then changed, copied or taken out together.

use leptos::ev;
use leptos::prelude::*;
use leptos::tachys::html::element::ElementExt;
use web_sys::Element;

use crate::model::NodeId;
use crate::page::several::{Common, arguments, layers};
use crate::ui::clipboard::{Copied, copy};
use crate::ui::keys::{is_text_chosen, is_typing};
use crate::ui::studio::Studio;

use super::handle::RowsHandle;

#[component]
pub fn Several(rows: RowsHandle) -> impl IntoView {
    let studio = Studio::expect();
    let design = rows.design;
    let selected = Memo::new(move |_| {
        let selection = studio.selection().filter(|(selected, _)| *selected == design);
        selection.map_or_else(Vec::new, |(_, ids)| ids)
    });
    listen_to_rows(studio, rows);
    listen_to_keys(studio, selected);
    show_selected(rows, selected);
    view! {
        <Show when=move || !selected.with(Vec::is_empty)>
            <Bar design selected/>
        </Show>
    }
}

/// What can be done with the rows that are selected.
#[component]
fn Bar(design: usize, selected: Memo<Vec<NodeId>>) -> impl IntoView {
    let studio = Studio::expect();
    let common = Memo::new(move |_| {
        selected.with(|ids| studio.with_design(design, |state| arguments(state.network(), ids)).unwrap_or_default())
    });
    let chosen = RwSignal::new(None::<String>);
    let argument = Memo::new(move |_| {
        common.with(|all| {
            let name = chosen.get();
            let named = all.iter().find(|argument| Some(argument.name) == name.as_deref());
            named.or_else(|| all.first()).cloned()
        })
    });
    let text = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let copied = RwSignal::new(Copied::NotYet);
    // The field begins with what the rows have in common.
    Effect::new(move |_| {
        text.set(argument.get().and_then(|argument| argument.value).unwrap_or_default());
        problem.set(None);
        copied.set(Copied::NotYet);
    });
    let apply = move || {
        if let Some(Common { name, .. }) = argument.get_untracked() {
            problem.set(studio.set_of_selected(name, text.get_untracked().trim()).err());
        }
    };
    let option = move |argument: Common| {
        let is_chosen = chosen.get_untracked().as_deref() == Some(argument.name);
        view! { <option value=argument.name selected=is_chosen>{format!("{} ({})", argument.name, argument.rows)}</option> }
    };
    view! {
        <div class="several" role="group" aria-label="Selected layers" data-testid=format!("several-{design}")>
            <b role="status">{move || layers(selected.with(Vec::len))}</b>
            <Show when=move || argument.with(Option::is_some)>
                <select
                    class="field"
                    aria-label="Argument of the selected layers"
                    data-testid="several-argument"
                    on:change:target=move |event| chosen.set(Some(event.target().value()))
                >
                    {move || common.get().into_iter().map(option).collect_view()}
                </select>
                <input
                    class="field"
                    type="text"
                    autocomplete="off"
                    spellcheck="false"
                    aria-label="Its value in all of them"
                    data-testid="several-value"
                    placeholder="various"
                    prop:value=move || text.get()
                    aria-invalid=move || problem.with(Option::is_some).then_some("true")
                    on:input:target=move |event| text.set(event.target().value())
                    on:keydown=move |event| if event.key() == "Enter" { apply() }
                />
                <button class="button small primary" data-testid="several-set" on:click=move |_| apply()>"Set"</button>
            </Show>
            <span class="several-rest">
                <button
                    class="button small"
                    data-testid="several-copy"
                    title="Ctrl C; Ctrl V puts them behind the layers that are selected then, or at the end"
                    on:click=move |_| if let Some(lines) = studio.copied() { copy(lines, copied) }
                >
                    {move || copied.get().words("Copy")}
                </button>
                <button class="button small" data-testid="several-delete" on:click=move |_| studio.remove_selected()>"Delete"</button>
                <button class="button quiet icon small" aria-label="Select nothing" on:click=move |_| studio.selected.set(None)>"✕"</button>
            </span>
            {move || problem.get().map(|problem| view! { <p class="problem" data-testid="problem">{problem}</p> })}
        </div>
    }
}

/// A click on a row's name, or Alt and Enter in it, selects the row, or not any more; with Shift, all up to it.
fn listen_to_rows(studio: Studio, RowsHandle { design, list, ids, .. }: RowsHandle) {
    let choose = move |id: NodeId, is_range: bool| {
        let before = untrack(|| studio.selection()).filter(|(selected, _)| *selected == design);
        let mut chosen = before.map_or_else(Vec::new, |(_, ids)| ids);
        let place = |id: NodeId| ids.with_untracked(|ids| ids.iter().position(|&other| other == id.0 as usize));
        match (is_range, chosen.first().and_then(|&first| place(first)), place(id)) {
            (true, Some(first), Some(last)) => {
                let range = first.min(last)..=first.max(last);
                chosen = ids.with_untracked(|ids| ids[range].iter().map(|&id| NodeId(id as u32)).collect());
            }
            _ if chosen.contains(&id) => chosen.retain(|other| *other != id),
            _ => chosen.push(id),
        }
        studio.selected.set(Some((design, chosen)));
    };
    Effect::new(move |_| {
        let Some(list) = list.get() else { return };
        let clicked = list.on(ev::click, move |event| {
            let name = event_target::<Element>(&event).closest(".row-name").ok().flatten();
            if let Some(id) = name.as_ref().and_then(row_of).filter(|_| event.shift_key() || !is_text_chosen()) {
                choose(id, event.shift_key());
            }
        });
        // With Shift, browsers select the text between two clicks.
        let down = list.on(ev::mousedown, |event| {
            if event.shift_key()
                && event_target::<Element>(&event).closest(".row-name").is_ok_and(|name| name.is_some())
            {
                event.prevent_default();
            }
        });
        let pressed = list.on(ev::keydown, move |event| {
            if event.key() == "Enter"
                && event.alt_key()
                && let Some(id) = row_of(&event_target::<Element>(&event))
            {
                event.prevent_default();
                choose(id, event.shift_key());
            }
        });
        on_cleanup(move || drop((clicked, down, pressed)));
    });
}

/// The row that an element stands in.
fn row_of(element: &Element) -> Option<NodeId> {
    let row = element.closest("[data-row]").ok().flatten()?;
    Some(NodeId(row.get_attribute("data-row")?.parse().ok()?))
}

/// The keys of the clipboard and Delete, where they mean no text.
fn listen_to_keys(studio: Studio, selected: Memo<Vec<NodeId>>) {
    let has_any = move || !selected.with_untracked(Vec::is_empty) && !is_typing();
    let copies = move |event: &web_sys::ClipboardEvent| {
        let lines = studio.copied().filter(|_| has_any() && !is_text_chosen());
        let (Some(data), Some(lines)) = (event.clipboard_data(), lines) else { return false };
        event.prevent_default();
        data.set_data("text/plain", &lines).is_ok()
    };
    let copied = window_event_listener(ev::copy, move |event| {
        copies(&event);
    });
    let cut = window_event_listener(ev::cut, move |event| {
        if copies(&event) {
            studio.remove_selected();
        }
    });
    let pressed = window_event_listener(ev::keydown, move |event| match event.key().as_str() {
        "Delete" if has_any() => studio.remove_selected(),
        "Escape" if has_any() => studio.selected.set(None),
        _ => {}
    });
    on_cleanup(move || [copied, cut, pressed].into_iter().for_each(WindowListenerHandle::remove));
}

/// Sets the rows off that are selected.
fn show_selected(RowsHandle { list, ids, window, .. }: RowsHandle, selected: Memo<Vec<NodeId>>) {
    let was_any = StoredValue::new(false);
    Effect::new(move |_| {
        let selected = selected.get();
        let is_any = !selected.is_empty();
        if !is_any && !was_any.get_value() {
            return;
        }
        was_any.set_value(is_any);
        // Other rows may stand there now.
        ids.track();
        window.track();
        request_animation_frame(move || {
            let Some(list) = list.get_untracked() else { return };
            let Ok(rows) = list.query_selector_all("[data-row]") else { return };
            for row in (0..rows.length()).filter_map(|index| rows.item(index)) {
                let row: Element = wasm_bindgen::JsCast::unchecked_into(row);
                let is_selected = row_of(&row).is_some_and(|id| selected.contains(&id));
                let _ = row.class_list().toggle_with_force("selected", is_selected);
            }
        });
    });
}
