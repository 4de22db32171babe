//! The networks of a text that ran: which modules are networks, what goes into them, and what they are.

pub(crate) mod batch;
pub(crate) mod check;
pub(crate) mod discover;
pub(crate) mod hints;
pub(crate) mod input;
pub(crate) mod model_of;
pub(crate) mod solve;
pub(crate) mod trace;
