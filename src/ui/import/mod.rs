//! Pasting PyTorch source: a dialog, read in a worker while one types, opened as designs.

mod dialog;

use leptos::prelude::*;

use crate::job::{ImportReport, ImportTask, ImportedDesign, Message, News, ProblemReport};
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::ui::keep::local_storage;
use crate::ui::runner::Runner;
use crate::ui::settle::Rest;
use crate::ui::studio::Studio;
use crate::workbench::{Content, Design, Settings, Workbench, default_name};

pub use dialog::{ImportDialog, ImportProblems};

/// Where the text is kept, so that nothing typed is ever lost.
const STORED: &str = "convscope.pasted";

/// How long typing rests before the text is read, in milliseconds.
const SETTLED: u64 = 200;

/// A paste, and what was made of it. `Copy`: handles. Handed down as context.
#[derive(Clone, Copy)]
pub struct Importer {
    pub open: RwSignal<bool>,
    /// Whether what is read is added to the designs that are there, not opened in their place.
    pub adding: RwSignal<bool>,
    pub text: RwSignal<String>,
    /// The input shape that was chosen among the candidates.
    pub input: RwSignal<Option<String>>,
    pub state: RwSignal<State>,
    /// Which of the networks are compared.
    pub chosen: RwSignal<(usize, Option<usize>)>,
    /// What was wrong with what was opened last.
    pub kept: RwSignal<Kept>,
    /// Open it as soon as it is read.
    eager: RwSignal<bool>,
    job: StoredValue<Option<u32>>,
    runner: Runner<ImportTask>,
    rest: Rest,
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

/// What was wrong with what was opened last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    pub problems: Vec<ProblemReport>,
    pub of: KeptOf,
}

/// What problems are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptOf {
    /// The text of the dialog.
    #[default]
    Text,
    /// Files that were opened.
    Files,
    /// Files that nothing was opened of.
    RefusedFiles,
}

impl Kept {
    pub const fn opened(problems: Vec<ProblemReport>) -> Self {
        Self { problems, of: KeptOf::Files }
    }

    pub const fn refused(problems: Vec<ProblemReport>) -> Self {
        Self { problems, of: KeptOf::RefusedFiles }
    }
}

impl Importer {
    pub fn new(studio: Studio) -> Self {
        let open = RwSignal::new(false);
        let news = RwSignal::new(None::<Message<ImportReport>>);
        let importer = Self {
            open,
            adding: RwSignal::new(false),
            text: RwSignal::new(local_storage().and_then(|storage| storage.get_item(STORED).ok()?).unwrap_or_default()),
            input: RwSignal::new(None),
            state: RwSignal::new(State::Empty),
            chosen: RwSignal::new((0, None)),
            kept: RwSignal::new(Kept::default()),
            eager: RwSignal::new(false),
            job: StoredValue::new(None),
            runner: Runner::new(Callback::new(move |message| news.set(Some(message)))),
            rest: Rest::new(),
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

    /// Shows the dialog, to open what is read or (`adding`) to put it beside what is there.
    pub fn show(&self, adding: bool) {
        self.adding.set(adding);
        self.open.set(true);
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
                let chosen = self.chosen.get_untracked();
                if self.adding.get_untracked() {
                    let indices = std::iter::once(chosen.0).chain(chosen.1);
                    for design in indices.filter_map(|index| own(&report.designs, index, index + 2)) {
                        studio.add_design(design.name, design.content);
                    }
                } else {
                    studio.open(workbench(&report.designs, chosen));
                }
                self.kept.set(Kept { problems: report.problems, of: KeptOf::Text });
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
        let importer = *self;
        self.state.set(if self.text.with_untracked(|text| text.trim().is_empty()) {
            State::Empty
        } else {
            State::Reading
        });
        self.rest.then(SETTLED, move || importer.read());
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
        let task = ImportTask { text, input: self.input.get_untracked() };
        self.job.set_value(Some(self.runner.start(task)));
    }

    fn take(&self, studio: &Studio, message: Message<ImportReport>) {
        if message.id.is_some() && message.id != self.job.get_value() {
            return;
        }
        self.job.set_value(None);
        match message.news {
            News::Told(report) => {
                self.chosen.set((0, (report.designs.len() > 1).then_some(1)));
                self.state.set(State::Read(report));
            }
            News::Failed(words) => self.state.set(State::Failed(words)),
            News::Progress(_) => {}
        }
        if self.eager.get_untracked() {
            self.eager.set(false);
            if matches!(self.state.get_untracked(), State::Read(_)) {
                self.apply(studio);
            }
        }
    }
}

/// A network that was read, as the design at a place.
fn own(designs: &[ImportedDesign], index: usize, place: usize) -> Option<Design> {
    let imported = designs.get(index)?;
    let (network, _) = share_link::decode_design(&imported.design);
    let content = Content::Network(network.into());
    // `Net` is what a design without a name is exported as.
    let name = if imported.name == "Net" { default_name(place, &content) } else { imported.name.clone() };
    Some(Design::new(name, content))
}

/// The chosen networks beside each other; one by itself beside its separable twin.
fn workbench(designs: &[ImportedDesign], (first, second): (usize, Option<usize>)) -> Workbench {
    let twin = || {
        let content = Content::Twin { of: 0, rewrites: vec![Rewrite::Separable] };
        Design::new(default_name(1, &content), content)
    };
    let second = second.and_then(|second| own(designs, second, 1)).unwrap_or_else(twin);
    // The names of one list stand for all designs.
    let frozen = designs.get(first).map(|imported| imported.frozen.clone()).unwrap_or_default();
    let designs = own(designs, first, 0).into_iter().chain([second]).collect();
    Workbench { designs, settings: Settings { frozen, ..Settings::default() }, ..Workbench::default() }
}
