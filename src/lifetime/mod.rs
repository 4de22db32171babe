//! Which tensor of a network lives when, and where each can lie in one block of memory.
//!
//! Step `i` is the run of node `i`. What a node writes lives from its step to the last step that reads it; the
//! network's input from the start to its last reader, the network's output to the end. Views and what works
//! in place share the storage of their input. The cost model reports these lifetimes. What really runs is placed by the
//! engine, whose steps are fewer: it merges layers, and keeps some tensors in two forms.

pub mod arena;

use crate::model::{Flow, Network, Tap, Wiring};
use crate::shape::Shapes;

/// The storage of the network's input.
const INPUT: u32 = 0;

/// What a network's tensors need, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifetimes {
    /// The network's input first, then in the order of the nodes that write them.
    pub storages: Vec<Storage>,
    /// For each node the storage its output lies in; `None` for a bare parameter and where no shape is known.
    pub of_node: Vec<Option<u32>>,
}

/// One stretch of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Those of the largest tensor that lies in it.
    pub elements: u64,
    /// The first node that writes it; `None` for the network's input.
    pub node: Option<u32>,
    /// The first step at which it is needed.
    pub first: u32,
    /// The last step at which it is needed.
    pub last: u32,
}

/// Who may write over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Every node that is not a view writes to a storage of its own.
    OutOfPlace,
    /// Batch norms and elementwise activations overwrite their input when nothing reads it later, unless it
    /// is the network's own.
    InPlace,
}

/// The most that lives at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Of all that lives in that step.
    pub elements: u64,
    /// The first step at which it does; `None` for a network without nodes.
    pub at: Option<u32>,
}

impl Lifetimes {
    /// The lifetimes of what has a shape.
    pub fn new(network: &Network, wiring: &Wiring, shapes: &Shapes, reuse: Reuse) -> Self {
        let out_of_place = Self::out_of_place(network, wiring, shapes);
        match reuse {
            Reuse::OutOfPlace => out_of_place,
            Reuse::InPlace => out_of_place.in_place(network, wiring),
        }
    }

    /// The storage that a node's input lies in.
    pub fn storage_of(&self, tap: Tap) -> Option<u32> {
        match tap {
            Tap::Input => Some(INPUT),
            Tap::Node(index) => self.of_node[index],
            Tap::Missing(_) | Tap::NotAbove(_) => None,
        }
    }

    /// Elements alive at each step. `None` where they do not fit 64 bits.
    pub fn live(&self) -> Option<Vec<u64>> {
        let mut live = Vec::with_capacity(self.of_node.len());
        self.steps(|now| live.push(now))?;
        Some(live)
    }

    /// Tells what is alive at one step after another. `None` where it does not fit 64 bits.
    fn steps(&self, mut tell: impl FnMut(u64)) -> Option<()> {
        let mut change = vec![(0_u64, 0_u64); self.of_node.len() + 1];
        for storage in &self.storages {
            let (born, _) = change.get_mut(storage.first as usize)?;
            *born = born.checked_add(storage.elements)?;
            let (_, gone) = change.get_mut(storage.last as usize + 1)?;
            *gone = gone.checked_add(storage.elements)?;
        }
        let mut now = 0_u64;
        for &(born, gone) in &change[..self.of_node.len()] {
            now = (now - gone).checked_add(born)?;
            tell(now);
        }
        Some(())
    }

    /// The most elements alive at once. `None` where they do not fit 64 bits.
    pub fn peak(&self) -> Option<Peak> {
        let Some(input) = self.storages.first().filter(|_| self.of_node.is_empty()) else {
            let (mut peak, mut step) = (Peak { elements: 0, at: None }, 0);
            self.steps(|now| {
                if peak.at.is_none() || now > peak.elements {
                    peak = Peak { elements: now, at: Some(step) };
                }
                step += 1;
            })?;
            return Some(peak);
        };
        Some(Peak { elements: input.elements, at: None })
    }

    /// The storages as intervals of bytes; `None` where a size does not fit 64 bits.
    pub fn intervals(&self, bytes_per_element: u64) -> Option<Vec<arena::Interval>> {
        let interval = |storage: &Storage| {
            let size = storage.elements.checked_mul(bytes_per_element)?;
            Some(arena::Interval { size, first: storage.first, last: storage.last })
        };
        self.storages.iter().map(interval).collect()
    }

    fn out_of_place(network: &Network, wiring: &Wiring, shapes: &Shapes) -> Self {
        let count = network.nodes.len();
        let input = Storage { elements: shapes.input.elements().unwrap_or(0), node: None, first: 0, last: 0 };
        let mut lifetimes = Self { storages: Vec::with_capacity(count + 1), of_node: Vec::with_capacity(count) };
        lifetimes.storages.push(input);
        for (index, node) in network.nodes.iter().enumerate() {
            let step = index as u32;
            let taps = wiring.taps(index);
            for &tap in taps {
                if let Some(read) = lifetimes.storage_of(tap) {
                    lifetimes.storages[read as usize].last = step;
                }
            }
            let elements = shapes.nodes[index].dims().and_then(|dims| dims.elements());
            let storage = elements.and_then(|elements| match node.layer.kind().flow() {
                Flow::Holds => None,
                Flow::Views => taps.first().and_then(|&tap| lifetimes.storage_of(tap)),
                Flow::Writes | Flow::InPlace => {
                    lifetimes.storages.push(Storage { elements, node: Some(step), first: step, last: step });
                    Some(lifetimes.storages.len() as u32 - 1)
                }
            });
            lifetimes.of_node.push(storage);
        }
        if let (Some(&Some(output)), Some(last)) = (lifetimes.of_node.last(), count.checked_sub(1)) {
            lifetimes.storages[output as usize].last = last as u32;
        }
        lifetimes
    }

    /// The same, out of place so far, with every storage that may overwrite another one put into that one.
    pub fn in_place(&self, network: &Network, wiring: &Wiring) -> Self {
        let mut storages: Vec<Storage> = Vec::with_capacity(self.storages.len());
        let mut moved_to: Vec<u32> = Vec::with_capacity(self.storages.len());
        for storage in &self.storages {
            let overwritten = storage.node.and_then(|step| {
                let flow = network.nodes[step as usize].layer.kind().flow();
                let tap = wiring.taps(step as usize).first().filter(|_| flow == Flow::InPlace)?;
                let read = self.storage_of(*tap).filter(|&read| read != INPUT)?;
                (self.storages[read as usize].last == step).then_some(read)
            });
            match overwritten.map(|read| moved_to[read as usize]) {
                Some(place) => {
                    storages[place as usize].last = storage.last;
                    moved_to.push(place);
                }
                None => {
                    storages.push(*storage);
                    moved_to.push(storages.len() as u32 - 1);
                }
            }
        }
        let of_node = self.of_node.iter().map(|storage| storage.map(|storage| moved_to[storage as usize]));
        Self { of_node: of_node.collect(), storages }
    }
}
