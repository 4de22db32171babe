//! Copies in another order, and their gradients, which go back the same way.

use crate::geometry::Planes;
use crate::reference::rearrange::{Fill, Resampling, outside};

use super::combine::Walk;
use super::value::Value;

/// As [`crate::reference::rearrange::gather`].
pub fn gather<V: Value>(dims: &[usize], offset: usize, strides: &[usize], input: &[V], output: &mut [V]) {
    Walk::new(dims, [strides]).each([offset], |at, [from]| output[at] = input[from]);
}

/// Adds to the input's gradient that of [`gather`].
pub fn gather_gradient<V: Value>(
    dims: &[usize],
    offset: usize,
    strides: &[usize],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    Walk::new(dims, [strides]).each([offset], |at, [from]| input_gradient[from] += output_gradient[at]);
}

/// As [`crate::reference::rearrange::pad`].
pub fn pad<V: Value>(from: &Planes, to: &Planes, top_left: [isize; 2], fill: Fill, input: &[V], output: &mut [V]) {
    let constant = match fill {
        Fill::Constant(value) => V::of(f64::from(value)),
        Fill::Reflect | Fill::Replicate | Fill::Circular => V::default(),
    };
    padded(from, to, top_left, fill, |source, at| output[at] = source.map_or(constant, |source| input[source]));
}

/// Adds to the input's gradient that of [`pad`].
pub fn pad_gradient<V: Value>(
    from: &Planes,
    to: &Planes,
    top_left: [isize; 2],
    fill: Fill,
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    padded(from, to, top_left, fill, |source, at| {
        if let Some(source) = source {
            input_gradient[source] += output_gradient[at];
        }
    });
}

/// Calls `each` with the source of every output element, if it has one.
fn padded(from: &Planes, to: &Planes, top_left: [isize; 2], fill: Fill, mut each: impl FnMut(Option<usize>, usize)) {
    let mut at = 0;
    for plane in 0..from.batch * from.channels {
        for y in 0..to.height {
            let row = outside(y as isize - top_left[0], from.height as isize, fill);
            for x in 0..to.width {
                let column = outside(x as isize - top_left[1], from.width as isize, fill);
                let source = row.zip(column).map(|(row, column)| plane * from.area() + row * from.width + column);
                each(source, at);
                at += 1;
            }
        }
    }
}

/// As [`crate::reference::rearrange::upsample`].
pub fn upsample<V: Value>(from: &Planes, to: &Planes, resampling: &Resampling, input: &[V], output: &mut [V]) {
    blended(from, to, resampling, |sources, at| {
        let terms = sources.iter().map(|&(source, weight)| input[source] * V::of(weight));
        output[at] = terms.fold(V::default(), |sum, term| sum + term);
    });
}

/// Adds to the input's gradient that of [`upsample`].
pub fn upsample_gradient<V: Value>(
    from: &Planes,
    to: &Planes,
    resampling: &Resampling,
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    blended(from, to, resampling, |sources, at| {
        for &(source, weight) in sources {
            input_gradient[source] += output_gradient[at] * V::of(weight);
        }
    });
}

/// Calls `each` with the four sources of every output element and their weights.
fn blended(from: &Planes, to: &Planes, resampling: &Resampling, mut each: impl FnMut(&[(usize, f64); 4], usize)) {
    let mut at = 0;
    for plane in 0..from.batch * from.channels {
        for y in 0..to.height {
            let rows = resampling.source(0, y, from.height);
            let down = f64::from(rows.weight);
            for x in 0..to.width {
                let columns = resampling.source(1, x, from.width);
                let across = f64::from(columns.weight);
                let source = |row: usize, column: usize| plane * from.area() + row * from.width + column;
                each(
                    &[
                        (source(rows.first, columns.first), (1.0 - down) * (1.0 - across)),
                        (source(rows.first, columns.second), (1.0 - down) * across),
                        (source(rows.second, columns.first), down * (1.0 - across)),
                        (source(rows.second, columns.second), down * across),
                    ],
                    at,
                );
                at += 1;
            }
        }
    }
}
