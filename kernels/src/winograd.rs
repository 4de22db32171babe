//! 3x3 convolutions of stride 1 with fewer multiplications (Winograd 1980; Lavin and Gray, arXiv:1509.09308).
//!
//! The output is cut into tiles of OUT x OUT pixels, each made of an IN x IN patch of the input, IN = OUT + 2. Patches
//! are transformed, multiplied position by position with transformed weights (IN * IN matrix products over channels),
//! and transformed back: IN^2 multiplications instead of 9 OUT^2 for each pair of channels.

// As in the matrix product.
#![allow(clippy::needless_range_loop)]

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::crew::{Crew, Cut, Writes};
use super::functions;
use super::matrix::{Finish, MatrixJob, PANEL, Panels, PixelSteps, multiply};
use super::simd::{F32x4, LANES};

/// The pixels of a tile along one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSize {
    /// F(2x2, 3x3): 16 multiplications for 36.
    Two,
    /// F(4x4, 3x3): 36 multiplications for 144, and some more rounding.
    Four,
}

/// A convolution whose input has a border of zeros wide enough for whole tiles.
#[derive(Clone, Copy, Debug)]
pub struct WinogradJob {
    pub size: TileSize,
    pub batch: usize,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    pub input_channels: usize,
    pub output_channels: usize,
    /// Of the input, from the first pixel of the first window.
    pub input: PixelSteps,
    pub output: PixelSteps,
    pub residual: PixelSteps,
    pub finish: Finish,
}

impl TileSize {
    /// Output pixels along a side of a tile.
    pub const fn output(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Input pixels along a side of a tile.
    pub const fn input(self) -> usize {
        self.output() + 2
    }

    /// A 3-tap filter in the transformed space.
    pub fn filter(self, [a, b, c]: [f64; 3]) -> Vec<f64> {
        match self {
            Self::Two => vec![a, (a + b + c) / 2.0, (a - b + c) / 2.0, c],
            Self::Four => vec![
                a / 4.0,
                -(a + b + c) / 6.0,
                -(a - b + c) / 6.0,
                a / 24.0 + b / 12.0 + c / 6.0,
                a / 24.0 - b / 12.0 + c / 6.0,
                c,
            ],
        }
    }

    /// A 3x3 filter, row by row, in the transformed space.
    pub fn filter_2d(self, filter: [[f64; 3]; 3]) -> Vec<f64> {
        let columns = [0, 1, 2].map(|column| self.filter([filter[0][column], filter[1][column], filter[2][column]]));
        (0..self.input()).flat_map(|row| self.filter([columns[0][row], columns[1][row], columns[2][row]])).collect()
    }
}

impl WinogradJob {
    /// Tiles that go through the three stages together: their patches should stay in the second cache.
    fn block(&self) -> usize {
        const VALUES: usize = 96 * 1024;
        let points = self.size.input() * self.size.input();
        let rounded = self.input_channels + self.output_channels;
        (VALUES / (points * rounded)).clamp(8, 64) / 4 * 4
    }

    fn tiles(&self) -> [usize; 2] {
        let side = self.size.output();
        [self.height.div_ceil(side), self.width.div_ceil(side)]
    }

    /// Values from one point's patches, and from one point's products, to the next's. A cache line more than they
    /// take: a tile's values for all points would else fall into one set of the first cache.
    fn point_steps(&self) -> [usize; 2] {
        const CACHE_LINE: usize = 16;
        [self.input_channels, self.output_channels].map(|channels| self.block() * channels + CACHE_LINE)
    }

    /// Values of scratch memory each thread needs.
    pub fn scratch(&self) -> usize {
        let points = self.size.input() * self.size.input();
        points * self.point_steps().iter().sum::<usize>()
    }
}

/// Computes the whole convolution. Weights are packed panels for each of the IN * IN points, `[point][panel][C][PANEL]`,
/// biases are there for every channel; `residual` is empty where nothing is added. The crew's threads share it, each with
/// its own part of the scratch.
///
/// # Panics
/// Where a slice is too short for the job, or channels do not come in whole vectors.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
pub fn winograd(
    job: &WinogradJob,
    panels: Panels<'_>,
    [input, residual]: [&[f32]; 2],
    output: &mut [f32],
    scratch: &mut [f32],
    crew: Crew,
) {
    match job.size {
        TileSize::Two => run::<2, 4>(job, panels, [input, residual], output, scratch, crew),
        TileSize::Four => run::<4, 6>(job, panels, [input, residual], output, scratch, crew),
    }
}

/// Transformed weights that do not stay in the nearer caches.
const HEAVY: usize = 256 << 10;

#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
fn run<const OUT: usize, const IN: usize>(
    job: &WinogradJob,
    panels: Panels<'_>,
    [input, residual]: [&[f32]; 2],
    output: &mut [f32],
    scratch: &mut [f32],
    crew: Crew,
) {
    let [rows, columns] = job.tiles();
    let tiles = job.batch * rows * columns;
    if tiles == 0 || job.input_channels * job.output_channels == 0 {
        return;
    }
    let last = |steps: &PixelSteps| steps.at(job.batch - 1, job.height - 1, job.width - 1) + job.output_channels;
    let reach = job.input.at(job.batch - 1, rows * OUT + 1, columns * OUT + 1) + job.input_channels;
    assert!(job.input_channels.is_multiple_of(LANES) && job.output_channels.is_multiple_of(LANES));
    assert!(input.len() >= reach && output.len() >= last(&job.output));
    assert!(residual.is_empty() || residual.len() >= last(&job.residual));
    assert!(panels.bias.len() >= job.output_channels);
    let each = job.scratch();
    assert!(scratch.len() >= each * crew.members());
    let (output, scratch) = (Writes::of(output), Writes::of(scratch));
    let work = tiles * IN * IN * job.input_channels * job.output_channels;
    let run = |tiles: Range<usize>, channels: Range<usize>, member: usize| {
        // SAFETY: every thread has a number of its own, below that of all; the assertions bound what is read and
        // written, and other parts write other tiles or other channels.
        unsafe {
            let scratch = scratch.piece(member * each..(member + 1) * each);
            run_part::<OUT, IN>(job, panels, [input, residual], output, scratch, [tiles, channels]);
        }
    };
    if IN * IN * job.input_channels * job.output_channels > HEAVY && tiles <= 4 * job.block() {
        // Each thread reads weights of its own; that all transform the patches takes less.
        let count = job.output_channels.div_ceil(PANEL);
        crew.share(count, Cut { work, blocks: 1 }, &|panels, member| {
            run(0..tiles, panels.start * PANEL..job.output_channels.min(panels.end * PANEL), member);
        });
    } else {
        crew.share(tiles, Cut { work, blocks: tiles / job.block() }, &|tiles, member| {
            run(tiles, 0..job.output_channels, member);
        });
    }
}

/// Some tiles, some channels of them, from a whole panel on.
///
/// # Safety
/// What the job says can be read and written, and nobody else writes these channels of these tiles.
#[cfg_attr(all(target_arch = "wasm32", feature = "simd"), target_feature(enable = "simd128"))]
#[cfg_attr(all(target_arch = "wasm32", feature = "relaxed-simd"), target_feature(enable = "relaxed-simd"))]
unsafe fn run_part<const OUT: usize, const IN: usize>(
    job: &WinogradJob,
    panels: Panels<'_>,
    [input, residual]: [&[f32]; 2],
    output: Writes<f32>,
    scratch: &mut [f32],
    [tiles, channels]: [Range<usize>; 2],
) {
    let [rows, columns] = job.tiles();
    let block = job.block();
    let points = IN * IN;
    let [patch_step, product_step] = job.point_steps();
    let (patches, products) = scratch.split_at_mut(points * patch_step);
    assert!(products.len() >= points * product_step);
    let panel_values = panels.weight.len() / points;
    let locate = |tile: usize| (tile / (rows * columns), tile / columns % rows, tile % columns);
    let mut first = tiles.start;
    while first < tiles.end {
        let count = block.min(tiles.end - first);
        for index in 0..count {
            let (image, row, column) = locate(first + index);
            let from = job.input.at(image, row * OUT, column * OUT);
            // SAFETY: the patch can be read; the transformed one has its place in each of the points' planes.
            unsafe {
                let to = patches.as_mut_ptr().add(index * job.input_channels);
                input_tile::<OUT, IN>(job, input.as_ptr().add(from), to, patch_step);
            }
        }
        for point in 0..points {
            let matrix = MatrixJob {
                batch: 1,
                height: 1,
                width: count,
                outputs: channels.len(),
                segments: &[0],
                depth: job.input_channels,
                input: PixelSteps { column: job.input_channels, ..PixelSteps::default() },
                output: PixelSteps { column: channels.len(), ..PixelSteps::default() },
                residual: PixelSteps::default(),
                finish: Finish::None,
            };
            let weight = &panels.weight[point * panel_values + channels.start * job.input_channels..];
            let from = &patches[point * patch_step..][..count * job.input_channels];
            let to = &mut products[point * product_step..][..count * channels.len()];
            // The bias is the same for every pixel: it is added once, after the transform.
            multiply(&matrix, Panels { weight, bias: &[] }, from, &[], to, Crew::ALONE);
        }
        for index in 0..count {
            let (image, row, column) = locate(first + index);
            let place = TilePlace {
                from: index * channels.len(),
                step: product_step,
                channels: channels.clone(),
                output: job.output.at(image, row * OUT, column * OUT),
                residual: job.residual.at(image, row * OUT, column * OUT),
                rows: OUT.min(job.height - row * OUT),
                columns: OUT.min(job.width - column * OUT),
            };
            // SAFETY: the pixels are inside the image; the rest is the caller's.
            unsafe { output_tile::<OUT, IN>(job, &place, products, panels.bias, residual, output) };
        }
        first += count;
    }
}

/// Transforms one patch, all channels.
///
/// # Safety
/// IN * IN pixels can be read from `from` on, the channels written at each of as many steps from `to` on.
#[inline(always)]
unsafe fn input_tile<const OUT: usize, const IN: usize>(
    job: &WinogradJob,
    from: *const f32,
    to: *mut f32,
    step: usize,
) {
    let zero = F32x4::splat(0.0);
    let mut channel = 0;
    while channel < job.input_channels {
        let mut half = [[zero; IN]; IN];
        for column in 0..IN {
            let mut line = [zero; IN];
            for row in 0..IN {
                // SAFETY: the caller's.
                line[row] = unsafe { F32x4::load(from.add(row * job.input.row + column * job.input.column + channel)) };
            }
            let line = transform_input::<IN>(line);
            for row in 0..IN {
                half[row][column] = line[row];
            }
        }
        let mut target = to.wrapping_add(channel);
        for line in half {
            for value in transform_input::<IN>(line) {
                // SAFETY: the caller's.
                unsafe { value.store(target) };
                target = target.wrapping_add(step);
            }
        }
        channel += LANES;
    }
}

/// Where one tile's products lie, and where its pixels go.
struct TilePlace {
    from: usize,
    /// Values from one point's products to the next.
    step: usize,
    channels: Range<usize>,
    output: usize,
    residual: usize,
    /// Pixels inside the image.
    rows: usize,
    columns: usize,
}

/// Transforms one tile's products back and writes the channels of its pixels.
///
/// # Safety
/// The products of all points can be read; the pixels inside can be written, by nobody else, and the residual's read.
#[inline(always)]
unsafe fn output_tile<const OUT: usize, const IN: usize>(
    job: &WinogradJob,
    place: &TilePlace,
    products: &[f32],
    bias: &[f32],
    residual: &[f32],
    output: Writes<f32>,
) {
    let zero = F32x4::splat(0.0);
    let bounds = job.finish.bounds();
    let mut channel = place.channels.start;
    while channel < place.channels.end {
        // SAFETY: there are as many biases as channels.
        let bias = unsafe { F32x4::load(bias.as_ptr().add(channel)) };
        let mut half = [[zero; IN]; OUT];
        for column in 0..IN {
            let mut line = [zero; IN];
            for row in 0..IN {
                let at = place.from + (row * IN + column) * place.step + channel - place.channels.start;
                // SAFETY: the caller's.
                line[row] = unsafe { F32x4::load(products.as_ptr().add(at)) };
            }
            let line = transform_output::<OUT, IN>(line);
            for row in 0..OUT {
                half[row][column] = line[row];
            }
        }
        for (row, line) in half.into_iter().enumerate().take(place.rows) {
            let mut pixels = transform_output::<OUT, IN>(line);
            for (column, pixel) in pixels.iter_mut().enumerate() {
                *pixel = pixel.add(bias);
                if !residual.is_empty() && column < place.columns {
                    let at = place.residual + row * job.residual.row + column * job.residual.column + channel;
                    // SAFETY: the caller's.
                    *pixel = pixel.add(unsafe { F32x4::load(residual.as_ptr().add(at)) });
                }
            }
            for (column, pixel) in pixels.into_iter().enumerate() {
                if column < place.columns {
                    let at = place.output + row * job.output.row + column * job.output.column + channel;
                    // SAFETY: the caller's.
                    unsafe { bounds.apply(pixel).store(output.pointer().add(at)) };
                }
            }
        }
        channel += LANES;
    }
    if let Some(activation) = job.finish.function() {
        for pixel in 0..place.rows * place.columns {
            let [row, column] = [pixel / place.columns, pixel % place.columns];
            let at = place.output + row * job.output.row + column * job.output.column;
            // SAFETY: the caller's.
            functions::apply_to(activation, unsafe {
                output.piece(at + place.channels.start..at + place.channels.end)
            });
        }
    }
}

/// B^T d, for points 0, 1, -1 and infinity, or 0, 1, -1, 2, -2 and infinity.
#[inline(always)]
fn transform_input<const IN: usize>(d: [F32x4; IN]) -> [F32x4; IN] {
    let splat = F32x4::splat;
    let mut t = d;
    if IN == 4 {
        t[0] = d[0].sub(d[2]);
        t[1] = d[1].add(d[2]);
        t[2] = d[2].sub(d[1]);
        t[3] = d[3].sub(d[1]);
    } else {
        let [four, minus_four, minus_five] = [splat(4.0), splat(-4.0), splat(-5.0)];
        let even = d[2].mul_add(minus_four, d[4]);
        let odd = d[1].mul_add(minus_four, d[3]);
        let even_half = d[4].sub(d[2]);
        let odd_half = d[3].sub(d[1]);
        t[0] = d[0].mul_add(four, d[2].mul_add(minus_five, d[4]));
        t[1] = even.add(odd);
        t[2] = even.sub(odd);
        t[3] = odd_half.mul_add(splat(2.0), even_half);
        t[4] = odd_half.mul_add(splat(-2.0), even_half);
        t[5] = d[1].mul_add(four, d[3].mul_add(minus_five, d[5]));
    }
    t
}

/// A^T m.
#[inline(always)]
fn transform_output<const OUT: usize, const IN: usize>(m: [F32x4; IN]) -> [F32x4; OUT] {
    let splat = F32x4::splat;
    let mut y = [splat(0.0); OUT];
    if IN == 4 {
        y[0] = m[0].add(m[1]).add(m[2]);
        y[1] = m[1].sub(m[2]).add(m[3]);
    } else {
        let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (sum_two, difference_two) = (m[3].add(m[4]), m[3].sub(m[4]));
        y[0] = m[0].add(sum).add(sum_two);
        y[1] = difference_two.mul_add(splat(2.0), difference);
        y[2] = sum_two.mul_add(splat(4.0), sum);
        y[3] = difference_two.mul_add(splat(8.0), difference.add(m[5]));
    }
    y
}
