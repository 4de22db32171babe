//! What need not keep up with typing: it follows once the edits rest.

use std::time::Duration;

use leptos::prelude::*;

/// How long edits rest before sweeps, counters and timelines follow, in milliseconds: less than one
/// notices, more than lies between a key press and its frame.
const SETTLED: u64 = 60;

/// Acts once after the last of several calls. `Copy`: a handle.
#[derive(Clone, Copy)]
pub struct Rest(StoredValue<Option<TimeoutHandle>>);

impl Rest {
    pub fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// Acts after so many milliseconds, unless it is called again before.
    pub fn then(&self, milliseconds: u64, act: impl FnOnce() + 'static) {
        self.cancel();
        self.0.set_value(set_timeout_with_handle(act, Duration::from_millis(milliseconds)).ok());
    }

    /// Forgets what was to be done.
    pub fn cancel(&self) {
        if let Some(earlier) = self.0.try_update_value(Option::take).flatten() {
            earlier.clear();
        }
    }
}

/// A value as of when it last rested.
pub fn at_rest<T: Clone + PartialEq + Send + Sync + 'static>(source: Memo<T>) -> Memo<T> {
    let rested = RwSignal::new(source.get_untracked());
    when_settled(SETTLED, move || source.track(), move || rested.set(source.get_untracked()));
    Memo::new(move |_| rested.get())
}

/// Acts when what is followed has not changed for so many milliseconds.
pub fn when_settled(milliseconds: u64, follow: impl Fn() + 'static, act: impl Fn() + Copy + 'static) {
    let rest = Rest::new();
    Effect::new(move |_| {
        follow();
        rest.then(milliseconds, act);
    });
}
