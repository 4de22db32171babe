//! Whether the designs fit a device, and how fast they would be there.

use leptos::prelude::*;

use crate::cost::{NumberType, Settings, analyze};
use crate::device::{CATALOGUE, Class, Device, Fit, Latency, Standing, Verdict, by_id};
use crate::ui::format::{bytes, time};
use crate::ui::studio::{DesignState, Studio};

#[component]
pub fn FitPanel() -> impl IntoView {
    let studio = Studio::expect();
    let chosen = Memo::new(move |_| {
        let id = studio.workbench().with(|workbench| workbench.settings.device.clone());
        id.as_deref().and_then(by_id).or(CATALOGUE.first()).map(|device| device.id)
    });
    let device = move || chosen.get().and_then(by_id);
    let choose = move |event: leptos::ev::Event| {
        let id = event_target_value(&event);
        studio.edit(None, |workbench| workbench.settings.device = Some(id));
    };
    let designs = Memo::new(move |_| studio.derived.with(|derived| derived.designs.len()));
    view! {
        <section class="card fit" aria-label="Does it fit">
            <div class="panel-head">
                <h2>"Does it fit?"</h2>
                <select class="button" aria-label="Device" data-testid="device" prop:value=move || chosen.get() on:change=choose>
                    {CATALOGUE.iter().map(|device| view! { <option value=device.id>{device.name}</option> }).collect_view()}
                </select>
                {move || device().map(|device| view! { <Limits device/> })}
            </div>
            <div class="fit-results">
                <For each=move || 0..designs.get() key=|design| *design let(design)>
                    <FitResult design chosen/>
                </For>
            </div>
        </section>
    }
}

/// A device's limits, each with where it can be looked up.
#[component]
fn Limits(device: &'static Device) -> impl IntoView {
    let memory = match device.class {
        Class::Microcontroller => format!("{} flash, {} RAM", bytes(device.flash.value), bytes(device.ram.value)),
        Class::Computer => format!("{} memory", bytes(device.ram.value)),
    };
    view! {
        <details class="limits">
            <summary class="muted">{format!("{} · {memory}", device.processor)}</summary>
            <ul>
                {[("clock", device.clock), ("flash", device.flash), ("RAM", device.ram)].into_iter().map(|(what, figure)| view! {
                    <li class="muted">{format!("{what}: {} ({})", figure.source.title, figure.source.address)}</li>
                }).collect_view()}
            </ul>
        </details>
    }
}

/// One design on the device.
#[component]
fn FitResult(design: usize, chosen: Memo<Option<&'static str>>) -> impl IntoView {
    let studio = Studio::expect();
    let view = Memo::new(move |_| {
        let device = chosen.get().and_then(by_id)?;
        studio.with_design(design, |state| FitView::of(device, state)).flatten()
    });
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    let attribute = move |read: fn(&FitView) -> String| view.with(|view| view.as_ref().map(read));
    view! {
        <div
            class="fit-result"
            data-color=design.to_string()
            data-testid=format!("fit-{design}")
            data-flash-bytes=move || attribute(|view| view.fit.weights.to_string())
            data-ram-bytes=move || attribute(|view| view.fit.tensors.to_string())
            data-latency-ms=move || attribute(|view| view.milliseconds.map_or(String::new(), |time| time.to_string()))
            data-fits=move || attribute(|view| view.fit.fits().to_string())
        >
            <h3><span class="swatch" aria-hidden="true"></span>{name}</h3>
            {move || match view.get() {
                None => view! { <p class="muted">"Not known while a layer has no shape or no known cost."</p> }.into_any(),
                Some(view) => view! {
                    <dl>
                        <dt>{view.weights_name}</dt>
                        <dd>{bytes(view.fit.weights)}<Judgement verdict=view.fit.flash/></dd>
                        <dt>"tensors"</dt>
                        <dd>
                            {format!("{} planned ({} to {} by other planners)", bytes(view.fit.tensors), bytes(view.fit.tensors_low), bytes(view.fit.tensors_high))}
                            <Judgement verdict=view.fit.ram/>
                        </dd>
                        <dt>"time"</dt>
                        <dd>{view.times.into_iter().map(|line| view! { <div>{line}</div> }).collect_view()}</dd>
                    </dl>
                }.into_any(),
            }}
        </div>
    }
}

/// Fits or not, and by how much.
#[component]
fn Judgement(verdict: Verdict) -> impl IntoView {
    let (class, text) = match verdict {
        Verdict::Fits { free } => ("verdict good", format!("fits, {} free", bytes(free))),
        Verdict::Tight { free } => ("verdict warn", format!("tight: {} left for the runtime", bytes(free))),
        Verdict::TooLarge { missing } => ("verdict bad", format!("too large by {}", bytes(missing))),
    };
    view! { <span class=class>{text}</span> }
}

/// What is shown of a design on a device.
#[derive(Clone, Debug, PartialEq)]
struct FitView {
    fit: Fit,
    weights_name: &'static str,
    /// By the first stack.
    milliseconds: Option<f64>,
    times: Vec<String>,
}

impl FitView {
    fn of(device: &Device, state: &DesignState) -> Option<Self> {
        let fit = Fit::of(device, state.network())?;
        let (weights_name, number_type) = match device.class {
            Class::Microcontroller => ("int8 weights", NumberType::Int8),
            Class::Computer => ("weights", NumberType::F32),
        };
        let report = analyze(state.network(), &Settings { number_type, ..Settings::default() });
        let (milliseconds, times) = match Latency::on(device, state.network(), &report) {
            Latency::Estimated(estimates) => {
                let line = |(stack, estimate): &(crate::device::Stack, crate::device::Estimate)| {
                    let band = format!(
                        "{}: {} ({} to {})",
                        stack.name,
                        time(estimate.milliseconds),
                        time(estimate.low),
                        time(estimate.high)
                    );
                    match &estimate.standing {
                        Standing::Within => band,
                        Standing::Extrapolated(why) => format!("{band}, extrapolated: {why}"),
                    }
                };
                (estimates.first().map(|(_, estimate)| estimate.milliseconds), estimates.iter().map(line).collect())
            }
            Latency::AtLeast { milliseconds } => (
                Some(milliseconds),
                vec![format!("at least {} by the maker's peaks; more is usual", time(milliseconds))],
            ),
            Latency::Refused(why) => (None, vec![why.to_string()]),
        };
        Some(Self { fit, weights_name, milliseconds, times })
    }
}
