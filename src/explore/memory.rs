//! The most that is alive at once, without an allocation for each variant.

use crate::model::Flow;

/// The network's input.
const INPUT: u32 = 0;

/// No storage.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Storage {
    elements: u64,
    /// The step that writes it.
    first: u32,
    last: u32,
    /// The storage whose place it takes; found once all is read.
    over: u32,
    in_place_of: u32,
}

/// Tensors and steps of one variant; kept from one to the next for their room.
#[derive(Clone, Debug, Default)]
pub(super) struct Liveness {
    storages: Vec<Storage>,
    of_node: Vec<u32>,
    change: Vec<(u64, u64)>,
    step: u32,
}

impl Liveness {
    /// Begins with the network's input.
    pub(super) fn start(&mut self, input: u64) {
        self.storages.clear();
        self.of_node.clear();
        self.step = 0;
        self.storages.push(Storage { elements: input, first: 0, last: 0, over: NONE, in_place_of: NONE });
    }

    /// A node that reads these nodes' outputs (`None`: the network's input) and gives so many elements. `between` is
    /// what it writes and reads in a step of its own before that.
    pub(super) fn node(
        &mut self,
        taps: impl Iterator<Item = Option<usize>>,
        flow: Flow,
        elements: u64,
        between: Option<u64>,
    ) {
        let mut first_read = NONE;
        for (position, tap) in taps.enumerate() {
            let read = tap.map_or(INPUT, |node| self.of_node[node]);
            if position == 0 {
                first_read = read;
            }
            if let Some(storage) = self.storages.get_mut(read as usize) {
                storage.last = self.step;
            }
        }
        if let Some(elements) = between {
            let own = Storage { elements, first: self.step, last: self.step + 1, over: NONE, in_place_of: NONE };
            self.storages.push(own);
            first_read = self.storages.len() as u32 - 1;
            self.step += 1;
        }
        let storage = match flow {
            Flow::Holds => NONE,
            Flow::Views => first_read,
            Flow::Writes | Flow::InPlace => {
                let in_place_of = if flow == Flow::InPlace { first_read } else { NONE };
                self.storages.push(Storage { elements, first: self.step, last: self.step, over: NONE, in_place_of });
                self.storages.len() as u32 - 1
            }
        };
        self.of_node.push(storage);
        self.step += 1;
    }

    /// A node that is left out: what reads it reads its input.
    pub(super) fn left_out(&mut self, tap: Option<usize>) {
        let storage = tap.map_or(INPUT, |node| self.of_node[node]);
        self.of_node.push(storage);
    }

    /// The most elements alive at once; `None` where they do not fit 64 bits.
    pub(super) fn peak(&mut self) -> Option<u64> {
        let end = self.step.saturating_sub(1);
        if let Some(output) = self.of_node.last().and_then(|&output| self.storages.get_mut(output as usize)) {
            output.last = end;
        }
        for index in 0..self.storages.len() {
            let storage = self.storages[index];
            let read = storage.in_place_of;
            let overwrites = read != NONE && read != INPUT && self.storages[read as usize].last == storage.first;
            if overwrites {
                let place = self.storages[read as usize].over;
                let place = if place == NONE { read } else { place };
                self.storages[index].over = place;
            }
        }
        self.change.clear();
        self.change.resize(self.step as usize + 2, (0, 0));
        for index in (0..self.storages.len()).rev() {
            let storage = self.storages[index];
            if storage.over != NONE {
                // It lives on in the place it took over; places come before what takes them.
                let place = &mut self.storages[storage.over as usize];
                place.last = place.last.max(storage.last);
                continue;
            }
            let born = &mut self.change[storage.first as usize].0;
            *born = born.checked_add(storage.elements)?;
            let gone = &mut self.change[storage.last as usize + 1].1;
            *gone = gone.checked_add(storage.elements)?;
        }
        let (mut now, mut peak) = (0_u64, 0);
        for &(born, gone) in &self.change {
            now = (now - gone).checked_add(born)?;
            peak = peak.max(now);
        }
        Some(peak)
    }
}
