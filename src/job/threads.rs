//! How many threads a worker runs networks on.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::engine::kernels::crew::{Crew, SHARED};

/// The threads of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    /// How many there were.
    pub count: u32,
    /// Why there was only one, in words; empty for more.
    pub reason: String,
}

/// Whom a worker's runs share their steps with.
struct Help {
    crew: Crew,
    /// Why there is nobody.
    reason: String,
}

thread_local! {
    static HELP: RefCell<Help> = const { RefCell::new(Help { crew: Crew::ALONE, reason: String::new() }) };
}

/// Why a run that could have been shared was not.
const TOO_SMALL: &str = "its steps are too short to be shared";

impl Threads {
    /// Has the runs of this worker share their steps with a crew from now on; `reason` says why it has one member only.
    pub fn offer(crew: Crew, reason: &str) {
        HELP.set(Help { crew, reason: reason.to_string() });
    }

    /// What plans are to be made for.
    pub(super) fn crew() -> Crew {
        HELP.with_borrow(|help| help.crew)
    }

    /// Parts of steps that others than the leader have done so far.
    pub(super) fn helped() -> u32 {
        SHARED.helped()
    }

    /// The threads of a run, before which so many parts had been done by others.
    pub(super) fn since(helped: u32) -> Self {
        HELP.with_borrow(|help| match help.crew.members() {
            1 => Self { count: 1, reason: help.reason.clone() },
            _ if SHARED.helped() == helped => Self { count: 1, reason: TOO_SMALL.to_string() },
            members => Self { count: members as u32, reason: String::new() },
        })
    }
}
