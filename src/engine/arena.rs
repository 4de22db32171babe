//! Places buffers in one piece of memory so that those alive at the same time do not overlap.

use std::ops::Range;

/// Buffers begin at multiples of this many values (64 bytes).
const ALIGNMENT: u64 = 16;

/// A buffer and the steps during which it must keep its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Buffer {
    /// In values. May be more than fits the memory: whoever places buffers looks at the length of the whole first.
    pub length: u64,
    /// The step that writes it.
    pub first: usize,
    /// The last step that reads it.
    pub last: usize,
}

/// Where each buffer lies, and the length of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Placement {
    pub ranges: Vec<Range<u64>>,
    pub length: u64,
}

/// The largest buffers first, each at the lowest place that is free during its life.
pub(super) fn place(buffers: &[Buffer]) -> Placement {
    // Inserted one by one: they are few, and a sort of the library's is 5 kB of the worker.
    let mut order: Vec<usize> = Vec::with_capacity(buffers.len());
    for (index, buffer) in buffers.iter().enumerate() {
        let position = order.partition_point(|&other| buffers[other].length >= buffer.length);
        order.insert(position, index);
    }
    let mut ranges = vec![0..0; buffers.len()];
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut length = 0_u64;
    for index in order {
        let buffer = buffers[index];
        let size = aligned(buffer.length);
        let mut start = 0_u64;
        // `placed` is in order of place.
        for &other in &placed {
            let alive = buffers[other].first <= buffer.last && buffer.first <= buffers[other].last;
            let end = aligned(ranges[other].end);
            if alive && ranges[other].start < start.saturating_add(size) && start < end {
                start = end;
            }
        }
        ranges[index] = start..start.saturating_add(buffer.length);
        length = length.max(start.saturating_add(size));
        let position = placed.partition_point(|&other| ranges[other].start <= start);
        placed.insert(position, index);
    }
    Placement { ranges, length }
}

fn aligned(length: u64) -> u64 {
    length.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX)
}
