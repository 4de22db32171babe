//! Blocked matrix products over packed weights, reading their rows where they lie: pointwise convolutions, Linear,
//! and any other convolution whose input has a border of zeros.
//!
//! A *row* is what one output pixel reads: `segments` pieces of `depth` neighbouring values each, at the same distances
//! from the row's start for every pixel. Weights are packed into panels of [`PANEL`] output channels:
//! `[panel][segment][depth][PANEL]`. A tile keeps 8 accumulators of 4 lanes; with the 2 vectors of weights and the 4
//! spread inputs of a step 14 vectors live, one less than V8 has registers for.

mod call;
mod tile;

use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::Range;

use super::activation::Activation;
use super::aligned::Aligned;
use super::crew::{Crew, Cut, Writes};
use super::functions;
use super::simd::{F32x4, LANES};
pub use call::MatrixCall;
use tile::{Offsets, multiply_block};

/// Output channels of a panel of packed weights.
pub const PANEL: usize = 8;

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

/// The range of a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub low: f32,
    pub high: f32,
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
    /// `[panel][segment][depth][PANEL]`.
    pub weight: &'a [f32],
    /// [panel][PANEL]; empty for zeros.
    pub bias: &'a [f32],
}

impl Finish {
    /// The bounds it keeps values within: all that tiles do themselves, so that their sums never wait for a call.
    pub fn bounds(self) -> Bounds {
        let (low, high) = match self {
            Self::None | Self::Function(_) => (f32::NEG_INFINITY, f32::INFINITY),
            Self::Relu => (0.0, f32::INFINITY),
            Self::Clamp { low, high } => (low, high),
        };
        Bounds { low, high }
    }

    /// The function that is left to do once values are within the bounds.
    pub fn function(self) -> Option<Activation> {
        match self {
            Self::None | Self::Relu | Self::Clamp { .. } => None,
            Self::Function(activation) => Some(activation),
        }
    }

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

impl Bounds {
    /// The value, or the bound it is beyond. NaN stays NaN.
    #[inline(always)]
    pub fn apply(self, value: F32x4) -> F32x4 {
        value.max(F32x4::splat(self.low)).min(F32x4::splat(self.high))
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
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn function(activation: Activation, value: F32x4) -> F32x4 {
    functions::apply(activation, value)
}

impl MatrixJob<'_> {
    /// Whether rows are copied together first: with short pieces the loops over them cost more than the copies.
    pub fn gathers(&self) -> bool {
        self.segments.len() > 1 && self.depth <= 32 && self.segments.len() * self.depth <= GATHERED / 16
    }

    /// Pixels at once: their rows should stay in the nearer caches while all panels pass.
    fn block(&self) -> usize {
        let positions = self.segments.len() * self.depth;
        let most = if self.gathers() { (GATHERED / positions).max(4) } else { (64 * 1024 / positions.max(1)).max(16) };
        most.min(BLOCK) / 4 * 4
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

/// Computes the whole product, shared among the crew's threads. `residual` is empty where nothing is added.
///
/// # Panics
/// Where a slice is too short for the job.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn multiply(
    job: &MatrixJob<'_>,
    panels: Panels<'_>,
    input: &[f32],
    residual: &[f32],
    output: &mut [f32],
    crew: Crew,
) {
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
    let output = Writes::of(output);
    let cut = |blocks| Cut { work: pixels * positions * job.outputs, blocks };
    if pixels <= 2 * LANES || (pixels <= BLOCK && positions * job.outputs > HEAVY) {
        // Few pixels: each thread reads weights of its own.
        crew.share(panel_count, cut(panel_count), &|range, _| {
            let (first, last) = (range.start * PANEL, job.outputs.min(range.end * PANEL));
            let channels = |steps: PixelSteps| PixelSteps { first: steps.first + first, ..steps };
            let part = MatrixJob {
                outputs: last - first,
                output: channels(job.output),
                residual: channels(job.residual),
                ..*job
            };
            let bias = if panels.bias.is_empty() { panels.bias } else { &panels.bias[first..] };
            let panels = Panels { weight: &panels.weight[first * positions..], bias };
            // SAFETY: the assertions above bound what is read and written; other parts write other channels.
            unsafe { multiply_pixels(&part, panels, 0..pixels, (input, residual), output) };
        });
        return;
    }
    crew.share(pixels.div_ceil(LANES), cut(pixels / job.block()), &|range, _| {
        let range = range.start * LANES..pixels.min(range.end * LANES);
        // SAFETY: as above; other parts write other pixels.
        unsafe { multiply_pixels(job, panels, range, (input, residual), output) };
    });
}

/// Weights that do not stay in the nearer caches.
const HEAVY: usize = 128 << 10;

/// The product of some pixels, counted over all images.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these channels of these pixels.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn multiply_pixels(
    job: &MatrixJob<'_>,
    panels: Panels<'_>,
    pixels: Range<usize>,
    (input, residual): (&[f32], &[f32]),
    output: Writes<f32>,
) {
    let positions = job.segments.len() * job.depth;
    let gathers = job.gathers();
    let mut gathered = Gathered::uninit();
    let block = job.block();
    let mut offsets = Offsets::uninit();
    let mut walk = Walk::over(job, pixels.start);
    let mut done = pixels.start;
    while done < pixels.end {
        let count = block.min(pixels.end - done);
        walk.fill(job, &mut offsets, count, !residual.is_empty());
        done += count;
        // SAFETY: the caller's: offsets grow with image, row and column, so none exceeds that of the last pixel.
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

/// Values of rows gathered at once, and room for the last vector to run over.
const GATHERED: usize = 4096;
type Gathered = MaybeUninit<[f32; GATHERED + LANES]>;

/// Copies the pieces of each row together, and points the rows there.
///
/// # Safety
/// Each piece can be read, and up to three values beyond; `to` has room for `count` rows and a vector.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
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
            let from = input.as_ptr().add(offset.assume_init() as usize);
            for &segment in job.segments {
                let piece = from.add(segment as usize);
                for vector in 0..VECTORS {
                    F32x4::load(piece.add(vector * LANES)).store(target.add(vector * LANES));
                }
                target = target.add(job.depth);
            }
        }
        offset.write((index * job.segments.len() * job.depth) as u32);
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
    /// From this pixel on, counted over all images.
    fn over(job: &MatrixJob<'_>, first: usize) -> Self {
        let gapless = |steps: &PixelSteps| steps.row == job.width * steps.column;
        let area = job.height * job.width;
        let (rows, width) = if gapless(&job.input) && gapless(&job.output) && gapless(&job.residual) {
            (1, area)
        } else {
            (job.height, job.width)
        };
        Self { rows, width, row: first % area / width, column: first % width, image: first / area }
    }

    /// The offsets of the next `count` pixels.
    #[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
    #[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
    fn fill(&mut self, job: &MatrixJob<'_>, offsets: &mut Offsets, count: usize, with_residual: bool) {
        let mut index = 0;
        while index < count {
            let run = (self.width - self.column).min(count - index);
            let line = |steps: &PixelSteps, to: &mut [MaybeUninit<u32>]| {
                let mut at = steps.at(self.image, self.row, self.column) as u32;
                for offset in to {
                    offset.write(at);
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
