//! The clock of a long job, and the pauses in which others come first.

use std::future::poll_fn;
use std::task::Poll;

use super::Clock;

/// The most milliseconds between two pauses, but for what cannot be divided.
const PAUSE_INTERVAL: f64 = 8.0;

/// Tells a job the time and when to pause.
pub(super) struct Pace<'a> {
    clock: Clock<'a>,
    last_pause: f64,
}

impl<'a> Pace<'a> {
    pub(super) fn new(clock: Clock<'a>) -> Self {
        Self { last_pause: clock(), clock }
    }

    /// Milliseconds.
    pub(super) fn now(&mut self) -> f64 {
        (self.clock)()
    }

    pub(super) fn clock(&mut self) -> Clock<'_> {
        self.clock
    }

    /// Pauses where the last pause is a while ago: pending once, ready when polled again.
    pub(super) async fn pause_at_times(&mut self) {
        if self.now() - self.last_pause >= PAUSE_INTERVAL {
            self.pause().await;
        }
    }

    /// Pauses.
    pub(super) async fn pause(&mut self) {
        let mut has_paused = false;
        poll_fn(|_| if std::mem::replace(&mut has_paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
        self.last_pause = self.now();
    }
}
