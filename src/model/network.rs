//! Networks: nodes in execution order, and how they are wired.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Arity, Dims, Layer};

/// A network: an input and nodes in execution order. The last node's output is the network's.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The class in PyTorch source, and the title in exports.
    pub name: String,
    /// The input of one sample, without the batch dimension: `[C, H, W]`, `[F]`.
    pub input: Dims,
    /// Each after those it reads.
    pub nodes: Vec<Node>,
    /// Modules with parameters that are registered but never run (they still count as parameters).
    pub uncalled: Vec<UncalledModule>,
}

/// One step of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Stays with the node when others are added, moved or removed.
    pub id: NodeId,
    /// PyTorch's qualified name: `conv1`, `layer1.0.bn2`. Two nodes of one name and equal layers are one
    /// module called twice; its parameters count once.
    pub name: String,
    /// What it computes.
    pub layer: Layer,
    /// What it reads.
    pub inputs: Inputs,
    /// As a module or as a function.
    pub call: Call,
}

/// How a layer that PyTorch has as a module and as a function is called. It computes the same; some tools that
/// count see modules only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Call {
    /// A module of `torch.nn`: `self.relu(x)`. What is but a function (`torch.cat`) is one under this name, too.
    #[default]
    Module,
    /// `F.relu(x)`.
    Function,
}

/// Stays the same however the nodes are edited, moved and renamed. Unique within its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What flows into a node.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Inputs {
    /// The node above, or the network's input for the first.
    #[default]
    Above,
    /// In the order of the layer's inputs.
    From(Vec<Source>),
}

/// Where a tensor comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The network's input.
    Input,
    /// A node's output; none where that node is gone or stands below.
    Node(NodeId),
}

/// A module that no node calls.
#[derive(Clone, Debug, PartialEq)]
pub struct UncalledModule {
    /// PyTorch's qualified name.
    pub name: String,
    /// What it would compute.
    pub layer: Layer,
    /// The inferred argument, as no input says it: `in_channels`, `num_features`, `normalized_shape` ...
    pub declared: Vec<u64>,
}

/// A node's input, found: an index into the nodes, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// The network's input.
    Input,
    /// The output of the node at this index, which is above.
    Node(usize),
    /// No node has this id any more.
    Missing(NodeId),
    /// The node with this id does not stand above.
    NotAbove(NodeId),
}

/// The inputs of every node of a network, found.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    starts: Vec<u32>,
    taps: Vec<Tap>,
}

impl Network {
    /// A network of nodes each fed by the one above.
    pub fn chain(name: &str, input: Dims, layers: impl IntoIterator<Item = (String, Layer)>) -> Self {
        let nodes = layers.into_iter().enumerate().map(|(index, (name, layer))| Node {
            id: NodeId(index as u32),
            name,
            layer,
            inputs: Inputs::Above,
            call: Call::Module,
        });
        Self { name: name.to_string(), input, nodes: nodes.collect(), uncalled: Vec::new() }
    }

    /// An id that no node has.
    pub fn unused_id(&self) -> NodeId {
        NodeId(self.nodes.iter().map(|node| node.id.0 + 1).max().unwrap_or(0))
    }

    /// Its layers, and the modules that nothing calls.
    pub fn rows(&self) -> usize {
        self.nodes.len() + self.uncalled.len()
    }

    /// The index of a node.
    pub fn position(&self, id: NodeId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// The indices of all nodes, for whoever asks for many.
    pub fn positions(&self) -> FxHashMap<NodeId, usize> {
        // Of two nodes with one id the first counts, as for [`Network::position`].
        self.nodes.iter().enumerate().rev().map(|(index, node)| (node.id, index)).collect()
    }

    /// The names of the modules that these nodes call.
    pub fn names_of(&self, ids: &[NodeId]) -> FxHashSet<&str> {
        let ids: FxHashSet<NodeId> = ids.iter().copied().collect();
        self.nodes.iter().filter(|node| ids.contains(&node.id)).map(|node| node.name.as_str()).collect()
    }

    /// `None` where no node has the id.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// The first of `stem1`, `stem2`, ... that no node has as its name.
    pub fn unused_name(&self, stem: &str) -> String {
        let taken: std::collections::HashSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        (1..).map(|number| format!("{stem}{number}")).find(|name| !taken.contains(name.as_str())).unwrap_or_default()
    }

    /// For each node that calls a module again: the index of the first node that calls it.
    pub fn first_calls(&self) -> Vec<Option<usize>> {
        let mut first: FxHashMap<&str, usize> =
            FxHashMap::with_capacity_and_hasher(self.nodes.len(), Default::default());
        let mut calls = Vec::with_capacity(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            let earlier = first.get(node.name.as_str()).copied();
            calls.push(earlier.filter(|&earlier| self.nodes[earlier].layer == node.layer));
            first.entry(node.name.as_str()).or_insert(index);
        }
        calls
    }

    /// Finds the inputs of every node.
    pub fn wiring(&self) -> Wiring {
        let only_above = self.nodes.iter().all(|node| node.inputs == Inputs::Above);
        let positions: FxHashMap<NodeId, usize> = if only_above { FxHashMap::default() } else { self.positions() };
        let mut wiring =
            Wiring { starts: Vec::with_capacity(self.nodes.len() + 1), taps: Vec::with_capacity(self.nodes.len()) };
        wiring.starts.push(0);
        for (index, node) in self.nodes.iter().enumerate() {
            match &node.inputs {
                Inputs::Above if node.layer.kind().arity() == Arity::Zero => {}
                Inputs::Above => wiring.taps.push(index.checked_sub(1).map_or(Tap::Input, Tap::Node)),
                Inputs::From(sources) => wiring.taps.extend(sources.iter().map(|source| match source {
                    Source::Input => Tap::Input,
                    Source::Node(id) => match positions.get(id) {
                        Some(&position) if position < index => Tap::Node(position),
                        Some(_) => Tap::NotAbove(*id),
                        None => Tap::Missing(*id),
                    },
                })),
            }
            wiring.starts.push(wiring.taps.len() as u32);
        }
        wiring
    }
}

impl Wiring {
    /// The inputs of the node at this index, in order.
    pub fn taps(&self, index: usize) -> &[Tap] {
        &self.taps[self.starts[index] as usize..self.starts[index + 1] as usize]
    }
}
