//! The state of the page as signals: the workbench being edited, what follows from it, and the ways to change it.
//!
//! Everything shown is derived ([`crate::page`]); effects touch only what is outside (canvas, address, storage, worker).

mod selection;

use std::collections::HashSet;

use leptos::prelude::*;

use crate::model::{Kind, NodeId};
use crate::page::derived::{Derived, DesignState};
use crate::page::drafts::Drafts;
use crate::page::editor::Editor;
use crate::page::format::grouped;
use crate::page::history::{EditKey, Stroke};
use crate::page::shared::Shared;
use crate::page::train::Learned;
use crate::page::weights::Shelf;
use crate::rewrite::Rewrite;
use crate::share_link::LinkProblem;
use crate::workbench::{Content, Design, Look, Part, WeightsId, Workbench};

use super::settle::at_rest;

/// The page's state, handed down as context. `Copy`: every field is a handle.
#[derive(Clone, Copy)]
pub struct Studio {
    editor: RwSignal<Editor>,
    workbench: Memo<Shared<Workbench>>,
    sitting: Memo<usize>,
    /// What follows from the workbench as it is now.
    present: Memo<Shared<Derived>>,
    /// The same, for what is shown: in some parts of the page it follows only when edits rest.
    pub derived: Memo<Shared<Derived>>,
    /// Texts that stand in fields instead of their values.
    pub drafts: RwSignal<Drafts>,
    /// What could not be read of a link.
    pub link_problems: RwSignal<Vec<LinkProblem>>,
    /// Rows whose details are open.
    pub opened: RwSignal<HashSet<(usize, NodeId)>>,
    /// Rows that something else on the page points at.
    pub marked: RwSignal<Vec<(usize, NodeId)>>,
    /// Rows of a design that are changed, copied or taken out together; [`Studio::selection`] has those that are there.
    pub selected: RwSignal<Option<(usize, Vec<NodeId>)>>,
    /// What was just done out of sight.
    pub said: RwSignal<Option<Said>>,
    /// A row that is to be brought into sight.
    pub sought: RwSignal<Option<(usize, NodeId)>>,
    /// Modules whose rows are not shown, by name, in every design.
    pub folded: RwSignal<HashSet<String>>,
    /// Weights that were loaded from files.
    pub shelf: RwSignal<Shelf>,
    /// What networks have learned, the latest first.
    pub learned: RwSignal<Vec<Learned>>,
    look: Memo<Look>,
    /// The design that was changed last.
    touched: StoredValue<usize>,
}

/// How many networks' accuracies are kept while the page is open.
const MOST_LEARNED: usize = 100;

/// A word on what was just done.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub words: String,
    /// Whether undo takes it back.
    pub is_edit: bool,
}

impl Studio {
    pub fn new(workbench: Workbench) -> Self {
        let editor = RwSignal::new(Editor::new(workbench));
        let present = Memo::new(move |_| editor.with(|editor| editor.derived().clone()));
        Self {
            editor,
            workbench: Memo::new(move |_| editor.with(|editor| editor.workbench().clone())),
            sitting: Memo::new(move |_| editor.with(Editor::sitting)),
            present,
            derived: present,
            drafts: RwSignal::new(Drafts::default()),
            link_problems: RwSignal::new(Vec::new()),
            opened: RwSignal::new(HashSet::new()),
            marked: RwSignal::new(Vec::new()),
            selected: RwSignal::new(None),
            said: RwSignal::new(None),
            sought: RwSignal::new(None),
            folded: RwSignal::new(HashSet::new()),
            shelf: RwSignal::new(Shelf::default()),
            learned: RwSignal::new(Vec::new()),
            touched: StoredValue::new(0),
            look: Memo::new(move |_| editor.with(|editor| editor.workbench().look)),
        }
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// The same page for parts that show what follows from the workbench only when edits rest.
    pub fn at_rest(self) -> Self {
        Self { derived: at_rest(self.present), ..self }
    }

    pub fn workbench(&self) -> Memo<Shared<Workbench>> {
        self.workbench
    }

    /// How the workbench is looked at.
    pub fn look(&self) -> Memo<Look> {
        self.look
    }

    /// Opens a part of the page.
    pub fn show_part(&self, part: Part) {
        self.set_look(|look| look.part = part);
    }

    /// Looks at the workbench in another way.
    pub fn set_look(&self, change: impl FnOnce(&mut Look)) {
        self.change(|editor| editor.look(change));
    }

    /// Keeps what networks have learned, the latest word on each.
    pub fn learn(&self, news: Vec<Learned>) {
        self.learned.update(|learned| {
            learned.retain(|known| news.iter().all(|new| new.network != known.network));
            learned.splice(0..0, news);
            learned.truncate(MOST_LEARNED);
        });
    }

    /// Says what was done.
    pub fn say(&self, words: String, is_edit: bool) {
        self.said.set(Some(Said { words, is_edit }));
    }

    /// Says what a design has now, behind a word on what was done to it.
    fn say_of(&self, done: &str, design: usize) {
        let words = self.present.with_untracked(|derived| {
            let design = derived.designs.get(design)?;
            Some(format!("{done} {}: {} params", design.name, grouped(design.params())))
        });
        self.said.set(words.map(|words| Said { words, is_edit: true }));
    }

    /// How many workbenches have been opened: what was found of one says nothing of the next.
    pub fn sitting(&self) -> usize {
        self.sitting.get()
    }

    /// The designs shown, by index.
    pub fn design_indices(self) -> Memo<Vec<usize>> {
        Memo::new(move |_| self.derived.with(|derived| (0..derived.designs.len()).collect()))
    }

    /// One design as it is shown; reading it follows its changes.
    pub fn with_design<T>(&self, design: usize, read: impl FnOnce(&DesignState) -> T) -> Option<T> {
        self.derived.with(|derived| derived.designs.get(design).map(read))
    }

    /// Changes the workbench as a step of its own.
    pub fn edit(&self, change: impl FnOnce(&mut Workbench)) {
        self.change(|editor| editor.edit(None, change));
    }

    /// Changes the workbench; strokes of the same thing that follow closely are one step of undo.
    pub fn stroke(&self, of: EditKey, change: impl FnOnce(&mut Workbench)) {
        self.change(|editor| editor.edit(Some(Stroke { of, time: now() }), change));
    }

    /// A setting as a text.
    pub fn setting(self, name: &'static str) -> Signal<String> {
        Signal::derive(move || self.workbench.with(|workbench| workbench.settings.text(name)).unwrap_or_default())
    }

    /// Sets a setting from what was typed.
    ///
    /// # Errors
    /// What is wrong with a text that is no value for it.
    pub fn set(&self, name: &'static str, text: &str) -> Result<(), String> {
        let mut outcome = Ok(());
        self.stroke(EditKey::Setting(name), |workbench| outcome = workbench.settings.set_text(name, text));
        outcome.map_err(|error| format!("{name} is {}", error.expected))
    }

    /// Sets an argument from what was typed.
    ///
    /// # Errors
    /// What is wrong with a text that is no value for it.
    pub fn type_argument(&self, design: usize, id: NodeId, argument: &'static str, text: &str) -> Result<(), String> {
        self.touched.set_value(design);
        self.change(|editor| editor.type_argument((design, id), argument, text, now()))
    }

    /// Sets the input shape from what was typed.
    ///
    /// # Errors
    /// What is wrong with a text that is no shape.
    pub fn type_input(&self, design: usize, text: &str) -> Result<(), String> {
        self.change(|editor| editor.type_input(design, text, now()))
    }

    /// Gives a row another name.
    ///
    /// # Errors
    /// Where the name cannot be.
    pub fn rename(&self, design: usize, id: NodeId, name: &str) -> Result<(), crate::model::NameError> {
        self.change(|editor| editor.rename(design, id, name, now()))
    }

    /// Wires a row to rows named in a text.
    ///
    /// # Errors
    /// Where no row above has a name.
    pub fn set_inputs(&self, design: usize, id: NodeId, text: &str) -> Result<(), String> {
        self.change(|editor| editor.set_inputs(design, id, text))
    }

    /// Adds a layer behind a row, or at the end.
    pub fn add(&self, design: usize, after: Option<NodeId>, kind: Kind) {
        self.change(|editor| editor.add(design, after, kind));
    }

    /// Adds layers in shorthand behind a row, or at the end.
    ///
    /// # Errors
    /// The word that is no layer.
    pub fn add_in_words(&self, design: usize, after: Option<NodeId>, words: &str) -> Result<(), String> {
        self.touched.set_value(design);
        self.change(|editor| editor.add_in_words(design, after, words))
    }

    /// Takes over a design's lines as they were typed.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn type_lines(&self, design: usize, text: &str) -> Result<(), String> {
        self.touched.set_value(design);
        self.change(|editor| editor.type_lines(design, text, now()))
    }

    pub fn remove(&self, design: usize, id: NodeId) {
        let name = |state: &DesignState| state.network().node(id).map(|node| node.name.clone());
        let name = self.with_design(design, name).flatten().unwrap_or_default();
        self.change(|editor| editor.remove(design, id));
        self.touched.set_value(design);
        self.say(format!("{name} was removed"), true);
    }

    pub fn duplicate(&self, design: usize, id: NodeId) {
        self.change(|editor| editor.duplicate(design, id));
    }

    /// Moves a row by so many places; negative is up.
    pub fn move_by(&self, design: usize, id: NodeId, places: isize) {
        self.change(|editor| editor.move_by(design, id, places));
    }

    /// Moves a row before (`behind`: after) another one.
    pub fn move_beside(&self, design: usize, id: NodeId, target: NodeId, behind: bool) {
        self.change(|editor| editor.move_beside(design, id, target, behind));
    }

    /// Makes a design follow the baseline as its separable twin.
    pub fn attach(&self, design: usize) {
        self.change(|editor| editor.attach(design));
        self.drafts.update(|drafts| drafts.forget_design(design));
    }

    /// Makes a twin a design of its own.
    pub fn detach(&self, design: usize) {
        self.change(|editor| editor.detach(design));
    }

    /// Rewrites a design in place; a twin goes on following, under more rewrites.
    pub fn apply(&self, design: usize, rewrites: &[Rewrite]) {
        self.change(|editor| editor.apply(design, rewrites));
        self.touched.set_value(design);
        self.say_of("Applied to", design);
    }

    /// Gives all designs the input of one of them.
    pub fn use_input_of(&self, design: usize) {
        self.change(|editor| editor.use_input_of(design));
    }

    /// Opens what a design becomes under rewrites beside it.
    pub fn open_beside(&self, design: usize, name: String, rewrites: &[Rewrite]) {
        self.change(|editor| editor.open_beside(design, name, rewrites));
        self.say_added();
    }

    /// Compares the baseline with this design.
    pub fn compare_with(&self, design: usize) {
        self.change(|editor| editor.compare_with(design));
    }

    /// Shows a row, wherever it is.
    pub fn seek(&self, design: usize, id: NodeId) {
        self.show_part(Part::Layers);
        let pair = self.derived.with_untracked(|derived| derived.pair);
        if pair.is_some_and(|(one, other)| one != design && other != design) {
            self.compare_with(design);
        }
        let sought = self.sought;
        // When the part is there.
        request_animation_frame(move || sought.set(Some((design, id))));
    }

    /// Makes a design the one that others are compared with.
    pub fn make_baseline(&self, design: usize) {
        self.change(|editor| editor.make_baseline(design));
    }

    /// Adds a design behind the last one, and compares the baseline with it.
    pub fn add_design(&self, name: String, content: Content) {
        self.change(|editor| editor.add_design(name, content));
        self.say_added();
    }

    /// As [`Self::add_design`], with weights that were loaded. Whether there was room.
    pub fn push_design(&self, design: Design) -> bool {
        let fits = self.change(|editor| editor.push(design));
        if fits {
            self.say_added();
        }
        fits
    }

    /// Gives a design weights that were loaded, or seeded ones again.
    pub fn set_weights(&self, design: usize, weights: Option<WeightsId>) {
        self.change(|editor| editor.set_weights(design, weights));
    }

    fn say_added(&self) {
        let last = self.present.with_untracked(|derived| derived.designs.len().saturating_sub(1));
        self.touched.set_value(last);
        self.say_of("Opened beside:", last);
    }

    /// Adds a copy of a design's present network.
    pub fn duplicate_design(&self, design: usize) {
        self.change(|editor| editor.duplicate_design(design));
        self.say_added();
    }

    /// Takes a design out; its twins keep their networks.
    pub fn remove_design(&self, design: usize) {
        let name = self.with_design(design, |state| state.name.clone()).unwrap_or_default();
        self.change(|editor| editor.remove_design(design));
        self.drafts.update(Drafts::clear);
        self.say(format!("{name} was removed"), true);
    }

    /// Gives a design another name.
    ///
    /// # Errors
    /// Where the name cannot be.
    pub fn rename_design(&self, design: usize, name: &str) -> Result<(), crate::model::NameError> {
        self.change(|editor| editor.rename_design(design, name, now()))
    }

    /// Opens another workbench; the present one is a step of undo away.
    pub fn open(&self, workbench: Workbench) {
        self.change(|editor| editor.open(None, workbench));
        self.drafts.update(Drafts::clear);
        self.touched.set_value(0);
        self.say_of("Opened", 0);
    }

    /// The design that was changed last.
    pub fn touched(&self) -> usize {
        self.touched.get_value()
    }

    /// Takes over a workbench from the address, which keeps a history of its own.
    pub fn show(&self, workbench: Workbench) {
        let stroke = Stroke { of: EditKey::Address, time: now() };
        self.change(|editor| editor.open(Some(stroke), workbench));
        self.drafts.update(Drafts::clear);
    }

    pub fn can_undo(&self) -> bool {
        self.editor.with(Editor::can_undo)
    }

    pub fn can_redo(&self) -> bool {
        self.editor.with(Editor::can_redo)
    }

    pub fn undo(&self) {
        if self.change(Editor::undo) {
            self.drafts.update(Drafts::clear);
        }
    }

    pub fn redo(&self) {
        if self.change(Editor::redo) {
            self.drafts.update(Drafts::clear);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Editor) -> T) -> T {
        self.editor.try_update(change).expect("the page's state lives as long as the page")
    }
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
