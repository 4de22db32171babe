//! Networks known by name, to begin with; where they were published in several sizes, the choice of the size.

use leptos::prelude::*;

use crate::cost;
use crate::model::Network;
use crate::model::presets::{self, Group, Preset, Scale};
use crate::rewrite::{self, Rewrite};
use crate::share_link;
use crate::ui::settle::when_settled;
use crate::ui::studio::Studio;
use crate::workbench::{Content, Design, Workbench, default_name};

/// The choice that stands for the question's pair.
const PAIR: &str = "pair";

/// A twin with at most this share of the MACs is worth being shown.
const WORTH_A_TWIN: f64 = 0.75;

/// How long edits rest before a preset is recognised, in milliseconds: that builds it.
const SETTLED: u64 = 60;

#[component]
pub fn Presets() -> impl IntoView {
    let studio = Studio::expect();
    // Once the network has been edited, a change of size would lose the edits: the choice is gone then.
    let untouched = RwSignal::new(None::<(&'static str, Scale)>);
    let recognise = move || {
        let found =
            studio.workbench().with_untracked(|workbench| match &workbench.designs[workbench.baseline].content {
                Content::Network(network) => size_of(network),
                Content::Twin { .. } => None,
            });
        if untouched.get_untracked() != found {
            untouched.set(found);
        }
    };
    when_settled(SETTLED, move || studio.workbench().track(), recognise);
    let open = move |id: &'static str, scale: Scale| {
        if let Some(preset) = presets::find(id) {
            studio.open(with_twin(preset, scale));
        }
    };
    let choose = move |event: leptos::ev::Event| {
        let id = event_target_value(&event);
        event_target::<web_sys::HtmlSelectElement>(&event).set_selected_index(0);
        if id == PAIR {
            studio.open(Workbench::default());
        } else if let Some(preset) = presets::find(&id) {
            open(preset.id, preset.scale());
        }
    };
    view! {
        <select class="button" aria-label="Presets" data-testid="presets" on:change=choose>
            <option value="">"Presets"</option>
            <option value=PAIR>"The question's pair"</option>
            <PresetOptions/>
        </select>
        {move || {
            let (id, scale) = untouched.get()?;
            let preset = presets::find(id)?;
            Some(view! {
                <span class="group">
                    <Sizes
                        label="width"
                        sizes=preset.widths.iter().map(|width| (width.to_string(), format!("× {width}"))).collect()
                        chosen=scale.width.to_string()
                        on_choice=move |width: String| open(id, Scale { width: width.parse().unwrap_or(scale.width), ..scale })
                    />
                    <Sizes
                        label="resolution"
                        sizes=preset.resolutions.iter().map(|size| (size.to_string(), format!("{size} px"))).collect()
                        chosen=scale.resolution.to_string()
                        on_choice=move |size: String| open(id, Scale { resolution: size.parse().unwrap_or(scale.resolution), ..scale })
                    />
                </span>
            })
        }}
    }
}

/// Every preset but the question's, in groups.
#[component]
pub fn PresetOptions() -> impl IntoView {
    let options = |group: Group| {
        let presets = presets::all().iter().filter(move |preset| preset.group == group);
        presets
            .map(|preset| view! { <option value=preset.id title=preset.description>{preset.title}</option> })
            .collect_view()
    };
    let groups = Group::ALL.iter().filter(|group| **group != Group::Seed);
    groups.map(|group| view! { <optgroup label=group.title()>{options(*group)}</optgroup> }).collect_view()
}

/// The choice among several sizes; nothing where there is only one.
#[component]
fn Sizes(
    label: &'static str,
    /// Values with what is written for each.
    sizes: Vec<(String, String)>,
    chosen: String,
    on_choice: impl Fn(String) + 'static,
) -> impl IntoView {
    if sizes.len() < 2 {
        return None;
    }
    let options = sizes.into_iter().map(|(value, text)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }
    });
    Some(view! {
        <select class="button" aria-label=label data-testid=label on:change=move |event| on_choice(event_target_value(&event))>
            {options.collect_view()}
        </select>
    })
}

/// The preset of several sizes that a network is, and which of its sizes.
fn size_of(network: &Network) -> Option<(&'static str, Scale)> {
    let text = share_link::encode_design(network);
    let of_sizes = presets::all().iter().filter(|preset| preset.widths.len() > 1 || preset.resolutions.len() > 1);
    of_sizes.into_iter().find_map(|preset| {
        let own = preset.scale();
        let resolution = network.input.get(1).copied().filter(|size| preset.resolutions.contains(size));
        let widths = if preset.widths.is_empty() { &[1.0] } else { preset.widths };
        let sizes =
            widths.iter().map(|&width| Scale { width, resolution: resolution.unwrap_or(own.resolution), ..own });
        let as_built = |scale: &Scale| {
            let built = preset.build(*scale);
            built.name == network.name
                && built.nodes.len() == network.nodes.len()
                && share_link::encode_design(&built) == text
        };
        Some((preset.id, sizes.into_iter().find(as_built)?))
    })
}

/// A preset beside its separable twin, or alone where that would save little: it is separable itself.
fn with_twin(preset: &Preset, scale: Scale) -> Workbench {
    let network = preset.build(scale);
    let twin = rewrite::apply(&network, &Rewrite::Separable).network;
    let macs = |network: &Network| cost::analyze(network, &cost::Settings::default()).totals.figures.macs.0;
    let saves = macs(&twin) as f64 <= WORTH_A_TWIN * macs(&network) as f64;
    let content = Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] };
    let twin = Design::new(default_name(1, &content), content);
    let own = Design::new(preset.title.to_string(), Content::Network(network.into()));
    let designs = std::iter::once(own).chain(saves.then_some(twin)).collect();
    Workbench { designs, ..Workbench::default() }
}
