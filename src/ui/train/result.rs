//! What one design has learned.

use leptos::prelude::*;

use crate::job::{DataTask, TrainedDesign, training_script};
use crate::page::format::{bytes, grouped, percent, time};
use crate::page::train::{Source, TrainState, memory_bytes, record, safetensors};
use crate::share_link;
use crate::ui::files::{bytes_address, save, text_address};
use crate::ui::studio::Studio;

use super::Trainer;

/// What the data are.
#[component]
pub fn DataWords(trainer: Trainer) -> impl IntoView {
    let words = move || {
        trainer.training.with(|training| {
            let report = training.report.as_ref().filter(|_| training.is_running()).or(training.preview.as_ref())?;
            let data = &report.data;
            let shape: Vec<String> = data.shape.iter().map(ToString::to_string).collect();
            let each: Vec<String> =
                data.classes.iter().zip(&data.counts).take(20).map(|(class, count)| format!("{class}: {count}")).collect();
            let more = if data.classes.len() > 20 { ", ..." } else { "" };
            let normalized = match (data.shift, data.scale) {
                (0.0, 1.0) => String::new(),
                (shift, scale) => format!(" Values are (x - {shift}) / {scale}."),
            };
            Some(format!(
                "{} samples of {} to learn from and {} to test on, a fifth of each class by the seed. Samples by class: {}{more}.{normalized}",
                grouped(data.train.into()), shape.join(" x "), grouped(data.test.into()), each.join(", ")
            ))
        })
    };
    view! {
        <p class="muted">{move || trainer.source.get().words()}</p>
        {move || words().map(|words| view! { <p class="muted" data-testid="train-data-words">{words}</p> })}
        {move || (trainer.source.get() == Source::Own && trainer.own.with(|text| text.trim().is_empty())).then(|| view! {
            <p class="muted">"Choose a file, or paste a table."</p>
        })}
    }
}

#[component]
pub fn Trained(design: usize, trainer: Trainer) -> impl IntoView {
    let studio = Studio::expect();
    let training = trainer.training;
    let state = Memo::new(move |_| training.with(|training| training.state(design)));
    let trained = Memo::new(move |_| training.with(|training| training.trained(design).cloned()));
    let memory = Memo::new(move |_| training.with(|training| training.memory(design).cloned()));
    let name = move || studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
    let last = move |place: usize| trained.with(|trained| Some(trained.as_ref()?.epochs.last()?[place].to_string()));
    view! {
        <div
            class="run-result"
            data-color=design.to_string()
            data-testid=format!("train-{design}")
            data-state=move || state.get().name()
            data-epoch=move || trained.with(|trained| trained.as_ref().map_or(0, |trained| trained.epochs.len()).to_string())
            data-train-loss=move || last(0)
            data-test-accuracy=move || last(3)
            data-losses=move || trained.with(|trained| trained.as_ref().map(|trained| json(&trained.losses)))
            data-memory-bytes=move || memory.with(|memory| {
                memory.as_ref().map(memory_bytes).filter(|&bytes| bytes > 0).map(|bytes| bytes.to_string())
            })
        >
            <h3><span class="swatch" aria-hidden="true"></span>{name}</h3>
            {move || memory.get().map(|memory| view! { <Memory memory/> })}
            {move || match trained.get() {
                None => view! { <p class="muted">{idle(state.get())}</p> }.into_any(),
                Some(trained) => view! { <Learned design trained trainer/> }.into_any(),
            }}
        </div>
    }
}

fn idle(state: TrainState) -> &'static str {
    match state {
        TrainState::Running => "training …",
        _ => "Not trained yet.",
    }
}

/// Numbers as JSON has them; what is none as null.
fn json(numbers: &[f64]) -> String {
    let number = |number: &f64| if number.is_finite() { number.to_string() } else { "null".to_string() };
    format!("[{}]", numbers.iter().map(number).collect::<Vec<_>>().join(","))
}

#[component]
fn Memory(memory: TrainedDesign) -> impl IntoView {
    let total = memory_bytes(&memory);
    let problem = memory.problem.clone();
    let changes = memory.changes.join(", ");
    view! {
        {(!changes.is_empty()).then(|| view! { <p class="muted">{format!("For these data the design {changes}.")}</p> })}
        {problem.map(|words| view! { <p class="problem" data-testid="problem">{words}</p> })}
        {(total > 0).then(|| view! {
            <details>
                <summary class="muted">{format!("Training takes {} of memory", bytes(total))}</summary>
                <table class="data">
                    <tbody>
                        {memory.memory.into_iter().map(|(name, size, formula)| view! {
                            <tr><th scope="row">{name}</th><td class="number">{bytes(size)}</td><td class="muted">{formula}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </details>
        })}
    }
}

#[component]
fn Learned(design: usize, trained: TrainedDesign, trainer: Trainer) -> impl IntoView {
    let (classes, shape) = trainer.training.with_untracked(|training| {
        let data = training.report.as_ref().map(|report| &report.data);
        data.map(|data| (data.classes.clone(), data.shape.clone())).unwrap_or_default()
    });
    let headline = trained.epochs.last().map(|[loss, accuracy, test_loss, test_accuracy, _]| {
        let rest = format!("test loss {test_loss:.3}; in training {} and {loss:.3}", percent(*accuracy));
        (percent(*test_accuracy), rest)
    });
    let rate = (trained.took > 0.0).then(|| {
        let images = trained.learned as f64 / trained.took * 1e3;
        format!(
            "{} steps in {}: {} samples a second, tests included",
            grouped(trained.steps.into()),
            time(trained.took),
            grouped(images as u64)
        )
    });
    let seeds: Vec<String> = trained.accuracies.iter().map(|accuracy| percent(*accuracy)).collect();
    view! {
        {headline.map(|(accuracy, rest)| view! { <p class="time">{accuracy}<small>" of the test right; "{rest}</small></p> })}
        {(seeds.len() > 1).then(|| view! { <p class="muted">{format!("seed by seed: {}; the figures here are the last one's", seeds.join(", "))}</p> })}
        {trained.ended.clone().map(|words| view! { <p class="warning">{words}</p> })}
        {rate.map(|words| view! { <p class="muted">{words}</p> })}
        <Take design trainer trained=trained.clone()/>
        {(!trained.confusion.is_empty()).then(|| view! { <Confusion design counts=trained.confusion.clone() classes=classes.clone()/> })}
        {(!trained.wrong.is_empty()).then(|| view! { <Wrong wrong=trained.wrong.clone() classes=classes.clone() shape=shape.clone()/> })}
    }
}

/// Test samples that are taken for another class, each drawn: an image, or a line over time.
#[component]
fn Wrong(wrong: Vec<(Vec<f32>, u32, u32)>, classes: Vec<String>, shape: Vec<u64>) -> impl IntoView {
    let width = shape.last().map_or(1, |&width| (width as usize).max(1));
    let height = shape.iter().rev().nth(1).map_or(1, |&height| (height as usize).max(1));
    let name = move |class: u32| classes.get(class as usize).cloned().unwrap_or_default();
    view! {
        <details>
            <summary class="muted">{format!("Samples it gets wrong: the first {}", wrong.len())}</summary>
            <div class="wrong-samples">
                {wrong.into_iter().map(|(values, own, taken)| {
                    let lowest = values.iter().copied().fold(f32::INFINITY, f32::min);
                    let range = (values.iter().copied().fold(f32::NEG_INFINITY, f32::max) - lowest).max(f32::MIN_POSITIVE);
                    let share = move |value: f32| f64::from((value - lowest) / range);
                    let first = values.into_iter().take(width * height).enumerate();
                    let drawn = if height > 1 {
                        let pixels = first.map(|(at, value)| view! {
                            <rect x=at % width y=at / width width="1" height="1" fill-opacity=format!("{:.2}", share(value))></rect>
                        });
                        view! { <svg viewBox=format!("0 0 {width} {height}")>{pixels.collect_view()}</svg> }.into_any()
                    } else {
                        let points = first.map(|(at, value)| {
                            format!("{:.1},{:.1}", 60.0 * at as f64 / width as f64, 1.0 + 28.0 * (1.0 - share(value)))
                        });
                        let points = points.collect::<Vec<_>>().join(" ");
                        view! { <svg viewBox="0 0 60 30"><polyline points=points></polyline></svg> }.into_any()
                    };
                    view! { <figure>{drawn}<figcaption>{format!("{}, not {}", name(own), name(taken))}</figcaption></figure> }
                }).collect_view()}
            </div>
        </details>
    }
}

/// What can be taken away: the course as a PyTorch file, the weights, the record.
#[component]
fn Take(design: usize, trainer: Trainer, trained: TrainedDesign) -> impl IntoView {
    let studio = Studio::expect();
    let name = move || {
        let name = studio.with_design(design, |state| state.name.clone()).unwrap_or_default();
        name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect::<String>()
    };
    let script = move |_| {
        let network =
            studio.with_design(design, |state| share_link::encode_design(state.network())).unwrap_or_default();
        let data = match trainer.source.get_untracked() {
            Source::Digits => DataTask::Digits(Vec::new()),
            Source::Vibration => DataTask::Vibration,
            Source::Own => DataTask::Own(trainer.own.get_untracked()),
        };
        match training_script(&network, &data, &trainer.settings.get_untracked()) {
            Ok(text) => save(&format!("train_{}.py", name()), &text_address("text/x-python", &text)),
            Err(words) => trainer.problem.set(Some(words)),
        }
    };
    let record = move |_| {
        let settings = trainer.settings.get_untracked();
        let source = trainer.source.get_untracked();
        let text = trainer.training.with_untracked(|training| record(training, design, source, &settings));
        if let Some(text) = text {
            save(&format!("train_{}.json", name()), &text_address("application/json", &text));
        }
    };
    let has_weights = !trained.weights.is_empty();
    let weights = move |_| {
        let file = safetensors(&trained.weights, trained.steps.into());
        if let Some(address) = bytes_address(&file) {
            save(&format!("{}.safetensors", name()), &address);
        }
    };
    view! {
        <div class="run-head">
            <button class="button small" data-testid=format!("train-script-{design}") on:click=script>"Training script (.py)"</button>
            {has_weights.then(|| view! {
                <button class="button small" data-testid=format!("train-weights-{design}") on:click=weights>"Weights (.safetensors)"</button>
            })}
            <button class="button small" data-testid=format!("train-record-{design}") on:click=record>"Record (.json)"</button>
        </div>
    }
}

/// Rows are what samples are, columns what they are taken for.
#[component]
fn Confusion(design: usize, counts: Vec<u32>, classes: Vec<String>) -> impl IntoView {
    let size = classes.len().max(1);
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="what the test samples are taken for">
            <table class="confusion" data-testid=format!("confusion-{design}")>
                <caption class="muted">"Rows: what it is. Columns: what it is taken for."</caption>
                <thead>
                    <tr>
                        <th></th>
                        {classes.iter().map(|class| view! { <th scope="col">{class.clone()}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>
                    {counts.chunks(size).zip(classes.clone()).enumerate().map(|(own, (row, class))| {
                        let all = row.iter().sum::<u32>().max(1);
                        view! {
                            <tr>
                                <th scope="row">{class}</th>
                                {row.iter().enumerate().map(|(column, count)| view! {
                                    <td
                                        class:right=column == own
                                        style:--share=format!("{:.3}", f64::from(*count) / f64::from(all))
                                    >
                                        {if *count == 0 { String::new() } else { count.to_string() }}
                                    </td>
                                }).collect_view()}
                            </tr>
                        }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}
