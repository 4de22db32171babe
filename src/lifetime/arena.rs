//! One block of memory for tensors that live at different times.

/// A tensor: how much it needs, and from which step to which it is needed, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// In bytes, or in any other unit: offsets come in the same.
    pub size: u64,
    /// The first step that needs it.
    pub first: u32,
    /// The last step that needs it.
    pub last: u32,
}

/// Where each tensor lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arena {
    /// In the order of the tensors.
    pub offsets: Vec<u64>,
    /// What the arena takes in all.
    pub total: u64,
}

impl Interval {
    /// Both are needed in some step.
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Greedy by size with first fit: every size is rounded up to a multiple of `alignment`; the largest tensor comes
/// first (of equal ones the first given), each at the lowest offset at which it meets no tensor that lives at
/// the same time. `None` where the arena would not fit 64 bits.
///
/// It is the rule of TensorFlow Lite Micro's planner (tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc).
/// Time: `n log n`, and for each tensor what it meets.
pub fn plan(tensors: &[Interval], alignment: u64) -> Option<Arena> {
    let aligned = |size: u64| size.checked_next_multiple_of(alignment.max(1));
    let sizes: Vec<u64> = tensors.iter().map(|tensor| aligned(tensor.size)).collect::<Option<_>>()?;
    // Every order here is one of numbers with indices, so that one sort does for all.
    let mut by_size: Vec<(u64, u32)> = sizes.iter().map(|&size| u64::MAX - size).zip(0..).collect();
    by_size.sort_unstable();
    let mut placed = Placed::new(tensors);
    let mut arena = Arena { offsets: vec![0; tensors.len()], total: 0 };
    let mut met: Vec<(u64, u32)> = Vec::new();
    for (_, index) in by_size {
        let size = sizes[index as usize];
        met.clear();
        placed.overlapping(&tensors[index as usize], |other| {
            met.push((arena.offsets[other as usize], other));
        });
        met.sort_unstable();
        let mut offset = 0_u64;
        for &(start, other) in &met {
            if offset.checked_add(size)? <= start {
                break;
            }
            offset = offset.max(start + sizes[other as usize]);
        }
        arena.offsets[index as usize] = offset;
        arena.total = arena.total.max(offset.checked_add(size)?);
        placed.insert(index);
    }
    Some(arena)
}

/// The tensors placed so far, found by when they live: a segment tree over the tensors in the order of their
/// first step, of the last step of what is placed below each node.
struct Placed<'a> {
    tensors: &'a [Interval],
    by_first: Vec<u32>,
    /// The place of a tensor in `by_first`.
    place: Vec<u32>,
    /// One more than the latest last step; 0 where nothing is placed. The children of `i` are `2i` and `2i + 1`.
    latest: Vec<u64>,
    leaves: usize,
}

impl<'a> Placed<'a> {
    fn new(tensors: &'a [Interval]) -> Self {
        // Tensors mostly come in this order, which a sort notices.
        let mut by_first: Vec<(u64, u32)> = tensors.iter().map(|tensor| tensor.first.into()).zip(0..).collect();
        by_first.sort_unstable();
        let by_first: Vec<u32> = by_first.into_iter().map(|(_, index)| index).collect();
        let mut place = vec![0; tensors.len()];
        for (position, &index) in by_first.iter().enumerate() {
            place[index as usize] = position as u32;
        }
        let leaves = tensors.len().next_power_of_two();
        Self { tensors, by_first, place, latest: vec![0; 2 * leaves], leaves }
    }

    fn insert(&mut self, index: u32) {
        let latest = u64::from(self.tensors[index as usize].last) + 1;
        let mut node = self.leaves + self.place[index as usize] as usize;
        while node >= 1 && self.latest[node] < latest {
            self.latest[node] = latest;
            node /= 2;
        }
    }

    fn overlapping(&self, tensor: &Interval, mut found: impl FnMut(u32)) {
        let end = self.by_first.partition_point(|&index| self.tensors[index as usize].first <= tensor.last);
        self.visit(1, 0..self.leaves, end, tensor, &mut found);
    }

    /// Everything below a node that starts before `end` and lasts until the tensor's first step.
    fn visit(
        &self,
        node: usize,
        covers: std::ops::Range<usize>,
        end: usize,
        tensor: &Interval,
        found: &mut impl FnMut(u32),
    ) {
        if covers.start >= end || self.latest[node] <= u64::from(tensor.first) {
            return;
        }
        if covers.len() == 1 {
            found(self.by_first[covers.start]);
            return;
        }
        let middle = covers.start + covers.len() / 2;
        self.visit(2 * node, covers.start..middle, end, tensor, found);
        self.visit(2 * node + 1, middle..covers.end, end, tensor, found);
    }
}
