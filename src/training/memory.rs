//! What training takes in memory, part by part, before anything is allocated.

use crate::engine::kernels::training::samples::SAMPLES;
use crate::model::Network;

use super::error::TrainingError;
use super::optimizer::Optimizer;
use super::program::Program;
use super::trainer::TrainerOptions;

/// A part of the memory, with how it comes about.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryPart {
    /// What it holds.
    pub name: &'static str,
    /// For the whole of training.
    pub bytes: u64,
    /// How the bytes come about, with the numbers.
    pub formula: String,
}

/// What one design's training takes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingMemory {
    /// All that is allocated.
    pub parts: Vec<MemoryPart>,
}

impl TrainingMemory {
    /// Of a network with these options, in 32-bit floats.
    ///
    /// # Errors
    /// Where the network cannot be trained.
    pub fn of(network: &Network, options: &TrainerOptions) -> Result<Self, TrainingError> {
        let program = Program::new(network)?;
        Ok(Self::of_program(&program, options))
    }

    fn of_program(program: &Program, options: &TrainerOptions) -> Self {
        let (parameters, buffers) = (program.parameters as u64, program.buffers as u64);
        let remembered = options.optimizer.numbers_per_parameter();
        let batch = options.batch.next_multiple_of(SAMPLES) as u64;
        let activations: u64 = program.sizes.iter().map(|&size| size as u64).sum();
        let extras: u64 = program.steps.iter().map(|step| step.extra as u64).sum();
        let back: u64 = super::trainer::gradient_values(program);
        let part = |name, values: u64, formula: String| MemoryPart { name, bytes: 4 * values, formula };
        let name = match options.optimizer {
            Optimizer::Sgd { .. } => "SGD",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::AdamW { .. } => "AdamW",
            Optimizer::RmsProp { .. } => "RMSprop",
        };
        Self {
            parts: vec![
                part("weights", parameters + buffers, format!("4 x ({parameters} parameters + {buffers} buffers)")),
                part("gradients of the weights", parameters, format!("4 x {parameters} parameters")),
                part(
                    "optimiser state",
                    remembered * parameters,
                    format!("4 x {remembered} x {parameters} parameters for {name}"),
                ),
                part(
                    "activations kept for the way back",
                    batch * (activations + extras),
                    format!("4 x {batch} samples x ({activations} outputs + {extras} choices and statistics)"),
                ),
                part(
                    "gradients of the activations",
                    batch * back,
                    format!("4 x {batch} samples x {back}, those that are needed at once"),
                ),
            ],
        }
    }

    /// All parts together.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes))
    }

    /// # Errors
    /// Where it is more than a browser gives.
    pub fn check(&self) -> Result<(), TrainingError> {
        const LIMIT: u64 = 2_000_000_000;
        let bytes = self.bytes();
        if bytes > LIMIT { Err(TrainingError::Memory { bytes, limit: LIMIT }) } else { Ok(()) }
    }
}
