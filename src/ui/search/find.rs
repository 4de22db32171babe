//! A search over the product of several arguments, in the worker.

use leptos::prelude::*;

use crate::decimal;
use crate::device::{CATALOGUE, Fitted, find};
use crate::explore::Space;
use crate::job::{FoundReport, Message, News, SearchReport, SearchTask, VariedParts};
use crate::page::format::{bytes, grouped, short, time};
use crate::share_link;
use crate::ui::fit::Evidence;
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;
use crate::ui::table::Table;
use crate::workbench::Content;

/// How many variants a search may look at.
const MOST: [u64; 3] = [10_000, 100_000, 1_000_000];

/// How many of the found ones the table shows until the search is done.
const SHOWN: usize = 40;

/// What may be varied, in words.
const PARTS: [(&str, Part); 6] = [
    ("width", |parts| &mut parts.width),
    ("resolution", |parts| &mut parts.resolution),
    ("separable or not, each convolution", |parts| &mut parts.separable),
    ("kernel_size", |parts| &mut parts.kernel),
    ("channels of each layer", |parts| &mut parts.channels),
    ("classifier", |parts| &mut parts.head),
];

type Part = fn(&mut VariedParts) -> &mut bool;

/// The search at hand. `Copy`: handles.
#[derive(Clone, Copy)]
pub struct Finder {
    job: RwSignal<Option<u32>>,
    /// What was asked for last, the name of its design, and the news of it.
    asked: RwSignal<Option<(SearchTask, String)>>,
    report: RwSignal<Option<Result<SearchReport, String>>>,
}

impl Finder {
    pub fn new() -> Self {
        Self { job: RwSignal::new(None), asked: RwSignal::new(None), report: RwSignal::new(None) }
    }

    /// What has been found so far.
    pub fn found(&self) -> Vec<FoundReport> {
        self.report.with(|report| match report {
            Some(Ok(report)) => report.found.clone(),
            _ => Vec::new(),
        })
    }

    /// Puts one of the found ones beside the designs.
    pub fn open_beside(&self, studio: Studio, place: usize) {
        let found = self.report.with_untracked(|report| match report {
            Some(Ok(report)) => report.found.get(place).map(|found| (found.index, found.label.clone())),
            _ => None,
        });
        if let (Some((index, label)), Some((task, name))) = (found, self.asked.get_untracked()) {
            open_variant(studio, &task, name, index, label);
        }
    }

    fn hear(&self, message: Message<SearchReport>) {
        if self.job.get_untracked().is_none_or(|job| message.id.is_some_and(|id| id != job)) {
            return;
        }
        match message.news {
            News::Told(report) => {
                if report.done == report.total {
                    self.job.set(None);
                }
                self.report.set(Some(Ok(report)));
            }
            News::Failed(words) => {
                self.job.set(None);
                self.report.set(Some(Err(words)));
            }
            News::Progress(_) => {}
        }
    }
}

#[component]
pub fn Find(design: Memo<usize>, finder: Finder) -> impl IntoView {
    let studio = Studio::expect();
    let runner = Runner::<SearchTask>::new(Callback::new(move |message| finder.hear(message)));
    let varied = RwSignal::new(VariedParts {
        width: true,
        resolution: true,
        separable: true,
        kernel: false,
        channels: false,
        head: true,
    });
    let fitting = RwSignal::new(true);
    let keeping = RwSignal::new(true);
    let limit = RwSignal::new(String::new());
    let most = RwSignal::new(MOST[0]);
    let device = Memo::new(move |_| {
        let id = studio.workbench().with(|workbench| workbench.settings.device.clone());
        let own = id.clone().zip(id.as_deref().and_then(find)).map(|(id, device)| (id, device.name));
        own.or(CATALOGUE.first().map(|device| (device.id.to_string(), device.name)))
    });
    let fitted = move || device.with(|device| Fitted::on(&device.as_ref()?.0).next());
    let untimed = move || fitted().is_none();
    let unread =
        Memo::new(move |_| !untimed() && limit.with(|limit| !limit.trim().is_empty() && milliseconds(limit).is_none()));
    let start = move |_| {
        let asked = studio.with_design(design.get_untracked(), |state| {
            (share_link::encode_design(state.network()), state.network().name.clone())
        });
        let Some((network, name)) = asked else { return };
        runner.cancel();
        let task = SearchTask {
            network,
            varied: varied.get_untracked(),
            device: device.get_untracked().map(|(id, _)| id),
            must_fit: fitting.get_untracked(),
            milliseconds: limit.with_untracked(|limit| milliseconds(limit)),
            keep_capacity: keeping.get_untracked(),
            most: most.get_untracked(),
        };
        finder.report.set(None);
        finder.asked.set(Some((task.clone(), name)));
        finder.job.set(Some(runner.start(task)));
    };
    let cancel = move |_| {
        runner.cancel();
        finder.job.set(None);
    };
    let running = Memo::new(move |_| finder.job.get().is_some());
    let progress = move || {
        finder.report.with(|report| match report {
            Some(Ok(report)) => report.done as f64 / report.total.max(1) as f64,
            _ => 0.0,
        })
    };
    let choose_most = move |event: leptos::ev::Event| most.set(event_target_value(&event).parse().unwrap_or(MOST[0]));
    view! {
        <div class="find">
            <div class="search-controls">
                <h3>"Search"</h3>
                {PARTS.into_iter().map(|(name, part)| view! {
                    <label class="check">
                        <input
                            type="checkbox"
                            name=name
                            prop:checked=move || { let mut parts = varied.get(); *part(&mut parts) }
                            on:change=move |event| varied.update(|parts| *part(parts) = event_target_checked(&event))
                        />
                        {name}
                    </label>
                }).collect_view()}
            </div>
            <div class="search-controls">
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=move || fitting.get()
                        on:change=move |event| fitting.set(event_target_checked(&event))
                    />
                    {move || device.get().map(|(id, name)| match CATALOGUE.iter().any(|device| device.id == id) {
                        true => format!("must fit the {name}"),
                        false => "must fit your own device".to_string(),
                    })}
                </label>
                <label class="check" title="Less width and resolution always cost less; what that does to accuracy, only training tells.">
                    <input
                        type="checkbox"
                        prop:checked=move || keeping.get()
                        on:change=move |event| keeping.set(event_target_checked(&event))
                    />
                    "keep the best of every width and resolution"
                </label>
                <label class="check" class:muted=untimed title="Of one run, by published timings">
                    "within"
                    <input
                        class="field"
                        type="text"
                        inputmode="decimal"
                        size="5"
                        prop:disabled=untimed
                        data-testid="search-within"
                        prop:value=move || limit.get()
                        aria-invalid=move || unread.get().then_some("true")
                        on:input=move |event| limit.set(event_target_value(&event))
                    />
                    {move || if untimed() { "ms: no timings of this device are published" } else { "ms" }}
                </label>
                {move || unread.get().then(|| view! {
                    <span class="problem" data-testid="problem">"within is a number above 0. Until then no time is too long."</span>
                })}
                <label class="check">
                    "variants"
                    <select class="button" on:change=choose_most>
                        {MOST.map(|most| view! { <option value=most.to_string()>{grouped(most)}</option> }).collect_view()}
                    </select>
                </label>
                <button class="button primary" data-testid="search" on:click=start>"Search"</button>
                <Show when=move || running.get()>
                    <progress max="1" prop:value=progress aria-label="progress of the search"></progress>
                    <button class="button" data-testid="search-cancel" on:click=cancel>"Cancel"</button>
                </Show>
            </div>
            {move || view! { <Evidence fitted=fitted()/> }}
            <div aria-live="polite">
                {move || finder.report.get().map(|report| match report {
                    Err(words) => view! { <p class="warning" data-testid="problem">{words}</p> }.into_any(),
                    Ok(report) => view! { <Found report finder/> }.into_any(),
                })}
            </div>
        </div>
    }
}

/// The time that a run may take.
fn milliseconds(text: &str) -> Option<f64> {
    decimal::parse(text.trim()).filter(|limit| *limit > 0.0)
}

/// What the search found, or has found so far.
#[component]
fn Found(report: SearchReport, finder: Finder) -> impl IntoView {
    let summary = format!(
        "{} of {} variants looked at in {}: {} fit, {} cannot run, {} are Pareto-optimal in parameters, MACs, memory and time.",
        grouped(report.done),
        grouped(report.space),
        time(report.took),
        grouped(report.within),
        grouped(report.impossible),
        grouped(report.found.len() as u64),
    );
    let near = (report.tolerance > 0.0)
        .then(|| format!(" Variants within {:.0} % of a better one are left out.", report.tolerance * 100.0));
    let shown = if report.done == report.total { report.found.len() } else { SHOWN };
    view! {
        <p class="muted" data-testid="search-summary" data-done=report.done.to_string() data-took=report.took.to_string()>{summary}{near}</p>
        {(!report.found.is_empty()).then(|| view! {
            <Table
                label="What the search found"
                header=vec!["variant", "params", "MACs", "int8 weights", "int8 peak", "time there"]
                buttons="open"
            >
                {report.found.into_iter().take(shown).map(|found| view! { <FoundRow found finder/> }).collect_view()}
            </Table>
        })}
    }
}

/// Builds the variant and adds it as a design.
fn open_variant(studio: Studio, task: &SearchTask, name: String, index: u64, label: String) {
    let (network, _) = share_link::decode_design(&task.network);
    let space = Space::varied(&network, task.varied.varied());
    let mut variant = space.variant(&space.choice(index));
    variant.name = name;
    studio.add_design(label, Content::Network(variant.into()));
}

#[component]
fn FoundRow(found: FoundReport, finder: Finder) -> impl IntoView {
    let studio = Studio::expect();
    let (index, label) = (found.index, found.label.clone());
    let open = move |_| {
        if let Some((task, name)) = finder.asked.get_untracked() {
            open_variant(studio, &task, name, index, label.clone());
        }
    };
    view! {
        <tr data-testid="found" data-params=found.params.to_string() data-macs=found.macs.to_string()>
            <th scope="row">{found.label.clone()}</th>
            <td>{grouped(found.params)}</td>
            <td>{short(found.macs)}</td>
            <td>{bytes(found.flash)}</td>
            <td>{bytes(found.peak)}</td>
            <td>{found.milliseconds.map(time).unwrap_or_else(|| "not known".to_string())}</td>
            <td><button class="button small" on:click=open>"Open beside"</button></td>
        </tr>
    }
}
