//! Pasting PyTorch source: a dialog, read in a worker while one types, opened as designs.

mod dialog;

use std::time::Duration;

use leptos::prelude::*;

use crate::job::{ImportReport, ImportTask, ImportedDesign, Message, News, ProblemReport, Task};
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::ui::keep::local_storage;
use crate::ui::runner::Runner;
use crate::ui::studio::Studio;
use crate::workbench::{Content, Design, Settings, Workbench, default_name};

use dialog::{ImportDialog, Problems};

/// Where the text is kept, so that nothing typed is ever lost.
const STORED: &str = "convscope.pasted";

/// How long typing rests before the text is read, in milliseconds.
const SETTLED: u64 = 200;

/// The dialog, and the problems that stay after it.
#[component]
pub fn Import(open: RwSignal<bool>) -> impl IntoView {
    provide_context(Importer::new(Studio::expect(), open));
    view! {
        <ImportDialog/>
        <Problems/>
    }
}

/// A paste, and what was made of it. `Copy`: handles. Handed down as context.
#[derive(Clone, Copy)]
pub struct Importer {
    pub open: RwSignal<bool>,
    pub text: RwSignal<String>,
    /// The input shape that was chosen among the candidates.
    pub input: RwSignal<Option<String>>,
    pub state: RwSignal<State>,
    /// Which of the networks are compared.
    pub chosen: RwSignal<(usize, Option<usize>)>,
    /// What was wrong with the text that was opened last.
    pub kept: RwSignal<Vec<ProblemReport>>,
    /// Open it as soon as it is read.
    eager: RwSignal<bool>,
    job: StoredValue<Option<u32>>,
    runner: Runner,
    pending: StoredValue<Option<TimeoutHandle>>,
}

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    #[default]
    Empty,
    Reading,
    Read(ImportReport),
    Failed(String),
}

impl Importer {
    fn new(studio: Studio, open: RwSignal<bool>) -> Self {
        let news = RwSignal::new(None::<Message>);
        let importer = Self {
            open,
            text: RwSignal::new(local_storage().and_then(|storage| storage.get_item(STORED).ok()?).unwrap_or_default()),
            input: RwSignal::new(None),
            state: RwSignal::new(State::Empty),
            chosen: RwSignal::new((0, None)),
            kept: RwSignal::new(Vec::new()),
            eager: RwSignal::new(false),
            job: StoredValue::new(None),
            runner: Runner::new("importer", Callback::new(move |message| news.set(Some(message)))),
            pending: StoredValue::new(None),
        };
        // What was typed before the page was closed is read when it is seen again.
        Effect::new(move |_| {
            if open.get() && importer.state.with_untracked(|state| *state == State::Empty) {
                importer.read();
            }
        });
        Effect::new(move |_| {
            if let Some(message) = news.get() {
                importer.take(&studio, message);
            }
        });
        importer
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// Takes a text in; it is read when typing rests.
    pub fn type_text(&self, text: String) {
        self.input.set(None);
        if let Some(storage) = local_storage() {
            let _ = storage.set_item(STORED, &text);
        }
        self.text.set(text);
        self.read_soon();
    }

    /// Reads the text for another input shape.
    pub fn choose_input(&self, shape: String) {
        self.input.set(Some(shape));
        self.read();
    }

    /// Opens what was read, at once or as soon as it is read.
    pub fn apply(&self, studio: &Studio) {
        match self.state.get_untracked() {
            State::Read(report) if !report.designs.is_empty() => {
                studio.open(workbench(&report.designs, self.chosen.get_untracked()));
                self.kept.set(report.problems);
                self.open.set(false);
            }
            State::Read(_) => {}
            State::Empty | State::Reading | State::Failed(_) => {
                self.eager.set(true);
                if self.job.get_value().is_none() {
                    self.read();
                }
            }
        }
    }

    /// Whether there is something to open, or will be when it is read.
    pub fn can_open(&self) -> bool {
        let is_vain = self.state.with(|state| matches!(state, State::Read(report) if report.designs.is_empty()));
        !is_vain && self.text.with(|text| !text.trim().is_empty())
    }

    /// Stops reading.
    pub fn cancel(&self) {
        self.runner.cancel();
        self.job.set_value(None);
        self.eager.set(false);
        self.state.set(State::Empty);
    }

    fn read_soon(&self) {
        // What is being read is not what stands there now.
        if self.job.try_update_value(Option::take).flatten().is_some() {
            self.runner.cancel();
        }
        if let Some(earlier) = self.pending.get_value() {
            earlier.clear();
        }
        let importer = *self;
        self.state.set(if self.text.with_untracked(|text| text.trim().is_empty()) {
            State::Empty
        } else {
            State::Reading
        });
        let handle = set_timeout_with_handle(move || importer.read(), Duration::from_millis(SETTLED));
        self.pending.set_value(handle.ok());
    }

    fn read(&self) {
        let text = self.text.get_untracked();
        if self.job.try_update_value(Option::take).flatten().is_some() {
            self.runner.cancel();
        }
        if text.trim().is_empty() {
            self.state.set(State::Empty);
            return;
        }
        self.state.set(State::Reading);
        let task = Task::Import(ImportTask { text, input: self.input.get_untracked() });
        self.job.set_value(Some(self.runner.start(task)));
    }

    fn take(&self, studio: &Studio, message: Message) {
        if message.id != 0 && Some(message.id) != self.job.get_value() {
            return;
        }
        self.job.set_value(None);
        match message.news {
            News::Imported(report) => {
                self.chosen.set((0, (report.designs.len() > 1).then_some(1)));
                self.state.set(State::Read(*report));
            }
            News::Failed(words) => self.state.set(State::Failed(words)),
            News::Progress(_) | News::Ran(_) | News::Found(_) | News::Factored(_) | News::Checked(_) => {}
        }
        if self.eager.get_untracked() {
            self.eager.set(false);
            if matches!(self.state.get_untracked(), State::Read(_)) {
                self.apply(studio);
            }
        }
    }
}

/// The chosen networks beside each other; one by itself beside its separable twin.
fn workbench(designs: &[ImportedDesign], (first, second): (usize, Option<usize>)) -> Workbench {
    let own = |index: usize, place: usize| {
        let imported = designs.get(index)?;
        let (network, _) = share_link::decode_design(&imported.design);
        let content = Content::Network(network);
        // `Net` is what a design without a name is exported as.
        let name = if imported.name == "Net" { default_name(place, &content) } else { imported.name.clone() };
        Some(Design { name, content })
    };
    let twin = || {
        let content = Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] };
        Design { name: default_name(1, &content), content }
    };
    let second = second.and_then(|second| own(second, 1)).unwrap_or_else(twin);
    // The names of one list stand for all designs.
    let frozen = designs.get(first).map(|imported| imported.frozen.clone()).unwrap_or_default();
    let designs = own(first, 0).into_iter().chain([second]).collect();
    Workbench { designs, baseline: 0, settings: Settings { frozen, ..Settings::default() } }
}
