//! Whether the designs fit a device, and how fast they would be there.

mod boards;
mod evidence;

use leptos::prelude::*;

use crate::cost::{NumberType, Settings, analyze};
use crate::decimal;
use crate::device::{
    Bound, Class, Device, Estimate, Fit, Fitted, Latency, Stack, Standing, Verdict, find, nearest, own_id,
};
use crate::page::derived::DesignState;
use crate::page::format::{bytes, time};
use crate::page::history::EditKey;
use crate::ui::checked_field::CheckedField;
use crate::ui::each::Each;
use crate::ui::linked::Linked;
use crate::ui::named::DesignName;
use crate::ui::studio::Studio;
use crate::ui::summary::{OWN, device};
use crate::ui::table::Table;

use boards::Boards;
pub use evidence::Evidence;
use evidence::evidence;

#[component]
pub fn FitPanel() -> impl IntoView {
    let studio = Studio::expect();
    let device = device(studio);
    let designs = studio.design_indices();
    let is_own = Memo::new(move |_| device.get().is_some_and(|device| device.id == "own"));
    view! {
        <section class="card fit" aria-label="Does it fit">
            <div class="panel-head">
                <h2>"Does it fit?"</h2>
                {move || device.get().map(|device| view! { <b>{device.name}</b> })}
                <Show when=move || is_own.get()><OwnLimits device/></Show>
                {move || device.get().filter(|device| device.id != "own").map(|device| view! { <Limits device/> })}
            </div>
            <div class="fit-results">
                <Each keys=designs view=move |design| view! { <FitResult design device/> }.into_any()/>
            </div>
        </section>
        <Boards device/>
    }
}

/// The limits of one's own device, in kB (1,000 bytes).
#[component]
fn OwnLimits(device: Memo<Option<Device>>) -> impl IntoView {
    let studio = Studio::expect();
    let limits = move || device.get().map_or(OWN, |device| (device.flash.value, device.ram.value));
    let set = move |(flash, ram): (u64, u64)| {
        studio.stroke(EditKey::Setting("device"), |workbench| workbench.settings.device = Some(own_id(flash, ram)));
    };
    view! {
        <KilobyteField name="flash" hook="own-flash" bytes=Signal::derive(move || limits().0) change=move |flash| set((flash, limits().1))/>
        <KilobyteField name="RAM" hook="own-ram" bytes=Signal::derive(move || limits().1) change=move |ram| set((limits().0, ram))/>
    }
}

/// A number of bytes, shown and typed in kB.
#[component]
fn KilobyteField(
    name: &'static str,
    hook: &'static str,
    bytes: Signal<u64>,
    change: impl Fn(u64) + 'static,
) -> impl IntoView {
    let value = Signal::derive(move || (bytes.get() as f64 / 1e3).to_string());
    let take = move |text: &str| {
        let kilobytes = decimal::parse(text).filter(|kilobytes| *kilobytes < 1e12);
        let bytes = kilobytes.map(|kilobytes| (kilobytes * 1e3).round()).filter(|bytes| *bytes >= 1.0);
        bytes.map(|bytes| change(bytes as u64)).ok_or_else(|| format!("{name} is a number above 0, below 10^12"))
    };
    view! { <CheckedField name hook unit="kB" value take/> }
}

/// A device's limits, each with where it can be looked up.
#[component]
fn Limits(device: Device) -> impl IntoView {
    let memory = match device.class {
        Class::Microcontroller => format!("{} flash, {} RAM", bytes(device.flash.value), bytes(device.ram.value)),
        Class::Computer => format!("{} memory", bytes(device.ram.value)),
    };
    view! {
        <details class="limits">
            <summary class="muted">{format!("{} · {memory}", device.processor)}</summary>
            <ul>
                {[("clock", device.clock), ("flash", device.flash), ("RAM", device.ram)].into_iter().map(|(what, figure)| view! {
                    <li class="muted"><Linked text=format!("{what}: {} ({})", figure.source.title, figure.source.address)/></li>
                }).collect_view()}
            </ul>
        </details>
    }
}

/// One design on the device.
#[component]
fn FitResult(design: usize, device: Memo<Option<Device>>) -> impl IntoView {
    let studio = Studio::expect();
    let view = Memo::new(move |_| {
        let device = device.get()?;
        studio.with_design(design, |state| FitView::of(&device, state)).flatten()
    });
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
            <DesignName design/>
            {move || match view.get() {
                None => view! { <p class="muted">"Not known while a layer has no shape or no known cost."</p> }.into_any(),
                Some(view) => view! {
                    <dl>
                        <dt>{view.weights_name}</dt>
                        <dd>{bytes(view.fit.weights)}<Judgement verdict=view.fit.flash/></dd>
                        <dt>"tensors"</dt>
                        <dd>
                            {format!("arena {} ({} to {}, depends on the planner)", bytes(view.fit.tensors), bytes(view.fit.tensors_low), bytes(view.fit.tensors_high))}
                            <Judgement verdict=view.fit.ram/>
                        </dd>
                        <dt>"time"</dt>
                        <dd>
                            {view.times.into_iter().map(|line| view! { <div>{line}</div> }).collect_view()}
                            {view.nearest.map(|(from, lines)| view! {
                                <details class="bounds" data-testid="nearest">
                                    <summary>{format!("By the nearest chip that was timed, unverified: {from}")}</summary>
                                    {lines.into_iter().map(|line| view! { <div>{line}</div> }).collect_view()}
                                    <p class="muted">"Its times, scaled by the clocks alone. Nobody measured this on the device."</p>
                                </details>
                            })}
                        </dd>
                    </dl>
                    <Bounds layers=view.layers sources=view.sources/>
                }.into_any(),
            }}
        </div>
    }
}

/// What each layer waits for, and where the timings come from; folded away, but there.
#[component]
fn Bounds(layers: Vec<(String, f64, Bound)>, sources: Vec<String>) -> impl IntoView {
    let row = |(name, milliseconds, bound): (String, f64, Bound)| {
        let waits = match bound {
            Bound::Compute => "arithmetic",
            Bound::Memory => "memory",
        };
        view! { <tr><th scope="row">{name}</th><td>{time(milliseconds)}</td><td>{waits}</td></tr> }
    };
    let table = (!layers.is_empty()).then(|| {
        view! {
            <Table label="What each layer waits for" header=vec!["layer", "time", "waits for"]>
                {layers.into_iter().map(row).collect_view()}
            </Table>
        }
    });
    let title =
        if table.is_some() { "Where this comes from, and what each layer waits for" } else { "Where this comes from" };
    view! {
        <details class="bounds">
            <summary>{title}</summary>
            {sources.into_iter().map(|source| view! { <p class="muted"><Linked text=source/></p> }).collect_view()}
            {table}
        </details>
    }
}

/// A device of which there are timings.
fn timed_device() -> String {
    let reference = Fitted::reference().and_then(|fitted| find(fitted.timings.device));
    reference.map_or(String::new(), |device| format!("Choose the {}, for one, to see a time.", device.name))
}

/// Fits or not, and by how much.
#[component]
fn Judgement(verdict: Verdict) -> impl IntoView {
    let (class, text) = match verdict {
        Verdict::Fits { free } => ("verdict good", format!("fits, {} free with the runtime", bytes(free))),
        Verdict::Tight { free } => ("verdict warn", format!("tight: {} left for a runtime", bytes(free))),
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
    /// Where nothing was timed on the device: a chip with the same core, and the times it would give.
    nearest: Option<(String, Vec<String>)>,
    /// Name, milliseconds by the first stack or by the maker's peaks, and what it waits for.
    layers: Vec<(String, f64, Bound)>,
    /// Where all figures come from, and how far off the timings were for networks left out.
    sources: Vec<String>,
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
                let line = |(stack, estimate): &(Stack, Estimate)| {
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
            Latency::Refused(why) => {
                let other = Fitted::on(device.id).next().is_none().then(timed_device);
                (None, std::iter::once(why.to_string()).chain(other).collect())
            }
        };
        let nearest = nearest(device, state.network(), &report).filter(|_| milliseconds.is_none()).map(|nearest| {
            let line = |(stack, estimate): &(Stack, Estimate)| {
                let Estimate { milliseconds, low, high, .. } = estimate;
                format!("{}: {} ({} to {})", stack.name, time(*milliseconds), time(*low), time(*high))
            };
            (nearest.from.name.to_string(), nearest.unverified.iter().map(line).collect())
        });
        let fitted = Fitted::on(device.id).next();
        let network = state.network();
        let bound = |row: usize| match (fitted, &device.roofline) {
            (Some(fitted), _) => fitted.of_row(network, &report, row),
            (None, Some(roofline)) => roofline.of_row(&report, row),
            (None, None) => None,
        };
        let layers = network.nodes.iter().enumerate().filter_map(|(row, node)| {
            let (milliseconds, bound) = bound(row)?;
            Some((node.name.clone(), milliseconds, bound))
        });
        let sources = fit.evidence(device.class).into_iter().chain(Fitted::on(device.id).map(evidence)).collect();
        Some(Self { fit, weights_name, milliseconds, times, nearest, layers: layers.collect(), sources })
    }
}
