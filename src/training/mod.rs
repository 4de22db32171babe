//! Training as PyTorch does it: the same initial weights and batches from the same seed, the backward pass of every layer,
//! losses, optimisers, and what it takes in memory.
//!
//! A network is lowered as the engine lowers it, for one sample; [`program`] says which tensors it learns and what
//! differs while it learns; [`trainer::Trainer`] runs it forward and back over a batch.

mod course;
pub mod data;
mod error;
mod fit;
mod initial;
mod loss;
mod memory;
mod optimizer;
mod order;
mod program;
mod random;
mod schedule;
mod trainer;

pub use course::{Advance, Course, CourseSettings, Ended, Epoch, LOSSES_KEPT, Record};
pub use error::TrainingError;
pub use fit::{Fit, fit_to};
pub use initial::{Tensors, initial_tensors, initial_tensors_in_order};
pub use loss::{Loss, Targets};
pub use memory::{MemoryPart, TrainingMemory};
pub use optimizer::Optimizer;
pub use order::next_epoch;
pub use program::{Slot, least_batch, slots_of};
pub use random::Generator;
pub use schedule::Schedule;
pub use trainer::{Trainer, TrainerOptions};

pub use crate::engine::kernels::training::samples::Samples;
