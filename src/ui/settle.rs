//! What need not keep up with typing: it follows once the edits rest.

use std::time::Duration;

use leptos::prelude::*;

/// How long edits rest before sweeps, counters and timelines follow, in milliseconds: less than one
/// notices, more than lies between a key press and its frame.
const SETTLED: u64 = 60;

/// A value as of when it last rested.
pub fn at_rest<T: Clone + PartialEq + Send + Sync + 'static>(source: Memo<T>) -> Memo<T> {
    let rested = RwSignal::new(source.get_untracked());
    when_settled(SETTLED, move || source.track(), move || rested.set(source.get_untracked()));
    Memo::new(move |_| rested.get())
}

/// Acts when what is followed has not changed for so many milliseconds.
pub fn when_settled(milliseconds: u64, follow: impl Fn() + 'static, act: impl Fn() + Copy + 'static) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move |_| {
        follow();
        if let Some(earlier) = pending.get_value() {
            earlier.clear();
        }
        pending.set_value(set_timeout_with_handle(act, Duration::from_millis(milliseconds)).ok());
    });
}
