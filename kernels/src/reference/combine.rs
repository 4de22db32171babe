//! Several tensors into one.

use crate::geometry::Axis;

/// How two tensors are combined, element by element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Combination {
    Add,
    Multiply,
}

impl Combination {
    /// `a + b` or `a * b`.
    #[inline(always)]
    pub fn of(self, a: f32, b: f32) -> f32 {
        match self {
            Self::Add => a + b,
            Self::Multiply => a * b,
        }
    }
}

/// `out = a (+ or *) b` where sizes of 1 are stretched. `dims` are the output's; the strides of a stretched dimension
/// are 0.
pub fn broadcast(dims: &[usize], combination: Combination, operands: [(&[f32], &[usize]); 2], output: &mut [f32]) {
    let [(a, a_strides), (b, b_strides)] = operands;
    for (index, value) in output.iter_mut().enumerate() {
        let (mut rest, mut a_at, mut b_at) = (index, 0, 0);
        for dim in (0..dims.len()).rev() {
            let position = rest % dims[dim];
            rest /= dims[dim];
            a_at += position * a_strides[dim];
            b_at += position * b_strides[dim];
        }
        *value = combination.of(a[a_at], b[b_at]);
    }
}

/// Writes one input of a concatenation; `axis` is the output's dimension and `first` where the input begins in it.
pub fn concatenate_part(axis: Axis, first: usize, input: &[f32], output: &mut [f32]) {
    let part = input.len().checked_div(axis.outer).unwrap_or(0);
    for outer in 0..axis.outer {
        let start = (outer * axis.length + first) * axis.inner;
        output[start..start + part].copy_from_slice(&input[outer * part..][..part]);
    }
}
