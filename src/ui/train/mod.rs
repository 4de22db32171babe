//! Training: all designs learn in turns from the same batches, in the worker.

mod curves;
mod form;
mod result;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::job::{Binary, Control, DataTask, Message, TrainReport, TrainSettings, TrainTask};
use crate::page::train::{Source, Training, default_settings, task};
use crate::share_link;
use crate::ui::each::Each;
use crate::ui::runner::{Runner, simd};
use crate::ui::settle::Rest;
use crate::ui::studio::Studio;
use crate::workbench::Part;

use form::Form;
use result::{DataWords, Trained};

/// How long edits rest before the memory is found out anew, in milliseconds.
const SETTLED: u64 = 300;

/// The training at hand. `Copy`: handles.
#[derive(Clone, Copy)]
struct Trainer {
    training: RwSignal<Training>,
    settings: RwSignal<TrainSettings>,
    source: RwSignal<Source>,
    own: RwSignal<String>,
    digits: RwSignal<Option<Vec<u8>>>,
    /// What went wrong with the data.
    problem: RwSignal<Option<String>>,
    runner: Runner<TrainTask>,
}

impl Trainer {
    /// The data as the worker takes them; `None` where there are none yet.
    fn data(&self) -> Option<DataTask> {
        match self.source.get_untracked() {
            Source::Digits => self.digits.get_untracked().map(DataTask::Digits),
            Source::Vibration => Some(DataTask::Vibration),
            Source::Own => Some(self.own.get_untracked()).filter(|text| !text.trim().is_empty()).map(DataTask::Own),
        }
    }

    fn start(&self, studio: Studio, settings: &TrainSettings) {
        let Some(data) = self.data() else { return };
        let (names, designs): (Vec<String>, Vec<String>) = studio.derived.with_untracked(|derived| {
            let one = |state: &crate::page::derived::DesignState| {
                (state.name.clone(), share_link::encode_design(state.network()))
            };
            derived.designs.iter().map(one).unzip()
        });
        let runner = self.runner;
        runner.stop();
        self.training
            .update(|training| training.start(names, task(designs, data, settings), |task| runner.start(task)));
    }

    fn say(&self, control: Control) {
        self.runner.control(control);
    }
}

#[component]
pub fn Train() -> impl IntoView {
    let studio = Studio::expect();
    let can_train = Binary::Trainer.file(simd()).is_some();
    let training = RwSignal::new(Training::default());
    let runner = Runner::<TrainTask>::new(Callback::new(move |message: Message<TrainReport>| {
        training.update(|training| training.take(message.id, &message.news));
        let news = training.with_untracked(Training::learned);
        if !news.is_empty() {
            studio.learn(news);
        }
    }));
    let trainer = Trainer {
        training,
        settings: RwSignal::new(default_settings()),
        source: RwSignal::new(Source::default()),
        own: RwSignal::new(String::new()),
        digits: RwSignal::new(None),
        problem: RwSignal::new(None),
        runner,
    };
    fetch_digits_when_open(studio, trainer);
    preview(studio, trainer);
    let running = Memo::new(move |_| training.with(Training::is_running));
    let paused = Memo::new(move |_| training.with(Training::is_paused));
    let has_data = move || match trainer.source.get() {
        Source::Digits => trainer.digits.with(Option::is_some),
        Source::Vibration => true,
        Source::Own => trainer.own.with(|text| !text.trim().is_empty()),
    };
    let pause = move |_| {
        let pauses = !paused.get_untracked();
        trainer.say(if pauses { Control::Pause } else { Control::GoOn });
        training.update(|training| training.pause(pauses));
    };
    let step = move |_| {
        trainer.say(Control::Step);
        training.update(|training| training.pause(true));
    };
    let stop = move |_| {
        trainer.say(Control::Finish);
        training.update(|training| training.pause(false));
    };
    let designs = studio.design_indices();
    let sentence = Memo::new(move |_| training.with(Training::sentence));
    view! {
        <section class="card train" aria-label="Train">
            <div class="run-head">
                <h2>"Training"</h2>
                <button
                    class="button primary"
                    data-testid="train"
                    disabled=move || !can_train || running.get() || !has_data()
                    on:click=move |_| trainer.start(studio, &trainer.settings.get_untracked())
                >
                    {move || match designs.with(Vec::len) {
                        1 => "Train",
                        2 => "Train both",
                        _ => "Train all",
                    }}
                </button>
                <button class="button" data-testid="train-pause" disabled=move || !running.get() aria-pressed=move || paused.get().to_string() on:click=pause>
                    {move || if paused.get() { "Continue" } else { "Pause" }}
                </button>
                <button class="button" data-testid="train-step" disabled=move || !running.get() on:click=step>"One step"</button>
                <button class="button" data-testid="train-stop" disabled=move || !running.get() on:click=stop>"Stop"</button>
                <Show when=move || running.get()>
                    <progress max="1" prop:value=move || training.with(Training::progress) aria-label="progress of the training"></progress>
                </Show>
            </div>
            <p class="muted">
                "Here, in this browser, as PyTorch does it: the same weights from the same seed, the same batches, the same steps. All designs learn in turns from the same batches."
            </p>
            {(!can_train).then(|| view! {
                <p class="problem" data-testid="problem">"This browser has no WebAssembly SIMD, so networks are not trained here."</p>
            })}
            <Form trainer/>
            <DataWords trainer/>
            {move || trainer.problem.get().or_else(|| training.with(|training| training.problem.clone())).map(|words| {
                view! { <p class="problem" role="alert" data-testid="problem">{words}</p> }
            })}
            {move || sentence.get().map(|words| view! { <p data-testid="train-sentence"><b>{words}</b></p> })}
            <curves::Curves training/>
            <div class="run-results">
                <Each keys=designs view=move |design| view! { <Trained design trainer/> }.into_any()/>
            </div>
        </section>
    }
}

/// Fetches the digits when the part is opened, once.
fn fetch_digits_when_open(studio: Studio, trainer: Trainer) {
    let look = studio.look();
    let is_wanted = Memo::new(move |_| look.get().part.shows(Part::Train) && trainer.source.get() == Source::Digits);
    Effect::new(move |_| {
        if !is_wanted.get() || trainer.digits.with_untracked(Option::is_some) {
            return;
        }
        leptos::task::spawn_local(async move {
            match fetch("digits.bin").await {
                Some(bytes) => trainer.digits.set(Some(bytes)),
                None => trainer
                    .problem
                    .set(Some("The digits could not be fetched. Reload the page, or choose other data.".to_string())),
            }
        });
    });
}

/// A file of the build.
async fn fetch(name: &str) -> Option<Vec<u8>> {
    let build = document().query_selector("meta[name='build']").ok()??.get_attribute("content")?;
    let response = JsFuture::from(window().fetch_with_str(&format!("./{build}/{name}"))).await.ok()?;
    let response: web_sys::Response = response.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Finds out what training would take, whenever the designs, the data or the settings rest and nothing is trained.
fn preview(studio: Studio, trainer: Trainer) {
    let look = studio.look();
    let is_open = Memo::new(move |_| look.get().part.shows(Part::Train));
    let rest = Rest::new();
    Effect::new(move |_| {
        studio.derived.track();
        trainer.settings.track();
        trainer.source.track();
        trainer.own.track();
        trainer.digits.track();
        rest.cancel();
        if !is_open.get() {
            return;
        }
        rest.then(SETTLED, move || {
            if !trainer.training.with_untracked(Training::is_running) {
                let settings = TrainSettings { epochs: 0, ..trainer.settings.get_untracked() };
                trainer.start(studio, &settings);
            }
        });
    });
}
