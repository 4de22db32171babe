//! Poolings and means.

use crate::geometry::{Axis, Planes, PoolShape};

/// What an average is divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Divisor {
    /// The taps inside the input.
    Inside,
    /// The taps inside the input and its padding of this much at each side, [vertical, horizontal].
    Padded,
    /// Always this.
    Fixed(f32),
}

/// The largest value under the window; the padding never wins.
pub fn max_pool(shape: &PoolShape, input: &[f32], output: &mut [f32]) {
    for_windows(shape, |plane, taps, index| {
        let values = taps.filter_map(|tap| tap.inside.map(|at| input[plane + at]));
        output[index] =
            values.fold(f32::NEG_INFINITY, |best, value| if value > best || value.is_nan() { value } else { best });
    });
}

/// The mean under the window, by the divisor.
pub fn average_pool(shape: &PoolShape, divisor: Divisor, input: &[f32], output: &mut [f32]) {
    for_windows(shape, |plane, taps, index| {
        let (mut sum, mut inside, mut padded) = (0.0, 0_i32, 0_i32);
        for tap in taps {
            if let Some(at) = tap.inside {
                sum += f64::from(input[plane + at]);
                inside += 1;
            }
            padded += i32::from(tap.in_padding);
        }
        let count = match divisor {
            Divisor::Inside => f64::from(inside),
            Divisor::Padded => f64::from(padded),
            Divisor::Fixed(count) => f64::from(count),
        };
        output[index] = (sum / count) as f32;
    });
}

/// The mean (or the largest value) of each of `output.height * output.width` cells that cover the plane:
/// rows `floor(y * H / out)` to `ceil((y + 1) * H / out)`.
pub fn adaptive_pool(from: &Planes, to: &Planes, mean: bool, input: &[f32], output: &mut [f32]) {
    let cell = |index: usize, size: usize, cells: usize| (index * size / cells, ((index + 1) * size).div_ceil(cells));
    let mut results = output.iter_mut();
    for plane in input.chunks_exact(from.area().max(1)) {
        for y in 0..to.height {
            for x in 0..to.width {
                let (top, bottom) = cell(y, from.height, to.height);
                let (left, right) = cell(x, from.width, to.width);
                let values = (top..bottom).flat_map(|row| &plane[row * from.width + left..row * from.width + right]);
                *results.next().expect("the output has the planes' size") = if mean {
                    (values.map(|&value| f64::from(value)).sum::<f64>() / ((bottom - top) * (right - left)) as f64)
                        as f32
                } else {
                    values.fold(
                        f32::NEG_INFINITY,
                        |best, &value| if value > best || value.is_nan() { value } else { best },
                    )
                };
            }
        }
    }
}

/// The mean over one dimension.
pub fn mean(axis: Axis, input: &[f32], output: &mut [f32]) {
    for outer in 0..axis.outer {
        for inner in 0..axis.inner {
            let values = (0..axis.length).map(|at| f64::from(input[(outer * axis.length + at) * axis.inner + inner]));
            output[outer * axis.inner + inner] = (values.sum::<f64>() / axis.length as f64) as f32;
        }
    }
}

struct Tap {
    /// The position in the plane, if it is inside.
    inside: Option<usize>,
    /// Whether it is inside the plane and its (symmetric) padding.
    in_padding: bool,
}

/// Calls `each` with the plane's offset, the window's taps and the output's index.
fn for_windows(shape: &PoolShape, mut each: impl FnMut(usize, &mut dyn Iterator<Item = Tap>, usize)) {
    let (from, to, window) = (shape.input, shape.output, shape.window);
    let mut index = 0;
    for plane in 0..to.batch * to.channels {
        for y in 0..to.height {
            for x in 0..to.width {
                let mut taps = (0..window.kernel[0] * window.kernel[1]).map(|tap| {
                    let (tap_y, tap_x) = (tap / window.kernel[1], tap % window.kernel[1]);
                    let row = window.source(0, y, tap_y, from.height);
                    let column = window.source(1, x, tap_x, from.width);
                    let in_padding = y * window.stride[0] + tap_y * window.dilation[0]
                        < from.height + 2 * window.padding[0]
                        && x * window.stride[1] + tap_x * window.dilation[1] < from.width + 2 * window.padding[1];
                    Tap { inside: row.zip(column).map(|(row, column)| row * from.width + column), in_padding }
                });
                each(plane * from.area(), &mut taps, index);
                index += 1;
            }
        }
    }
}
