//! What the counters people use print for the designs, and why; and what memory a run takes, by four names.

mod memory;

use leptos::prelude::*;

use crate::cost::{Convention, NumberType, Report, Settings, Tally, analyze};
use crate::model::Network;
use crate::page::format::grouped;
use crate::ui::each::Each;
use crate::ui::named::DesignName;
use crate::ui::select::Select;
use crate::ui::studio::Studio;
use crate::ui::table::Table;

pub use memory::MemoryPanel;

#[component]
pub fn CountingPanel() -> impl IntoView {
    let studio = Studio::expect();
    let chosen = Memo::new(move |_| studio.workbench().with(|workbench| workbench.settings.convention));
    let choose = move |id: String| {
        if let Some(convention) = Convention::from_id(&id) {
            studio.edit(|workbench| workbench.settings.convention = convention);
        }
    };
    let designs = studio.design_indices();
    view! {
        <section class="card counting" aria-label="Other counters">
            <div class="panel-head">
                <h2>"What other counters print"</h2>
                <Select
                    label="Counter"
                    hook="convention"
                    options=Convention::ALL.iter().map(|convention| (convention.id(), convention.title())).collect()
                    chosen=Signal::derive(move || Some(chosen.get().id()))
                    choose
                />
                <p class="muted">{move || note(chosen.get())}</p>
            </div>
            <Show when=move || chosen.get() != Convention::Plain>
                <div class="counting-results">
                    <Each keys=designs view=move |design| view! { <Counted design chosen/> }.into_any()/>
                </div>
            </Show>
            <Show when=move || chosen.get() == Convention::Plain>
                <label class="frozen muted" title="Their parameters count as frozen: requires_grad is False. Names of modules, with commas between.">
                    "frozen modules "
                    <input
                        class="field"
                        type="text"
                        size="24"
                        autocomplete="off"
                        spellcheck="false"
                        placeholder="conv1, features.0"
                        data-testid="frozen"
                        prop:value=move || studio.workbench().with(|workbench| workbench.settings.frozen.join(", "))
                        on:change=move |event| freeze(&studio, &event_target_value(&event))
                    />
                </label>
                <div class="counting-results">
                    <Each keys=designs view=move |design| view! { <PlainCounts design/> }.into_any()/>
                </div>
            </Show>
        </section>
    }
}

fn freeze(studio: &Studio, names: &str) {
    // A list of names is never refused.
    studio.edit(|workbench| drop(workbench.settings.set_text("frozen", names)));
}

/// What is to be known of a counter before reading its number.
fn note(convention: Convention) -> String {
    match convention.version() {
        None => {
            "We count multiply-accumulates of convolutions and matrix products only. Pick a tool to see its number and \
             why it differs."
                .to_string()
        }
        Some(version) => format!("{} {version} calls its number {}.", convention.tool(), convention.word()),
    }
}

/// Every total of a design, each sort of operation apart; counted when it is opened.
#[component]
fn PlainCounts(design: usize) -> impl IntoView {
    let studio = Studio::expect();
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    let open = RwSignal::new(false);
    let lines = move || {
        let lines =
            studio.with_design(design, |state| plain_counts(state.network(), &state.report)).unwrap_or_default();
        lines.into_iter().map(|(number, what)| view! { <dt class="number">{number}</dt><dd>{what}</dd> }).collect_view()
    };
    view! {
        <div class="counting-result" data-color=design.to_string() data-testid=format!("plain-{design}")>
            <details on:toggle=move |_| open.update(|open| *open = !*open)>
                <summary><span class="swatch" aria-hidden="true"></span>" "{name}": every total"</summary>
                <Show when=move || open.get()><dl class="differences">{lines}</dl></Show>
            </details>
        </div>
    }
}

fn plain_counts(network: &Network, report: &Report) -> Vec<(String, String)> {
    let (totals, figures) = (&report.totals, &report.totals.figures);
    let operations = &figures.operations;
    let line = |at_least: &str, number: u64, what: &str| {
        (format!("{at_least} {}", grouped(number)).trim().to_string(), what.to_string())
    };
    let count = |number: u64, what: &str| line(totals.completeness.qualifier(), number, what);
    let of_params = |number: u64, what: &str| line(totals.completeness.params_qualifier(), number, what);
    let mut lines = vec![
        of_params(figures.trainable.0, "trainable parameters"),
        of_params(figures.frozen.0, "frozen parameters"),
        count(figures.buffers.0, "elements of buffers"),
        count(figures.macs.0, "MACs"),
        count(figures.flops.0, "FLOPs"),
        count(operations.multiplications.0, "multiplications, with those of norms and activations"),
        count(operations.additions.0, "additions, with those of biases, norms and pools"),
        count(operations.comparisons.0, "comparisons"),
        count(operations.divisions.0, "divisions"),
        count(operations.exponentials.0, "exponentials"),
        count(figures.input.0, "elements read"),
        count(figures.output.0, "elements written"),
    ];
    if let Some(intensity) = figures.arithmetic_intensity() {
        lines.push((format!("{intensity:.2}"), "MACs for each byte read or written".to_string()));
    }
    for &number_type in NumberType::ALL {
        let settings = Settings { number_type, ..report.settings.clone() };
        let bytes = analyze(network, &settings).totals.figures.weight_bytes.0;
        lines.push(of_params(bytes, &format!("bytes of weights in {}", number_type.name())));
    }
    lines
}

/// One design by the counter chosen.
#[component]
fn Counted(design: usize, chosen: Memo<Convention>) -> impl IntoView {
    let studio = Studio::expect();
    let tally =
        Memo::new(move |_| studio.with_design(design, |state| chosen.get().tally(state.network(), &state.report)));
    let total = move || tally.with(|tally| tally.as_ref().and_then(|tally| tally.total.ok()));
    let open = RwSignal::new(false);
    view! {
        <div
            class="counting-result"
            data-color=design.to_string()
            data-testid=format!("counted-{design}")
            data-total=move || total().map(|total| total.to_string())
        >
            <DesignName design/>
            {move || tally.get().map(|tally| view! { <Summary tally/> })}
            <details on:toggle=move |_| open.update(|open| *open = !*open)>
                <summary class="muted">"Layer by layer"</summary>
                <Show when=move || open.get()>
                    <Rows design tally/>
                </Show>
            </details>
        </div>
    }
}

/// The number, the plain one, and the reasons between them.
#[component]
fn Summary(tally: Tally) -> impl IntoView {
    let tool = tally.convention.tool();
    let word = if matches!(tally.convention.unit(), crate::cost::Unit::Flops) { "FLOPs" } else { "MACs" };
    let at_least = tally.completeness.qualifier();
    match tally.total {
        Err(failure) => view! { <p>{format!("{tool} fails here: {}.", failure.reason)}</p> }.into_any(),
        Ok(total) => {
            let differences = tally.differences.iter().map(|difference| {
                let sign = if difference.amount < 0.0 { "−" } else { "+" };
                let amount = format!("{sign} {}", grouped(difference.amount.abs().round() as u64));
                let reason = difference.reason;
                view! {
                    <dt class="number">{amount}</dt>
                    <dd>{reason}{difference.fault.then(|| view! { " "<span class="verdict warn">"fault"</span> })}</dd>
                }
            });
            view! {
                <p>
                    {tool}" prints "<b>{at_least}" "{grouped(total)}</b>"; plainly counted it is "
                    {grouped(tally.plain)}" "{word}"."
                </p>
                <dl class="differences">{differences.collect_view()}</dl>
            }
            .into_any()
        }
    }
}

/// Every row with the tool's number beside the plain one.
#[component]
fn Rows(design: usize, tally: Memo<Option<Tally>>) -> impl IntoView {
    let studio = Studio::expect();
    let rows = move || {
        let Some(tally) = tally.get() else { return Vec::new() };
        let flops = matches!(tally.convention.unit(), crate::cost::Unit::Flops);
        let row = |state: &crate::page::derived::DesignState| {
            let nodes = state.network().nodes.iter().zip(&state.report.rows).zip(&tally.rows);
            let shown = nodes.map(|((node, row), counted)| {
                let plain = if flops { row.figures.flops.0 } else { row.figures.macs.0 };
                (node.name.clone(), plain, *counted)
            });
            shown.collect::<Vec<_>>()
        };
        studio.with_design(design, row).unwrap_or_default()
    };
    let header =
        move || vec!["layer", "plain", tally.with(|tally| tally.as_ref().map_or("", |tally| tally.convention.tool()))];
    view! {
        <Table label="Row by row" header=Signal::derive(header)>
            {move || rows().into_iter().map(|(name, plain, counted)| view! {
                <tr>
                    <td>{name}</td>
                    <td>{grouped(plain)}</td>
                    <td>{counted.map_or_else(|| "–".to_string(), grouped)}</td>
                </tr>
            }).collect_view()}
        </Table>
    }
}
