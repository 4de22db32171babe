//! Sums over many values, kept exact enough: rows in the value's own numbers, rows together in f64.

use super::value::Value;

/// How many values are added before they go into f64.
const ROW: usize = 16;

/// The sum of the first lanes of all values.
pub fn sum<V: Value>(values: &[V], lanes: usize) -> f64 {
    values.chunks(ROW).map(|row| row.iter().fold(V::default(), |sum, &value| sum + value).sum(lanes)).sum()
}

/// The sum of `function` of each value and its place, of the first lanes.
pub fn sum_of<V: Value>(count: usize, lanes: usize, function: impl Fn(usize) -> V) -> f64 {
    let mut total = 0.0;
    let mut start = 0;
    while start < count {
        let end = (start + ROW).min(count);
        let row = (start..end).fold(V::default(), |sum, at| sum + function(at));
        total += row.sum(lanes);
        start = end;
    }
    total
}

/// The sum of `function` of each place, lane by lane.
pub fn lane_sums<V: Value>(count: usize, function: impl Fn(usize) -> V) -> V {
    let mut total = V::default();
    let mut start = 0;
    // Rows of rows: the error grows with their number, not with the number of values.
    while start < count {
        let end = (start + ROW).min(count);
        total += (start..end).fold(V::default(), |sum, at| sum + function(at));
        start = end;
    }
    total
}
