//! Pools.

use crate::keras::function::{Fill, Function, Window, same_sides};
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{AvgPool2d, MaxPool2d, Mean, ScalarOperation};

use super::convolution::sizes;
use super::{Lowering, MOST_PLACES, Value};

/// What an adaptive pool takes of each window.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Adaptive {
    Average,
    Max,
}

impl Lowering<'_> {
    /// What lies outside never wins: TensorFlow's "same" leaves it out; zeros do where nothing is below zero. Elsewhere
    /// the map mirrored at its edge gives each window nothing that it does not hold anyway, where at most half of the
    /// window lies outside, and the edge itself always. A large negative number would do in floats alone: in int8 the
    /// whole map would be scaled by it.
    pub(super) fn max_pool(&mut self, pool: &MaxPool2d, input: Value, line: bool) -> Result<Value, Unsayable> {
        let mut x = self.map(input, line)?;
        let kernel = sizes(pool.kernel_size);
        if [0, 1].iter().any(|&at| kernel[at] > 1 && sizes(pool.dilation)[at] > 1) {
            return Err(Unsayable::DilatedPool);
        }
        let mut window = Window { kernel, strides: sizes(pool.stride()), dilation: [1, 1], same: false, line };
        let sides = self.pool_sides(x, &window, sizes(pool.padding))?;
        if sides != [(0, 0); 2] {
            if self.is_same(x, &window, sides) {
                window.same = true;
            } else {
                let mirrors = (0..2).all(|at| sides[at].1.saturating_mul(2) <= kernel[at]);
                let fill = match (self.nonnegative[x.tensor], mirrors) {
                    (true, _) => Fill::Zero,
                    (false, true) => Fill::Symmetric,
                    (false, false) => Fill::Edge,
                };
                x = self.padded(x, sides, line, fill)?;
            }
        }
        self.push(Function::MaxPool(window), &[x], Order::Last)
    }

    /// Keras divides by the window without "same", and by what of it lies inside with it. Where PyTorch divides by
    /// another number, what Keras gives is scaled.
    pub(super) fn average_pool(&mut self, pool: &AvgPool2d, input: Value, line: bool) -> Result<Value, Unsayable> {
        let mut x = self.map(input, line)?;
        let window = Window {
            kernel: sizes(pool.kernel_size),
            strides: sizes(pool.stride()),
            dilation: [1, 1],
            same: false,
            line,
        };
        let padding = sizes(pool.padding);
        let (sides, pixels, output) =
            (self.pool_sides(x, &window, padding)?, self.pixels(x, line), self.output_pixels(line)?);
        let same = sides != [(0, 0); 2] && self.is_same(x, &window, sides);
        // Factors are written one by one.
        if sides != [(0, 0); 2] && output.iter().any(|&size| size > MOST_PLACES) {
            return Err(Unsayable::TooLarge);
        }
        let factors = |same: bool| {
            if sides == [(0, 0); 2] {
                return [vec![1.0], vec![1.0]];
            }
            [0, 1].map(|at| {
                let along = Along {
                    pixels: pixels[at],
                    kernel: window.kernel[at],
                    stride: window.strides[at],
                    padding: padding[at],
                };
                let count = if line && at == 0 { 1 } else { output[at] };
                (0..count).map(|place| along.factor(place, pool, same)).collect::<Vec<f64>>()
            })
        };
        // A map's divisor that is given is one for both axes.
        let given = pool.divisor_override.map(|divisor| 1.0 / divisor as f64);
        let is_even =
            |factors: &[Vec<f64>; 2]| factors.iter().all(|along| along.iter().all(|&factor| factor == along[0]));
        let (with_same, padded) = (factors(true), factors(false));
        let same = same && given.is_none() && (is_even(&with_same) || !is_even(&padded));
        let chosen = if same { with_same } else { padded };
        if !same && sides != [(0, 0); 2] {
            x = self.padded(x, sides, line, Fill::Zero)?;
        }
        let pooled = self.push(Function::AveragePool(Window { same, ..window }), &[x], Order::Last)?;
        let area = (window.kernel[0] * window.kernel[1]) as f64;
        let value = given.map_or(chosen[0][0] * chosen[1][0], |given| given * area);
        let scale = match is_even(&chosen) || given.is_some() {
            true if value == 1.0 => return Ok(pooled),
            true => Function::Scalar { operation: ScalarOperation::Mul, value },
            false => {
                let [rows, columns] = chosen;
                Function::Scale { rows, columns, line }
            }
        };
        self.push(scale, &[pooled], Order::Last)
    }

    /// Rows and columns of what the row gives.
    fn output_pixels(&self, line: bool) -> Result<[u64; 2], Unsayable> {
        let output = self.output_dims()?;
        let at = |from_end: usize| output.rank().checked_sub(from_end).map_or(1, |at| output[at]);
        Ok([if line { 1 } else { at(2) }, at(1)])
    }

    /// What lies before and behind the map, also under windows that `ceil_mode` lets hang over.
    fn pool_sides(&self, x: Value, window: &Window, padding: [u64; 2]) -> Result<[(u64, u64); 2], Unsayable> {
        let (pixels, output) = (self.pixels(x, window.line), self.output_pixels(window.line)?);
        Ok([0, 1].map(|at| {
            let covered = (output[at] - 1).saturating_mul(window.strides[at]).saturating_add(window.kernel[at]);
            (padding[at], covered.saturating_sub(pixels[at]).saturating_sub(padding[at]))
        }))
    }

    fn is_same(&self, x: Value, window: &Window, sides: [(u64, u64); 2]) -> bool {
        let pixels = self.pixels(x, window.line);
        let output = self.output_pixels(window.line).unwrap_or_default();
        (0..2).all(|at| {
            let (before, after) = same_sides(pixels[at], window.kernel[at], window.strides[at]);
            sides[at] == (before, after) && output[at] == pixels[at].div_ceil(window.strides[at].max(1))
        })
    }

    /// By a plain pool where its windows are all alike.
    pub(super) fn adaptive(&mut self, input: Value, line: bool, takes: Adaptive) -> Result<Value, Unsayable> {
        let x = self.map(input, line)?;
        let (pixels, size) = (self.pixels(x, line), self.output_pixels(line)?);
        let function = if size == [1, 1] {
            match takes {
                Adaptive::Average => Function::GlobalAverage { line },
                Adaptive::Max => Function::GlobalMax { line },
            }
        } else if size == pixels {
            return Ok(x);
        } else if (0..2).all(|at| pixels[at].is_multiple_of(size[at])) {
            let kernel = [0, 1].map(|at| pixels[at] / size[at]);
            let window = Window { kernel, strides: kernel, dilation: [1, 1], same: false, line };
            match takes {
                Adaptive::Average => Function::AveragePool(window),
                Adaptive::Max => Function::MaxPool(window),
            }
        } else {
            match takes {
                Adaptive::Average => Function::AdaptiveAverage { size, line },
                Adaptive::Max => Function::AdaptiveMax { size, line },
            }
        };
        self.push(function, &[x], Order::Last)
    }

    pub(super) fn mean(&mut self, mean: &Mean, input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        let count = rank as i64;
        let dimensions: Vec<usize> = match mean.dim.is_empty() {
            true => (0..rank).collect(),
            false => {
                mean.dim.iter().map(|&dim| if dim < 0 { dim.saturating_add(count) } else { dim } as usize).collect()
            }
        };
        if dimensions.contains(&0) {
            return Err(Unsayable::Batch);
        }
        let (mut x, mut order) = (input, input.order);
        if let Order::Pixels(_) = x.order {
            x = self.plain(x)?;
            order = Order::Plain;
        }
        if !mean.keepdim {
            // What is left, numbered again.
            let left: Vec<usize> = order.axes(rank).into_iter().filter(|axis| !dimensions.contains(axis)).collect();
            let numbered: Vec<usize> =
                left.iter().map(|axis| left.iter().filter(|other| *other < axis).count()).collect();
            order = match [Order::Plain, Order::Last].into_iter().find(|order| order.axes(left.len()) == numbered) {
                Some(order) => order,
                None => {
                    x = self.plain(x)?;
                    Order::Plain
                }
            };
        }
        let mut axes: Vec<usize> = dimensions.iter().map(|&dimension| x.order.axis(dimension, rank)).collect();
        axes.sort_unstable();
        axes.dedup();
        self.push(Function::Mean { axes, keep: mean.keepdim }, &[x], order)
    }
}

/// One axis under the windows of an average pool.
struct Along {
    pixels: u64,
    kernel: u64,
    stride: u64,
    padding: u64,
}

impl Along {
    /// What Keras's average is to be multiplied with: the number it divides by, over PyTorch's.
    fn factor(&self, place: u64, pool: &AvgPool2d, same: bool) -> f64 {
        let start = i128::from(place * self.stride) - i128::from(self.padding);
        let size = i128::from(self.pixels);
        let end = (start + i128::from(self.kernel)).min(size + i128::from(self.padding));
        let inside = end.min(size) - start.max(0);
        let own = if pool.count_include_pad { end - start } else { inside };
        let keras = if same { inside } else { i128::from(self.kernel) };
        keras as f64 / own.max(1) as f64
    }
}
