//! Blocked matrix products over packed weights, reading their rows where they lie: pointwise convolutions, Linear,
//! and any other convolution whose input has a border of zeros.
//!
//! A *row* is what one output pixel reads: `segments` pieces of `depth` neighbouring values each, at the same distances
//! from the row's start for every pixel. Weights are packed into panels of [`PANEL`] output channels:
//! `[panel][segment][depth][PANEL]`. A tile keeps 8 accumulators of 4 lanes; with the 2 vectors of weights and the 4
//! spread inputs of a step 14 vectors live, one less than V8 has registers for.

// Loops over fixed ranges are unrolled into registers; iterators over arrays are not always.
#![allow(clippy::needless_range_loop)]

use super::activation::Activation;
use super::aligned::Aligned;
use super::functions;
use super::simd::{F32x4, LANES};

/// Output channels of a panel of packed weights.
pub const PANEL: usize = 8;

/// Positions whose products are added between two checks of the loop.
const UNROLL: usize = 2;

/// The most pixels whose offsets are computed at once.
const BLOCK: usize = 128;

/// What is done to a result before it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Finish {
    None,
    /// max(x, 0).
    Relu,
    Clamp {
        low: f32,
        high: f32,
    },
    /// Any other function.
    Function(Activation),
}

/// Which values of a tensor belong to which pixel of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PixelSteps {
    pub first: usize,
    pub column: usize,
    pub row: usize,
    pub image: usize,
}

/// A matrix product with the pixels of `batch` images of `height * width` as its rows.
#[derive(Clone, Copy, Debug)]
pub struct MatrixJob<'a> {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub outputs: usize,
    /// Distances of the pieces of a row from its start.
    pub segments: &'a [u32],
    /// Values in each piece.
    pub depth: usize,
    pub input: PixelSteps,
    pub output: PixelSteps,
    /// Steps of the tensor that is added, if there is one.
    pub residual: PixelSteps,
    pub finish: Finish,
}

/// Packed weights and biases of a matrix product.
#[derive(Clone, Copy, Debug)]
pub struct Panels<'a> {
    /// [panel][segment][depth][PANEL].
    pub weight: &'a [f32],
    /// [panel][PANEL]; empty for zeros.
    pub bias: &'a [f32],
}

impl Finish {
    /// Finishes every vector of a group.
    #[inline(always)]
    pub fn apply<const COUNT: usize>(self, values: &mut [F32x4; COUNT]) {
        match self {
            Self::None => {}
            Self::Relu => {
                for value in values {
                    *value = value.relu();
                }
            }
            Self::Clamp { low, high } => {
                let (low, high) = (F32x4::splat(low), F32x4::splat(high));
                for value in values {
                    *value = value.max(low).min(high);
                }
            }
            Self::Function(activation) => {
                for value in values {
                    *value = function(activation, *value);
                }
            }
        }
    }
}

impl From<Activation> for Finish {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Identity => Self::None,
            Activation::Relu => Self::Relu,
            Activation::Clamp { low, high } => Self::Clamp { low, high },
            other => Self::Function(other),
        }
    }
}

/// Kept out of the tiles: it is long, and called once for many products.
#[inline(never)]
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
fn function(activation: Activation, value: F32x4) -> F32x4 {
    functions::apply(activation, value)
}

impl MatrixJob<'_> {
    /// Whether rows are copied together first: with short pieces the loops over them cost more than the copies.
    pub fn gathers(&self) -> bool {
        self.segments.len() > 1 && self.depth <= 32 && self.segments.len() * self.depth <= GATHERED / 16
    }
}

impl PixelSteps {
    /// The place of a pixel.
    #[inline(always)]
    pub fn at(&self, image: usize, row: usize, column: usize) -> usize {
        self.first + image * self.image + row * self.row + column * self.column
    }

    fn last(&self, job: &MatrixJob<'_>) -> usize {
        self.at(job.batch - 1, job.height - 1, job.width - 1)
    }
}

/// Packs weights of [outputs][segments * depth] by `weight(output, position)`.
pub fn pack(outputs: usize, positions: usize, weight: impl Fn(usize, usize) -> f32) -> Aligned {
    let panels = outputs.div_ceil(PANEL);
    let mut packed = Aligned::zeros(panels * positions * PANEL);
    for output in 0..outputs {
        for position in 0..positions {
            packed[(output / PANEL * positions + position) * PANEL + output % PANEL] = weight(output, position);
        }
    }
    packed
}

/// Biases, rounded up to whole panels with zeros.
pub fn pack_bias(outputs: usize, bias: &[f32]) -> Vec<f32> {
    let mut packed = bias.to_vec();
    packed.resize(outputs.div_ceil(PANEL) * PANEL, 0.0);
    packed
}

/// Computes the whole product. `residual` is empty where nothing is added.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
pub fn multiply(job: &MatrixJob<'_>, panels: Panels<'_>, input: &[f32], residual: &[f32], output: &mut [f32]) {
    let pixels = job.batch * job.height * job.width;
    if pixels == 0 || job.outputs == 0 {
        return;
    }
    let positions = job.segments.len() * job.depth;
    let panel_count = job.outputs.div_ceil(PANEL);
    let slack = if job.gathers() { LANES - 1 } else { 0 };
    let reach = job.segments.iter().max().map_or(0, |&segment| segment as usize) + job.depth + slack;
    assert!(input.len() >= job.input.last(job) + reach);
    assert!(output.len() >= job.output.last(job) + job.outputs);
    assert!(residual.is_empty() || residual.len() >= job.residual.last(job) + job.outputs);
    assert!(panels.weight.len() >= panel_count * positions * PANEL);
    assert!(panels.bias.is_empty() || panels.bias.len() >= panel_count * PANEL);
    let gathers = job.gathers();
    let mut gathered = Gathered::uninit();
    let block = if gathers { (GATHERED / positions).clamp(4, BLOCK) / 4 * 4 } else { block_of(positions) };
    let mut offsets = Offsets { input: [0; BLOCK], output: [0; BLOCK], residual: [0; BLOCK] };
    let mut walk = Walk::over(job);
    let mut done = 0;
    while done < pixels {
        let count = block.min(pixels - done);
        walk.fill(job, &mut offsets, count, !residual.is_empty());
        done += count;
        // SAFETY: the assertions above bound every offset plus what is read or written there: offsets grow with image,
        // row and column, so none exceeds that of the last pixel.
        unsafe {
            if gathers {
                gather(job, &mut offsets, count, input, gathered.as_mut_ptr().cast());
                let whole = MatrixJob { segments: &[0], depth: positions, ..*job };
                multiply_block(&whole, panels, &offsets, count, gathered.as_ptr().cast(), residual, output);
            } else {
                multiply_block(job, panels, &offsets, count, input.as_ptr(), residual, output);
            }
        };
    }
}

/// Pixels at once: their rows should stay in the nearer caches while all panels pass.
fn block_of(positions: usize) -> usize {
    (64 * 1024 / positions.max(1)).clamp(16, BLOCK) / 4 * 4
}

/// Values of rows gathered at once, and room for the last vector to run over.
const GATHERED: usize = 4096;
type Gathered = core::mem::MaybeUninit<[f32; GATHERED + LANES]>;

/// Copies the pieces of each row together, and points the rows there.
///
/// # Safety
/// Each piece can be read, and up to three values beyond; `to` has room for `count` rows and a vector.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn gather(job: &MatrixJob<'_>, offsets: &mut Offsets, count: usize, input: &[f32], to: *mut f32) {
    // SAFETY: the caller's.
    unsafe {
        match job.depth.div_ceil(LANES) {
            1 => gather_pieces::<1>(job, offsets, count, input, to),
            2 => gather_pieces::<2>(job, offsets, count, input, to),
            3 => gather_pieces::<3>(job, offsets, count, input, to),
            4 => gather_pieces::<4>(job, offsets, count, input, to),
            5 => gather_pieces::<5>(job, offsets, count, input, to),
            6 => gather_pieces::<6>(job, offsets, count, input, to),
            7 => gather_pieces::<7>(job, offsets, count, input, to),
            _ => gather_pieces::<8>(job, offsets, count, input, to),
        }
    }
}

/// Pieces of up to `VECTORS` vectors.
///
/// # Safety
/// As for [`gather`].
#[inline(always)]
unsafe fn gather_pieces<const VECTORS: usize>(
    job: &MatrixJob<'_>,
    offsets: &mut Offsets,
    count: usize,
    input: &[f32],
    to: *mut f32,
) {
    let mut target = to;
    for (index, offset) in offsets.input[..count].iter_mut().enumerate() {
        // SAFETY: the caller's. What a piece writes too much the next one overwrites.
        unsafe {
            let from = input.as_ptr().add(*offset as usize);
            for &segment in job.segments {
                let piece = from.add(segment as usize);
                for vector in 0..VECTORS {
                    F32x4::load(piece.add(vector * LANES)).store(target.add(vector * LANES));
                }
                target = target.add(job.depth);
            }
        }
        *offset = (index * job.segments.len() * job.depth) as u32;
    }
}

/// Where the next pixel is, rows without gaps between them taken as one.
struct Walk {
    rows: usize,
    width: usize,
    row: usize,
    column: usize,
    image: usize,
}

impl Walk {
    fn over(job: &MatrixJob<'_>) -> Self {
        let gapless = |steps: &PixelSteps| steps.row == job.width * steps.column;
        if gapless(&job.input) && gapless(&job.output) && gapless(&job.residual) {
            return Self { rows: 1, width: job.height * job.width, row: 0, column: 0, image: 0 };
        }
        Self { rows: job.height, width: job.width, row: 0, column: 0, image: 0 }
    }

    /// The offsets of the next `count` pixels.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    fn fill(&mut self, job: &MatrixJob<'_>, offsets: &mut Offsets, count: usize, with_residual: bool) {
        let mut index = 0;
        while index < count {
            let run = (self.width - self.column).min(count - index);
            let line = |steps: &PixelSteps, to: &mut [u32]| {
                let mut at = steps.at(self.image, self.row, self.column) as u32;
                for offset in to {
                    *offset = at;
                    at = at.wrapping_add(steps.column as u32);
                }
            };
            line(&job.input, &mut offsets.input[index..index + run]);
            line(&job.output, &mut offsets.output[index..index + run]);
            if with_residual {
                line(&job.residual, &mut offsets.residual[index..index + run]);
            }
            index += run;
            self.column += run;
            if self.column == self.width {
                self.column = 0;
                self.row += 1;
                if self.row == self.rows {
                    self.row = 0;
                    self.image += 1;
                }
            }
        }
    }
}

struct Offsets {
    input: [u32; BLOCK],
    output: [u32; BLOCK],
    residual: [u32; BLOCK],
}

/// What all tiles of a product share.
struct Tiles<'a> {
    segments: &'a [u32],
    depth: usize,
    finish: Finish,
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
            starts[row] = tiles.rows.add(*offsets.input.get_unchecked(first + row) as usize);
        }
        let mut weight = panels.weight;
        for &segment in tiles.segments {
            let mut at = 0;
            while at + UNROLL <= tiles.depth {
                // An index the compiler cannot follow keeps constant offsets in the loads; strength reduction
                // would turn each into an addition.
                let here = core::hint::black_box(at);
                let mut inputs = starts;
                for row in 0..ROWS {
                    inputs[row] = starts[row].add(segment as usize + here);
                }
                let mut weights = [weight; PANELS];
                for panel in 0..PANELS {
                    weights[panel] = weight.add(panel * tiles.panel_step + here * PANEL);
                }
                for step in 0..UNROLL {
                    multiply_step(&mut sums, &inputs, &weights, step);
                }
                at += UNROLL;
            }
            while at < tiles.depth {
                let here = core::hint::black_box(at);
                let mut inputs = starts;
                for row in 0..ROWS {
                    inputs[row] = starts[row].add(segment as usize + here);
                }
                let mut weights = [weight; PANELS];
                for panel in 0..PANELS {
                    weights[panel] = weight.add(panel * tiles.panel_step + here * PANEL);
                }
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
                let mut from =
                    tiles.residual.add(*offsets.residual.get_unchecked(first + row) as usize + panels.channel);
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
        match tiles.finish {
            Finish::None => {}
            Finish::Relu => sums = sums.map(|row| row.map(|panel| panel.map(F32x4::relu))),
            Finish::Clamp { low, high } => {
                let (low, high) = (F32x4::splat(low), F32x4::splat(high));
                sums = sums.map(|row| row.map(|panel| panel.map(|sum| sum.max(low).min(high))));
            }
            Finish::Function(activation) => {
                sums = sums.map(|row| row.map(|panel| panel.map(|sum| function(activation, sum))));
            }
        }
        for row in 0..ROWS {
            let to = tiles.output.add(*offsets.output.get_unchecked(first + row) as usize + panels.channel);
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
            for vector in 0..VECTORS {
                factors[panel][vector] = F32x4::load(weights[panel].add(step * PANEL + vector * LANES));
            }
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

/// All panels over the pixels at hand.
///
/// # Safety
/// The slices reach as far as the offsets and the job say.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
unsafe fn multiply_block(
    job: &MatrixJob<'_>,
    packed: Panels<'_>,
    offsets: &Offsets,
    count: usize,
    input: *const f32,
    residual: &[f32],
    output: &mut [f32],
) {
    let panel_step = job.segments.len() * job.depth * PANEL;
    let tiles = Tiles {
        segments: job.segments,
        depth: job.depth,
        finish: job.finish,
        panel_step,
        rows: input,
        residual: if residual.is_empty() { core::ptr::null() } else { residual.as_ptr() },
        output: output.as_mut_ptr(),
    };
    let panel_count = job.outputs.div_ceil(PANEL);
    let at = |panel: usize| TilePanels {
        // SAFETY: `panel` is below the number of panels.
        weight: unsafe { packed.weight.as_ptr().add(panel * panel_step) },
        // SAFETY: as above.
        bias: if packed.bias.is_empty() {
            core::ptr::null()
        } else {
            unsafe { packed.bias.as_ptr().add(panel * PANEL) }
        },
        channel: panel * PANEL,
        left: job.outputs - panel * PANEL,
    };
    let fours = count / 4 * 4;
    // SAFETY: the caller's; every tile begins below `count` and `panel_count` and stays below them.
    unsafe {
        for panel in 0..panel_count {
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
}
