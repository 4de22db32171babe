//! What is said of a text while it runs.

use std::collections::HashSet;
use std::ops::Range;

use super::super::problem::{Problem, ProblemKind};

/// Problems after which no more are noted.
pub(crate) const MOST_PROBLEMS: usize = 60;

/// A fix that only the text can make, found while running.
#[derive(Debug)]
pub(crate) struct FixWish {
    pub(crate) problem: usize,
    pub(crate) range: Range<u32>,
    pub(crate) label: String,
    pub(crate) replacement: String,
    /// What must stand there for the fix to be certain.
    pub(crate) expected: Option<String>,
}

/// Problems, each said once, and how to mend them.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub problems: Vec<Problem>,
    pub fixes: Vec<FixWish>,
    seen: HashSet<(u32, ProblemKind, String)>,
    /// Above 0: nothing is noted.
    pub quiet: u32,
}

impl Notes {
    /// Gives the index of the problem where it was noted.
    pub(crate) fn add(&mut self, problem: Problem) -> Option<usize> {
        if self.quiet > 0 || self.problems.len() >= MOST_PROBLEMS {
            return None;
        }
        if !self.seen.insert((problem.line.unwrap_or(0), problem.kind, problem.message.clone())) {
            return None;
        }
        self.problems.push(problem);
        Some(self.problems.len() - 1)
    }
}
