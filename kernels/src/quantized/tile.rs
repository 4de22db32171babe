//! The register tiles of products of quantised numbers.

// As in the f32 product.
#![allow(clippy::needless_range_loop)]

use core::ops::Range;
use core::ptr::with_exposed_provenance;

use super::packing::{BLOCK, FOURS, PANEL, QuantizedGroup, QuantizedMatrix};
use super::{STEP, Target};
use crate::simd::{F32x4, I32x4, LANES};

/// Pixels of a tile of fours.
const ROWS_OF_FOURS: usize = 3;

/// Where the pixels of a block lie.
pub(super) struct Offsets {
    pub input: [usize; BLOCK],
    pub output: [usize; BLOCK],
    pub residual: [usize; BLOCK],
}

/// What all tiles of a block share.
pub(super) struct Tiles<'a> {
    pub job: &'a QuantizedMatrix,
    pub group: &'a QuantizedGroup,
    pub offsets: &'a Offsets,
    /// From a whole panel on.
    pub channels: Range<usize>,
    pub input: *const i8,
    /// The rows in 16 bits, one after another.
    pub widened: *const i16,
    /// Null where nothing is added.
    pub residual: *const i8,
    pub target: Target,
}

/// The channels of the pixels at hand.
///
/// # Safety
/// What the job says of these pixels can be read and written.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub(super) unsafe fn all_tiles<const PAIRS: bool>(tiles: &Tiles<'_>, count: usize) {
    let fours = count / 4 * 4;
    for channel in tiles.channels.clone().step_by(PANEL) {
        // SAFETY: the caller's.
        unsafe {
            if PAIRS {
                for pixel in (0..fours).step_by(4) {
                    tile_of_pairs::<4>(tiles, channel, pixel);
                }
                for pixel in fours..count {
                    tile_of_pairs::<1>(tiles, channel, pixel);
                }
            } else {
                let mut pixel = 0;
                while pixel + ROWS_OF_FOURS <= count {
                    tile_of_fours::<ROWS_OF_FOURS, 2>(tiles, channel, pixel);
                    pixel += ROWS_OF_FOURS;
                }
                for pixel in pixel..count {
                    tile_of_fours::<1, 2>(tiles, channel, pixel);
                }
            }
        }
    }
}

/// `ROWS` pixels by a panel of 8 channels.
///
/// # Safety
/// As for [`all_tiles`].
#[inline(always)]
unsafe fn tile_of_pairs<const ROWS: usize>(tiles: &Tiles<'_>, channel: usize, first: usize) {
    let positions = tiles.job.positions();
    // SAFETY: the caller's; positions are even.
    unsafe {
        let start = tiles.group.start.as_ptr().add(channel).cast::<i8>();
        let mut sums = [[I32x4::load(start), I32x4::load(start.add(16))]; ROWS];
        // See the f32 product: addresses that are numbers keep constant distances in the loads.
        let weight = tiles.group.weight.as_slice().as_ptr().add(channel * positions).expose_provenance();
        let mut lines = [0; ROWS];
        for row in 0..ROWS {
            lines[row] = tiles.widened.add((first + row) * positions).expose_provenance();
        }
        let mut at = 0;
        while at < positions {
            for pair in 0..2 {
                let weight = with_exposed_provenance::<i8>(weight + at * PANEL).add(pair * 2 * PANEL);
                let factors = [I32x4::load_bytes(weight), I32x4::load_bytes(weight.add(PANEL))];
                for row in 0..ROWS {
                    let line = with_exposed_provenance::<i8>(lines[row] + at * 2).add(pair * 4);
                    let spread = I32x4::load_spread(line);
                    sums[row][0] = sums[row][0].dot(spread, factors[0]);
                    sums[row][1] = sums[row][1].dot(spread, factors[1]);
                }
            }
            at += 4;
        }
        tiles.finish(sums, channel, first);
    }
}

/// `ROWS` pixels by `VECTORS` times 4 channels.
///
/// # Safety
/// As for [`all_tiles`].
#[inline(always)]
unsafe fn tile_of_fours<const ROWS: usize, const VECTORS: usize>(tiles: &Tiles<'_>, channel: usize, first: usize) {
    let job = tiles.job;
    let vector_step = job.positions() / STEP * FOURS;
    // SAFETY: the caller's.
    unsafe {
        let start = tiles.group.start.as_ptr().add(channel).cast::<i8>();
        let mut sums = [[I32x4::splat(0); VECTORS]; ROWS];
        for row in 0..ROWS {
            for vector in 0..VECTORS {
                sums[row][vector] = I32x4::load(start.add(vector * 16));
            }
        }
        // A constant would be made anew in every turn of the loop.
        let ones = I32x4::splat(core::hint::black_box(0x0001_0001));
        let mut weight = tiles.group.weight.as_slice().as_ptr().add(channel / LANES * vector_step).expose_provenance();
        for &segment in &job.segments {
            let mut lines = [0; ROWS];
            for row in 0..ROWS {
                lines[row] = tiles.input.add(tiles.offsets.input[first + row] + segment as usize).expose_provenance();
            }
            let mut at = 0;
            while at < job.depth {
                step_of_fours(&mut sums, lines.map(|line| line + at), (weight, vector_step), ones);
                at += STEP;
                weight += FOURS;
            }
        }
        tiles.finish(sums, channel, first);
    }
}

/// Adds the products of one step.
///
/// # Safety
/// As for [`all_tiles`].
#[inline(always)]
unsafe fn step_of_fours<const ROWS: usize, const VECTORS: usize>(
    sums: &mut [[I32x4; VECTORS]; ROWS],
    lines: [usize; ROWS],
    (weight, vector_step): (usize, usize),
    ones: I32x4,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut centres = [ones; VECTORS];
        let mut factors = [[ones; 2]; VECTORS];
        for vector in 0..VECTORS {
            let from = with_exposed_provenance::<i8>(weight + vector * vector_step);
            centres[vector] = I32x4::load(from);
            factors[vector] = [I32x4::load(from.add(16)), I32x4::load(from.add(32))];
        }
        for row in 0..ROWS {
            let line = with_exposed_provenance::<i8>(lines[row]);
            let spread = [I32x4::load_spread(line), I32x4::load_spread(line.add(4))];
            for vector in 0..VECTORS {
                let sum = centres[vector].add_shorts(factors[vector][0].dot_bytes(spread[0]));
                let sum = sum.add_shorts(factors[vector][1].dot_bytes(spread[1]));
                sums[row][vector] = sums[row][vector].dot(sum, ones);
            }
        }
    }
}

impl Tiles<'_> {
    /// Writes the sums of a tile.
    ///
    /// # Safety
    /// As for [`all_tiles`].
    #[inline(always)]
    unsafe fn finish<const ROWS: usize, const VECTORS: usize>(
        &self,
        sums: [[I32x4; VECTORS]; ROWS],
        channel: usize,
        first: usize,
    ) {
        let rescaling = &self.job.rescaling;
        let is_plain = self.residual.is_null() && rescaling.function.is_none();
        let is_whole = channel + VECTORS * LANES <= self.job.outputs;
        // SAFETY: the caller's; scales and biases come in whole panels.
        unsafe {
            let Target::Bytes(to) = self.target else { return self.finish_any(&sums, channel, first) };
            if !is_plain || !is_whole {
                return self.finish_any(&sums, channel, first);
            }
            let mut scales = [F32x4::splat(0.0); VECTORS];
            let mut biases = scales;
            for vector in 0..VECTORS {
                scales[vector] = F32x4::load(self.group.scale.as_ptr().add(channel + vector * LANES));
                biases[vector] = F32x4::load(self.group.bias.as_ptr().add(channel + vector * LANES));
            }
            for row in 0..ROWS {
                let mut values = [F32x4::splat(0.0); VECTORS];
                for vector in 0..VECTORS {
                    let value = sums[row][vector].to_float().mul_add(scales[vector], biases[vector]);
                    values[vector] = rescaling.bounds.apply(value);
                }
                let to = to.add(self.offsets.output[first + row] + channel);
                match VECTORS {
                    2 => values[0].store_bytes(values[1], to),
                    _ => {
                        for vector in 0..VECTORS {
                            values[vector].store_half_bytes(to.add(vector * LANES));
                        }
                    }
                }
            }
        }
    }

    /// The same with whatever is to be done.
    ///
    /// # Safety
    /// As for [`all_tiles`].
    #[inline(never)]
    #[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
    #[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
    unsafe fn finish_any<const VECTORS: usize>(&self, sums: &[[I32x4; VECTORS]], channel: usize, first: usize) {
        for (row, sums) in sums.iter().enumerate() {
            for (vector, &sum) in sums.iter().enumerate() {
                // SAFETY: the caller's.
                unsafe { self.write(sum, channel + vector * LANES, first + row) };
            }
        }
    }

    /// Four sums of a pixel.
    ///
    /// # Safety
    /// As for [`all_tiles`].
    #[inline(always)]
    unsafe fn write(&self, sum: I32x4, channel: usize, pixel: usize) {
        let left = self.job.outputs.saturating_sub(channel);
        if left == 0 {
            return;
        }
        // SAFETY: the caller's; scales and biases come in whole panels.
        unsafe {
            let scale = F32x4::load(self.group.scale.as_ptr().add(channel));
            let bias = F32x4::load(self.group.bias.as_ptr().add(channel));
            let residual = if self.residual.is_null() {
                self.residual
            } else {
                self.residual.add(self.offsets.residual[pixel] + channel)
            };
            let value = self.job.rescaling.value(sum, scale, bias, residual);
            self.target.write(value, self.offsets.output[pixel] + channel, left);
        }
    }
}
