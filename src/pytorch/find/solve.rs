//! Input shapes worked out backwards: which ones give the first Linear what it expects.

use crate::model::{Dims, Layer, Network, Tap, Wiring};
use crate::shape;

/// Sides up to this are tried.
const LARGEST_SIDE: u64 = 640;
/// Lines up to this length are tried.
const LONGEST_LINE: usize = 20_000;
/// Candidates that are listed.
const MOST_CANDIDATES: usize = 512;
/// Shapes of layers that are worked out for one search.
const MOST_LAYERS: usize = 60_000;

/// The layers up to the one that expects something, and what it expects.
pub(crate) struct Puzzle<'a> {
    pub network: &'a Network,
    /// The tensor that is flattened: the output of this node; `None`: the input itself.
    pub node: Option<usize>,
    /// Elements of one sample that it must have.
    pub features: u64,
    pub channels: u64,
}

/// Input shapes that fit, best first, and how many there are in all.
pub(crate) fn solve(puzzle: &Puzzle) -> (Vec<Dims>, usize) {
    let wiring = puzzle.network.wiring();
    let needed = needed_nodes(puzzle, &wiring);
    let side = (MOST_LAYERS / 2 / needed.len().max(1)).clamp(256, LARGEST_SIDE as usize) as u64;
    let output = |height: u64, width: u64| output_size(puzzle, &wiring, &needed, height, width);
    // A pool to a fixed size: every input does.
    if output(224, 224).is_some_and(|dims| output(192, 160) == Some(dims) && output(256, 240) == Some(dims)) {
        return (Vec::new(), 0);
    }
    // Heights and widths do not see each other, so that each is tried against one that is large enough.
    let sides: Vec<u64> = (1..=side).collect();
    let mut large = side;
    let mut heights: Vec<Option<(u64, u64)>>;
    let mut widths: Vec<Option<(u64, u64)>>;
    loop {
        heights = sides.iter().map(|&height| output(height, large).map(|dims| (dims.0, dims.1))).collect();
        widths = sides.iter().map(|&width| output(large, width).map(|dims| (dims.0, dims.2))).collect();
        if heights.iter().any(Option::is_some) || large < 64 {
            break;
        }
        large /= 2;
    }
    let mut found = Vec::new();
    for (height, out) in sides.iter().zip(&heights) {
        let Some((channels, rows)) = out else { continue };
        let Some(row) = channels.checked_mul(*rows).filter(|&row| row > 0) else { continue };
        if !puzzle.features.is_multiple_of(row) {
            continue;
        }
        let columns = puzzle.features / row;
        for (width, other) in sides.iter().zip(&widths) {
            if other.is_some_and(|(_, found)| found == columns) {
                found.push((*height, *width));
            }
        }
    }
    let count = found.len();
    found.sort_by_key(|&(height, width)| std::cmp::Reverse(likelihood(height, width)));
    let candidates: Vec<Dims> = found
        .into_iter()
        .take(MOST_CANDIDATES)
        .filter_map(|(height, width)| Dims::new(&[puzzle.channels, height, width]))
        .collect();
    // The shapes above are worked out side by side; the best must hold as a whole.
    let holds = candidates.first().is_none_or(|best| {
        output(best[1], best[2]).is_some_and(|(channels, rows, columns)| channels * rows * columns == puzzle.features)
    });
    if holds { (candidates, count) } else { (Vec::new(), 0) }
}

/// Lengths of lines that fit, best first.
pub(crate) fn solve_line(puzzle: &Puzzle) -> Vec<Dims> {
    let wiring = puzzle.network.wiring();
    let needed = needed_nodes(puzzle, &wiring);
    let longest = (MOST_LAYERS / needed.len().max(1)).clamp(256, LONGEST_LINE) as u64;
    let mut found: Vec<u64> = (1..=longest)
        .filter(|&length| {
            let input = Dims::new(&[1, puzzle.channels, length]);
            let output = input.and_then(|input| shape_at(puzzle, &wiring, &needed, input));
            output.and_then(|dims| dims.elements()) == Some(puzzle.features)
        })
        .collect();
    found.sort_by_key(|&length| (std::cmp::Reverse(likely_length(length)), length));
    found.into_iter().take(MOST_CANDIDATES).filter_map(|length| Dims::new(&[puzzle.channels, length])).collect()
}

/// How likely people are to use a line of this length.
fn likely_length(length: u64) -> u32 {
    match length {
        128 | 100 | 187 | 250 | 256 | 1000 | 1024 | 16_000 => 5,
        200 | 300 | 500 | 512 | 784 | 2048 | 3000 | 4096 | 5000 | 8000 => 4,
        _ if length.is_power_of_two() || length.is_multiple_of(100) => 3,
        _ if length.is_multiple_of(10) => 2,
        _ => 0,
    }
}

/// The nodes that the flattened tensor follows from, in order.
fn needed_nodes(puzzle: &Puzzle, wiring: &Wiring) -> Vec<usize> {
    let Some(last) = puzzle.node else { return Vec::new() };
    let mut needed = vec![false; last + 1];
    needed[last] = true;
    for index in (0..=last).rev() {
        if needed[index] {
            for tap in wiring.taps(index) {
                if let Tap::Node(above) = tap {
                    needed[*above] = true;
                }
            }
        }
    }
    (0..=last).filter(|&index| needed[index]).collect()
}

/// Channels, height and width of the tensor that is flattened.
fn output_size(puzzle: &Puzzle, wiring: &Wiring, needed: &[usize], height: u64, width: u64) -> Option<(u64, u64, u64)> {
    let input = Dims::new(&[1, puzzle.channels, height, width])?;
    match shape_at(puzzle, wiring, needed, input)?.sizes() {
        &[_, channels, height, width] => Some((channels, height, width)),
        _ => None,
    }
}

/// The tensor that is flattened, for an input with a batch of one.
fn shape_at(puzzle: &Puzzle, wiring: &Wiring, needed: &[usize], input: Dims) -> Option<Dims> {
    let Some(last) = puzzle.node else { return Some(input) };
    let mut shapes: Vec<Option<Dims>> = vec![None; last + 1];
    for &index in needed {
        let layer = &puzzle.network.nodes[index].layer;
        let mut inputs = Vec::with_capacity(2);
        for tap in wiring.taps(index) {
            inputs.push(match tap {
                Tap::Input => input,
                Tap::Node(above) => shapes[*above]?,
                Tap::Missing(_) | Tap::NotAbove(_) => return None,
            });
        }
        if matches!(layer, Layer::Linear(_)) {
            return None;
        }
        shapes[index] = Some(shape::output(layer, &inputs).ok()?);
    }
    shapes[last]
}

/// How likely people are to use an input of this size.
fn likelihood(height: u64, width: u64) -> (u8, u32, std::cmp::Reverse<u64>) {
    let square = height == width;
    let row = height == 1 || width == 1;
    let shape = if square {
        3
    } else if row {
        2
    } else {
        1
    };
    let side = |side: u64| match side {
        224 => 100,
        32 | 28 => 99,
        64 => 95,
        128 | 256 => 90,
        299 | 227 | 96 | 48 | 84 | 512 => 80,
        112 | 160 | 192 | 100 | 150 | 200 | 300 | 320 | 384 | 416 => 60,
        _ if side.is_multiple_of(50) => 45,
        _ if side.is_power_of_two() => 40,
        _ if side.is_multiple_of(16) => 35,
        _ if side.is_multiple_of(10) => 30,
        _ if side.is_multiple_of(8) => 20,
        _ => 0,
    };
    let rank = if square {
        side(height)
    } else if row {
        side(height.max(width)) + 1
    } else {
        (side(height) + side(width)) / 2
    };
    (shape, rank, std::cmp::Reverse(height + width))
}
