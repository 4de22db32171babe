//! The forward pass: a network and its weights become a [`Plan`], which runs without allocating.
//!
//! [`lower`](lower::lower) resolves layers into operations over tensors, [`fuse`] merges them, the plan places every
//! buffer in one arena by lifetime and chooses a kernel for each step. The engine knows no clock and no browser.

mod activations;
mod arena;
mod error;
mod fast;
mod fuse;
pub(crate) mod graph;
pub(crate) mod lower;
pub(crate) mod operation;
mod peak;
mod plain;
mod plan;
mod program;
mod ranges;
mod reference;
pub(crate) mod resolved;
mod schedule;
mod step;
mod watched;
mod weights;

pub use activations::each_activation;
pub use convscope_kernels as kernels;
pub use error::EngineError;
pub use lower::all_tensors;
pub use peak::PeakProbe;
pub use plan::{Kernels, MOST_SAMPLES, Numbers, Plan, PlanOptions};
pub use step::{Choice, StepInfo};
pub use weights::{FIRST_BUFFER_STREAM, INPUT_STREAM, Seeding, WeightSource, seeded_input};
