//! Undo and redo: the workbenches before and after the present one.

use crate::model::NodeId;
use crate::workbench::Workbench;

/// The most steps that are kept.
const MOST_STEPS: usize = 200;

/// Edits of one thing closer than this are one step, in milliseconds.
const ONE_STEP: f64 = 1000.0;

/// What an edit is of, so that typing a number is one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditKey {
    Argument(usize, NodeId, &'static str),
    Input(usize),
    Name(usize),
    Setting(&'static str),
    Address,
}

#[derive(Clone, Debug, Default)]
pub struct History {
    undo: Vec<Workbench>,
    redo: Vec<Workbench>,
    last: Option<(EditKey, f64)>,
}

impl History {
    /// Notes what was before an edit, at a time in milliseconds.
    pub fn record(&mut self, before: Workbench, key: Option<EditKey>, time: f64) {
        let continues =
            matches!((key, self.last), (Some(key), Some((last, then))) if key == last && time - then < ONE_STEP);
        self.last = key.map(|key| (key, time));
        self.redo.clear();
        if !continues {
            self.undo.push(before);
            if self.undo.len() > MOST_STEPS {
                self.undo.remove(0);
            }
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// The workbench before the present one.
    pub fn undo(&mut self, present: Workbench) -> Option<Workbench> {
        let before = self.undo.pop()?;
        self.redo.push(present);
        self.last = None;
        Some(before)
    }

    /// The workbench that was undone last.
    pub fn redo(&mut self, present: Workbench) -> Option<Workbench> {
        let after = self.redo.pop()?;
        self.undo.push(present);
        self.last = None;
        Some(after)
    }
}
