//! Who reads what in a network.

use crate::model::{Network, Tap};
use crate::shape::Shapes;

/// The readers and sources of every node, by index.
pub struct Uses {
    readers: Vec<Vec<usize>>,
    taps: Vec<Vec<Tap>>,
    called_again: Vec<bool>,
    ranks: Vec<Option<usize>>,
}

impl Uses {
    /// Of a network, for a batch of 1.
    pub fn of(network: &Network) -> Self {
        let wiring = network.wiring();
        let shapes = crate::shape::infer(network, &wiring, 1);
        let mut readers = vec![Vec::new(); network.nodes.len()];
        let mut called_again = vec![false; network.nodes.len()];
        for index in 0..network.nodes.len() {
            for tap in wiring.taps(index) {
                if let Tap::Node(above) = tap {
                    readers[*above].push(index);
                }
            }
        }
        for (index, first) in network.first_calls().into_iter().enumerate() {
            if let Some(first) = first {
                (called_again[index], called_again[first]) = (true, true);
            }
        }
        Self {
            readers,
            taps: (0..network.nodes.len()).map(|index| wiring.taps(index).to_vec()).collect(),
            called_again,
            ranks: shapes.nodes.iter().map(|shape| shape.dims().map(|dims| dims.rank())).collect(),
        }
    }

    /// The one node that reads this one's output; `None` where several do, or the network's reader.
    pub fn only_reader(&self, index: usize) -> Option<usize> {
        match self.readers[index].as_slice() {
            &[reader] if self.taps[reader].len() == 1 => Some(reader),
            _ => None,
        }
    }

    /// The node that is this one's only input.
    pub fn only_source(&self, index: usize) -> Option<usize> {
        match self.taps[index].as_slice() {
            &[Tap::Node(above)] => Some(above),
            _ => None,
        }
    }

    /// A node's inputs, found, in order.
    pub fn taps(&self, index: usize) -> &[Tap] {
        &self.taps[index]
    }

    /// One of several calls of a module.
    pub fn called_again(&self, index: usize) -> bool {
        self.called_again[index]
    }

    /// The rank of a node's output, with the batch.
    pub fn rank_of(&self, index: usize) -> Option<usize> {
        self.ranks[index]
    }

    /// The channels (dimension 1) of what flows into a node.
    pub fn channels_into(&self, shapes: &Shapes, index: usize) -> Option<u64> {
        let &tap = self.taps[index].first()?;
        shapes.tap(tap)?.get(1).copied()
    }
}
