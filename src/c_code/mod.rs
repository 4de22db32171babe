//! A network as C for a microcontroller: C99 without allocation and without a library, weights constant, all tensors in
//! one static arena, a self-test with one input and its outputs.
//!
//! Maps are `[H, W, C]`. Floats follow the engine's fast kernels; in 8 bits every product, sum and rounding is the engine's
//! own, so that outputs are the same bits.

mod function;
mod kernel;
mod problem;
mod schedule;
mod step;
mod write;

use crate::engine::{Numbers, WeightSource};
use crate::model::Network;

pub use problem::CProblem;

/// Two files, and what they take.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// `model.h`.
    pub header: String,
    /// `model.c`.
    pub source: String,
    /// Bytes of the static arena.
    pub arena: u64,
    /// Bytes of weights, biases, scales and tables.
    pub constants: u64,
    /// Bytes of flash in all, as predicted for a Cortex-M4 at -Os: constants and code, without the self-test.
    pub flash: u64,
}

impl Code {
    /// Both in one file, the header in place of the line that includes it.
    pub fn whole(&self) -> String {
        self.source.replacen("#include \"model.h\"\n", &self.header, 1)
    }
}

/// The network's C code.
///
/// # Errors
/// Names the first row that no C is written for.
pub fn export(network: &Network, weights: &WeightSource, numbers: Numbers) -> Result<Code, CProblem> {
    let schedule = schedule::schedule(network, weights, numbers)?;
    write::write(network, weights, numbers, &schedule)
}
