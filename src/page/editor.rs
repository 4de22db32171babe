//! The workbench while it is edited: what can be done with it, what follows from it, and the way back.

use std::sync::Arc;

use crate::model::{Dims, Kind, NameError, Network, NodeId, Value, stem};
use crate::rewrite::{self, Rewrite};
use crate::workbench::{Content, Design, Look, MAX_DESIGNS, WeightsId, Workbench};

use super::derived::Derived;
use super::history::{EditKey, History, Stroke};
use super::shared::Shared;
use super::{notation, quick, several, wiring};

/// A workbench with its history. What follows from it is always that of the present one.
#[derive(Clone, Debug)]
pub struct Editor {
    workbench: Shared<Workbench>,
    derived: Shared<Derived>,
    history: History,
    sitting: usize,
}

impl Editor {
    /// With nothing to undo.
    pub fn new(workbench: Workbench) -> Self {
        let derived = Shared::new(Derived::of(&workbench));
        Self { workbench: Shared::new(workbench), derived, history: History::default(), sitting: 0 }
    }

    /// What is edited, as it stands.
    pub fn workbench(&self) -> &Shared<Workbench> {
        &self.workbench
    }

    /// What follows from it.
    pub fn derived(&self) -> &Shared<Derived> {
        &self.derived
    }

    /// How many workbenches have been opened: what was found of one says nothing of the next.
    pub fn sitting(&self) -> usize {
        self.sitting
    }

    /// Changes the workbench. Whether anything is different then.
    pub fn edit(&mut self, stroke: Option<Stroke>, change: impl FnOnce(&mut Workbench)) -> bool {
        let mut after = Workbench::clone(&self.workbench);
        change(&mut after);
        if after == *self.workbench {
            return false;
        }
        let before = std::mem::replace(&mut self.workbench, Shared::new(after));
        self.history.record(before, stroke);
        self.derive();
        true
    }

    /// Changes one design's network; a twin is detached by it. Whether anything is different then.
    pub fn edit_network(&mut self, design: usize, stroke: Option<Stroke>, change: impl FnOnce(&mut Network)) -> bool {
        let Some(network) = self.network(design) else { return false };
        let mut changed = Network::clone(&network);
        change(&mut changed);
        changed != *network
            && self.edit(stroke, |workbench| workbench.designs[design].content = Content::Network(changed.into()))
    }

    /// Sets an argument from what was typed.
    ///
    /// # Errors
    /// What is wrong with a text that is no value for it.
    pub fn type_argument(
        &mut self,
        (design, id): (usize, NodeId),
        argument: &'static str,
        text: &str,
        time: f64,
    ) -> Result<(), String> {
        let kind = self.network(design).and_then(|network| network.node(id).map(|node| node.layer.kind()));
        let mut fits = false;
        let stroke = Stroke { of: EditKey::Argument(design, id, argument), time };
        self.edit_network(design, Some(stroke), |network| {
            fits = network.set_argument(id, argument, &Value::parse(text));
        });
        if fits {
            return Ok(());
        }
        let expected = kind.filter(|_| !is_huge(text)).and_then(|kind| kind.expected(argument));
        Err(format!("{argument} is {}", expected.unwrap_or("at most 9223372036854775807")))
    }

    /// Looks at the workbench in another way, which is no step of undo.
    pub fn look(&mut self, change: impl FnOnce(&mut Look)) {
        let mut look = self.workbench.look;
        change(&mut look);
        if look != self.workbench.look {
            self.workbench = Shared::new(Workbench { look, ..Workbench::clone(&self.workbench) });
        }
    }

    /// Sets the input shape from what was typed; a twin has its original's. Designs that have the same input go on having
    /// it, unless each is to keep its own.
    ///
    /// # Errors
    /// What is wrong with a text that is no shape.
    pub fn type_input(&mut self, design: usize, text: &str, time: f64) -> Result<(), String> {
        let dims: Dims = text.parse().map_err(|error: crate::model::DimsError| error.to_string())?;
        let owner = self.workbench.root(design);
        let Some(network) = self.network(owner) else { return Ok(()) };
        let before = network.input;
        if dims.len() == 2 && before.len() == 3 && network.nodes.iter().any(|node| node.layer.kind() == Kind::Conv2d) {
            return Err(format!("the input is channels x height x width; did you mean 1x{dims}?"));
        }
        let stroke = Stroke { of: EditKey::Input(owner), time };
        self.edit(Some(stroke), |workbench| {
            let is_linked = !workbench.settings.own_inputs;
            set_inputs(workbench, &dims, |index, input| index == owner || (is_linked && *input == before));
        });
        Ok(())
    }

    /// Gives all designs the input of one of them.
    pub fn use_input_of(&mut self, design: usize) {
        let Some(dims) = self.network(design).map(|network| network.input) else { return };
        self.edit(None, |workbench| set_inputs(workbench, &dims, |_, _| true));
    }

    /// Gives a row another name.
    ///
    /// # Errors
    /// Where the name cannot be.
    pub fn rename(&mut self, design: usize, id: NodeId, name: &str, time: f64) -> Result<(), NameError> {
        let mut outcome = Ok(());
        let stroke = Stroke { of: EditKey::Argument(design, id, "name"), time };
        self.edit_network(design, Some(stroke), |network| outcome = network.rename(id, name));
        outcome
    }

    /// Wires a row to rows named in a text; an empty one means the row above.
    ///
    /// # Errors
    /// Where no row above has a name.
    pub fn set_inputs(&mut self, design: usize, id: NodeId, text: &str) -> Result<(), String> {
        let mut outcome = Ok(());
        self.edit_network(design, None, |network| outcome = wiring::set_inputs(network, id, text));
        outcome
    }

    /// Adds a layer behind a row, or at the end.
    pub fn add(&mut self, design: usize, after: Option<NodeId>, kind: Kind) {
        self.edit_network(design, None, |network| {
            let after = after.or_else(|| network.nodes.last().map(|node| node.id));
            let layer = kind.layer();
            let name = network.unused_name(stem(&layer));
            network.insert_after(after, name, layer);
        });
    }

    /// Adds layers in shorthand behind a row, or at the end.
    ///
    /// # Errors
    /// The word that is no layer.
    pub fn add_in_words(&mut self, design: usize, after: Option<NodeId>, words: &str) -> Result<(), String> {
        let layers = quick::read(words)?;
        self.edit_network(design, None, |network| {
            let mut after = after.or_else(|| network.nodes.last().map(|node| node.id));
            for layer in layers {
                let name = network.unused_name(stem(&layer));
                after = Some(network.insert_after(after, name, layer));
            }
        });
        Ok(())
    }

    /// Takes over a design's lines as they were typed ([`notation`]).
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn type_lines(&mut self, design: usize, text: &str, time: f64) -> Result<(), String> {
        let Some(before) = self.network(design) else { return Ok(()) };
        let after = notation::read(text, &before)?;
        let stroke = Stroke { of: EditKey::Lines(design), time };
        self.edit_network(design, Some(stroke), |network| *network = after);
        Ok(())
    }

    /// Sets an argument of all these rows that have it, and tells how many those are.
    ///
    /// # Errors
    /// The row that does not take the value.
    pub fn set_argument_of(&mut self, design: usize, ids: &[NodeId], name: &str, text: &str) -> Result<usize, String> {
        let mut outcome = Ok(0);
        self.edit_network(design, None, |network| outcome = several::set_argument(network, ids, name, text));
        outcome
    }

    /// Puts copied rows behind a row, or at the end, and gives the new ones.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn paste(&mut self, design: usize, after: Option<NodeId>, text: &str) -> Result<Vec<NodeId>, String> {
        let mut outcome = Ok(Vec::new());
        self.edit_network(design, None, |network| outcome = notation::paste(text, network, after));
        outcome
    }

    /// Takes rows out.
    pub fn remove_all(&mut self, design: usize, ids: &[NodeId]) {
        self.edit_network(design, None, |network| ids.iter().for_each(|&id| network.remove(id)));
    }

    /// Takes a row away; those that read it read what it read.
    pub fn remove(&mut self, design: usize, id: NodeId) {
        self.edit_network(design, None, |network| network.remove(id));
    }

    /// A row's layer once more, directly behind it.
    pub fn duplicate(&mut self, design: usize, id: NodeId) {
        self.edit_network(design, None, |network| {
            if let Some(node) = network.node(id) {
                let name = network.unused_name(stem(&node.layer));
                network.duplicate(id, name);
            }
        });
    }

    /// Moves a row by so many places; negative is up.
    pub fn move_by(&mut self, design: usize, id: NodeId, places: isize) {
        self.edit_network(design, None, |network| {
            if let Some(place) = network.position(id).and_then(|position| position.checked_add_signed(places)) {
                network.move_to(id, place);
            }
        });
    }

    /// Moves a row before (`behind`: after) another one.
    pub fn move_beside(&mut self, design: usize, id: NodeId, target: NodeId, behind: bool) {
        self.edit_network(design, None, |network| {
            let mut others = network.nodes.iter().map(|node| node.id).filter(|other| *other != id);
            if let Some(place) = others.position(|other| other == target) {
                network.move_to(id, place + usize::from(behind));
            }
        });
    }

    /// Makes a design follow the baseline as its separable twin.
    pub fn attach(&mut self, design: usize) {
        self.edit(None, |workbench| {
            let of = workbench.baseline;
            if of != design {
                workbench.designs[design].content = Content::Twin { of, rewrites: vec![Rewrite::Separable] };
            }
        });
    }

    /// Gives a design weights that were loaded, or seeded ones again.
    pub fn set_weights(&mut self, design: usize, weights: Option<WeightsId>) {
        self.edit(None, |workbench| {
            if let Some(design) = workbench.designs.get_mut(design) {
                design.weights = weights;
            }
        });
    }

    /// Makes a twin a design of its own.
    pub fn detach(&mut self, design: usize) {
        if let Some(network) = self.network(design) {
            self.edit(None, |workbench| workbench.designs[design].content = Content::Network(network));
        }
    }

    /// Rewrites a design in place; a twin goes on following, under more rewrites.
    pub fn apply(&mut self, design: usize, rewrites: &[Rewrite]) {
        let Some(network) = self.network(design) else { return };
        self.edit(None, |workbench| {
            let design = &mut workbench.designs[design];
            // What was loaded is not what a rewrite wants, even where the sizes are the same.
            design.weights = None;
            match &mut design.content {
                Content::Twin { rewrites: own, .. } => own.extend_from_slice(rewrites),
                Content::Network(own) => *own = rewrite::apply_all(&network, rewrites).network.into(),
            }
        });
    }

    /// Opens what a design becomes under rewrites beside it.
    pub fn open_beside(&mut self, design: usize, name: String, rewrites: &[Rewrite]) {
        if let Some(network) = self.network(design) {
            self.add_design(name, Content::Network(rewrite::apply_all(&network, rewrites).network.into()));
        }
    }

    /// Compares the baseline with this design. The baseline itself cannot be chosen.
    pub fn compare_with(&mut self, design: usize) {
        self.edit(None, |workbench| workbench.compared = design);
    }

    /// Makes a design the one that others are compared with.
    pub fn make_baseline(&mut self, design: usize) {
        self.edit(None, |workbench| workbench.baseline = design);
    }

    /// Adds a design behind the last one, and compares the baseline with it. Whether there was room.
    pub fn add_design(&mut self, name: String, content: Content) -> bool {
        self.push(Design::new(name, content))
    }

    /// As [`Self::add_design`], with weights that were loaded.
    pub fn push(&mut self, design: Design) -> bool {
        let index = self.workbench.designs.len();
        let fits = index < MAX_DESIGNS;
        if fits {
            self.edit(None, |workbench| {
                workbench.designs.push(design);
                workbench.compared = index;
            });
        }
        fits
    }

    /// Adds a copy of a design's present network. Whether there was room.
    pub fn duplicate_design(&mut self, design: usize) -> bool {
        let Some(network) = self.network(design) else { return false };
        let state = &self.derived.designs[design];
        let name = format!("{} copy", state.name);
        let weights = state.weights;
        self.push(Design { weights, ..Design::new(name, Content::Network(network)) })
    }

    /// Takes a design out; its twins keep their networks.
    pub fn remove_design(&mut self, design: usize) {
        self.edit(None, |workbench| workbench.remove(design));
    }

    /// Gives a design another name.
    ///
    /// # Errors
    /// Where the name cannot be.
    pub fn rename_design(&mut self, design: usize, name: &str, time: f64) -> Result<(), NameError> {
        let mut outcome = Ok(());
        let stroke = Stroke { of: EditKey::Name(design), time };
        self.edit(Some(stroke), |workbench| outcome = workbench.designs[design].rename(name));
        outcome
    }

    /// Opens another workbench; the present one is a step of undo away.
    pub fn open(&mut self, stroke: Option<Stroke>, workbench: Workbench) {
        self.sitting += 1;
        self.edit(stroke, |present| *present = workbench);
    }

    /// There is an edit to take back.
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// There is an undone edit.
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Whether there was a step back.
    pub fn undo(&mut self) -> bool {
        let before = self.history.undo(&self.workbench);
        self.step(before)
    }

    /// Whether there was a step forward.
    pub fn redo(&mut self) -> bool {
        let after = self.history.redo(&self.workbench);
        self.step(after)
    }

    fn step(&mut self, other: Option<Shared<Workbench>>) -> bool {
        let Some(other) = other else { return false };
        let look = self.workbench.look;
        self.workbench =
            if other.look == look { other } else { Shared::new(Workbench { look, ..Workbench::clone(&other) }) };
        self.derive();
        true
    }

    fn derive(&mut self) {
        self.derived = Shared::new(Derived::of(&self.workbench));
    }

    /// The network that a design has now, its own or as a twin.
    fn network(&self, design: usize) -> Option<Arc<Network>> {
        self.derived.designs.get(design).map(|state| state.resolved.network.clone())
    }
}

/// Gives another input to those designs with a network of their own that `is_meant` picks by index and input.
fn set_inputs(workbench: &mut Workbench, dims: &Dims, is_meant: impl Fn(usize, &Dims) -> bool) {
    for (index, design) in workbench.designs.iter_mut().enumerate() {
        if let Content::Network(network) = &mut design.content
            && network.input != *dims
            && is_meant(index, &network.input)
        {
            Arc::make_mut(network).input = *dims;
        }
    }
}

/// Whether a text is a number of more digits than PyTorch's integers have.
fn is_huge(text: &str) -> bool {
    text.len() > 18 && text.bytes().all(|byte| byte.is_ascii_digit())
}
