//! What nothing else beats in every respect.

use super::evaluator::Metrics;

/// A variant and its costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its number in the space.
    pub index: u64,
    /// What it costs.
    pub metrics: Metrics,
    /// By published timings, where there are any.
    pub milliseconds: Option<f64>,
    /// What accuracy lives on and cost does not tell: width multiplier and input pixels. A variant is beaten only by
    /// one that has as much of both. Zeros where that does not count.
    pub capacity: [f64; 2],
}

/// What is to be small, in this order: parameters, MACs, peak bytes, milliseconds, the negative of either capacity.
type Objectives = [f64; 6];

/// Candidates of which none is beaten by another in all objectives.
#[derive(Clone, Debug)]
pub struct Front {
    candidates: Vec<Candidate>,
    objectives: Vec<Objectives>,
    /// Candidates that are within this ratio of another in every objective are left out; 0 until the front is full.
    tolerance: f64,
}

/// The most candidates that are kept.
const CAPACITY: usize = 400;

impl Default for Front {
    fn default() -> Self {
        Self { candidates: Vec::new(), objectives: Vec::new(), tolerance: 0.0 }
    }
}

impl Front {
    /// In the order they were found.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Whether some were left out because others are nearly the same in every respect, and how near.
    pub const fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Takes a candidate in if nothing beats it, and gives up what it beats. Whether it was taken in.
    pub fn offer(&mut self, candidate: Candidate) -> bool {
        let metrics = &candidate.metrics;
        let objectives = [
            metrics.params as f64,
            metrics.macs as f64,
            metrics.peak as f64,
            candidate.milliseconds.unwrap_or(0.0),
            -candidate.capacity[0],
            -candidate.capacity[1],
        ];
        if self.objectives.iter().any(|other| beats(other, &objectives, self.tolerance)) {
            return false;
        }
        let mut place = 0;
        while place < self.objectives.len() {
            if beats(&objectives, &self.objectives[place], 0.0) {
                self.objectives.swap_remove(place);
                self.candidates.swap_remove(place);
            } else {
                place += 1;
            }
        }
        self.objectives.push(objectives);
        self.candidates.push(candidate);
        while self.candidates.len() > CAPACITY {
            self.thin();
        }
        true
    }

    /// Leaves out what is nearly the same as another.
    fn thin(&mut self) {
        self.tolerance = if self.tolerance == 0.0 { 0.01 } else { self.tolerance * 2.0 };
        let mut kept: Vec<usize> = Vec::with_capacity(self.candidates.len());
        for index in 0..self.objectives.len() {
            let near = |&other: &usize| beats(&self.objectives[other], &self.objectives[index], self.tolerance);
            if !kept.iter().any(near) {
                kept.push(index);
            }
        }
        self.candidates = kept.iter().map(|&index| self.candidates[index].clone()).collect();
        self.objectives = kept.iter().map(|&index| self.objectives[index]).collect();
    }
}

/// At least as small in every objective, but for this ratio.
fn beats(one: &Objectives, other: &Objectives, tolerance: f64) -> bool {
    // Towards larger costs and smaller capacities.
    one.iter().zip(other).all(|(one, other)| *one <= other + other.abs() * tolerance)
}
