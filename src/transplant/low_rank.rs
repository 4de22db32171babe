//! A Linear's weight in two thin factors: the best of their rank.

use crate::model::{Network, NodeId};
use crate::rewrite::Rewritten;

use super::{Tensors, TransplantError, tensor};

/// A weight `[outputs, inputs]` taken apart: `W = sum of sigma u v^T`, the largest sigma first.
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank {
    /// The sigmas, as many as outputs or inputs, whichever are fewer.
    pub singular_values: Vec<f64>,
    /// One unit vector of outputs for each singular value.
    left: Vec<Vec<f64>>,
    /// `sigma v`: one vector of inputs for each.
    right: Vec<Vec<f64>>,
}

/// The most multiplications that a decomposition is begun with.
const MOST_WORK: usize = 2_000_000_000;

/// Sweeps after which rotations stop mattering in double precision.
const SWEEPS: usize = 30;

impl LowRank {
    /// `|W - W_rank| / |W|` in the Frobenius norm, for the best approximation of this rank.
    pub fn relative_error(&self, rank: usize) -> f64 {
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let whole = norm(&self.singular_values);
        if whole == 0.0 { 0.0 } else { norm(&self.singular_values[rank.min(self.singular_values.len())..]) / whole }
    }

    /// The factors of a rank: `[outputs, rank]` and `[rank, inputs]`, padded with zeros beyond the full rank.
    pub fn factors(&self, rank: usize) -> (Vec<f32>, Vec<f32>) {
        let outputs = self.left.first().map_or(0, Vec::len);
        let inputs = self.right.first().map_or(0, Vec::len);
        let (mut up, mut down) = (vec![0.0; outputs * rank], vec![0.0; rank * inputs]);
        for (place, (left, right)) in self.left.iter().zip(&self.right).take(rank).enumerate() {
            for (output, &value) in left.iter().enumerate() {
                up[output * rank + place] = value as f32;
            }
            for (input, &value) in right.iter().enumerate() {
                down[place * inputs + input] = value as f32;
            }
        }
        (up, down)
    }
}

/// One-sided Jacobi (Hestenes 1958): the vectors along the shorter side are rotated in pairs until all are at right
/// angles; their lengths are the singular values.
pub fn low_rank(weight: &[f32], (outputs, inputs): (usize, usize)) -> Result<LowRank, TransplantError> {
    let (short, long) = (outputs.min(inputs), outputs.max(inputs));
    if short.saturating_mul(short).saturating_mul(long).saturating_mul(4) > MOST_WORK {
        return Err(TransplantError::TooLarge { outputs, inputs });
    }
    let wide = outputs <= inputs;
    let element = |along: usize, across: usize| {
        let place = if wide { along * inputs + across } else { across * inputs + along };
        f64::from(weight[place])
    };
    let mut vectors: Vec<Vec<f64>> =
        (0..short).map(|along| (0..long).map(|across| element(along, across)).collect()).collect();
    // Which mixture of the first vectors each one is.
    let mut mixtures: Vec<Vec<f64>> =
        (0..short).map(|along| (0..short).map(|other| f64::from(u8::from(along == other))).collect()).collect();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for first in 0..short {
            for second in first + 1..short {
                turned |= turn(&mut vectors, &mut mixtures, (first, second));
            }
        }
        if !turned {
            break;
        }
    }
    let length = |vector: &[f64]| dot(vector, vector).sqrt();
    let mut order: Vec<usize> = (0..short).collect();
    order.sort_by(|&a, &b| length(&vectors[b]).total_cmp(&length(&vectors[a])));
    let singular_values: Vec<f64> = order.iter().map(|&place| length(&vectors[place])).collect();
    let take = |from: &[Vec<f64>]| order.iter().map(|&place| from[place].clone()).collect::<Vec<_>>();
    let (long_vectors, mixtures) = (take(&vectors), take(&mixtures));
    Ok(if wide {
        LowRank { singular_values, left: mixtures, right: long_vectors }
    } else {
        // W^T = sum of mixture (sigma v)^T, so the long vectors are outputs: the lengths go to the inputs' side.
        let scaled = mixtures.iter().zip(&singular_values);
        let right = scaled.map(|(vector, sigma)| vector.iter().map(|value| value * sigma).collect()).collect();
        let units = long_vectors.iter().zip(&singular_values);
        let unit = |(vector, &sigma): (&Vec<f64>, &f64)| -> Vec<f64> {
            vector.iter().map(|value| if sigma > 0.0 { value / sigma } else { 0.0 }).collect()
        };
        LowRank { left: units.map(unit).collect(), right, singular_values }
    })
}

/// Rotates two vectors, and their mixtures with them, to a right angle. Whether there was something to turn.
fn turn(vectors: &mut [Vec<f64>], mixtures: &mut [Vec<f64>], (first, second): (usize, usize)) -> bool {
    let (a, b) = (dot(&vectors[first], &vectors[first]), dot(&vectors[second], &vectors[second]));
    let between = dot(&vectors[first], &vectors[second]);
    if between.abs() <= 1e-15 * (a * b).sqrt() {
        return false;
    }
    let tau = (b - a) / (2.0 * between);
    let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    for rows in [vectors, mixtures] {
        let (above, below) = rows.split_at_mut(second);
        for (one, other) in above[first].iter_mut().zip(&mut below[0]) {
            (*one, *other) = (cosine * (*one - tangent * *other), cosine * (tangent * *one + *other));
        }
    }
    true
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// The weights of a network with a Linear in two factors.
pub(super) fn factors(
    network: &Network,
    tensors: &Tensors,
    (node, rank): (NodeId, i64),
    rewritten: &Rewritten,
) -> Result<Tensors, TransplantError> {
    let lost = || TransplantError::Tensors(format!("node {}", node.0));
    let index = network.position(node).ok_or_else(lost)?;
    let rank = usize::try_from(rank).map_err(|_| lost())?;
    let shapes = crate::shape::infer(network, &network.wiring(), 1);
    let outputs = shapes.nodes[index].dims().and_then(|dims| dims.last().copied()).ok_or_else(lost)? as usize;
    let weight = tensor(tensors, network, (index, 0))?;
    let (up, down) = low_rank(weight, (outputs, weight.len() / outputs.max(1)))?.factors(rank);
    let mut carried = tensors.clone();
    // All calls of the module share one pair of factors: that of its first call.
    let first = network.nodes.iter().position(|other| other.name == network.nodes[index].name).unwrap_or(index);
    let id = network.nodes[first].id;
    let thin = rewritten.network.nodes.iter().zip(&rewritten.origins);
    let thin = thin.filter(|(part, origin)| **origin == id && part.id != id).map(|(part, _)| part.id).next();
    let mut last = carried.remove(&id).ok_or_else(lost)?;
    last[0] = up;
    carried.insert(id, last);
    carried.insert(thin.ok_or_else(lost)?, vec![down]);
    Ok(carried)
}
