//! What the page says to a worker while a job goes on: a word, where jobs are bytes.

use std::cell::Cell;

/// A word to a worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// Nothing is done until it goes on.
    Pause,
    /// Ends a pause.
    GoOn,
    /// One step, and a pause.
    Step,
    /// What has come of the job is told, and the job ends.
    Finish,
    /// The rate of learning from now on.
    Rate(f64),
}

thread_local! {
    static RATE: Cell<Option<f64>> = const { Cell::new(None) };
    static FINISH: Cell<bool> = const { Cell::new(false) };
    static STEP: Cell<bool> = const { Cell::new(false) };
    static WAIT: Cell<bool> = const { Cell::new(false) };
}

impl Control {
    /// As it is sent.
    pub fn word(self) -> String {
        match self {
            Self::Pause => "pause".to_string(),
            Self::GoOn => "go on".to_string(),
            Self::Step => "step".to_string(),
            Self::Finish => "finish".to_string(),
            Self::Rate(rate) => format!("rate {rate:e}"),
        }
    }

    /// Reads what [`Control::word`] writes; `None` for anything else.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "pause" => Some(Self::Pause),
            "go on" => Some(Self::GoOn),
            "step" => Some(Self::Step),
            "finish" => Some(Self::Finish),
            other => Some(Self::Rate(other.strip_prefix("rate ")?.parse().ok()?)),
        }
    }

    /// Keeps it for the job, and says whether jobs go on; `None` where that stays as it was.
    pub fn take(self) -> Option<bool> {
        match self {
            Self::Pause | Self::GoOn => STEP.set(false),
            Self::Step => STEP.set(true),
            Self::Finish => {
                STEP.set(false);
                FINISH.set(true);
            }
            Self::Rate(rate) => {
                RATE.set(Some(rate));
                return None;
            }
        }
        Some(self != Self::Pause)
    }

    /// Forgets what was said to a job before.
    pub fn clear() {
        RATE.set(None);
        FINISH.set(false);
        STEP.set(false);
        WAIT.set(false);
    }

    /// Whether the job has done the one step it was told to do: it waits for the next word then.
    pub fn takes_wait() -> bool {
        WAIT.take()
    }

    /// Whether one step is to be done, and no more.
    pub(super) fn is_stepping() -> bool {
        STEP.get()
    }

    /// Says that the step is done.
    pub(super) fn wait() {
        STEP.set(false);
        WAIT.set(true);
    }

    pub(super) fn wants_finish() -> bool {
        FINISH.get()
    }

    pub(super) fn new_rate() -> Option<f64> {
        RATE.take()
    }
}
