//! The coefficients of a sum of terms that fit measured figures best.

/// An equation: the terms, each divided by what was measured, sum to 1.
pub(super) struct Row {
    pub terms: Vec<f64>,
}

impl Row {
    /// In times of what was measured.
    pub(super) fn predict(&self, coefficients: &[f64]) -> f64 {
        self.terms.iter().zip(coefficients).map(|(term, coefficient)| term * coefficient).sum()
    }
}

/// Non-negative least squares: the best of all subsets of terms whose coefficients come out non-negative.
pub(super) fn fit(rows: &[Row]) -> Vec<f64> {
    let width = rows.first().map_or(0, |row| row.terms.len());
    let mut best = (f64::INFINITY, vec![0.0; width]);
    for subset in 1_u32..1 << width {
        let chosen: Vec<usize> = (0..width).filter(|&term| subset >> term & 1 == 1).collect();
        let Some(solution) = least_squares(rows, &chosen) else { continue };
        if solution.iter().any(|&coefficient| coefficient < 0.0) {
            continue;
        }
        let mut coefficients = vec![0.0; width];
        for (&term, value) in chosen.iter().zip(solution) {
            coefficients[term] = value;
        }
        let error: f64 = rows.iter().map(|row| (row.predict(&coefficients) - 1.0).powi(2)).sum();
        if error < best.0 {
            best = (error, coefficients);
        }
    }
    best.1
}

/// By the normal equations, with pivots; `None` where the terms cannot be told apart.
fn least_squares(rows: &[Row], chosen: &[usize]) -> Option<Vec<f64>> {
    let size = chosen.len();
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for row in rows {
        for (line, &left) in matrix.iter_mut().zip(chosen) {
            for (cell, &right) in line.iter_mut().zip(chosen) {
                *cell += row.terms[left] * row.terms[right];
            }
            line[size] += row.terms[left];
        }
    }
    for column in 0..size {
        let pivot = (column..size).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        if scale.abs() < 1e-30 {
            return None;
        }
        let pivot_line = matrix[column].clone();
        for (_, line) in matrix.iter_mut().enumerate().filter(|(line, _)| *line != column) {
            let factor = line[column] / scale;
            for (cell, pivot) in line.iter_mut().zip(&pivot_line) {
                *cell -= factor * pivot;
            }
        }
    }
    Some((0..size).map(|line| matrix[line][size] / matrix[line][line]).collect())
}
