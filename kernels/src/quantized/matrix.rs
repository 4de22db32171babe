//! Matrix products of quantised numbers: convolutions whose input has a border of zeros, and Linear.

use core::ops::Range;

use super::packing::{BLOCK, FOURS, PANEL, Packing, QuantizedMatrix};
use super::tile::{Offsets, Tiles, all_tiles};
use super::{STEP, Target, as_bytes};
use crate::crew::{Crew, Cut, Writes};
use crate::matrix::PixelSteps;
use crate::simd::{I32x4, LANES};

/// Computes the whole product, shared among the crew's threads, each with its own part of the scratch. `residual` is empty
/// where nothing is added.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn multiply(
    job: &QuantizedMatrix,
    input: &[f32],
    residual: &[f32],
    output: &mut [f32],
    scratch: &mut [f32],
    crew: Crew,
) {
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
    assert!(job.depth.is_multiple_of(STEP) && scratch.len() >= job.scratch() * crew.members());
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
    let target = job.rescaling.target(output);
    let scratch = Writes::of(scratch);
    let work = pixels * job.positions() * outputs / 2;
    if pixels <= LANES && groups == 1 && job.packing == Packing::Fours {
        // Few pixels: each thread reads weights of its own.
        crew.share(job.outputs.div_ceil(PANEL), Cut { work, blocks: 1 }, &|range, _| {
            let channels = range.start * PANEL..job.outputs.min(range.end * PANEL);
            // SAFETY: the assertions above bound every offset plus what is read or written there: offsets grow with group,
            // image, row and column, so none exceeds that of the last pixel. Other parts write other channels.
            unsafe { part(job, [0..pixels, channels], (input, residual), target, core::ptr::null_mut()) };
        });
        return;
    }
    let each = job.scratch();
    crew.share(pixels.div_ceil(UNIT), Cut { work, blocks: pixels / job.block() }, &|range, member| {
        let pixels = range.start * UNIT..pixels.min(range.end * UNIT);
        // SAFETY: as above; every thread has a number of its own, below that of all, and other parts write other pixels.
        unsafe {
            // One pointer for writing and reading: a second borrow would end what the first may do.
            let widened = scratch.pointer().add(member * each).cast::<i16>();
            part(job, [pixels, 0..job.outputs], (input, residual), target, widened);
        }
    });
}

/// Pixels that are not parted: whole tiles of either packing.
const UNIT: usize = 12;

/// Some pixels, counted over all images, and some channels of each group.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these channels of these pixels; `widened` has the job's
/// scratch, for this part alone.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn part(
    job: &QuantizedMatrix,
    [pixels, channels]: [Range<usize>; 2],
    (input, residual): (&[i8], &[i8]),
    target: Target,
    widened: *mut i16,
) {
    let mut offsets = Offsets { input: [0; BLOCK], output: [0; BLOCK], residual: [0; BLOCK] };
    for (index, group) in job.groups.iter().enumerate() {
        let mut done = pixels.start;
        while done < pixels.end {
            let count = job.block().min(pixels.end - done);
            fill(job, index, &mut offsets, done, count);
            done += count;
            let tiles = Tiles {
                job,
                group,
                offsets: &offsets,
                channels: channels.clone(),
                input: input.as_ptr(),
                widened,
                residual: if residual.is_empty() { core::ptr::null() } else { residual.as_ptr() },
                target,
            };
            // SAFETY: the caller's.
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
