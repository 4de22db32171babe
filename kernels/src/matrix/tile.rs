//! The register tiles of a matrix product: all panels over a block of pixels.

// Loops over fixed ranges are unrolled into registers; iterators over arrays are not always.
#![allow(clippy::needless_range_loop)]

use core::mem::MaybeUninit;
use core::ptr::with_exposed_provenance;

use super::{BLOCK, Bounds, MatrixJob, PANEL, Panels};
use crate::crew::Writes;
use crate::functions;
use crate::simd::{F32x4, LANES};

/// Positions whose products are added between two checks of the loop. With more than two, more weights than there are
/// registers left would live at once.
const UNROLL: usize = 2;

/// Values of weights that stay in the first cache beside the rows of a tile.
const GROUP: usize = 6 * 1024;
/// Values of rows that stay there beside the weights of a panel.
const ROWS: usize = 8 * 1024;

/// Where the pixels of a block lie. Not cleared first: small products would spend their time on it.
pub(super) struct Offsets {
    pub input: [MaybeUninit<u32>; BLOCK],
    pub output: [MaybeUninit<u32>; BLOCK],
    /// Only filled where something is added.
    pub residual: [MaybeUninit<u32>; BLOCK],
}

impl Offsets {
    #[inline(always)]
    pub fn uninit() -> Self {
        let nothing = [const { MaybeUninit::uninit() }; BLOCK];
        Self { input: nothing, output: nothing, residual: nothing }
    }
}

/// The offset of a pixel.
///
/// # Safety
/// It was filled.
#[inline(always)]
unsafe fn offset_at(offsets: &[MaybeUninit<u32>; BLOCK], pixel: usize) -> usize {
    // SAFETY: the caller's; `pixel` was filled, so it is below `BLOCK`.
    unsafe { offsets.get_unchecked(pixel).assume_init() as usize }
}

/// All panels over the pixels at hand.
///
/// # Safety
/// The slices and the output reach as far as the offsets and the job say; nobody else writes there.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub(super) unsafe fn multiply_block(
    job: &MatrixJob<'_>,
    packed: Panels<'_>,
    offsets: &Offsets,
    count: usize,
    input: *const f32,
    residual: &[f32],
    output: Writes<f32>,
) {
    let panel_step = job.segments.len() * job.depth * PANEL;
    let tiles = Tiles {
        segments: job.segments,
        depth: job.depth,
        bounds: job.finish.bounds(),
        panel_step,
        rows: input,
        residual: if residual.is_empty() { core::ptr::null() } else { residual.as_ptr() },
        output: output.pointer(),
    };
    let panel_count = job.outputs.div_ceil(PANEL);
    let at = |panel: usize| TilePanels {
        // SAFETY: `panel` is below the number of panels.
        weight: unsafe { packed.weight.as_ptr().add(panel * panel_step) },
        bias: if packed.bias.is_empty() {
            core::ptr::null()
        } else {
            // SAFETY: as above.
            unsafe { packed.bias.as_ptr().add(panel * PANEL) }
        },
        channel: panel * PANEL,
        left: job.outputs - panel * PANEL,
    };
    let fours = count / 4 * 4;
    // SAFETY: the caller's; every tile begins below `count` and `panel_count` and stays below them.
    unsafe {
        let mut grouped = 0;
        if count * panel_step > ROWS * PANEL && 2 * panel_step <= GROUP {
            grouped = job.outputs / PANEL;
            multiply_groups(&tiles, at(0), grouped, offsets, fours);
        }
        for panel in grouped..panel_count {
            let panels = at(panel);
            if panels.left > LANES {
                for pixel in (0..fours).step_by(4) {
                    tile::<4, 1, 2>(&tiles, panels, offsets, pixel);
                }
            } else {
                for pixel in (0..fours).step_by(4) {
                    tile::<4, 1, 1>(&tiles, panels, offsets, pixel);
                }
            }
        }
        let mut pixel = fours;
        if pixel + 2 <= count {
            let mut panel = 0;
            while panel + 2 <= panel_count {
                tile::<2, 2, 2>(&tiles, at(panel), offsets, pixel);
                panel += 2;
            }
            if panel < panel_count {
                tile::<2, 1, 2>(&tiles, at(panel), offsets, pixel);
            }
            pixel += 2;
        }
        if pixel < count {
            let mut panel = 0;
            while panel < panel_count {
                // Many sums at once: one alone waits for itself at every step.
                match panel_count - panel {
                    1 => tile::<1, 1, 2>(&tiles, at(panel), offsets, pixel),
                    2 => tile::<1, 2, 2>(&tiles, at(panel), offsets, pixel),
                    3 => tile::<1, 3, 2>(&tiles, at(panel), offsets, pixel),
                    5 => tile::<1, 5, 2>(&tiles, at(panel), offsets, pixel),
                    _ => tile::<1, 4, 2>(&tiles, at(panel), offsets, pixel),
                }
                panel += match panel_count - panel {
                    left @ (1..=3 | 5) => left,
                    _ => 4,
                };
            }
        }
    }
    if let Some(activation) = job.finish.function() {
        for pixel in 0..count {
            // SAFETY: the offsets of all `count` pixels were filled.
            let at = unsafe { offset_at(&offsets.output, pixel) };
            // SAFETY: the caller's.
            functions::apply_to(activation, unsafe { output.piece(at..at + job.outputs) });
        }
    }
}

/// Whole panels, as many at once as stay in the first cache, so that rows that do not stay there pass less often. A
/// function of its own: more loops around a tile would take its registers.
///
/// # Safety
/// As for [`tile`].
#[inline(never)]
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn multiply_groups(tiles: &Tiles<'_>, start: TilePanels, count: usize, offsets: &Offsets, pixels: usize) {
    let bias_step = if start.bias.is_null() { 0 } else { PANEL };
    let group = GROUP / tiles.panel_step;
    for first in (0..count).step_by(group) {
        let end = count.min(first + group);
        for pixel in (0..pixels).step_by(4) {
            for panel in first..end {
                // SAFETY: the caller's.
                unsafe {
                    let panels = TilePanels {
                        weight: start.weight.add(panel * tiles.panel_step),
                        bias: start.bias.add(panel * bias_step),
                        channel: panel * PANEL,
                        left: PANEL,
                    };
                    tile::<4, 1, 2>(tiles, panels, offsets, pixel);
                }
            }
        }
    }
}

/// What all tiles of a product share.
struct Tiles<'a> {
    segments: &'a [u32],
    depth: usize,
    bounds: Bounds,
    /// Values from one panel to the next.
    panel_step: usize,
    rows: *const f32,
    /// Null where nothing is added.
    residual: *const f32,
    output: *mut f32,
}

/// Where the first panel of a tile lies, and how many channels are left from it on.
#[derive(Clone, Copy)]
struct TilePanels {
    weight: *const f32,
    /// Null for zeros.
    bias: *const f32,
    channel: usize,
    left: usize,
}

/// Sums of `ROWS` pixels times `PANELS` panels, of whose vectors only the first `VECTORS` are used.
///
/// # Safety
/// Each row can be read at each segment for `depth` values, as many panels at `weight` and `bias`; `left` values can
/// be written at each output and read at each residual. `offsets` has `ROWS` entries from `first` on.
#[inline(always)]
unsafe fn tile<const ROWS: usize, const PANELS: usize, const VECTORS: usize>(
    tiles: &Tiles<'_>,
    panels: TilePanels,
    offsets: &Offsets,
    first: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [[[F32x4::splat(0.0); VECTORS]; PANELS]; ROWS];
        if !panels.bias.is_null() {
            for row in 0..ROWS {
                for panel in 0..PANELS {
                    for vector in 0..VECTORS {
                        sums[row][panel][vector] = F32x4::load(panels.bias.add(panel * PANEL + vector * LANES));
                    }
                }
            }
        }
        let mut starts = [tiles.rows; ROWS];
        for row in 0..ROWS {
            starts[row] = tiles.rows.add(offset_at(&offsets.input, first + row));
        }
        let mut weight = panels.weight;
        for &segment in tiles.segments {
            // Addresses that are numbers until they are read keep constant distances in the loads; strength reduction
            // of pointers would turn each distance into an addition.
            let lines = starts.map(|start| start.add(segment as usize).expose_provenance());
            let mut factors = [0; PANELS];
            for panel in 0..PANELS {
                factors[panel] = weight.add(panel * tiles.panel_step).expose_provenance();
            }
            let mut at = 0;
            while at + UNROLL <= tiles.depth {
                let inputs = lines.map(|line| with_exposed_provenance(line + at * size_of::<f32>()));
                let weights = factors.map(|line| with_exposed_provenance(line + at * PANEL * size_of::<f32>()));
                for step in 0..UNROLL {
                    multiply_step(&mut sums, &inputs, &weights, step);
                }
                at += UNROLL;
            }
            while at < tiles.depth {
                let inputs = lines.map(|line| with_exposed_provenance(line + at * size_of::<f32>()));
                let weights = factors.map(|line| with_exposed_provenance(line + at * PANEL * size_of::<f32>()));
                multiply_step(&mut sums, &inputs, &weights, 0);
                at += 1;
            }
            weight = weight.add(tiles.depth * PANEL);
        }
        let left = panels.left.min((PANELS - 1) * PANEL + VECTORS * LANES);
        // Where fewer channels are left than vectors hold, rows go through here.
        let mut spare = [[0.0; PANEL]; PANELS];
        let spare = spare.as_mut_ptr().cast::<f32>();
        let whole = left == (PANELS - 1) * PANEL + VECTORS * LANES;
        // One short loop after another: a long body is not unrolled, and then the sums would live in memory.
        if !tiles.residual.is_null() {
            for row in 0..ROWS {
                let mut from = tiles.residual.add(offset_at(&offsets.residual, first + row) + panels.channel);
                if !whole {
                    core::ptr::copy_nonoverlapping(from, spare, left);
                    from = spare;
                }
                for panel in 0..PANELS {
                    for vector in 0..VECTORS {
                        let other = F32x4::load(from.add(panel * PANEL + vector * LANES));
                        sums[row][panel][vector] = sums[row][panel][vector].add(other);
                    }
                }
            }
        }
        for row in 0..ROWS {
            for panel in 0..PANELS {
                for vector in 0..VECTORS {
                    sums[row][panel][vector] = tiles.bounds.apply(sums[row][panel][vector]);
                }
            }
        }
        for row in 0..ROWS {
            let to = tiles.output.add(offset_at(&offsets.output, first + row) + panels.channel);
            let target = if whole { to } else { spare };
            for panel in 0..PANELS {
                for vector in 0..VECTORS {
                    sums[row][panel][vector].store(target.add(panel * PANEL + vector * LANES));
                }
            }
            if !whole {
                core::ptr::copy_nonoverlapping(spare, to, left);
            }
        }
    }
}

/// Adds the products of one position.
///
/// # Safety
/// As for [`tile`].
#[inline(always)]
unsafe fn multiply_step<const ROWS: usize, const PANELS: usize, const VECTORS: usize>(
    sums: &mut [[[F32x4; VECTORS]; PANELS]; ROWS],
    inputs: &[*const f32; ROWS],
    weights: &[*const f32; PANELS],
    step: usize,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut factors = [[F32x4::splat(0.0); VECTORS]; PANELS];
        for panel in 0..PANELS {
            factors[panel] = weights[panel].add(step * PANEL).cast::<[F32x4; VECTORS]>().read_unaligned();
        }
        for row in 0..ROWS {
            let spread = F32x4::splat(*inputs[row].add(step));
            for panel in 0..PANELS {
                for vector in 0..VECTORS {
                    let sum = &mut sums[row][panel][vector];
                    *sum = spread.mul_add(factors[panel][vector], *sum);
                }
            }
        }
    }
}
