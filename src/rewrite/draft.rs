//! A network while it is rewritten: its nodes in order, with the wiring kept right.

use std::collections::{HashMap, HashSet};

use crate::model::{Arity, Inputs, Layer, Network, Node, NodeId, Source, Tap, Wiring};

use super::names::{free_name, part_id, part_name};
use super::{Change, Rewritten};

/// Takes the nodes of a network one after another and keeps, replaces or leaves out each.
pub(super) struct Draft<'a> {
    pub original: &'a Network,
    pub wiring: Wiring,
    network: Network,
    origins: Vec<NodeId>,
    changes: Vec<Change>,
    /// What stands for a node that was left out.
    redirects: HashMap<NodeId, Source>,
    ids: HashSet<NodeId>,
    names: HashSet<String>,
    /// The part names of modules already divided: a module that is called twice stays one module.
    part_names: HashMap<(String, &'static str), String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(original: &'a Network) -> Self {
        Self {
            original,
            wiring: original.wiring(),
            network: Network {
                name: original.name.clone(),
                input: original.input,
                nodes: Vec::with_capacity(original.nodes.len()),
                uncalled: original.uncalled.clone(),
            },
            origins: Vec::with_capacity(original.nodes.len()),
            changes: Vec::new(),
            redirects: HashMap::new(),
            ids: original.nodes.iter().map(|node| node.id).collect(),
            names: original
                .nodes
                .iter()
                .map(|node| node.name.clone())
                .chain(original.uncalled.iter().map(|module| module.name.clone()))
                .collect(),
            part_names: HashMap::new(),
        }
    }

    pub(super) fn finish(self) -> Rewritten {
        Rewritten { network: self.network, origins: self.origins, changes: self.changes }
    }

    /// The node at this index stays as it is.
    pub(super) fn keep(&mut self, index: usize) {
        self.replace(index, self.original.nodes[index].layer.clone());
    }

    /// The node at this index gets another layer.
    pub(super) fn replace(&mut self, index: usize, layer: Layer) {
        let Node { id, name, call, .. } = &self.original.nodes[index];
        let node = Node { id: *id, name: name.clone(), layer, inputs: self.inputs(index), call: *call };
        self.push(index, node);
    }

    /// Puts a node of any kind at the end, as coming from the node at this index.
    pub(super) fn push(&mut self, index: usize, node: Node) {
        self.origins.push(self.original.nodes[index].id);
        self.network.nodes.push(node);
    }

    /// The node at this index is left out: its input takes its place. One without an input stays.
    pub(super) fn leave_out(&mut self, index: usize) {
        if self.wiring.taps(index).is_empty() {
            return self.keep(index);
        }
        let source = self.source(index, 0);
        self.redirects.insert(self.original.nodes[index].id, source);
    }

    /// The inputs of the node at this index as they are now.
    pub(super) fn inputs(&self, index: usize) -> Inputs {
        let node = &self.original.nodes[index];
        let sources = || (0..self.wiring.taps(index).len()).map(|position| self.source(index, position)).collect();
        match &node.inputs {
            Inputs::Above if node.layer.kind().arity() == Arity::Zero => Inputs::Above,
            Inputs::Above => {
                let above = self.above().unwrap_or(Source::Input);
                if self.source(index, 0) == above { Inputs::Above } else { Inputs::From(sources()) }
            }
            Inputs::From(_) => Inputs::From(sources()),
        }
    }

    /// What stands at the end now; `None` before the first node.
    pub(super) fn above(&self) -> Option<Source> {
        self.network.nodes.last().map(|last| Source::Node(last.id))
    }

    /// The name, or one like it that is not taken.
    pub(super) fn free_name(&mut self, name: &str) -> String {
        let name = free_name(&self.names, name.to_string());
        self.names.insert(name.clone());
        name
    }

    pub(super) fn change(&mut self, index: usize, what: String) {
        self.changes.push(Change { node: self.original.nodes[index].id, what });
    }

    /// The id of a new part of the node at this index; parts count from 1.
    pub(super) fn part_id(&mut self, index: usize, part: u32) -> NodeId {
        let id = part_id(&self.ids, self.original.nodes[index].id, part);
        self.ids.insert(id);
        id
    }

    /// The name of a part of the node at this index, where `stem` is what its own name may start with.
    pub(super) fn part_name(&mut self, index: usize, stem: &str, part: &'static str) -> String {
        let name = &self.original.nodes[index].name;
        if let Some(known) = self.part_names.get(&(name.clone(), part)) {
            return known.clone();
        }
        let new = free_name(&self.names, part_name(name, stem, part));
        self.names.insert(new.clone());
        self.part_names.insert((name.clone(), part), new.clone());
        new
    }

    fn source(&self, index: usize, position: usize) -> Source {
        let mut source = match self.wiring.taps(index)[position] {
            Tap::Input => Source::Input,
            Tap::Node(above) => Source::Node(self.original.nodes[above].id),
            Tap::Missing(id) | Tap::NotAbove(id) => return Source::Node(id),
        };
        while let Source::Node(id) = source {
            match self.redirects.get(&id) {
                Some(&next) => source = next,
                None => break,
            }
        }
        source
    }
}
