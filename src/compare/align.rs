//! Which rows of two designs stand beside each other.

use std::collections::HashMap;

use crate::model::{Conv2d, Groups, Kind, Network, Node, NodeId, Pair, Sort};

use super::Side;

/// Rows that belong together, by index, each side in order. One side is empty where the other has no counterpart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlignedRow {
    /// Indices into the left network's nodes.
    pub left: Vec<usize>,
    /// Indices into the right network's nodes.
    pub right: Vec<usize>,
}

/// Above so many pairs of rows, rows are matched by name alone.
const MOST_PAIRS: usize = 4_000_000;

/// By origin where one side was derived from the other, else by kind and name.
pub(super) fn align(left: &Side, right: &Side) -> Vec<AlignedRow> {
    match (left.origins, right.origins) {
        (_, Some(origins)) if origins.len() == right.network.nodes.len() => by_origin(left.network, origins),
        (Some(origins), _) if origins.len() == left.network.nodes.len() => {
            let mut rows = by_origin(right.network, origins);
            for row in &mut rows {
                std::mem::swap(&mut row.left, &mut row.right);
            }
            rows
        }
        _ => by_content(left.network, right.network),
    }
}

fn by_origin(original: &Network, origins: &[NodeId]) -> Vec<AlignedRow> {
    let positions: HashMap<NodeId, usize> =
        original.nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
    let mut rows: Vec<AlignedRow> =
        (0..original.nodes.len()).map(|index| AlignedRow { left: vec![index], right: Vec::new() }).collect();
    let mut row = 0;
    let mut strangers = Vec::new();
    for (index, origin) in origins.iter().enumerate() {
        match positions.get(origin) {
            // Rows never go back up, so that both sides stay in order.
            Some(&position) => row = row.max(position),
            None if rows.is_empty() => {
                strangers.push(AlignedRow { left: Vec::new(), right: vec![index] });
                continue;
            }
            None => {}
        }
        rows[row].right.push(index);
    }
    rows.extend(strangers);
    rows
}

/// The longest common subsequence, where a pair counts the more the more alike it is; then a depthwise and the
/// pointwise convolution behind it stand beside the one convolution that one of them was matched with.
fn by_content(left: &Network, right: &Network) -> Vec<AlignedRow> {
    let pairs = if left.nodes.len().saturating_mul(right.nodes.len()) <= MOST_PAIRS {
        common_subsequence(&left.nodes, &right.nodes)
    } else {
        same_names(&left.nodes, &right.nodes)
    };
    let mut rows = Vec::new();
    let (mut next_left, mut next_right) = (0, 0);
    for (left_index, right_index) in pairs.into_iter().chain([(left.nodes.len(), right.nodes.len())]) {
        rows.extend((next_left..left_index).map(|index| AlignedRow { left: vec![index], right: Vec::new() }));
        rows.extend((next_right..right_index).map(|index| AlignedRow { left: Vec::new(), right: vec![index] }));
        if left_index < left.nodes.len() && right_index < right.nodes.len() {
            rows.push(AlignedRow { left: vec![left_index], right: vec![right_index] });
        }
        (next_left, next_right) = (left_index + 1, right_index + 1);
    }
    join_separables(rows, left, right)
}

fn common_subsequence(left: &[Node], right: &[Node]) -> Vec<(usize, usize)> {
    let width = right.len() + 1;
    // best[i * width + j]: the most that the rows from i on the left and j on the right can score.
    let mut best = vec![0_u32; (left.len() + 1) * width];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            let likeness = likeness(&left[i], &right[j]);
            let paired = if likeness > 0 { best[(i + 1) * width + j + 1] + likeness } else { 0 };
            best[i * width + j] = paired.max(best[(i + 1) * width + j]).max(best[i * width + j + 1]);
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        let likeness = likeness(&left[i], &right[j]);
        let here = best[i * width + j];
        if likeness > 0 && here == best[(i + 1) * width + j + 1] + likeness {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if here == best[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// How alike two rows are; 0: not at all.
fn likeness(left: &Node, right: &Node) -> u32 {
    let (left_kind, right_kind) = (left.layer.kind(), right.layer.kind());
    let name = u32::from(left.name == right.name) * 3;
    let arguments = u32::from(left.layer == right.layer);
    match left_kind == right_kind {
        true => 4 + arguments + name,
        false
            if stands_for_another(left_kind)
                && stands_for_another(right_kind)
                && left_kind.sort() == right_kind.sort() =>
        {
            2 + name
        }
        false => name,
    }
}

/// Kinds that people put in the place of others of their sort.
fn stands_for_another(kind: Kind) -> bool {
    match kind.sort() {
        Sort::Activation | Sort::Pool | Sort::Norm => true,
        Sort::Rearrangement => matches!(kind, Kind::Flatten | Kind::View),
        Sort::Convolution
        | Sort::MatrixProduct
        | Sort::Softmax
        | Sort::Regularizer
        | Sort::Resizing
        | Sort::Combination
        | Sort::Parameter
        | Sort::Unknown => false,
    }
}

/// The names that stand once on each side, as far as their order agrees.
fn same_names(left: &[Node], right: &[Node]) -> Vec<(usize, usize)> {
    let positions: HashMap<&str, usize> =
        right.iter().enumerate().map(|(index, node)| (node.name.as_str(), index)).collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (index, node) in left.iter().enumerate() {
        if let Some(&position) = positions.get(node.name.as_str())
            && pairs.last().is_none_or(|&(_, last)| last < position)
        {
            pairs.push((index, position));
        }
    }
    pairs
}

fn join_separables(rows: Vec<AlignedRow>, left: &Network, right: &Network) -> Vec<AlignedRow> {
    let mut joined: Vec<AlignedRow> = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(last) = joined.last_mut() {
            let on_the_right = belong_together(last, &row, |row| (&row.left, &row.right), left, right);
            let on_the_left = belong_together(last, &row, |row| (&row.right, &row.left), right, left);
            if on_the_right || on_the_left {
                last.left.extend(row.left);
                last.right.extend(row.right);
                continue;
            }
        }
        joined.push(row);
    }
    joined
}

/// On the side `own` a depthwise and a pointwise convolution follow each other, and one of the two rows has one full
/// convolution on the other side.
fn belong_together<'a>(
    above: &'a AlignedRow,
    below: &'a AlignedRow,
    sides: impl Fn(&'a AlignedRow) -> (&'a Vec<usize>, &'a Vec<usize>),
    other: &Network,
    own: &Network,
) -> bool {
    let ((above_other, above_own), (below_other, below_own)) = (sides(above), sides(below));
    let (&[depthwise], &[pointwise]) = (above_own.as_slice(), below_own.as_slice()) else { return false };
    let whole = match (above_other.as_slice(), below_other.as_slice()) {
        (&[whole], []) | ([], &[whole]) => whole,
        _ => return false,
    };
    let layers = [&own.nodes[depthwise].layer, &own.nodes[pointwise].layer, &other.nodes[whole].layer];
    match layers.map(Conv2d::of) {
        [Some(depthwise), Some(pointwise), Some(whole)] => {
            let parts_are = depthwise.groups != Groups::Count(1) && whole.groups == Groups::Count(1);
            let sizes_are = depthwise.kernel_size == whole.kernel_size
                && depthwise.out_channels != whole.out_channels
                && pointwise.out_channels == whole.out_channels;
            pointwise.kernel_size == Pair::square(1) && (parts_are || sizes_are)
        }
        _ => false,
    }
}
