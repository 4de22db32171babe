//! Many variants of a network: sweeps along one argument, and searches over the product of several for what cannot be
//! beaten under a budget.

mod evaluator;
mod figures;
mod front;
mod memory;
mod plan;
mod search;
mod space;
mod sweep;

pub use evaluator::{Evaluator, Metrics};
pub use front::{Candidate, Front};
pub use search::{Budget, Capacity, Progress, Search};
pub use space::{Axis, Space, Varied};
pub use sweep::{Point, Sweep, sweep};
