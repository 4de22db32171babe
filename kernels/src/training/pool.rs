//! Poolings and means.

use core::ops::Range;

use crate::geometry::{Axis, Planes, PoolShape};
use crate::reference::pool::Divisor;

use super::value::Value;

/// The largest value under each window; `choices` become the taps that have it, the first of equal ones.
/// NaN that stands first stays; one that comes later is passed over, where PyTorch keeps it.
pub fn max_pool<V: Value>(shape: &PoolShape, input: &[V], output: &mut [V], choices: &mut [V]) {
    for_windows(shape, |window, at| {
        let Some((tap, source)) = window.first() else {
            output[at] = V::of(f64::NEG_INFINITY);
            return;
        };
        let (mut best, mut choice) = (input[source], V::of(tap as f64));
        window.each(|tap, source| {
            let value = input[source];
            choice = value.if_greater(best, V::of(tap as f64), choice);
            best = value.if_greater(best, value, best);
        });
        output[at] = best;
        choices[at] = choice;
    });
}

/// Adds to the input's gradient where [`max_pool`] took its `choices`.
pub fn max_pool_gradient<V: Value>(shape: &PoolShape, choices: &[V], output_gradient: &[V], input_gradient: &mut [V]) {
    for_windows(shape, |window, at| {
        window.each(|tap, source| {
            input_gradient[source] += choices[at].if_equal(V::of(tap as f64), output_gradient[at], V::default());
        });
    });
}

/// The mean under each window, by the divisor.
pub fn average_pool<V: Value>(shape: &PoolShape, divisor: Divisor, input: &[V], output: &mut [V]) {
    for_windows(shape, |window, at| {
        let mut sum = V::default();
        window.each(|_, source| sum += input[source]);
        output[at] = sum * V::of(1.0 / window.count(divisor));
    });
}

/// Adds to the input's gradient that of [`average_pool`].
pub fn average_pool_gradient<V: Value>(
    shape: &PoolShape,
    divisor: Divisor,
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    for_windows(shape, |window, at| {
        let share = output_gradient[at] * V::of(1.0 / window.count(divisor));
        window.each(|_, source| input_gradient[source] += share);
    });
}

/// The mean of each cell.
pub fn adaptive_average_pool<V: Value>(from: &Planes, to: &Planes, input: &[V], output: &mut [V]) {
    for_cells(from, to, |cell, at| {
        let mut sum = V::default();
        cell.each(|_, source| sum += input[source]);
        output[at] = sum * V::of(1.0 / cell.size() as f64);
    });
}

/// Adds to the input's gradient that of [`adaptive_average_pool`].
pub fn adaptive_average_pool_gradient<V: Value>(
    from: &Planes,
    to: &Planes,
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    for_cells(from, to, |cell, at| {
        let share = output_gradient[at] * V::of(1.0 / cell.size() as f64);
        cell.each(|_, source| input_gradient[source] += share);
    });
}

/// The largest value of each cell, and which of the cell's it is: the first of equal ones.
pub fn adaptive_max_pool<V: Value>(from: &Planes, to: &Planes, input: &[V], output: &mut [V], choices: &mut [V]) {
    for_cells(from, to, |cell, at| {
        let mut best = input[cell.plane + cell.rows.start * cell.width + cell.columns.start];
        let mut choice = V::default();
        cell.each(|index, source| {
            let value = input[source];
            choice = value.if_greater(best, V::of(index as f64), choice);
            best = value.if_greater(best, value, best);
        });
        output[at] = best;
        choices[at] = choice;
    });
}

/// Adds to the input's gradient where [`adaptive_max_pool`] took its `choices`.
pub fn adaptive_max_pool_gradient<V: Value>(
    from: &Planes,
    to: &Planes,
    choices: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    for_cells(from, to, |cell, at| {
        cell.each(|index, source| {
            input_gradient[source] += choices[at].if_equal(V::of(index as f64), output_gradient[at], V::default());
        });
    });
}

/// The mean over one dimension.
pub fn mean<V: Value>(axis: Axis, input: &[V], output: &mut [V]) {
    let share = V::of(1.0 / axis.length as f64);
    for outer in 0..axis.outer {
        for inner in 0..axis.inner {
            let at = |index: usize| (outer * axis.length + index) * axis.inner + inner;
            output[outer * axis.inner + inner] =
                super::statistics::lane_sums(axis.length, |index| input[at(index)]) * share;
        }
    }
}

/// Adds to the input's gradient that of [`mean`].
pub fn mean_gradient<V: Value>(axis: Axis, output_gradient: &[V], input_gradient: &mut [V]) {
    let share = V::of(1.0 / axis.length as f64);
    for outer in 0..axis.outer {
        for index in 0..axis.length {
            for inner in 0..axis.inner {
                let gradient = output_gradient[outer * axis.inner + inner];
                input_gradient[(outer * axis.length + index) * axis.inner + inner] += gradient * share;
            }
        }
    }
}

/// The taps of a window that lie inside the input.
struct Place<'a> {
    shape: &'a PoolShape,
    /// Where the plane begins.
    plane: usize,
    output: [usize; 2],
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Place<'_> {
    /// Calls `each` with a tap's number and its place in the input.
    #[inline(always)]
    fn each(&self, mut each: impl FnMut(usize, usize)) {
        let window = &self.shape.window;
        for row in self.rows.clone() {
            let y = self.output[0] * window.stride[0] + row * window.dilation[0] - window.padding[0];
            for column in self.columns.clone() {
                let x = self.output[1] * window.stride[1] + column * window.dilation[1] - window.padding[1];
                each(row * window.kernel[1] + column, self.plane + y * self.shape.input.width + x);
            }
        }
    }

    /// The first tap.
    #[inline(always)]
    fn first(&self) -> Option<(usize, usize)> {
        if self.rows.is_empty() || self.columns.is_empty() {
            return None;
        }
        let window = &self.shape.window;
        let place = |axis: usize, tap: usize| {
            self.output[axis] * window.stride[axis] + tap * window.dilation[axis] - window.padding[axis]
        };
        let (row, column) = (self.rows.start, self.columns.start);
        let source = self.plane + place(0, row) * self.shape.input.width + place(1, column);
        Some((row * window.kernel[1] + column, source))
    }

    fn count(&self, divisor: Divisor) -> f64 {
        let window = &self.shape.window;
        match divisor {
            Divisor::Inside => (self.rows.len() * self.columns.len()) as f64,
            Divisor::Fixed(count) => f64::from(count),
            Divisor::Padded => {
                let sizes = [self.shape.input.height, self.shape.input.width];
                let inside = |axis: usize| {
                    let end = sizes[axis] + 2 * window.padding[axis];
                    let taps = 0..window.kernel[axis];
                    let start = self.output[axis] * window.stride[axis];
                    taps.filter(|tap| start + tap * window.dilation[axis] < end).count()
                };
                (inside(0) * inside(1)) as f64
            }
        }
    }
}

/// Calls `each` with every window and its place in the output.
fn for_windows(shape: &PoolShape, mut each: impl FnMut(&Place, usize)) {
    let (from, to, window) = (&shape.input, &shape.output, &shape.window);
    let sizes = [from.height, from.width];
    // The taps at a place that are inside.
    let inside = |axis: usize, place: usize| {
        let start = place * window.stride[axis];
        let dilation = window.dilation[axis].max(1);
        let first = window.padding[axis].saturating_sub(start).div_ceil(dilation);
        let end = (sizes[axis] + window.padding[axis]).saturating_sub(start).div_ceil(dilation);
        first..end.min(window.kernel[axis]).max(first)
    };
    let mut at = 0;
    for plane in 0..to.batch * to.channels {
        for y in 0..to.height {
            let rows = inside(0, y);
            for x in 0..to.width {
                let place = Place {
                    shape,
                    plane: plane * from.area(),
                    output: [y, x],
                    rows: rows.clone(),
                    columns: inside(1, x),
                };
                each(&place, at);
                at += 1;
            }
        }
    }
}

/// A cell of an adaptive pooling.
struct Cell {
    plane: usize,
    width: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Cell {
    fn size(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    #[inline(always)]
    fn each(&self, mut each: impl FnMut(usize, usize)) {
        let mut index = 0;
        for row in self.rows.clone() {
            for column in self.columns.clone() {
                each(index, self.plane + row * self.width + column);
                index += 1;
            }
        }
    }
}

/// Calls `each` with every cell, rows `floor(y * H / out)` to `ceil((y + 1) * H / out)`, and its place in the output.
fn for_cells(from: &Planes, to: &Planes, mut each: impl FnMut(&Cell, usize)) {
    let cell = |index: usize, size: usize, cells: usize| index * size / cells..((index + 1) * size).div_ceil(cells);
    let mut at = 0;
    for plane in 0..from.batch * from.channels {
        for y in 0..to.height {
            for x in 0..to.width {
                let cell = Cell {
                    plane: plane * from.area(),
                    width: from.width,
                    rows: cell(y, from.height, to.height),
                    columns: cell(x, from.width, to.width),
                };
                each(&cell, at);
                at += 1;
            }
        }
    }
}
