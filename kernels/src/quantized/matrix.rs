//! Matrix products of quantised numbers: convolutions whose input has a border of zeros, and Linear.

use super::tile::{Offsets, Tiles, all_tiles};
use super::{Bytes, Rescaling, STEP, as_bytes};
use crate::matrix::PixelSteps;
use crate::simd::{I32x4, LANES};

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

    /// Values of f32 that the product needs beside its inputs and output.
    pub fn scratch(&self) -> usize {
        match self.packing {
            Packing::Pairs => self.block() * self.positions() / 2,
            Packing::Fours => 0,
        }
    }

    /// Pixels at once: their rows should stay in the first cache while all panels pass.
    fn block(&self) -> usize {
        (16 * 1024 / self.positions().max(1)).clamp(LANES, BLOCK) / LANES * LANES
    }
}

/// Computes the whole product. `residual` is empty where nothing is added.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn multiply(job: &QuantizedMatrix, input: &[f32], residual: &[f32], output: &mut [f32], scratch: &mut [f32]) {
    let pixels = job.batch * job.height * job.width;
    let groups = job.groups.len();
    if pixels * job.outputs * groups == 0 {
        return;
    }
    let (input, residual) = (as_bytes(input), as_bytes(residual));
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1);
    let reach = job.segments.iter().max().map_or(0, |&segment| segment as usize) + job.depth;
    let rounded = job.outputs.next_multiple_of(PANEL);
    let outputs = groups * job.outputs;
    assert!(job.depth.is_multiple_of(STEP) && scratch.len() >= job.scratch());
    assert!(input.len() >= last(&job.input) + (groups - 1) * job.group_inputs + reach);
    assert!(job.rescaling.room(output) >= last(&job.output) + outputs);
    // A vector of the residual may reach beyond the last channel of the last group.
    let read = (groups - 1) * job.outputs + job.outputs.next_multiple_of(LANES);
    assert!(residual.is_empty() || residual.len() >= last(&job.residual) + read);
    for group in &job.groups {
        let bytes = match job.packing {
            Packing::Pairs => rounded * job.positions(),
            Packing::Fours => rounded / LANES * (job.positions() / STEP) * FOURS,
        };
        assert!(group.weight.as_slice().len() >= bytes);
        assert!(group.start.len() >= rounded && group.scale.len() >= rounded && group.bias.len() >= rounded);
    }
    let mut offsets = Offsets { input: [0; BLOCK], output: [0; BLOCK], residual: [0; BLOCK] };
    let target = job.rescaling.target(output);
    // One pointer for writing and reading: a second borrow of `scratch` would end what the first may do.
    let widened = scratch.as_mut_ptr().cast::<i16>();
    for (index, group) in job.groups.iter().enumerate() {
        let mut done = 0;
        while done < pixels {
            let count = job.block().min(pixels - done);
            fill(job, index, &mut offsets, done, count);
            done += count;
            let tiles = Tiles {
                job,
                group,
                offsets: &offsets,
                input: input.as_ptr(),
                widened,
                residual: if residual.is_empty() { core::ptr::null() } else { residual.as_ptr() },
                target,
            };
            // SAFETY: the assertions above bound every offset plus what is read or written there: offsets grow with
            // group, image, row and column, so none exceeds that of the last pixel.
            unsafe {
                match job.packing {
                    Packing::Pairs => {
                        widen(job, &offsets, count, input.as_ptr(), widened);
                        all_tiles::<true>(&tiles, count);
                    }
                    Packing::Fours => all_tiles::<false>(&tiles, count),
                }
            }
        }
    }
}

/// The offsets of `count` pixels from `first` on.
fn fill(job: &QuantizedMatrix, group: usize, offsets: &mut Offsets, first: usize, count: usize) {
    let area = job.height * job.width;
    let (mut image, within) = (first / area, first % area);
    let (mut row, mut column) = (within / job.width, within % job.width);
    for index in 0..count {
        offsets.input[index] = job.input.at(image, row, column) + group * job.group_inputs;
        offsets.output[index] = job.output.at(image, row, column) + group * job.outputs;
        offsets.residual[index] = job.residual.at(image, row, column) + group * job.outputs;
        column += 1;
        if column == job.width {
            (row, column) = (row + 1, 0);
            if row == job.height {
                (image, row) = (image + 1, 0);
            }
        }
    }
}

/// Copies the rows of a block together, in 16 bits.
///
/// # Safety
/// Every row can be read; `to` has room for all.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn widen(job: &QuantizedMatrix, offsets: &Offsets, count: usize, input: *const i8, to: *mut i16) {
    let mut to = to.cast::<i8>();
    for pixel in 0..count {
        for &segment in &job.segments {
            for at in (0..job.depth).step_by(STEP) {
                // SAFETY: the caller's.
                unsafe {
                    I32x4::load_bytes(input.add(offsets.input[pixel] + segment as usize + at)).store(to);
                    to = to.add(2 * STEP);
                }
            }
        }
    }
}
