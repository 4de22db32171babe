//! The memory that a run's tensors take: four figures, each with its name.

use crate::lifetime::arena::{self, Arena};
use crate::lifetime::{Lifetimes, Peak, Reuse};
use crate::model::{Kind, Network, Wiring};
use crate::shape::Shapes;

use super::units::{Bytes, Elements};

/// Where tensors begin in the planned arena, in bytes.
pub const ARENA_ALIGNMENT: u64 = 16;

/// What the tensors of a run take, in elements: times [`Memory::element_bytes`] it is bytes. Weights not included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of an element.
    pub element_bytes: u64,
    /// The outputs of all nodes that write data: without the network's input, views and bare parameters.
    pub sum_of_outputs: Elements,
    /// The outputs of convolutions and matrix products alone.
    pub sum_of_products: Elements,
    /// The most that the inputs and the output of one node take together.
    pub largest_pair: Peak,
    /// The most alive at once when every node writes to memory of its own.
    pub peak_out_of_place: Peak,
    /// The most alive at once when batch norms and elementwise activations overwrite their input where nothing
    /// reads it later (the same as when they are folded into the layer above).
    pub peak_in_place: Peak,
    /// One block for all tensors of the in-place run: greedy by size with first fit, from [`ARENA_ALIGNMENT`]
    /// to [`ARENA_ALIGNMENT`] bytes. Offsets in the order of `in_place.storages`, in bytes.
    pub arena: Arena,
    /// Which tensor lives when, each node writing to memory of its own.
    pub out_of_place: Lifetimes,
    /// Which tensor lives when, in place.
    pub in_place: Lifetimes,
}

impl Memory {
    /// The bytes of so many elements.
    pub fn bytes(&self, elements: u64) -> Bytes {
        Bytes(elements.saturating_mul(self.element_bytes))
    }

    /// The memory of a network's tensors; `None` where it does not fit 64 bits.
    pub(super) fn new(network: &Network, wiring: &Wiring, shapes: &Shapes, element_bytes: u64) -> Option<Self> {
        let out_of_place = Lifetimes::new(network, wiring, shapes, Reuse::OutOfPlace);
        let in_place = out_of_place.in_place(network, wiring);
        let arena = arena::plan(&in_place.intervals(element_bytes)?, ARENA_ALIGNMENT)?;
        let mut memory = Self {
            element_bytes,
            sum_of_outputs: Elements::ZERO,
            sum_of_products: Elements::ZERO,
            largest_pair: largest_pair(wiring, &out_of_place)?,
            peak_out_of_place: out_of_place.peak()?,
            peak_in_place: in_place.peak()?,
            arena,
            out_of_place,
            in_place,
        };
        for storage in &memory.out_of_place.storages {
            let Some(node) = storage.node else { continue };
            let elements = Elements(storage.elements);
            memory.sum_of_outputs = memory.sum_of_outputs.checked_add(elements)?;
            let kind = network.nodes[node as usize].layer.kind();
            if matches!(kind, Kind::Conv2d | Kind::ConvTranspose2d | Kind::Linear) {
                memory.sum_of_products = memory.sum_of_products.checked_add(elements)?;
            }
        }
        memory.sum_of_outputs.0.checked_mul(element_bytes)?;
        Some(memory)
    }
}

/// Over the nodes that write data; a tensor that a node reads twice counts once, and a view of one as that one.
fn largest_pair(wiring: &Wiring, lifetimes: &Lifetimes) -> Option<Peak> {
    let mut largest = Peak::default();
    // The last node that was seen to read each storage.
    let mut read_by = vec![None; lifetimes.storages.len()];
    for storage in &lifetimes.storages {
        let Some(node) = storage.node else { continue };
        let mut elements = storage.elements;
        for &tap in wiring.taps(node as usize) {
            let Some(read) = lifetimes.storage_of(tap) else { continue };
            if read_by[read as usize].replace(node) != Some(node) {
                elements = elements.checked_add(lifetimes.storages[read as usize].elements)?;
            }
        }
        if elements > largest.elements {
            largest = Peak { elements, at: Some(node) };
        }
    }
    Some(largest)
}
