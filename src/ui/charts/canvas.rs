//! One chart: its canvas, the value under the pointer, and its data as a table.

use leptos::prelude::*;
use leptos::{ev, html};
use wasm_bindgen::prelude::*;

use crate::chart::{Hit, Picture, Side, Surface, Theme};
use crate::page::shared::Shared;
use crate::page::window::MOST_ROWS_SHOWN;
use crate::report;
use crate::ui::each::Each;
use crate::ui::files::{save, text_address};
use crate::ui::header::theme::ThemeChoice;

use super::picture;

/// The width of a picture that has not been shown yet, in CSS pixels.
const LEAST_WIDTH: f64 = 320.0;

#[component]
pub fn Chart(
    name: &'static str,
    picture: Memo<Option<Shared<Picture>>>,
    /// Hears of a budget that is dragged; `None`: it is taken away.
    #[prop(optional, into)]
    drag: Option<Callback<(Side, Option<u64>)>>,
    /// Hears of the row that is clicked.
    #[prop(optional, into)]
    pick: Option<Callback<usize>>,
) -> impl IntoView {
    let theme = ThemeChoice::expect();
    let canvas = NodeRef::<html::Canvas>::new();
    let width = RwSignal::new(0.0);
    let hit = RwSignal::new(None::<Hit>);
    follow_width(canvas, width);
    let highlight = Memo::new(move |_| hit.with(|hit| hit.as_ref().map(|hit| hit.row)));
    Effect::new(move |_| {
        let (Some(canvas), Some(picture), width) = (canvas.get(), picture.get(), width.get()) else { return };
        if width > 0.0 {
            let theme = theme_of(theme.is_dark());
            let layout = picture.layout(width, &theme);
            let surface = Surface { theme: &theme, density: window().device_pixel_ratio(), highlight: highlight.get() };
            picture::draw(&picture, &layout, &canvas, &surface);
        }
    });
    let held = RwSignal::new(None::<Side>);
    let near_grip = RwSignal::new(None::<Side>);
    let place = |event: &ev::PointerEvent| (f64::from(event.offset_x()), f64::from(event.offset_y()));
    let point = move |event: ev::PointerEvent| {
        let (x, y) = place(&event);
        let Some((found, grip, budget)) = picture.with_untracked(|picture| {
            let picture = picture.as_ref()?;
            let layout = picture.layout(width.get_untracked(), &theme_of(false));
            let budget = held.get_untracked().map(|side| (side, picture.budget_at(&layout, side, x, y)));
            Some((picture.hit(&layout, x, y), picture.grip(&layout, x, y), budget))
        }) else {
            return;
        };
        match (budget, drag) {
            (Some(budget), Some(drag)) => drag.run(budget),
            _ if hit.with_untracked(|hit| *hit != found) => hit.set(found),
            _ => {}
        }
        near_grip.set(grip);
    };
    let press = move |event: ev::PointerEvent| {
        point(event.clone());
        let Some(side) = near_grip.get_untracked().filter(|_| drag.is_some()) else { return };
        event.prevent_default();
        held.set(Some(side));
        hit.set(None);
        if let Some(canvas) = canvas.get_untracked() {
            // Without it the line stops at the canvas's edge.
            let _ = canvas.set_pointer_capture(event.pointer_id());
        }
    };
    let release = move |_: ev::PointerEvent| held.set(None);
    let click = move |_| {
        let row = hit.with_untracked(|hit| hit.as_ref().map(|hit| hit.row));
        if let (Some(row), Some(pick)) = (row, pick) {
            pick.run(row);
        }
    };
    let title =
        Memo::new(move |_| picture.with(|picture| picture.as_ref().map_or(String::new(), |it| it.title().to_string())));
    let save_svg = move || {
        let width = width.get_untracked().max(LEAST_WIDTH);
        let svg =
            picture.with_untracked(|picture| picture.as_ref().map(|it| it.to_svg(width, &theme_of(theme.is_dark()))));
        if let Some(svg) = svg {
            save(&format!("{name}.svg"), &text_address("image/svg+xml", &svg));
        }
    };
    let save_png = move || {
        let address = canvas.get_untracked().and_then(|canvas| canvas.to_data_url_with_type("image/png").ok());
        if let Some(address) = address {
            save(&format!("{name}.png"), &address);
        }
    };
    let save_csv = move || {
        let table = picture.with_untracked(|picture| picture.as_ref().map(|it| it.table())).unwrap_or_default();
        let csv = report::csv(&table.header, &table.rows);
        save(&format!("{name}.csv"), &text_address("text/csv", &csv));
    };
    let tip_left = move |hit: &Hit| format!("{}px", hit.x.min((width.get() - 200.0).max(0.0)));
    view! {
        <figure class="chart">
            <figcaption class="chart-head">
                <h3>{title}</h3>
                <span class="chart-files">
                    <button class="button quiet small" data-testid="chart-svg" aria-label=move || format!("{} as SVG", title.get()) on:click=move |_| save_svg()>"SVG"</button>
                    <button class="button quiet small" data-testid="chart-png" aria-label=move || format!("{} as PNG", title.get()) on:click=move |_| save_png()>"PNG"</button>
                    <button class="button quiet small" data-testid="chart-csv" aria-label=move || format!("{} as CSV", title.get()) on:click=move |_| save_csv()>"CSV"</button>
                </span>
            </figcaption>
            <div class="chart-area">
                <canvas
                    node_ref=canvas
                    role="img"
                    data-chart=name
                    aria-label=move || format!("{}; the same as a table below", title.get())
                    data-grip=move || near_grip.get().filter(|_| drag.is_some()).map(|side| if side == Side::Up { "up" } else { "across" })
                    class:picks=move || pick.is_some() && hit.with(Option::is_some)
                    on:pointermove=point
                    on:pointerdown=press
                    on:pointerup=release
                    on:pointercancel=release
                    on:pointerleave=move |_| hit.set(None)
                    on:click=click
                ></canvas>
                {move || hit.get().map(|hit| view! {
                    <div class="tip" style:left=tip_left(&hit) style:top=format!("{}px", hit.y + 8.0)>{hit.text.clone()}</div>
                })}
            </div>
            <DataTable name picture/>
        </figure>
    }
}

/// The chart's data; folded away, but there.
#[component]
fn DataTable(name: &'static str, picture: Memo<Option<Shared<Picture>>>) -> impl IntoView {
    let table =
        Memo::new(move |_| picture.with(|picture| picture.as_ref().map(|picture| picture.table())).unwrap_or_default());
    let header = Memo::new(move |_| table.with(|table| table.header.clone()));
    // A long one waits until it is opened.
    let is_open = RwSignal::new(false);
    let indices = Memo::new(move |_| {
        let rows = table.with(|table| table.rows.len());
        let is_there = rows <= MOST_ROWS_SHOWN || is_open.get();
        (0..if is_there { rows } else { 0 }).collect::<Vec<_>>()
    });
    let row =
        move |index: usize| Memo::new(move |_| table.with(|table| table.rows.get(index).cloned().unwrap_or_default()));
    view! {
        <details on:toggle=move |event| is_open.set(event_target::<web_sys::HtmlDetailsElement>(&event).open())>
            <summary>"Table"</summary>
            <div class="scroll" tabindex="0" role="group" aria-label=move || format!("{name} as a table")>
                <table class="data" data-chart=name>
                    <thead>
                        <tr>{move || header.get().into_iter().map(|text| view! { <th scope="col">{text}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody>
                        <Each keys=indices view=move |index| view! { <TableRow cells=row(index)/> }.into_any()/>
                    </tbody>
                </table>
            </div>
        </details>
    }
}

#[component]
fn TableRow(cells: Memo<Vec<String>>) -> impl IntoView {
    view! { <tr>{move || cells.get().into_iter().map(|text| view! { <td>{text}</td> }).collect_view()}</tr> }
}

/// Keeps up with the width the canvas is given, in CSS pixels.
fn follow_width(canvas: NodeRef<html::Canvas>, width: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        let measured = canvas.clone();
        let measure = Closure::<dyn FnMut()>::new(move || {
            let now = f64::from(measured.client_width());
            if now > 0.0 && width.get_untracked() != now {
                width.set(now);
            }
        });
        if let Ok(observer) = web_sys::ResizeObserver::new(measure.as_ref().unchecked_ref()) {
            observer.observe(&canvas);
            on_cleanup({
                let observer = send_wrapper::SendWrapper::new((observer, measure));
                move || observer.0.disconnect()
            });
        }
    });
}

fn theme_of(dark: bool) -> Theme {
    if dark { Theme::dark() } else { Theme::light() }
}
