//! Which rows of a long design are shown: those near what is seen of it. Heights are in rows: a row that stands beside two
//! counterparts is two high, and some have room above them.

use super::derived::Derived;
use super::modules::Head;

/// A design of more rows than this shows a window of them.
pub const MOST_ROWS_SHOWN: usize = 200;

/// So many rows' heights above and below what is seen are shown, too.
const AROUND: f64 = 16.0;

/// The heights of a design's rows, summed up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heights {
    /// Before each row, and after the last one.
    sums: Vec<u64>,
}

/// The rows that are shown, and what the others take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// The first row that is shown.
    pub first: usize,
    /// The first one behind it that is not.
    pub end: usize,
    /// The height of the rows above, and of those below.
    pub above: u64,
    /// See [`Window::above`].
    pub below: u64,
}

impl Heights {
    /// In one pass over the rows of both designs. A module's line stands above its first row; folded rows take no room.
    pub fn of(derived: &Derived, design: usize, heads: &[Head]) -> Self {
        let count = derived.designs.get(design).map_or(0, |state| state.network().nodes.len());
        let mut heights = vec![1_u64; count];
        if let (Some(comparison), Some((left, right))) = (&derived.comparison, derived.pair)
            && (design == left || design == right)
        {
            let mut space = 0;
            for row in &comparison.rows {
                let (own, other) = if design == left { (&row.left, &row.right) } else { (&row.right, &row.left) };
                if own.is_empty() {
                    space += other.len();
                }
                for (position, &index) in own.iter().enumerate() {
                    let is_last = position + 1 == own.len();
                    let units = if is_last { 1 + other.len().saturating_sub(own.len()) } else { 1 };
                    let above = if position == 0 { std::mem::take(&mut space).min(MOST_SPACE) } else { 0 };
                    if let Some(height) = heights.get_mut(index) {
                        *height = (units.min(MOST_UNITS) + above) as u64;
                    }
                }
            }
        }
        for head in heads.iter().filter(|head| head.end <= count) {
            if head.is_folded {
                heights[head.first..head.end].fill(0);
            }
            heights[head.first] += 1;
        }
        let sums = std::iter::once(0).chain(heights.iter().scan(0, |sum, height| {
            *sum += height;
            Some(*sum)
        }));
        Self { sums: sums.collect() }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.sums.len().saturating_sub(1)
    }

    /// Where a row begins.
    pub fn before(&self, row: usize) -> u64 {
        self.sums.get(row).or(self.sums.last()).copied().unwrap_or(0)
    }

    /// All rows.
    pub fn whole(&self) -> Window {
        Window { first: 0, end: self.rows(), above: 0, below: 0 }
    }

    /// The rows around what is seen from `top` to `bottom`, in rows' heights from where the first one begins.
    pub fn window(&self, top: f64, bottom: f64) -> Window {
        let rows = self.rows();
        let at = |place: f64| {
            let place = place.max(0.0) as u64;
            self.sums.partition_point(|&sum| sum <= place).saturating_sub(1).min(rows)
        };
        let (first, end) = (at(top - AROUND), (at(bottom + AROUND) + 1).min(rows));
        let total = self.before(rows);
        Window { first, end, above: self.before(first), below: total - self.before(end) }
    }
}

/// The most rows' heights that one row takes, and that are left free above one.
pub const MOST_UNITS: usize = 4;
/// See [`MOST_UNITS`].
pub const MOST_SPACE: usize = 3;
