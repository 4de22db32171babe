//! Several tensors into one, and one into several.

use crate::geometry::Axis;
use crate::reference::combine::Combination;

use super::value::Value;

/// Walks over the elements of a tensor of these sizes and gives their places in others with other strides.
pub struct Walk<'a, const OTHERS: usize> {
    dims: &'a [usize],
    strides: [&'a [usize]; OTHERS],
}

impl<'a, const OTHERS: usize> Walk<'a, OTHERS> {
    /// `dims` are the walked tensor's; the strides, in values, one for each of them.
    pub const fn new(dims: &'a [usize], strides: [&'a [usize]; OTHERS]) -> Self {
        Self { dims, strides }
    }

    /// Calls `each` with the place in the tensor and those in the others, row by row.
    pub fn each(&self, offsets: [usize; OTHERS], mut each: impl FnMut(usize, [usize; OTHERS])) {
        let length = self.dims.last().copied().unwrap_or(1);
        let rows: usize = self.dims[..self.dims.len().saturating_sub(1)].iter().product();
        let steps: [usize; OTHERS] = core::array::from_fn(|other| self.strides[other].last().copied().unwrap_or(0));
        for row in 0..rows {
            let mut at = offsets;
            let mut rest = row;
            for dim in (0..self.dims.len().saturating_sub(1)).rev() {
                let position = rest % self.dims[dim];
                rest /= self.dims[dim];
                for (at, strides) in at.iter_mut().zip(self.strides) {
                    *at += position * strides[dim];
                }
            }
            for column in 0..length {
                each(row * length + column, at);
                for (at, step) in at.iter_mut().zip(steps) {
                    *at += step;
                }
            }
        }
    }
}

/// As [`crate::reference::combine::broadcast`].
pub fn broadcast<V: Value>(
    dims: &[usize],
    combination: Combination,
    operands: [(&[V], &[usize]); 2],
    output: &mut [V],
) {
    let [(a, a_strides), (b, b_strides)] = operands;
    Walk::new(dims, [a_strides, b_strides]).each([0; 2], |at, [first, second]| {
        output[at] = match combination {
            Combination::Add => a[first] + b[second],
            Combination::Multiply => a[first] * b[second],
        };
    });
}

/// The gradient by one operand: `other` is the other one, which a product needs.
pub fn broadcast_gradient<V: Value>(
    dims: &[usize],
    combination: Combination,
    strides: &[usize],
    other: (&[V], &[usize]),
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    Walk::new(dims, [strides, other.1]).each([0; 2], |at, [own, second]| {
        input_gradient[own] += match combination {
            Combination::Add => output_gradient[at],
            Combination::Multiply => output_gradient[at] * other.0[second],
        };
    });
}

/// As [`crate::reference::combine::concatenate_part`].
pub fn concatenate_part<V: Value>(axis: Axis, first: usize, input: &[V], output: &mut [V]) {
    let part = input.len().checked_div(axis.outer).unwrap_or(0);
    for outer in 0..axis.outer {
        let start = (outer * axis.length + first) * axis.inner;
        output[start..start + part].copy_from_slice(&input[outer * part..][..part]);
    }
}

/// Adds to the gradient of one part; arguments as [`concatenate_part`]'s.
pub fn concatenate_part_gradient<V: Value>(axis: Axis, first: usize, output_gradient: &[V], input_gradient: &mut [V]) {
    let part = input_gradient.len().checked_div(axis.outer).unwrap_or(0);
    for outer in 0..axis.outer {
        let start = (outer * axis.length + first) * axis.inner;
        let gradients = &output_gradient[start..start + part];
        for (sum, &gradient) in input_gradient[outer * part..][..part].iter_mut().zip(gradients) {
            *sum += gradient;
        }
    }
}
