//! Every design on every device: a table to choose a board from.

use leptos::prelude::*;

use crate::device::{CATALOGUE, Cell, Class, Device, Standing, Verdict, called, matrix};
use crate::page::format::{bytes, time};
use crate::ui::studio::Studio;

/// The devices, found by chip or board, with what each design would be on them. Worked out when it is first opened.
#[component]
pub fn Boards(device: Memo<Option<Device>>) -> impl IntoView {
    let opened = RwSignal::new(false);
    view! {
        <details class="card boards" data-testid="device-matrix" on:toggle=move |_| opened.set(true)>
            <summary>"All devices, and what each design would be on them"</summary>
            <Show when=move || opened.get()><Matrix device/></Show>
        </details>
    }
}

/// One design on one device, as it stands in the table.
#[derive(Clone, PartialEq)]
struct CellView {
    class: &'static str,
    verdict: &'static str,
    /// RAM, flash and time, where they are known.
    figures: String,
}

#[component]
fn Matrix(device: Memo<Option<Device>>) -> impl IntoView {
    let studio = Studio::expect();
    let wanted = RwSignal::new(String::new());
    let names = Memo::new(move |_| {
        studio.derived.with(|derived| derived.designs.iter().map(|design| design.name.clone()).collect::<Vec<_>>())
    });
    let cells = Memo::new(move |_| {
        studio.derived.with(|derived| {
            let networks: Vec<_> = derived.designs.iter().map(|design| design.network()).collect();
            let devices: Vec<&Device> = CATALOGUE.iter().collect();
            let view = |cell: Option<Cell>| cell.map(|cell| CellView::of(&cell));
            let rows = matrix(&networks, &devices).into_iter().map(|row| row.into_iter().map(view).collect::<Vec<_>>());
            rows.collect::<Vec<_>>()
        })
    });
    let shown = Memo::new(move |_| {
        let text = wanted.get();
        let text = text.trim();
        match text.is_empty() {
            true => CATALOGUE.iter().map(|device| device.id).collect::<Vec<_>>(),
            false => called(text).map(|device| device.id).collect(),
        }
    });
    let row = move |place: usize, board: &'static Device| {
        let is_chosen = move || device.get().is_some_and(|device| device.id == board.id);
        let choose = move |_| studio.edit(|workbench| workbench.settings.device = Some(board.id.to_string()));
        let memory = match board.class {
            Class::Microcontroller => format!("{} flash, {} RAM", bytes(board.flash.value), bytes(board.ram.value)),
            Class::Computer => format!("{} memory", bytes(board.ram.value)),
        };
        view! {
            <tr data-device=board.id aria-current=move || is_chosen().then_some("true")>
                <th scope="row">
                    <button class="button small" on:click=choose title="Use this device">{board.name}</button>
                    <small class="muted">{board.processor}", "{memory}</small>
                </th>
                {move || cells.with(|cells| cells.iter().map(|row| match row[place].clone() {
                    Some(cell) => view! {
                        <td><span class=cell.class>{cell.verdict}</span><small class="muted">{cell.figures}</small></td>
                    }.into_any(),
                    None => view! { <td>"?"</td> }.into_any(),
                }).collect_view())}
            </tr>
        }
    };
    view! {
        <label class="muted">
            "chip or board "
            <input
                class="field"
                type="search"
                autocomplete="off"
                spellcheck="false"
                placeholder="nRF52840, Pico, F411 ..."
                data-testid="device-search"
                prop:value=move || wanted.get()
                on:input=move |event| wanted.set(event_target_value(&event))
            />
        </label>
        {move || shown.with(Vec::is_empty).then(|| view! {
            <p class="muted">"No device of that name is known here. Your own limits can be typed: choose the device \"Your own\" above."</p>
        })}
        <div class="scroll" tabindex="0" role="group" aria-label="Designs and devices">
            <table class="data">
                <thead>
                    <tr>
                        <th scope="col">"device"</th>
                        {move || names.get().into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        let shown = shown.get();
                        let rows = CATALOGUE.iter().enumerate().filter(|(_, board)| shown.contains(&board.id));
                        rows.map(|(place, board)| row(place, board)).collect_view()
                    }}
                </tbody>
            </table>
        </div>
        <p class="muted">
            "RAM, flash, time on the device's first software; \"tight\" leaves too little for the largest runtime. ~ marks a time for a network unlike those that were measured."
        </p>
    }
}

impl CellView {
    fn of(cell: &Cell) -> Self {
        let tight = matches!(cell.fit.ram, Verdict::Tight { .. }) || matches!(cell.fit.flash, Verdict::Tight { .. });
        let (class, verdict) = match (cell.fit.fits(), tight) {
            (false, _) => ("verdict bad", "too large"),
            (true, true) => ("verdict warn", "tight"),
            (true, false) => ("verdict good", "fits"),
        };
        let mut figures = vec![bytes(cell.fit.tensors), bytes(cell.fit.weights)];
        figures.extend(cell.time.as_ref().map(|(_, estimate)| match estimate.standing {
            Standing::Within => time(estimate.milliseconds),
            Standing::Extrapolated(_) => format!("~{}", time(estimate.milliseconds)),
        }));
        Self { class, verdict, figures: figures.join(" · ") }
    }
}
