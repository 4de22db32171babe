//! One argument over a range, as it is and separable, live.

use leptos::prelude::*;

use crate::chart::Picture;
use crate::chart::curves_of_sweep;
use crate::device::Fitted;
use crate::explore::{Axis, Space, sweep};
use crate::model::{Channels, Layer, Network, NodeId, Pair};
use crate::page::shared::Shared;
use crate::rewrite::is_divisible;
use crate::ui::charts::Chart;
use crate::ui::fit::Evidence;
use crate::ui::studio::Studio;

/// What is swept over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    KernelSize,
    Width,
    Resolution,
    /// Output channels or features of one row.
    Channels(NodeId),
    /// One convolution full or separable.
    Form(NodeId),
    Head,
}

#[component]
pub fn SweepView(design: Memo<usize>) -> impl IntoView {
    let studio = Studio::expect();
    let wanted = RwSignal::new(Argument::KernelSize);
    let choices =
        Memo::new(move |_| studio.with_design(design.get(), |state| arguments(state.network())).unwrap_or_default());
    // What is gone gives way to the first one that is there.
    let argument = Memo::new(move |_| {
        let wanted = wanted.get();
        choices.with(|choices| {
            let is_there = choices.iter().any(|(_, choice)| *choice == wanted);
            choices.first().filter(|_| !is_there).map_or(wanted, |(_, first)| *first)
        })
    });
    let chart = Memo::new(move |_| {
        let (chosen, design) = (argument.get(), design.get());
        let sweep = studio.derived.with(|derived| {
            let network = derived.designs.get(design)?.network();
            Some(sweep(network, axis(network, chosen)?, Fitted::reference()))
        })?;
        let name =
            choices.with(|choices| choices.iter().find(|(_, choice)| *choice == chosen).map(|(name, _)| name.clone()));
        Some(curves_of_sweep(&name.unwrap_or_default(), &sweep, design))
    });
    let picture = Memo::new(move |_| chart.get().map(|chart| Shared::new(Picture::Curves(chart))));
    let legend = move || chart.with(|chart| chart.as_ref().map(|chart| chart.series.clone())).unwrap_or_default();
    let choose = move |event: leptos::ev::Event| {
        let place: usize = event_target_value(&event).parse().unwrap_or(0);
        if let Some((_, chosen)) = choices.with(|choices| choices.get(place).cloned()) {
            wanted.set(chosen);
        }
    };
    view! {
        <div class="sweep">
            <div class="search-controls">
                <h3>"Sweep"</h3>
                <select class="button" aria-label="Argument" data-testid="sweep-argument" on:change=choose>
                    {move || choices.get().into_iter().enumerate().map(|(place, (name, choice))| view! {
                        <option value=place.to_string() selected=move || choice == argument.get()>{name}</option>
                    }).collect_view()}
                </select>
                <ul class="legend">
                    {move || legend().into_iter().map(|series| view! {
                        <li data-color=series.color.to_string()><span class="swatch" aria-hidden="true"></span>{series.name}</li>
                    }).collect_view()}
                </ul>
            </div>
            <Chart name="sweep" picture/>
            <p class="muted">"Vertical line: now. ×: the shapes do not fit; the pointer tells which layer. Kernels of odd and of even size are padded differently, so that lines join them apart. Times of networks much smaller than those that were timed are extrapolated."</p>
            <Evidence fitted=Fitted::reference()/>
        </div>
    }
}

/// What can be swept over.
fn arguments(network: &Network) -> Vec<(String, Argument)> {
    let mut arguments = vec![
        ("kernel_size of all convolutions".to_string(), Argument::KernelSize),
        ("width multiplier".to_string(), Argument::Width),
        ("resolution".to_string(), Argument::Resolution),
        ("classifier".to_string(), Argument::Head),
    ];
    arguments.retain(|&(_, argument)| axis(network, argument).is_some());
    arguments.extend(network.nodes.iter().filter_map(|node| {
        let name = match own_channels(&node.layer)? {
            (_, true) => format!("out_features of {}", node.name),
            (_, false) => format!("out_channels of {}", node.name),
        };
        Some((name, Argument::Channels(node.id)))
    }));
    let full = network.nodes.iter().filter(|node| matches!(&node.layer, Layer::Conv2d(conv) if is_divisible(conv)));
    arguments.extend(full.map(|node| (format!("{} full or separable", node.name), Argument::Form(node.id))));
    arguments
}

/// The channels or features that a layer sets, and whether they are features.
fn own_channels(layer: &Layer) -> Option<(i64, bool)> {
    match layer {
        Layer::Conv2d(conv) if !conv.is_depthwise() => match conv.out_channels {
            Channels::Count(count) => Some((count, false)),
            Channels::TimesInput(_) => None,
        },
        Layer::Linear(linear) => Some((linear.out_features, true)),
        _ => None,
    }
}

fn axis(network: &Network, argument: Argument) -> Option<Axis> {
    match argument {
        Argument::KernelSize => {
            let wide = network.nodes.iter().filter_map(|node| match &node.layer {
                Layer::Conv2d(conv) if conv.kernel_size != Pair::square(1) => Some((node.id, conv.kernel_size)),
                _ => None,
            });
            let wide: Vec<(NodeId, Pair)> = wide.collect();
            let &(_, own) = wide.first()?;
            let mut sizes: Vec<Pair> = (1..=7).map(Pair::square).collect();
            if !sizes.contains(&own) {
                sizes.push(own);
                sizes.sort_by_key(|size| size.height.saturating_mul(size.width));
            }
            Some(Axis::KernelSize { nodes: wide.into_iter().map(|(id, _)| id).collect(), sizes })
        }
        Argument::Width => Some(Axis::Width(vec![0.25, 0.35, 0.5, 0.75, 1.0, 1.4, 2.0])),
        Argument::Resolution => {
            let &[_, height, width] = network.input.sizes() else { return None };
            let part = |size: u64, percent: u64| (size * percent / 100).max(1);
            let percents = [25, 50, 75, 100, 125, 150, 200];
            let mut sizes: Vec<(u64, u64)> =
                percents.into_iter().map(|percent| (part(height, percent), part(width, percent))).collect();
            sizes.dedup();
            Some(Axis::Resolution(sizes))
        }
        Argument::Form(node) => Some(Axis::Separable { nodes: vec![node] }),
        Argument::Head => Some(Space::heads(network)).filter(|heads| heads.len() > 1),
        Argument::Channels(node) => {
            let (own, _) = own_channels(&network.node(node)?.layer)?;
            let mut counts: Vec<i64> = [1, 2, 3, 4, 6, 8]
                .into_iter()
                .map(|quarters| own.saturating_mul(quarters) / 4)
                .filter(|&count| count > 0)
                .collect();
            counts.push(own);
            counts.sort_unstable();
            counts.dedup();
            Some(Axis::Channels { node, counts })
        }
    }
}
