//! The arena's head: TensorFlow Lite Micro's greedy planner over the tensors and the kernels' scratch.

use crate::lifetime::arena::{self, Interval};

use super::graph::{Converted, Operation};
use super::operator::Operator;

/// Where tensors begin, in bytes.
const ALIGNMENT: u64 = 16;

/// What one inference takes of the arena beside what stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes, as planned.
    pub bytes: u64,
    /// The most bytes alive at once, alignment included: no plan takes less.
    pub bound: u64,
    /// The operator, by index, at which most is alive.
    pub peak_at: usize,
}

impl Converted {
    /// `None` where the bytes do not fit 64 bits.
    ///
    /// Tensors live from the operator that writes them to the last that reads them, the input from the start, the output
    /// to the end; scratch lives while its operator runs (micro_allocation_info.cc).
    pub fn head(&self) -> Option<Head> {
        // One step before the first operator, in which only the input is there.
        let last_step = self.operations.len() as u32;
        let mut intervals: Vec<Interval> =
            self.tensors.iter().map(|tensor| Interval { size: tensor.bytes(), first: 0, last: 0 }).collect();
        for (step, operation) in (1_u32..).zip(&self.operations) {
            let output = &mut intervals[operation.output];
            (output.first, output.last) = (step, step);
            for &input in &operation.inputs {
                intervals[input].last = step;
            }
        }
        intervals[self.output].last = last_step;
        for (step, operation) in (1_u32..).zip(&self.operations) {
            let scratch = self.scratch(operation);
            intervals.extend(scratch.into_iter().map(|size| Interval { size, first: step, last: step }));
        }
        // The planner takes the last of equal ones first.
        intervals.reverse();
        let bytes = arena::plan(&intervals, ALIGNMENT)?.total;
        let (mut bound, mut peak_at) = (0_u64, 0);
        for step in 0..=last_step {
            let alive = intervals.iter().filter(|interval| interval.first <= step && step <= interval.last);
            let live =
                alive.map(|interval| interval.size.next_multiple_of(ALIGNMENT)).try_fold(0_u64, u64::checked_add)?;
            if live > bound {
                (bound, peak_at) = (live, (step as usize).saturating_sub(1));
            }
        }
        Some(Head { bytes, bound, peak_at })
    }

    /// What a kernel asks for besides its tensors, in bytes.
    fn scratch(&self, operation: &Operation) -> Vec<u64> {
        let (input, output) =
            (operation.inputs.first().map(|&input| &self.tensors[input]), &self.tensors[operation.output]);
        let rank = input.map_or(0, |input| input.shape.len() as u64);
        let axes = operation.constants.first().map_or(0, |axes| axes.elements);
        match operation.operator {
            // reduce_common.cc: sums of 32 bits, the place in the input, the axes.
            Operator::Mean => vec![output.elements().saturating_mul(4), rank * 4, axes * 4],
            Operator::ReduceMax => vec![rank * 4, axes * 4],
            // transpose_conv.cc: the output in 32 bits.
            Operator::TransposeConv => vec![output.elements().saturating_mul(4)],
            // mirror_pad.cc: products of the sizes of both sides.
            Operator::MirrorPad => vec![rank * 4, rank * 4],
            _ => Vec::new(),
        }
    }
}
