//! A row for each design: what it costs, whether it fits the device, and the difference to the baseline.

use leptos::prelude::*;

use crate::device::{CATALOGUE, Device, find, own_id};
use crate::page::derived::DesignState;
use crate::page::drafts::Field;
use crate::page::format::{bytes, grouped, percent as share, short, time};
use crate::page::summary::{Counts, OnDevice, Role};
use crate::page::totals::qualified;
use crate::page::train::Learned;
use crate::share_link;

use super::checked_field::CheckedField;
use super::each::Each;
use super::select::Select;
use super::studio::Studio;
use super::typed::Typed;

/// Where one's own device begins, in bytes: 1 MB of flash, 256 kB of RAM.
pub const OWN: (u64, u64) = (1_000_000, 256_000);

#[component]
pub fn Summary() -> impl IntoView {
    let studio = Studio::expect();
    let device = device(studio);
    let designs = studio.design_indices();
    let at_rest = studio.at_rest();
    let accuracies = accuracies(at_rest);
    let is_any_trained = Memo::new(move |_| accuracies.with(|all| all.iter().any(Option::is_some)));
    view! {
        <section class="card summary" aria-label="Summary">
            <div class="scroll">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"design"</th>
                            <th scope="col" class="number">"params"</th>
                            <th scope="col" class="number">"MACs"</th>
                            <th scope="col" class="number" title="Tensors on the device: the arena of an interpreter, as planned here">"RAM"</th>
                            <th scope="col" class="number" title="Weights on the device">"flash"</th>
                            <th scope="col" class="number" title="On the device, where there is evidence">"time"</th>
                            <Show when=move || is_any_trained.get()>
                                <th scope="col" class="number" title="Test samples that are right, where the design was trained">"accuracy"</th>
                            </Show>
                            <th scope="col">"fits"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Each keys=designs view=move |design| view! { <SummaryRow design device at_rest accuracies is_any_trained/> }.into_any()/>
                    </tbody>
                </table>
            </div>
            <div class="summary-settings">
                <OneInput/>
                <Batch/>
                <DeviceChoice device/>
            </div>
        </section>
    }
}

/// The device that is chosen, or the first one.
pub fn device(studio: Studio) -> Memo<Option<Device>> {
    Memo::new(move |_| {
        let id = studio.workbench().with(|workbench| workbench.settings.device.clone());
        id.as_deref().and_then(find).or(CATALOGUE.first().copied())
    })
}

/// What each design, as it stands, has learned.
pub fn accuracies(at_rest: Studio) -> Memo<Vec<Option<Learned>>> {
    Memo::new(move |_| {
        let learned = at_rest.learned.get();
        if learned.is_empty() {
            return Vec::new();
        }
        let of = |state: &DesignState| {
            let network = share_link::encode_design(state.network());
            learned.iter().find(|learned| learned.network == network).cloned()
        };
        at_rest.derived.with(|derived| derived.designs.iter().map(of).collect())
    })
}

/// What an accuracy is of.
fn trained_words(learned: &Learned) -> String {
    let seeds =
        if learned.seeds == 1 { "one seed".to_string() } else { format!("the mean of {} seeds", learned.seeds) };
    format!("Of the test samples of {}, {seeds}", learned.source.title())
}

#[component]
fn SummaryRow(
    design: usize,
    device: Memo<Option<Device>>,
    at_rest: Studio,
    accuracies: Memo<Vec<Option<Learned>>>,
    is_any_trained: Memo<bool>,
) -> impl IntoView {
    let studio = Studio::expect();
    let counts = Memo::new(move |_| {
        let (baseline, pair) = studio.workbench().with(|workbench| (workbench.baseline, workbench.pair()));
        studio.derived.with(|derived| {
            let own = derived.designs.get(design)?;
            let base = derived.designs.get(baseline)?;
            Some(Counts::of(own, base, Role::of(design, baseline, pair)))
        })
    });
    let on_device = Memo::new(move |_| {
        let device = device.get()?;
        at_rest.with_design(design, |state| OnDevice::of(&device, state)).flatten()
    });
    let learned = move || accuracies.with(|all| all.get(design).cloned().flatten());
    let read = move |read: fn(&Counts) -> String| counts.with(|counts| counts.as_ref().map(read)).unwrap_or_default();
    let told = move |read: fn(&OnDevice) -> String| {
        on_device.with(|on_device| on_device.as_ref().map(read)).unwrap_or_else(|| "?".to_string())
    };
    let hook = move |read: fn(&OnDevice) -> String| on_device.with(|on_device| on_device.as_ref().map(read));
    let role = Memo::new(move |_| counts.with(|counts| counts.as_ref().map(|counts| counts.role).unwrap_or_default()));
    let change = move |index: usize| {
        let change = counts.with(|counts| counts.as_ref().and_then(|counts| counts.changes[index].clone()));
        view! { <small>{change.unwrap_or_default()}</small> }
    };
    view! {
        <tr
            data-testid=format!("summary-{design}")
            data-color=design.to_string()
            data-params=move || read(|counts| counts.totals.params.to_string())
            data-macs=move || read(|counts| counts.totals.macs.to_string())
            data-ram-bytes=move || hook(|on_device| on_device.ram.to_string())
            data-flash-bytes=move || hook(|on_device| on_device.flash.to_string())
            data-latency-ms=move || hook(|on_device| on_device.time.map_or(String::new(), |time| time.to_string()))
            data-fits=move || hook(|on_device| on_device.fits.to_string())
            data-accuracy=move || learned().map(|learned| learned.accuracy.to_string())
            data-compared=move || (role.get() != Role::Other).to_string()
            on:click=move |_| if role.get_untracked() == Role::Other { studio.compare_with(design) }
        >
            <th scope="row">
                <button
                    class="summary-name"
                    aria-pressed=move || (role.get() != Role::Other).to_string()
                    title=move || match role.get() {
                        Role::Baseline => "The baseline: the others are compared with it",
                        Role::Compared => "Compared with the baseline",
                        Role::Other => "Compare the baseline with it",
                    }
                >
                    <span class="swatch" aria-hidden="true"></span>
                    <span class="summary-title">{move || read(|counts| counts.name.clone())}</span>
                </button>
                <span class="role">{move || match role.get() {
                    Role::Baseline => "baseline",
                    Role::Compared => "compared",
                    Role::Other => "",
                }}</span>
            </th>
            <td class="number">
                <b>{move || read(|counts| qualified(counts.totals.params_qualifier, grouped(counts.totals.params)))}</b>
                {move || change(0)}
            </td>
            <td class="number" title=move || read(|counts| format!("{} MACs", grouped(counts.totals.macs)))>
                <b>{move || read(|counts| {
                    let macs = counts.totals.macs;
                    qualified(counts.totals.qualifier, if macs < 10_000_000 { grouped(macs) } else { short(macs) })
                })}</b>
                {move || change(1)}
            </td>
            <td class="number">{move || told(|on_device| bytes(on_device.ram))}</td>
            <td class="number">{move || told(|on_device| bytes(on_device.flash))}</td>
            <td class="number">
                {move || told(|on_device| on_device.time.map_or("–".to_string(), time))}
                <small>{move || on_device.with(|on_device| on_device.as_ref().map_or("", |on_device| on_device.time_note))}</small>
            </td>
            <Show when=move || is_any_trained.get()>
                <td class="number" title=move || learned().map(|learned| trained_words(&learned))>
                    {move || learned().map_or_else(|| "–".to_string(), |learned| share(learned.accuracy))}
                </td>
            </Show>
            <td>
                {move || on_device.with(|on_device| on_device.as_ref().map(|on_device| {
                    let (class, word) = if on_device.fits { ("verdict good", "fits") } else { ("verdict bad", "too large") };
                    view! { <span class=class>{word}</span> }
                }))}
            </td>
        </tr>
    }
}

/// The shape of the input: one for all designs, unless each keeps its own.
#[component]
fn OneInput() -> impl IntoView {
    let studio = Studio::expect();
    let shape =
        Memo::new(move |_| studio.with_design(0, |state| state.network().input.to_string()).unwrap_or_default());
    let typed = Typed::new(studio, Field::Input { design: 0 }, move || shape.get());
    let are_many = Memo::new(move |_| studio.derived.with(|derived| derived.designs.len() > 1));
    let own_inputs = Memo::new(move |_| studio.workbench().with(|workbench| workbench.settings.own_inputs));
    let differ = Memo::new(move |_| {
        studio.derived.with(|derived| {
            let mut inputs = derived.designs.iter().map(|state| &state.network().input);
            let first = inputs.next();
            inputs.any(|input| Some(input) != first)
        })
    });
    view! {
        <label>
            "input "
            <input
                class="field"
                type="text"
                autocomplete="off"
                spellcheck="false"
                aria-label="input shape, channels x height x width"
                title="channels x height x width"
                data-testid="input-shape"
                prop:value=move || typed.get()
                aria-invalid=move || typed.is_refused().then_some("true")
                on:input=move |event| {
                    let text = event_target_value(&event);
                    let outcome = studio.type_input(0, &text);
                    typed.set(text, outcome);
                }
                on:blur=move |_| typed.leave()
            />
        </label>
        <Show when=move || are_many.get()>
            <label class="muted" title="Off: each design keeps an input of its own">
                <input
                    type="checkbox"
                    data-testid="one-input"
                    prop:checked=move || !own_inputs.get()
                    on:change=move |event| {
                        let own = !event_target_checked(&event);
                        studio.edit(|workbench| workbench.settings.own_inputs = own);
                    }
                />
                " for all"
            </label>
        </Show>
        <Show when=move || differ.get() && !own_inputs.get()>
            <button class="button small" data-testid="use-one-input" on:click=move |_| studio.use_input_of(0)>
                {move || format!("Use {} for all", shape.get())}
            </button>
        </Show>
        {move || typed.problem().map(|problem| view! {
            <span class="problem" data-testid="problem">{format!("{problem}. Still using {}.", shape.get())}</span>
        })}
    }
}

/// How many samples go through at once.
#[component]
fn Batch() -> impl IntoView {
    let studio = Studio::expect();
    let batch = studio.setting("batch");
    let take = move |text: &str| studio.set("batch", text);
    view! { <CheckedField name="batch" class="batch" title="samples at once" value=batch take/> }
}

/// The device that RAM, flash and time are of.
#[component]
fn DeviceChoice(device: Memo<Option<Device>>) -> impl IntoView {
    let studio = Studio::expect();
    let choose = move |id: String| {
        let id = if id == "own" { own_id(OWN.0, OWN.1) } else { id };
        studio.edit(|workbench| workbench.settings.device = Some(id));
    };
    view! {
        <label class="muted">
            "device "
            <Select
                label="Device"
                hook="device"
                options=CATALOGUE.iter().map(|device| (device.id, device.name)).chain([("own", "Your own")]).collect()
                chosen=Signal::derive(move || device.get().map(|device| device.id))
                choose
            />
        </label>
        {move || {
            let id = studio.workbench().with(|workbench| workbench.settings.device.clone())?;
            let device = device.get().filter(|_| find(&id).is_none())?;
            let words = format!("\"{id}\" is no device known here; {} is shown.", device.name);
            Some(view! { <span class="problem" data-testid="problem">{words}</span> })
        }}
    }
}
