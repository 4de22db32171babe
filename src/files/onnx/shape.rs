//! Shapes that an operator gives by its arguments alone.

use super::message::Node;

/// The sizes behind Reshape (`second` is the target), Flatten, Squeeze or Unsqueeze (by `axes`). `None` where the arguments do
/// not fit, or are not known.
pub(super) fn reshaped(
    node: &Node,
    dims: &[u64],
    second: Option<Vec<i64>>,
    axes: Option<Vec<i64>>,
) -> Option<Vec<u64>> {
    let rank = dims.len() as i64;
    let place = |axis: i64, rank: i64| usize::try_from(if axis < 0 { axis + rank } else { axis }).ok();
    match node.operator.as_str() {
        "Reshape" => {
            let target = second.or_else(|| Some(node.integers("shape").to_vec()).filter(|shape| !shape.is_empty()))?;
            targeted(dims, &target, node.integer("allowzero") == Some(1))
        }
        "Flatten" => {
            let axis = place(node.integer("axis").unwrap_or(1), rank)?;
            let product = |sizes: &[u64]| sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
            Some(vec![product(dims.get(..axis)?)?, product(dims.get(axis..)?)?])
        }
        "Squeeze" => {
            let axes: Option<Vec<usize>> = axes.unwrap_or_default().into_iter().map(|axis| place(axis, rank)).collect();
            let axes = axes?;
            let is_kept = |index: usize, size: u64| if axes.is_empty() { size != 1 } else { !axes.contains(&index) };
            let kept = dims.iter().enumerate().filter(|(index, size)| is_kept(*index, **size));
            Some(kept.map(|(_, &size)| size).collect())
        }
        "Unsqueeze" => {
            let axes = axes?;
            let full = rank + axes.len() as i64;
            let axes: Option<Vec<usize>> = axes.into_iter().map(|axis| place(axis, full)).collect();
            let axes = axes?;
            let mut old = dims.iter();
            (0..full as usize).map(|index| if axes.contains(&index) { Some(1) } else { old.next().copied() }).collect()
        }
        _ => None,
    }
}

/// ONNX's target of a Reshape: 0 keeps a size, -1 is what is left.
fn targeted(dims: &[u64], target: &[i64], zero_is_zero: bool) -> Option<Vec<u64>> {
    let total = dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
    let mut sizes = Vec::with_capacity(target.len());
    let mut open = None;
    for (index, &size) in target.iter().enumerate() {
        sizes.push(match size {
            0 if !zero_is_zero => *dims.get(index)?,
            -1 if open.is_none() => {
                open = Some(index);
                1
            }
            size => u64::try_from(size).ok()?,
        });
    }
    let product = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
    if let Some(open) = open {
        sizes[open] = total.checked_div(product)?;
    }
    let product = sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
    (product == total).then_some(sizes)
}

/// The sizes of two tensors joined as NumPy does.
pub(super) fn broadcast(one: &[u64], other: &[u64]) -> Option<Vec<u64>> {
    let rank = one.len().max(other.len());
    let size = |dims: &[u64], index: usize| {
        (index + dims.len()).checked_sub(rank).and_then(|at| dims.get(at).copied()).unwrap_or(1)
    };
    let of = |index| match (size(one, index), size(other, index)) {
        (a, b) if a == b => Some(a),
        (1, b) => Some(b),
        (a, 1) => Some(a),
        _ => None,
    };
    (0..rank).map(of).collect()
}
