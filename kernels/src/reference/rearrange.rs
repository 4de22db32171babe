//! Copies in another order: permutations, slices, paddings, upsamplings.

use crate::geometry::Planes;

/// `out[i, j, ..] = in[offset + i * strides[0] + j * strides[1] + ..]`: permutations, slices, shuffles.
pub fn gather(dims: &[usize], offset: usize, strides: &[usize], input: &[f32], output: &mut [f32]) {
    for (index, value) in output.iter_mut().enumerate() {
        let (mut rest, mut at) = (index, offset);
        for dim in (0..dims.len()).rev() {
            at += rest % dims[dim] * strides[dim];
            rest /= dims[dim];
        }
        *value = input[at];
    }
}

/// What stands outside a padded plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// The same number everywhere.
    Constant(f32),
    /// The mirror image, the edge itself not repeated.
    Reflect,
    /// The edge.
    Replicate,
    /// The opposite side.
    Circular,
}

/// Pads (or, with negative numbers, crops) planes at the top and left; the rest follows from the sizes.
pub fn pad(from: &Planes, to: &Planes, top_left: [isize; 2], fill: Fill, input: &[f32], output: &mut [f32]) {
    let mut results = output.iter_mut();
    for plane in input.chunks_exact(from.area().max(1)) {
        for y in 0..to.height {
            for x in 0..to.width {
                let row = outside(y as isize - top_left[0], from.height as isize, fill);
                let column = outside(x as isize - top_left[1], from.width as isize, fill);
                let value = match (row, column, fill) {
                    (Some(row), Some(column), _) => plane[row * from.width + column],
                    (_, _, Fill::Constant(value)) => value,
                    (_, _, Fill::Reflect | Fill::Replicate | Fill::Circular) => 0.0,
                };
                *results.next().expect("the output has the planes' size") = value;
            }
        }
    }
}

/// The source of a position that may be outside `0..size`.
pub(crate) fn outside(position: isize, size: isize, fill: Fill) -> Option<usize> {
    let source = match fill {
        Fill::Constant(_) => position,
        Fill::Reflect if position < 0 => -position,
        Fill::Reflect if position >= size => 2 * (size - 1) - position,
        Fill::Reflect => position,
        Fill::Replicate => position.clamp(0, size - 1),
        Fill::Circular => position.rem_euclid(size),
    };
    (0..size).contains(&source).then_some(source as usize)
}

/// How an upsampling maps output positions to input positions; arrays are [vertical, horizontal].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// Input pixels for each output pixel.
    pub step: [f64; 2],
    /// What an output pixel is made of.
    pub interpolation: Interpolation,
}

/// Which input pixels an output pixel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// `floor(y * step)`.
    Nearest,
    /// Between the pixels' centres, `(y + 0.5) * step - 0.5`, not below 0.
    Bilinear,
    /// Corner to corner, `y * step`.
    BilinearCorners,
}

/// Two source positions and the weight of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the type says it")]
pub struct Blend {
    pub first: usize,
    pub second: usize,
    pub weight: f32,
}

impl Resampling {
    /// Where output position `index` comes from; `axis` is 0 for rows, 1 for columns. PyTorch computes this in f32.
    pub fn source(&self, axis: usize, index: usize, size: usize) -> Blend {
        let step = self.step[axis] as f32;
        let position = match self.interpolation {
            Interpolation::Nearest => {
                let at = ((index as f32 * step) as usize).min(size - 1);
                return Blend { first: at, second: at, weight: 0.0 };
            }
            Interpolation::Bilinear => ((index as f32 + 0.5) * step - 0.5).max(0.0),
            Interpolation::BilinearCorners => index as f32 * step,
        };
        let first = (position as usize).min(size - 1);
        Blend { first, second: (first + 1).min(size - 1), weight: (position - first as f32).clamp(0.0, 1.0) }
    }
}

/// Each output pixel from one or four input pixels.
pub fn upsample(from: &Planes, to: &Planes, resampling: &Resampling, input: &[f32], output: &mut [f32]) {
    let mut results = output.iter_mut();
    for plane in input.chunks_exact(from.area().max(1)) {
        for y in 0..to.height {
            let rows = resampling.source(0, y, from.height);
            for x in 0..to.width {
                let columns = resampling.source(1, x, from.width);
                let row = |row: usize| {
                    let at = |column: usize| f64::from(plane[row * from.width + column]);
                    let weight = f64::from(columns.weight);
                    at(columns.first) * (1.0 - weight) + at(columns.second) * weight
                };
                let weight = f64::from(rows.weight);
                *results.next().expect("the output has the planes' size") =
                    (row(rows.first) * (1.0 - weight) + row(rows.second) * weight) as f32;
            }
        }
    }
}
