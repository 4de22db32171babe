//! A matrix product that owns what it reads beside its input.

use alloc::vec::Vec;

use super::{Finish, MatrixJob, Panels, PixelSteps, multiply};
use crate::aligned::Aligned;
use crate::crew::Crew;

/// A matrix product with its weights; one for each group.
#[derive(Clone, Debug)]
pub struct MatrixCall {
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    /// Of each group.
    pub outputs: usize,
    pub segments: Vec<u32>,
    pub depth: usize,
    pub input: PixelSteps,
    pub output: PixelSteps,
    pub residual: PixelSteps,
    pub finish: Finish,
    /// Panels of each group.
    pub weights: Vec<(Aligned, Vec<f32>)>,
    /// Channels from one group's input to the next.
    pub group_inputs: usize,
}

impl MatrixCall {
    /// Computes the products of all groups. `residual` is empty where nothing is added.
    ///
    /// # Panics
    /// Where a slice is too short for the job.
    pub fn run(&self, input: &[f32], residual: &[f32], output: &mut [f32], crew: Crew) {
        let mut job = MatrixJob {
            batch: self.batch,
            height: self.height,
            width: self.width,
            outputs: self.outputs,
            segments: &self.segments,
            depth: self.depth,
            input: self.input,
            output: self.output,
            residual: self.residual,
            finish: self.finish,
        };
        for (weight, bias) in &self.weights {
            multiply(&job, Panels { weight, bias }, input, residual, output, crew);
            job.input.first += self.group_inputs;
            job.output.first += self.outputs;
            job.residual.first += self.outputs;
        }
    }
}
