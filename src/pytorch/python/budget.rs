//! What a text may take: steps, values, nesting. No text can hang the import or eat the memory.

use super::stop::{Run, Spent, Stop};

/// Expressions and statements that one import may run. A large network takes some 50,000.
const MOST_STEPS: u64 = 1_500_000;
/// Of these, what one statement outside of classes and functions may take.
const MOST_STEPS_A_STATEMENT: u64 = 400_000;
/// Values that may be kept at a time, in all lists, texts and objects. Some 32 bytes each.
const MOST_VALUES: u64 = 2_000_000;
/// Calls within calls.
pub(crate) const DEEPEST_CALLS: u32 = 50;
/// Expressions and statements within each other, over all calls.
const DEEPEST: u32 = 600;
/// What was taken so far.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    limit: u64,
    values: u64,
    /// Expressions and statements that are open.
    pub depth: u32,
    /// Calls that are open.
    pub calls: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 0, limit: MOST_STEPS, values: 0, depth: 0, calls: 0 }
    }
}

impl Budget {
    /// Steps that were taken so far.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// Leaves a statement's steps, at most; gives the limit before.
    pub(crate) fn narrow(&mut self) -> u64 {
        let limit = self.limit.min(self.steps + MOST_STEPS_A_STATEMENT);
        std::mem::replace(&mut self.limit, limit)
    }

    /// The limit is the one of before.
    pub(crate) fn widen(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// # Errors
    /// Where the steps are spent.
    pub(crate) fn work(&mut self, steps: u64) -> Run<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limit { Err(Stop::Spent(Spent::Steps)) } else { Ok(()) }
    }

    /// # Errors
    /// Where more values are kept than may be.
    pub(crate) fn allocate(&mut self, values: u64) -> Run<()> {
        self.values = self.values.saturating_add(values);
        if self.values > MOST_VALUES { Err(Stop::Spent(Spent::Values)) } else { Ok(()) }
    }

    /// # Errors
    /// Where the code nests deeper than is followed.
    pub(crate) fn deeper(&mut self) -> Run<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(Stop::Spent(Spent::Depth)) } else { Ok(()) }
    }
}
