//! A matrix product that owns what it reads beside its input.

use alloc::vec::Vec;

use super::{Finish, MatrixJob, Panels, PixelSteps, multiply};
use crate::aligned::Aligned;
use crate::crew::Crew;

/// A matrix product with its weights; one for each group.
#[derive(Clone, Debug)]
pub struct MatrixCall {
    /// Images.
    pub batch: usize,
    /// Rows of the output.
    pub height: usize,
    /// Columns of the output.
    pub width: usize,
    /// Of each group.
    pub outputs: usize,
    /// Distances of the pieces of a row from its start, as [`MatrixJob::segments`].
    pub segments: Vec<u32>,
    /// Values in each piece.
    pub depth: usize,
    /// Of the pieces' starts in the first group.
    pub input: PixelSteps,
    /// Of the first group's outputs.
    pub output: PixelSteps,
    /// Steps of the tensor that is added, if there is one.
    pub residual: PixelSteps,
    /// What is done to each sum.
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
