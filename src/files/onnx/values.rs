//! The numbers of weights: found in the file or beside it, dequantised, and put into PyTorch's order.

use super::super::problem::FileProblem;
use super::constant::{Beside, Change, Numbers, Stored, columns, numbers};

/// The numbers of a parameter, as PyTorch orders them.
pub(super) fn values<'a>(stored: &Stored<'a>, beside: Beside<'_, 'a>) -> Result<Vec<f32>, FileProblem> {
    let found = numbers(&stored.tensor, beside)?;
    let refuse = |rule: String| FileProblem::of(format!("tensor {}", stored.tensor.name), rule);
    let count = match &found {
        Numbers::Integers(integers) => integers.len(),
        Numbers::Floats(floats) => floats.len(),
    };
    if count as u64 != stored.tensor.elements() {
        return Err(refuse(format!("it has {count} numbers for sizes of {:?}", stored.tensor.dims)));
    }
    let plain = |numbers: Numbers| match numbers {
        Numbers::Integers(integers) => integers.into_iter().map(|integer| integer as f32).collect(),
        Numbers::Floats(floats) => floats,
    };
    let changed = match &stored.change {
        Change::None => plain(found),
        Change::Transposed => columns(&plain(found), stored.tensor.dims[1]),
        Change::Dequantised { scales, zeros, axis } => {
            let Numbers::Integers(integers) = found else {
                return Err(refuse("it is quantised, and has floats".to_string()));
            };
            let dims = &stored.tensor.dims;
            let channels = dims.get(*axis).copied().unwrap_or(1) as usize;
            let inner: u64 = dims.get(axis + 1..).unwrap_or_default().iter().product();
            if scales.iter().any(|scale| !scale.is_finite()) {
                return Err(refuse("a scale of it is no finite number".to_string()));
            }
            if scales.is_empty() || (scales.len() != 1 && scales.len() != channels) {
                return Err(refuse(format!("it has {} scales for {channels} channels", scales.len())));
            }
            let of = |(at, integer): (usize, i64)| {
                let channel = at / (inner.max(1) as usize) % channels.max(1);
                let one = |list: usize| if list == 1 { 0 } else { channel };
                let zero = zeros.get(one(zeros.len())).copied().unwrap_or(0);
                integer.saturating_sub(zero) as f32 * scales[one(scales.len())]
            };
            integers.into_iter().enumerate().map(of).collect()
        }
    };
    Ok(match &stored.order {
        Some(order) => reordered(&changed, &stored.tensor.dims, order),
        None => changed,
    })
}

/// The numbers of a tensor with its dimensions in another order.
fn reordered(numbers: &[f32], dims: &[u64], order: &[usize]) -> Vec<f32> {
    let mut strides = vec![1_usize; dims.len()];
    for at in (1..dims.len()).rev() {
        strides[at - 1] = strides[at].saturating_mul(dims[at] as usize);
    }
    let sizes: Vec<usize> = order.iter().filter_map(|&at| dims.get(at)).map(|&size| size as usize).collect();
    let steps: Vec<usize> = order.iter().filter_map(|&at| strides.get(at).copied()).collect();
    let mut index = vec![0_usize; sizes.len()];
    let mut turned = Vec::with_capacity(numbers.len());
    for _ in 0..numbers.len() {
        let place: usize = index.iter().zip(&steps).map(|(at, step)| at * step).sum();
        turned.push(numbers.get(place).copied().unwrap_or(0.0));
        for at in (0..index.len()).rev() {
            index[at] += 1;
            if index[at] < sizes[at] {
                break;
            }
            index[at] = 0;
        }
    }
    turned
}
