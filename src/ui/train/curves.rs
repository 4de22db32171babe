//! How loss and accuracy went, epoch by epoch, of all designs.

use leptos::prelude::*;

use crate::page::format::percent;
use crate::page::train::Training;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 170.0;
/// Room for the numbers at the left and below.
const LEFT: f64 = 58.0;
const BELOW: f64 = 20.0;

/// One line: of which design, and its values.
type Line = (usize, bool, Vec<f64>);

#[component]
pub fn Curves(training: RwSignal<Training>) -> impl IntoView {
    // Which of an epoch's numbers, in training and in the test.
    let lines = move |places: [usize; 2]| -> Vec<Line> {
        training.with(|training| {
            let designs = training.report.iter().flat_map(|report| report.designs.iter().enumerate());
            let both = designs.flat_map(|(index, design)| {
                places.into_iter().enumerate().map(move |(which, place)| {
                    (index, which == 1, design.epochs.iter().map(|epoch| epoch[place]).collect::<Vec<f64>>())
                })
            });
            both.filter(|(.., values)| !values.is_empty()).collect()
        })
    };
    view! {
        {move || {
            let (losses, accuracies) = (lines([0, 2]), lines([1, 3]));
            (!losses.is_empty()).then(|| view! {
                <div class="train-curves">
                    <Curve title="Loss" lines=losses ceiling=None/>
                    <Curve title="Accuracy" lines=accuracies ceiling=Some(1.0)/>
                </div>
                <p class="muted">"Thin lines: the batches that are learned from. Thick lines: the test."</p>
            })
        }}
    }
}

#[component]
fn Curve(title: &'static str, lines: Vec<Line>, ceiling: Option<f64>) -> impl IntoView {
    let finite = |values: &[f64]| values.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = ceiling.unwrap_or_else(|| lines.iter().map(|(.., values)| finite(values)).fold(0.0, f64::max)).max(1e-9);
    let epochs = lines.iter().map(|(.., values)| values.len()).max().unwrap_or(1);
    let place = move |at: usize, value: f64| {
        let x = LEFT + (WIDTH - LEFT - 6.0) * if epochs > 1 { at as f64 / (epochs - 1) as f64 } else { 0.5 };
        let y = 8.0 + (HEIGHT - BELOW - 8.0) * (1.0 - (value / top).clamp(0.0, 1.0));
        format!("{x:.1},{y:.1}")
    };
    let number = |value: f64| if ceiling.is_some() { percent(value) } else { format!("{value:.2}") };
    let said: Vec<String> = lines
        .iter()
        .filter(|(_, is_test, _)| *is_test)
        .filter_map(|(design, _, values)| Some(format!("design {}: {}", design + 1, number(*values.last()?))))
        .collect();
    let label = format!("{title} over {epochs} epochs; at the end of the test {}", said.join(", "));
    let floor = HEIGHT - BELOW;
    view! {
        <figure>
            <figcaption>{title}</figcaption>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
                <line class="axis" x1=LEFT x2=WIDTH y1=floor y2=floor></line>
                <line class="axis" x1=LEFT x2=LEFT y1="8" y2=floor></line>
                <text x=LEFT - 6.0 y="16" text-anchor="end">{number(top)}</text>
                <text x=LEFT - 6.0 y=floor text-anchor="end">"0"</text>
                <text x=WIDTH y=HEIGHT - 4.0 text-anchor="end">{format!("epoch {epochs}")}</text>
                {lines.into_iter().map(|(design, is_test, values)| {
                    let points: Vec<String> = values.iter().enumerate().map(|(at, value)| place(at, *value)).collect();
                    let end = points.last().and_then(|end| end.split_once(',').map(|(x, y)| (x.to_string(), y.to_string())));
                    view! {
                        <g data-color=design.to_string() class:test=is_test>
                            <polyline points=points.join(" ")></polyline>
                            {end.filter(|_| is_test).map(|(x, y)| view! { <circle cx=x cy=y r="3"></circle> })}
                        </g>
                    }
                }).collect_view()}
            </svg>
        </figure>
    }
}
