//! The choice of a layer to add.

use leptos::prelude::*;

use crate::model::Kind;
use crate::ui::studio::Studio;

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

/// The choice of a layer at the end of a design.
#[component]
pub fn AddLayer(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let add = move |kind| studio.add(design, None, kind);
    view! { <LayerChoice label="Add a layer…" hook=format!("add-{design}") on_choice=add/> }
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
