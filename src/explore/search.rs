//! All variants of a space, or as many as are asked for, a piece at a time.

use crate::device::{Class, Device, Fitted, RamBand};

use super::evaluator::{Evaluator, Metrics};
use super::front::{Candidate, Front};
use super::space::Space;

/// What a variant may cost at most.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// `None` sets no limit, here and below.
    pub params: Option<u64>,
    /// Multiply-accumulates of one sample.
    pub macs: Option<u64>,
    /// Bytes of int8 weights.
    pub flash: Option<u64>,
    /// Bytes of int8 tensors alive at once.
    pub peak: Option<u64>,
    /// By published timings; a variant without an estimate does not meet it.
    pub milliseconds: Option<f64>,
}

/// Whether a variant can be beaten by one of less width or resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// Costs alone count: then the least width and resolution always win.
    Free,
    /// Only by one that has as much of both.
    Kept,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Variants looked at.
    pub done: u64,
    /// Variants to look at.
    pub total: u64,
    /// Variants within the budget.
    pub within: u64,
    /// Variants that cannot run.
    pub impossible: u64,
}

/// A search that goes on as long as it is asked to. Its memory does not grow with the number of variants.
pub struct Search {
    space: Space,
    evaluator: Evaluator,
    budget: Budget,
    fitted: Option<&'static Fitted>,
    capacity: Capacity,
    front: Front,
    progress: Progress,
    /// Distance between the variants looked at, where not all are.
    stride: u64,
    choice: Vec<usize>,
}

impl Budget {
    /// What a device allows: weights in its flash, and tensors in its RAM by the most frugal planner known.
    pub fn of(device: &Device) -> Self {
        match device.class {
            Class::Microcontroller => Self {
                flash: Some(device.flash.value),
                peak: Some((device.ram.value as f64 / RamBand::of_published().low.min(1.0)) as u64),
                ..Self::default()
            },
            // In 32-bit floats: four bytes for each of int8's.
            Class::Computer => {
                Self { params: Some(device.ram.value / 4), peak: Some(device.ram.value / 4), ..Self::default() }
            }
        }
    }

    fn allows(&self, metrics: &Metrics, milliseconds: Option<f64>) -> bool {
        let within = |limit: Option<u64>, value: u64| limit.is_none_or(|limit| value <= limit);
        let in_time = self.milliseconds.is_none_or(|limit| milliseconds.is_some_and(|time| time <= limit));
        within(self.params, metrics.params)
            && within(self.macs, metrics.macs)
            && within(self.flash, metrics.flash)
            && within(self.peak, metrics.peak)
            && in_time
    }
}

impl Search {
    /// Of at most so many variants: all of the space, or ones spread over it.
    pub fn new(space: Space, budget: Budget, fitted: Option<&'static Fitted>, most: u64) -> Self {
        let size = space.len();
        let total = size.min(most.max(1));
        Self {
            evaluator: Evaluator::new(&space),
            choice: vec![0; space.axes.len()],
            stride: if total == size { 1 } else { spread(size, total) },
            progress: Progress { done: 0, total: if space.is_empty() { 0 } else { total }, within: 0, impossible: 0 },
            front: Front::default(),
            space,
            budget,
            fitted,
            capacity: Capacity::Free,
        }
    }

    /// The same search, where capacity counts.
    #[must_use]
    pub fn keeping(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// Looks at so many more variants. Whether some are left.
    pub fn advance(&mut self, variants: u64) -> bool {
        let until = self.progress.done.saturating_add(variants).min(self.progress.total);
        let size = self.space.len();
        while self.progress.done < until {
            let index = (u128::from(self.progress.done) * u128::from(self.stride) % u128::from(size)) as u64;
            self.space.choose(index, &mut self.choice);
            self.progress.done += 1;
            let Some(metrics) = self.evaluator.evaluate(&self.choice) else {
                self.progress.impossible += 1;
                continue;
            };
            let milliseconds = self.fitted.map(|fitted| metrics.milliseconds(fitted));
            if self.budget.allows(&metrics, milliseconds) {
                self.progress.within += 1;
                let capacity = match self.capacity {
                    Capacity::Free => [0.0; 2],
                    Capacity::Kept => self.space.capacity(&self.choice),
                };
                self.front.offer(Candidate { index, metrics, milliseconds, capacity });
            }
        }
        self.progress.done < self.progress.total
    }

    /// How many variants have been costed, of how many.
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// What nothing else beats, up to here.
    pub const fn front(&self) -> &Front {
        &self.front
    }

    /// What is searched.
    pub const fn space(&self) -> &Space {
        &self.space
    }
}

/// A distance that has no divisor in common with the size, so that every variant is met once before any is met again,
/// and that is no small number, so that the first ones are far apart.
fn spread(size: u64, total: u64) -> u64 {
    let golden = (size as f64 * 0.618_033_988_749_894_9) as u64;
    let mut stride = golden.max(size / total).max(1);
    while greatest_common_divisor(stride, size) != 1 {
        stride += 1;
    }
    stride
}

const fn greatest_common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
