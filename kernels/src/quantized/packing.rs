//! A matrix product of quantised numbers and its weights, in the order in which the tiles read them.

use alloc::vec;
use alloc::vec::Vec;

use super::{Bytes, Rescaling, STEP};
use crate::matrix::PixelSteps;
use crate::simd::LANES;

/// A product with the pixels of images as its rows, as in f32; distances count quantised values.
#[derive(Clone, Debug)]
pub struct QuantizedMatrix {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    /// Of each group.
    pub outputs: usize,
    pub segments: Vec<u32>,
    /// In whole steps.
    pub depth: usize,
    pub input: PixelSteps,
    pub output: PixelSteps,
    pub residual: PixelSteps,
    /// Channels from one group's input to the next.
    pub group_inputs: usize,
    pub packing: Packing,
    pub groups: Vec<QuantizedGroup>,
    pub rescaling: Rescaling,
}

/// The weights of one group of channels, the outputs of all but the weights in whole panels of [`PANEL`].
#[derive(Clone, Debug)]
pub struct QuantizedGroup {
    /// As the packing has it.
    pub(super) weight: Bytes,
    /// What sums begin with.
    pub(super) start: Vec<i32>,
    /// What a sum of 1 adds to the output.
    pub(super) scale: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// The order of weights, which goes with an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// `[panel][position / 2][8][2]`: pairs of 16-bit numbers are multiplied and added; inputs are widened first.
    Pairs,
    /// `[outputs / 4][position / 8]` of 8 i16 and two times `[4][4]` weights: fours of 8-bit numbers, of inputs that are
    /// never negative.
    ///
    /// A lane of 16 bits adds four products w x with x in 0..=127. It begins with -64 times the sum of its weights, so
    /// that it ends as the sum of w (x - 64): at most 4 * 127 * 64 = 32512, which fits, whatever wrapped on the way.
    /// `start` gives back 64 times the sum of all weights.
    Fours,
}

/// Output channels of a panel of packed weights.
pub(super) const PANEL: usize = 8;

/// Bytes of [`Packing::Fours`] for a step: two vectors of weights behind one of i16.
pub(super) const FOURS: usize = 48;

/// The most pixels whose rows are widened together.
pub(super) const BLOCK: usize = 64;

/// What is taken from inputs that are never negative.
const CENTRE: i32 = 64;

impl Packing {
    /// The faster one for inputs that are or are not negative at times.
    pub fn for_inputs(never_negative: bool) -> Self {
        // Without the instruction for bytes, 16 bits are faster.
        if never_negative && cfg!(all(target_arch = "wasm32", feature = "relaxed-simd")) {
            Self::Fours
        } else {
            Self::Pairs
        }
    }
}

impl QuantizedGroup {
    /// Packs the weights `weight(output, position)` of as many outputs as there are `scales` and `biases`.
    pub fn pack(
        packing: Packing,
        positions: usize,
        (scales, biases): (Vec<f32>, Vec<f32>),
        weight: impl Fn(usize, usize) -> i8,
    ) -> Self {
        let outputs = scales.len();
        let rounded = outputs.next_multiple_of(PANEL);
        let at = |output: usize, position: usize| if output < outputs { weight(output, position) } else { 0 };
        let mut start = vec![0; rounded];
        let weight = match packing {
            Packing::Pairs => Bytes::from_fn(rounded * positions, |index| {
                let (pair, within) = (index / (2 * PANEL), index % (2 * PANEL));
                let (panel, position) = (pair / (positions / 2), pair % (positions / 2) * 2 + within % 2);
                at(panel * PANEL + within / 2, position)
            }),
            Packing::Fours => {
                let sum = |output| (0..positions).map(|position| i32::from(at(output, position))).sum::<i32>();
                start.iter_mut().enumerate().for_each(|(output, start)| *start = CENTRE * sum(output));
                let steps = positions / STEP;
                Bytes::from_fn(rounded / LANES * steps * FOURS, |index| {
                    let (step, within) = (index / FOURS, index % FOURS);
                    let (vector, first) = (step / steps, step % steps * STEP);
                    let byte = within % 16;
                    let (output, place) = (vector * LANES + byte / 4, byte % 4);
                    match within / 16 {
                        0 => {
                            let [a, b] = [first + place / 2 * 2, first + 4 + place / 2 * 2];
                            let four = [a, a + 1, b, b + 1];
                            let sum: i32 = four.map(|position| i32::from(at(output, position))).iter().sum();
                            (-CENTRE * sum).to_le_bytes()[place % 2] as i8
                        }
                        vector => at(output, first + (vector - 1) * 4 + place),
                    }
                })
            }
        };
        let padded = |mut values: Vec<f32>| {
            values.resize(rounded, 0.0);
            values
        };
        Self { weight, start, scale: padded(scales), bias: padded(biases) }
    }
}

impl QuantizedMatrix {
    pub(super) fn positions(&self) -> usize {
        self.segments.len() * self.depth
    }

    /// Values of f32 that each thread needs beside the product's inputs and output.
    pub fn scratch(&self) -> usize {
        match self.packing {
            Packing::Pairs => self.block() * self.positions() / 2,
            Packing::Fours => 0,
        }
    }

    /// Pixels at once: their rows should stay in the first cache while all panels pass.
    pub(super) fn block(&self) -> usize {
        (16 * 1024 / self.positions().max(1)).clamp(LANES, BLOCK) / LANES * LANES
    }
}
