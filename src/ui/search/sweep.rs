//! One argument over a range, as it is and separable, live.

use std::sync::Arc;

use leptos::prelude::*;

use crate::chart::{Bar, BarChart, BarRow, BarValue, Scale, Series, Unit};
use crate::device::{CALIBRATIONS, Fitted};
use crate::explore::{Axis, Metrics, Space, Sweep, sweep};
use crate::model::{Channels, Layer, Network, NodeId, Pair};
use crate::rewrite::is_divisible;
use crate::ui::charts::{Chart, Picture};
use crate::ui::format::{grouped, short, time};
use crate::ui::studio::{Shared, Studio};

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

/// What the chart shows; the table shows all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Params,
    Macs,
    Peak,
    Time,
}

const FIGURES: [(&str, Figure); 4] = [
    ("parameters", Figure::Params),
    ("MACs", Figure::Macs),
    ("peak memory (int8)", Figure::Peak),
    ("time on a Cortex-M7", Figure::Time),
];

#[component]
pub fn SweepView(design: Memo<usize>) -> impl IntoView {
    let studio = Studio::expect();
    let argument = RwSignal::new(Argument::KernelSize);
    let figure = RwSignal::new(Figure::Params);
    // The device and stack with the most timings.
    let fitted =
        StoredValue::new(CALIBRATIONS.iter().max_by_key(|calibration| calibration.timings.len()).map(Fitted::of));
    let choices =
        Memo::new(move |_| studio.with_design(design.get(), |state| arguments(state.network())).unwrap_or_default());
    let swept = Memo::new(move |_| {
        let argument = argument.get();
        let sweep = studio.derived.with(|derived| {
            let network = derived.designs.get(design.get())?.network();
            Some(sweep(network, axis(network, argument)?, fitted.with_value(Option::clone).as_ref()))
        });
        sweep.map(|sweep| Shared::new(Arc::new(sweep)))
    });
    let picture = Memo::new(move |_| {
        let chart = swept.with(|swept| swept.as_ref().map(|swept| chart(swept, figure.get())));
        chart.filter(|chart| !chart.rows.is_empty()).map(|chart| Shared::new(Arc::new(Picture::Bars(chart))))
    });
    let choose = move |event: leptos::ev::Event| {
        let place: usize = event_target_value(&event).parse().unwrap_or(0);
        if let Some((_, chosen)) = choices.with(|choices| choices.get(place).cloned()) {
            argument.set(chosen);
        }
    };
    let choose_figure = move |event: leptos::ev::Event| {
        let place: usize = event_target_value(&event).parse().unwrap_or(0);
        figure.set(FIGURES.get(place).map_or(Figure::Params, |&(_, figure)| figure));
    };
    view! {
        <div class="sweep">
            <div class="search-controls">
                <h3>"Sweep"</h3>
                <select class="button" aria-label="Argument" data-testid="sweep-argument" on:change=choose>
                    {move || choices.get().into_iter().enumerate().map(|(place, (name, choice))| view! {
                        <option value=place.to_string() selected=choice == argument.get_untracked()>{name}</option>
                    }).collect_view()}
                </select>
                <select class="button" aria-label="Figure" on:change=choose_figure>
                    {FIGURES.into_iter().enumerate().map(|(place, (name, _))| view! {
                        <option value=place.to_string()>{name}</option>
                    }).collect_view()}
                </select>
            </div>
            <Chart name="sweep" picture/>
            {move || swept.get().map(|swept| view! { <SweepTable swept/> })}
        </div>
    }
}

/// All figures of all values.
#[component]
fn SweepTable(swept: Shared<Sweep>) -> impl IntoView {
    let cells = |metrics: Option<Metrics>, milliseconds: Option<f64>| match metrics {
        None => vec!["cannot run".to_string(), String::new(), String::new(), String::new()],
        Some(metrics) => vec![
            grouped(metrics.params),
            short(metrics.macs),
            format!("{} B", grouped(metrics.peak)),
            milliseconds.map(time).unwrap_or_default(),
        ],
    };
    let rows = swept.points.iter().enumerate().map(|(place, point)| {
        let label = label(&swept, place);
        let both =
            [cells(point.standard, point.standard_milliseconds), cells(point.separable, point.separable_milliseconds)];
        view! {
            <tr class:present=swept.present == Some(place)>
                <th scope="row">{label}</th>
                {both.concat().into_iter().map(|text| view! { <td>{text}</td> }).collect_view()}
            </tr>
        }
    });
    let heads = ["params", "MACs", "peak", "Cortex-M7"];
    view! {
        <details>
            <summary>"All figures; time on a Cortex-M7 at 400 MHz by published timings of larger networks"</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="The sweep as a table">
                <table class="data">
                    <thead>
                        <tr>
                            <th scope="col">"value"</th>
                            {heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
                            {heads.into_iter().map(|head| view! { <th scope="col">{format!("{head}, separable")}</th> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}

fn label(swept: &Sweep, place: usize) -> String {
    let now = if swept.present == Some(place) { " (now)" } else { "" };
    let point = &swept.points[place];
    let stops = if point.standard.is_none() && point.separable.is_none() { ", cannot run" } else { "" };
    format!("{}{now}{stops}", point.label)
}

fn chart(swept: &Sweep, figure: Figure) -> BarChart {
    let value = |metrics: Option<Metrics>, milliseconds: Option<f64>| {
        let Some(metrics) = metrics else { return BarValue::Absent };
        let known = match figure {
            Figure::Params => Some(metrics.params),
            Figure::Macs => Some(metrics.macs),
            Figure::Peak => Some(metrics.peak),
            Figure::Time => milliseconds.map(|milliseconds| (milliseconds * 1e6).round() as u64),
        };
        known.map_or(BarValue::Unknown, BarValue::Known)
    };
    let rows = swept.points.iter().enumerate().map(|(place, point)| {
        let bar = |metrics, time, name: &str| Bar { value: value(metrics, time), label: name.to_string() };
        BarRow {
            label: label(swept, place),
            bars: vec![
                bar(point.standard, point.standard_milliseconds, "as it is"),
                bar(point.separable, point.separable_milliseconds, "separable"),
            ],
        }
    });
    let rows: Vec<BarRow> = rows.collect();
    let (title, unit) = match figure {
        Figure::Params => ("Parameters by value", Unit::Params),
        Figure::Macs => ("MACs by value", Unit::Macs),
        Figure::Peak => ("Peak memory by value, int8", Unit::Bytes),
        Figure::Time => {
            ("Time by value, Cortex-M7 at 400 MHz, by published timings of larger networks", Unit::Nanoseconds)
        }
    };
    BarChart {
        title: title.to_string(),
        unit,
        scale: Scale::Linear,
        series: vec![
            Series { name: "as it is".to_string(), color: 0 },
            Series { name: "separable".to_string(), color: 1 },
        ],
        all_rows: rows.clone(),
        rows,
        totals: vec![None, None],
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
                sizes.insert(0, own);
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
