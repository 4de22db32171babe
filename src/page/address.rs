//! When the address follows the edits: a burst of edits is one step of the browser's history, there from its first edit
//! on, and the address follows during it as often as browsers allow.

/// Edits that rest so long, in milliseconds, end a burst: the next one is a new step.
pub const RESTED: f64 = 400.0;

/// Chromium ignores more than 200 changes of the address in 30 s, Safari more than 100.
const APART: f64 = 300.0;

/// How an address is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// As a new step of the browser's history.
    Push,
    /// In place of the present step.
    Replace,
}

/// Which edits the address does not show yet. Times are in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressPace {
    edited: Option<f64>,
    written: Option<f64>,
    pending: Option<Step>,
}

impl AddressPace {
    /// Notes an edit. The address is to be written after so many milliseconds, unless another edit comes first.
    pub fn edit(&mut self, now: f64) -> f64 {
        let continues = self.edited.is_some_and(|edited| now - edited < RESTED);
        self.edited = Some(now);
        if self.pending.is_none() {
            self.pending = Some(if continues { Step::Replace } else { Step::Push });
        }
        self.written.map_or(0.0, |written| (written + APART - now).clamp(0.0, APART))
    }

    /// How the address is to be written now; `None` where it shows every edit.
    pub fn write(&mut self, now: f64) -> Option<Step> {
        let step = self.pending.take()?;
        self.written = Some(now);
        Some(step)
    }
}
