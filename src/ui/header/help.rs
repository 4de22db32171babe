//! What the page is, and how it is used without a mouse.

use leptos::html;
use leptos::prelude::*;

use crate::ui::keys::is_typing;

/// Keys, and what each does.
const KEYS: &[(&str, &str)] = &[
    ("Ctrl V", "reads the PyTorch code that is in the clipboard"),
    ("Ctrl Z, Ctrl Shift Z", "undo and redo"),
    ("↑ ↓ in a field", "one more, one less"),
    ("Alt ↑, Alt ↓ in a row", "moves the layer"),
    (
        "A click on a layer's name, or Alt Enter in its row",
        "selects it, with Shift all up to it: to change, copy or delete several",
    ),
    ("Ctrl C, Ctrl X, Ctrl V, Delete", "copies, cuts, pastes, deletes the layers that are selected"),
    ("/", "finds a layer by its name"),
    ("Esc", "closes what is open over the page"),
    ("?", "opens this"),
];

#[component]
pub fn Help() -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let open = move || {
        if let Some(dialog) = dialog.get_untracked().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    };
    let typed = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "?" && !is_typing() {
            event.prevent_default();
            open();
        }
    });
    on_cleanup(move || typed.remove());
    view! {
        <button class="button icon" aria-label="Help" title="Help (?)" data-testid="help" on:click=move |_| open()>"?"</button>
        <dialog node_ref=dialog aria-labelledby="help-title">
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id="help-title">"Convscope"</h2>
                    <form method="dialog"><button class="button quiet icon" aria-label="Close">"✕"</button></form>
                </div>
                <p>
                    "Edit a convolutional network layer by layer and see at every key press what it costs: parameters, MACs, memory, time on a device. Set it beside another design, by default its depthwise separable twin. Counts are PyTorch's, exactly, or say that they are not. Everything is computed here: nothing is sent anywhere, and a link holds all of it."
                </p>
                <h3>"Keys"</h3>
                <dl class="keys">
                    {KEYS.iter().map(|(key, what)| view! { <dt>{*key}</dt><dd>{*what}</dd> }).collect_view()}
                </dl>
                <h3>"Places"</h3>
                <dl class="keys">
                    <dt>"Summary"</dt><dd>"a row for each design; a click compares it with the baseline"</dd>
                    <dt>"Layers"</dt><dd>"the two designs that are compared: every argument can be changed"</dd>
                    <dt>"Improve"</dt><dd>"what costs most, why, and what to change, one click each"</dd>
                    <dt>"Device"</dt><dd>"whether it fits a board, and how fast it would be"</dd>
                    <dt>"Run"</dt><dd>"the forward pass, measured in this browser"</dd>
                    <dt>"Explore"</dt><dd>"one argument over its values, and thousands of variants"</dd>
                    <dt>"Details"</dt><dd>"what other counters print, memory by five definitions, the self-check"</dd>
                </dl>
            </div>
        </dialog>
    }
}
