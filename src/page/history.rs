//! Undo and redo: the workbenches before and after the present one, which share the networks that they have in common.

use std::collections::VecDeque;

use crate::model::NodeId;
use crate::workbench::Workbench;

use super::shared::Shared;

/// The most steps that are kept.
pub const MOST_STEPS: usize = 200;

/// Edits of one thing closer than this are one step, in milliseconds.
pub const ONE_STEP: f64 = 1000.0;

/// What an edit is of, so that typing a number is one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum EditKey {
    Argument(usize, NodeId, &'static str),
    Input(usize),
    Name(usize),
    Lines(usize),
    Setting(&'static str),
    Address,
}

/// A key press or the like that is of one thing, at a time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Strokes of one thing are one step, as long as little time is between them.
    pub of: EditKey,
    /// Since any fixed moment.
    pub time: f64,
}

/// The way back and forth.
#[derive(Clone, Debug, Default)]
pub struct History {
    undo: VecDeque<Shared<Workbench>>,
    redo: Vec<Shared<Workbench>>,
    last: Option<Stroke>,
}

impl History {
    /// Notes what was before an edit. Strokes of the same thing that follow closely are one step.
    pub fn record(&mut self, before: Shared<Workbench>, stroke: Option<Stroke>) {
        let continues =
            stroke.zip(self.last).is_some_and(|(now, last)| now.of == last.of && now.time - last.time < ONE_STEP);
        self.last = stroke;
        self.redo.clear();
        if !continues {
            self.undo.push_back(before);
            if self.undo.len() > MOST_STEPS {
                self.undo.pop_front();
            }
        }
    }

    /// There is a workbench before the present one.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// There is one that was undone.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The workbench before the present one.
    pub fn undo(&mut self, present: &Shared<Workbench>) -> Option<Shared<Workbench>> {
        let before = self.undo.pop_back()?;
        self.redo.push(present.clone());
        self.last = None;
        Some(before)
    }

    /// The workbench that was undone last.
    pub fn redo(&mut self, present: &Shared<Workbench>) -> Option<Shared<Workbench>> {
        let after = self.redo.pop()?;
        self.undo.push_back(present.clone());
        self.last = None;
        Some(after)
    }
}
