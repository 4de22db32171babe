//! Layers to add, by a list or in words, and the whole design as text.

use leptos::prelude::*;

use crate::model::{Kind, NodeId};
use crate::page::drafts::Field;
use crate::page::notation;
use crate::ui::studio::Studio;
use crate::ui::typed::Typed;

/// The kinds one can add, by what they are for.
const GROUPS: &[(&str, &[Kind])] = &[
    (
        "Convolution and matrix product",
        &[Kind::Conv2d, Kind::ConvTranspose2d, Kind::Conv1d, Kind::ConvTranspose1d, Kind::Linear],
    ),
    (
        "Pooling",
        &[
            Kind::MaxPool2d,
            Kind::AvgPool2d,
            Kind::AdaptiveAvgPool2d,
            Kind::AdaptiveMaxPool2d,
            Kind::MaxPool1d,
            Kind::AvgPool1d,
            Kind::AdaptiveAvgPool1d,
            Kind::AdaptiveMaxPool1d,
            Kind::Mean,
        ],
    ),
    (
        "Normalisation",
        &[
            Kind::BatchNorm2d,
            Kind::BatchNorm1d,
            Kind::GroupNorm,
            Kind::LayerNorm,
            Kind::LayerNorm2d,
            Kind::InstanceNorm2d,
            Kind::InstanceNorm1d,
            Kind::LocalResponseNorm,
        ],
    ),
    (
        "Activation",
        &[
            Kind::ReLU,
            Kind::ReLU6,
            Kind::LeakyReLU,
            Kind::PReLU,
            Kind::ELU,
            Kind::SELU,
            Kind::CELU,
            Kind::SiLU,
            Kind::GELU,
            Kind::Mish,
            Kind::Hardswish,
            Kind::Hardsigmoid,
            Kind::Hardtanh,
            Kind::Sigmoid,
            Kind::LogSigmoid,
            Kind::Tanh,
            Kind::Softplus,
            Kind::Softsign,
            Kind::Softmax,
            Kind::LogSoftmax,
        ],
    ),
    (
        "Shape and order",
        &[
            Kind::Flatten,
            Kind::View,
            Kind::Transpose,
            Kind::Permute,
            Kind::Contiguous,
            Kind::Chunk,
            Kind::Slice,
            Kind::ChannelShuffle,
            Kind::PixelShuffle,
            Kind::PixelUnshuffle,
            Kind::Upsample,
            Kind::ZeroPad2d,
            Kind::ConstantPad2d,
            Kind::ReflectionPad2d,
            Kind::ReplicationPad2d,
        ],
    ),
    ("Branches", &[Kind::Add, Kind::Mul, Kind::Cat, Kind::Parameter, Kind::Scalar]),
    ("Training only", &[Kind::Dropout, Kind::Dropout2d, Kind::AlphaDropout, Kind::StochasticDepth, Kind::Identity]),
];

/// Layers to add at the end of a design, typed or chosen; and the whole design as lines.
#[component]
pub fn AddLayer(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let add = move |kind| studio.add(design, None, kind);
    view! {
        <QuickAdd design after=None hook=format!("quick-add-{design}")/>
        <LayerChoice label="Add a layer…" hook=format!("add-{design}") on_choice=add/>
        <Lines design/>
    }
}

/// A field for layers in shorthand: Enter adds them.
#[component]
pub fn QuickAdd(
    design: usize,
    /// The row that they come behind; `None` for the last one.
    after: Option<NodeId>,
    hook: String,
) -> impl IntoView {
    let studio = Studio::expect();
    let typed = Typed::new(studio, Field::Quick { design }, String::new);
    let add = move || {
        let words = typed.get();
        match studio.add_in_words(design, after, &words) {
            Ok(()) => {
                typed.set(String::new(), Ok(()));
                typed.leave();
            }
            Err(problem) => typed.set(words, Err(problem)),
        }
    };
    view! {
        <input
            class="field quick"
            type="text"
            autocomplete="off"
            spellcheck="false"
            data-testid=hook
            aria-label="Add layers by typing"
            placeholder="conv 64 k3 s2, bn, relu"
            title="Layers in shorthand, then Enter: conv 64 k3 s2, dw 3, pw 32, bn, relu, max 2, fc 10"
            prop:value=move || typed.get()
            aria-invalid=move || typed.is_refused().then_some("true")
            on:input=move |event| typed.set(event_target_value(&event), Ok(()))
            on:keydown=move |event| {
                if event.key() == "Enter" {
                    event.prevent_default();
                    add();
                }
            }
        />
        {move || typed.problem().map(|problem| view! { <span class="problem" data-testid="problem">{problem}</span> })}
    }
}

/// The design as lines that can be edited, in step with its rows.
#[component]
fn Lines(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let at_rest = studio.at_rest();
    let lines =
        Memo::new(move |_| at_rest.with_design(design, |state| notation::write(state.network())).unwrap_or_default());
    let typed = Typed::new(studio, Field::Lines { design }, move || lines.get());
    view! {
        <details class="lines">
            <summary>"As text"</summary>
            <textarea
                class="field"
                rows=move || lines.with(|lines| lines.lines().count().clamp(4, 24) + 1)
                spellcheck="false"
                autocomplete="off"
                data-testid=format!("design-text-{design}")
                aria-label="The design as text, a line for each layer"
                prop:value=move || typed.get()
                aria-invalid=move || typed.is_refused().then_some("true")
                on:input=move |event| {
                    let text = event_target_value(&event);
                    let outcome = studio.type_lines(design, &text);
                    typed.set(text, outcome);
                }
                on:blur=move |_| typed.leave()
            ></textarea>
            {move || typed.problem().map(|problem| view! {
                <p class="problem" data-testid="problem">{format!("{problem}. Until then the rows count.")}</p>
            })}
        </details>
    }
}

/// A list of all kinds of layers; choosing one is the action.
#[component]
pub fn LayerChoice(label: &'static str, hook: String, on_choice: impl Fn(Kind) + 'static) -> impl IntoView {
    let choose = move |event: leptos::ev::Event| {
        let kind = Kind::from_class(&event_target_value(&event));
        event_target::<web_sys::HtmlSelectElement>(&event).set_selected_index(0);
        if let Some(kind) = kind {
            on_choice(kind);
        }
    };
    let options = |kinds: &'static [Kind]| {
        kinds.iter().map(|kind| view! { <option value=kind.class()>{kind.class()}</option> }).collect_view()
    };
    view! {
        <select class="button small" aria-label=label data-testid=hook on:change=choose>
            <option value="">{label}</option>
            {GROUPS.iter().map(|(group, kinds)| view! { <optgroup label=*group>{options(kinds)}</optgroup> }).collect_view()}
        </select>
    }
}
