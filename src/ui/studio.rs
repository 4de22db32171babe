//! The state of the page: one workbench, what follows from it, and the ways to change it.
//!
//! Everything shown is derived: workbench -> networks -> shapes and costs -> comparison. Effects touch only what is
//! outside (canvas, address, storage, worker).

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;

use crate::compare::{self, Comparison};
use crate::cost::{self, Report};
use crate::model::{Dims, Kind, NameError, Network, NodeId, Value, stem};
use crate::rewrite::Rewrite;
use crate::share_link::LinkProblem;
use crate::workbench::{Content, Design, MAX_DESIGNS, Resolved, Workbench};

use super::history::{EditKey, History};
use super::rest::at_rest;

/// What follows from the workbench.
#[derive(Clone, Debug)]
pub struct Derived {
    pub designs: Vec<DesignState>,
    /// The baseline against the first other design.
    pub comparison: Option<Comparison>,
    /// Those two designs.
    pub pair: Option<(usize, usize)>,
}

/// One design with all that is known of it.
#[derive(Clone, Debug)]
pub struct DesignState {
    pub name: String,
    pub resolved: Resolved,
    pub report: Report,
}

impl DesignState {
    pub fn network(&self) -> &Network {
        &self.resolved.network
    }

    /// All parameters.
    pub fn params(&self) -> u64 {
        self.report.totals.figures.params().0
    }
}

/// A text in an input that is not (yet) a value: which design, row and argument.
pub type Draft = (usize, Option<NodeId>, String);

/// The page's state, handed down as context. `Copy`: every field is a handle.
#[derive(Clone, Copy)]
pub struct Studio {
    workbench: RwSignal<Workbench>,
    history: RwSignal<History>,
    /// What follows from the workbench as it is now.
    present: Memo<Shared<Derived>>,
    /// The same, for what is shown: in some parts of the page it follows only when edits rest.
    pub derived: Memo<Shared<Derived>>,
    /// Texts that were typed and are not valid.
    pub drafts: RwSignal<HashMap<Draft, String>>,
    /// What could not be read of a link.
    pub link_problems: RwSignal<Vec<LinkProblem>>,
    /// Rows whose details are open.
    pub opened: RwSignal<std::collections::HashSet<(usize, NodeId)>>,
    /// Rows that something else on the page points at.
    pub marked: RwSignal<Vec<(usize, NodeId)>>,
    /// The design that the baseline is compared with; where it is not there, the first other one.
    compared: RwSignal<usize>,
    /// How many workbenches have been opened: what was found of one says nothing of the next.
    pub sitting: RwSignal<usize>,
    /// How often another workbench took the place of the present one: texts typed before are of one that is gone.
    pub replaced: RwSignal<usize>,
}

/// A value behind an `Arc` that counts as changed whenever it was computed anew.
#[derive(Clone, Debug)]
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub fn new(value: Arc<T>) -> Self {
        Self(value)
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Studio {
    pub fn new(workbench: Workbench) -> Self {
        let workbench = RwSignal::new(workbench);
        let compared = RwSignal::new(1);
        let present =
            Memo::new(move |_| Shared(Arc::new(workbench.with(|workbench| derive(workbench, compared.get())))));
        Self {
            workbench,
            history: RwSignal::new(History::default()),
            present,
            derived: present,
            drafts: RwSignal::new(HashMap::new()),
            link_problems: RwSignal::new(Vec::new()),
            opened: RwSignal::new(Default::default()),
            marked: RwSignal::new(Vec::new()),
            compared,
            sitting: RwSignal::new(0),
            replaced: RwSignal::new(0),
        }
    }

    pub fn expect() -> Self {
        expect_context()
    }

    /// The same page for parts that show what follows from the workbench only when edits rest.
    pub fn at_rest(self) -> Self {
        Self { derived: at_rest(self.present), ..self }
    }

    pub fn workbench(&self) -> ReadSignal<Workbench> {
        self.workbench.read_only()
    }

    /// The designs shown, by index.
    pub fn design_indices(self) -> Memo<Vec<usize>> {
        Memo::new(move |_| self.derived.with(|derived| (0..derived.designs.len()).collect()))
    }

    /// One design as it is shown; reading it follows its changes.
    pub fn with_design<T>(&self, design: usize, read: impl FnOnce(&DesignState) -> T) -> Option<T> {
        self.derived.with(|derived| derived.designs.get(design).map(read))
    }

    /// Changes the workbench. Edits with the same key that follow closely are one step of undo.
    pub fn edit(&self, key: Option<EditKey>, change: impl FnOnce(&mut Workbench)) {
        let before = self.workbench.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            self.history.update(|history| history.record(before, key, now()));
            self.workbench.set(after);
        }
    }

    /// Changes one design's network; a twin is detached by it.
    pub fn edit_network(&self, design: usize, key: Option<EditKey>, change: impl FnOnce(&mut Network)) {
        let Some(network) =
            self.present.with_untracked(|derived| derived.designs.get(design).map(|design| design.network().clone()))
        else {
            return;
        };
        let mut changed = network.clone();
        change(&mut changed);
        if changed != network {
            self.edit(key, |workbench| workbench.designs[design].content = Content::Network(changed));
        }
    }

    /// Sets an argument from what was typed. What is no value for it is kept as a draft.
    pub fn type_argument(&self, design: usize, id: NodeId, argument: &'static str, text: &str) {
        let draft = (design, Some(id), argument.to_string());
        let mut fits = false;
        self.edit_network(design, Some(EditKey::Argument(design, id, argument)), |network| {
            fits = network.set_argument(id, argument, &Value::parse(text));
        });
        self.keep_draft(draft, text, fits);
    }

    /// Sets the input shape from what was typed.
    pub fn type_input(&self, design: usize, text: &str) -> Result<(), String> {
        let parsed = text.parse::<Dims>();
        if let Ok(dims) = parsed {
            self.set_input(design, dims);
        }
        self.keep_draft((design, None, "input".to_string()), text, parsed.is_ok());
        parsed.map(drop).map_err(|error| error.to_string())
    }

    fn set_input(&self, design: usize, dims: Dims) {
        // A twin has its original's input.
        let owner = self.with_design_untracked(design, |state| state.resolved.twin_of).flatten().unwrap_or(design);
        self.edit_network(owner, Some(EditKey::Input(owner)), |network| network.input = dims);
    }

    fn with_design_untracked<T>(&self, design: usize, read: impl FnOnce(&DesignState) -> T) -> Option<T> {
        self.present.with_untracked(|derived| derived.designs.get(design).map(read))
    }

    fn keep_draft(&self, draft: Draft, text: &str, fits: bool) {
        let kept = self.drafts.with_untracked(|drafts| drafts.get(&draft).is_some());
        if !fits {
            self.drafts.update(|drafts| drop(drafts.insert(draft, text.to_string())));
        } else if kept {
            self.drafts.update(|drafts| drop(drafts.remove(&draft)));
        }
    }

    /// Adds a layer behind a row, or at the end.
    pub fn add(&self, design: usize, after: Option<NodeId>, kind: Kind) {
        self.edit_network(design, None, |network| {
            let after = after.or_else(|| network.nodes.last().map(|node| node.id));
            let layer = kind.layer();
            let name = network.unused_name(stem(&layer));
            network.insert_after(after, name, layer);
        });
    }

    pub fn remove(&self, design: usize, id: NodeId) {
        self.edit_network(design, None, |network| network.remove(id));
    }

    pub fn duplicate(&self, design: usize, id: NodeId) {
        self.edit_network(design, None, |network| {
            if let Some(node) = network.node(id) {
                let name = network.unused_name(stem(&node.layer));
                network.duplicate(id, name);
            }
        });
    }

    /// Moves a row by so many places; negative is up.
    pub fn move_by(&self, design: usize, id: NodeId, places: isize) {
        self.edit_network(design, None, |network| {
            if let Some(place) = network.position(id).and_then(|position| position.checked_add_signed(places)) {
                network.move_to(id, place);
            }
        });
    }

    /// Moves a row to another place, counted without it.
    pub fn move_to(&self, design: usize, id: NodeId, place: usize) {
        self.edit_network(design, None, |network| network.move_to(id, place));
    }

    /// Gives a row another name.
    pub fn rename(&self, design: usize, id: NodeId, name: &str) -> Result<(), NameError> {
        let mut outcome = Ok(());
        self.edit_network(design, Some(EditKey::Argument(design, id, "name")), |network| {
            outcome = network.rename(id, name);
        });
        outcome
    }

    /// Makes a design follow the baseline as its separable twin.
    pub fn attach(&self, design: usize) {
        self.edit(None, |workbench| {
            let of = workbench.baseline;
            if of != design {
                workbench.designs[design].content = Content::Twin { of, rewrites: vec![Rewrite::Separable] };
            }
        });
        self.forget_typed(Some(design));
    }

    /// Makes a twin a design of its own.
    pub fn detach(&self, design: usize) {
        if let Some(network) = self.with_design_untracked(design, |state| state.network().clone()) {
            self.edit(None, |workbench| workbench.designs[design].content = Content::Network(network));
        }
    }

    /// Compares the baseline with this design.
    pub fn compare_with(&self, design: usize) {
        self.compared.set(design);
    }

    /// Makes a design the one that others are compared with.
    pub fn make_baseline(&self, design: usize) {
        self.edit(None, |workbench| workbench.baseline = design);
    }

    /// Adds a design behind the last one, and compares the baseline with it.
    pub fn add_design(&self, name: String, content: Content) {
        let mut added = None;
        self.edit(None, |workbench| {
            if workbench.designs.len() < MAX_DESIGNS {
                workbench.designs.push(Design { name, content });
                added = Some(workbench.designs.len() - 1);
            }
        });
        if let Some(added) = added {
            self.compared.set(added);
        }
    }

    /// Adds a copy of a design's present network.
    pub fn duplicate_design(&self, design: usize) {
        let copy =
            self.with_design_untracked(design, |state| (format!("{} copy", state.name), state.network().clone()));
        if let Some((name, network)) = copy {
            self.add_design(name, Content::Network(network));
        }
    }

    /// Takes a design out; its twins keep their networks.
    pub fn remove_design(&self, design: usize) {
        self.edit(None, |workbench| workbench.remove(design));
        self.forget_typed(None);
    }

    /// A name that cannot be one is not taken.
    pub fn rename_design(&self, design: usize, name: &str) {
        self.edit(Some(EditKey::Name(design)), |workbench| {
            let _ = workbench.designs[design].rename(name);
        });
    }

    /// Opens another workbench; the present one is a step of undo away.
    pub fn open(&self, workbench: Workbench) {
        self.sitting.update(|sitting| *sitting += 1);
        self.edit(None, |present| *present = workbench);
        self.forget_typed(None);
    }

    /// Takes over a workbench from the address, which keeps a history of its own.
    pub fn show(&self, workbench: Workbench) {
        self.sitting.update(|sitting| *sitting += 1);
        self.edit(Some(EditKey::Address), |present| *present = workbench);
        self.forget_typed(None);
    }

    pub fn can_undo(&self) -> bool {
        self.history.with(History::can_undo)
    }

    pub fn can_redo(&self) -> bool {
        self.history.with(History::can_redo)
    }

    pub fn undo(&self) {
        self.step(History::undo);
    }

    pub fn redo(&self) {
        self.step(History::redo);
    }

    fn step(&self, step: impl FnOnce(&mut History, Workbench) -> Option<Workbench>) {
        let present = self.workbench.get_untracked();
        let mut other = None;
        self.history.update(|history| other = step(history, present));
        if let Some(other) = other {
            self.workbench.set(other);
            self.forget_typed(None);
        }
    }

    /// Drops the drafts of a design that is no more, or of all.
    fn forget_typed(&self, design: Option<usize>) {
        self.drafts.update(|drafts| drafts.retain(|(of, _, _), _| design.is_some_and(|design| *of != design)));
        self.replaced.update(|replaced| *replaced += 1);
    }
}

fn derive(workbench: &Workbench, compared: usize) -> Derived {
    let workbench_settings = &workbench.settings;
    let settings = cost::Settings {
        batch: workbench_settings.batch,
        number_type: workbench_settings.number_type,
        frozen: workbench_settings.frozen.clone(),
    };
    let designs: Vec<DesignState> = workbench
        .resolve()
        .into_iter()
        .zip(&workbench.designs)
        .map(|(resolved, design)| DesignState {
            name: design.name.clone(),
            report: cost::analyze(&resolved.network, &settings),
            resolved,
        })
        .collect();
    let mut others = std::iter::once(compared).chain(0..designs.len());
    let other = others.find(|&index| index != workbench.baseline && index < designs.len());
    let pair = other.map(|other| (workbench.baseline, other));
    let compare =
        |(baseline, other): (usize, usize)| compare::compare(&designs[baseline].side(), &designs[other].side());
    let comparison = pair.map(compare);
    Derived { designs, comparison, pair }
}

impl DesignState {
    pub fn side(&self) -> compare::Side<'_> {
        compare::Side {
            name: &self.name,
            network: self.network(),
            report: &self.report,
            origins: self.resolved.twin_of.map(|_| self.resolved.origins.as_slice()),
        }
    }
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
