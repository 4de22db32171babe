//! Norms by statistics of the sample itself, as Keras writes them out.

use super::expansion::{Expansion, int32, number};
use super::graph::Tensor;
use super::operator::Operator as O;

/// Mean and reciprocal deviation over axes, the scale and the shift, which the converter orders as
/// `x * (r * gamma) + (beta - mean * (r * gamma))`.
struct Statistics {
    /// The shape that mean and deviation have.
    reduced: Vec<u64>,
    axes: Vec<u64>,
    /// The shape of the scale and the shift, and whether there are any.
    parameters: Vec<u64>,
    scale: bool,
    center: bool,
}

/// Over the pixels and channels of each group.
pub(super) fn group_norm(this: &mut Expansion, x: usize, axis: usize, groups: Option<u64>, affine: bool) -> usize {
    let shape = this.shape(x).to_vec();
    let channels = shape.get(axis).copied().unwrap_or(1);
    let groups = groups.unwrap_or(channels).max(1);
    let mut grouped = shape.clone();
    grouped.splice(axis..axis + 1, [groups, channels / groups]);
    let rank = grouped.len();
    let divided = this.graph.push(O::Reshape, &[x], Tensor::int8(&grouped), vec![int32(&grouped)]);
    let kept = |index: usize, size: u64, keeps_channels: bool| match index {
        0 => size,
        index if index == axis || (keeps_channels && index == axis + 1) => size,
        _ => 1,
    };
    let shape_of = |channels| grouped.iter().enumerate().map(|(index, &size)| kept(index, size, channels)).collect();
    let statistics = Statistics {
        reduced: shape_of(false),
        axes: (0..rank as u64).filter(|&index| index != 0 && index != axis as u64).collect(),
        parameters: shape_of(true),
        scale: affine,
        center: affine,
    };
    let normed = this.normed(divided, &statistics, true);
    this.out(O::Reshape, &[normed], vec![int32(&shape)])
}

/// Over some axes of a sample.
pub(super) fn layer_norm(this: &mut Expansion, x: usize, axes: &[usize], scale: bool, center: bool) -> usize {
    let shape = this.shape(x).to_vec();
    let of = |inside: bool| {
        let size = |(index, &size): (usize, &u64)| if axes.contains(&index) == inside { size } else { 1 };
        shape.iter().enumerate().map(size).collect::<Vec<u64>>()
    };
    let statistics = Statistics {
        reduced: of(false),
        axes: axes.iter().map(|&axis| axis as u64).collect(),
        parameters: of(true),
        scale,
        center,
    };
    this.normed(x, &statistics, false)
}

impl Expansion<'_> {
    fn normed(&mut self, x: usize, statistics: &Statistics, squares_by_itself: bool) -> usize {
        let reduced = Tensor::int8(&statistics.reduced);
        let of = |one: &[u64], other: &[u64]| {
            Tensor::int8(&one.iter().zip(other).map(|(&one, &other)| one.max(other)).collect::<Vec<u64>>())
        };
        let axes = || vec![int32(&statistics.axes)];
        let mean = self.graph.push(O::Mean, &[x], reduced.clone(), axes());
        let negated = self.through_floats(mean, O::Neg);
        let negated = self.graph.push(O::Quantize, &[negated], reduced.clone(), Vec::new());
        let squared = if squares_by_itself {
            let difference = self.same(O::Sub, &[x, mean], Vec::new());
            let squared = self.through_floats(difference, O::Square);
            let whole = self.graph.tensors[x].clone();
            self.graph.push(O::Quantize, &[squared], whole, Vec::new())
        } else {
            self.same(O::SquaredDifference, &[x, mean], Vec::new())
        };
        let variance = self.graph.push(O::Mean, &[squared], reduced, axes());
        let variance = self.same(O::Add, &[variance], vec![number(1)]);
        let mut factor = self.same(O::Rsqrt, &[variance], Vec::new());
        let count = Tensor::int8(&statistics.parameters).elements();
        let scaled = of(&statistics.reduced, &statistics.parameters);
        if statistics.scale {
            factor = self.graph.push(O::Mul, &[factor], scaled.clone(), vec![number(count)]);
        }
        let mut shift = self.same(O::Mul, &[negated, factor], Vec::new());
        self.graph.tensors[shift].shape = self.graph.tensors[factor].shape.clone();
        if statistics.center {
            shift = self.graph.push(O::Add, &[shift], scaled, vec![number(count)]);
        }
        let product = self.same(O::Mul, &[x, factor], Vec::new());
        self.same(O::Add, &[product, shift], Vec::new())
    }
}
