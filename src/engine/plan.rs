//! Plan once, run many: steps with their kernels chosen, every buffer placed, weights packed.

use std::ops::Range;

use super::error::EngineError;
use super::fast::{self, Quantization};
use super::kernels::aligned::Aligned;
use super::kernels::crew::Crew;
use super::lower::{lower, weight_count};
use super::program::{PlacedCall, check_memory};
use super::schedule::Schedule;
use super::step::StepInfo;
use super::weights::WeightSource;
use super::{fuse, plain, ranges};
use crate::model::Network;

/// How to run a network.
#[derive(Clone, Copy, Debug)]
pub struct PlanOptions {
    /// Samples at once, at most [`MOST_SAMPLES`].
    pub batch: u64,
    /// Fold batch norms and fuse activations and sums: on for speed, off to see every layer by itself.
    pub fuse: bool,
    pub kernels: Kernels,
    pub numbers: Numbers,
    /// The threads that share the steps.
    pub crew: Crew,
}

/// The most samples at once.
pub const MOST_SAMPLES: u64 = 1 << 16;

/// The numbers a network computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    F32,
    /// Convolutions and matrix products of 8-bit weights and activations, whose ranges are those of seeded inputs; the rest in f32. Only with fast
    /// kernels.
    Int8,
}

/// Which kernels may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    Fast,
    /// Plain loops.
    Reference,
}

/// A network ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<StepInfo>,
    calls: Vec<PlacedCall>,
    arena: Aligned,
    /// For kernels that need memory beside their inputs and output.
    scratch: Aligned,
    input: Range<usize>,
    output: Range<usize>,
    output_dims: Vec<usize>,
    crew: Crew,
    /// Multiply-accumulates of a pass.
    macs: usize,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { batch: 1, fuse: true, kernels: Kernels::Fast, numbers: Numbers::F32, crew: Crew::ALONE }
    }
}

impl Plan {
    /// Plans a network.
    ///
    /// # Errors
    /// Where a layer cannot take its input, has no kernel, or is too large to run; where given weights do not fit.
    pub fn new(network: &Network, weights: &WeightSource, options: &PlanOptions) -> Result<Self, EngineError> {
        if !(1..=MOST_SAMPLES).contains(&options.batch) {
            return Err(EngineError::Batch { found: options.batch, limit: MOST_SAMPLES });
        }
        // Fast kernels keep them once as they are made and once as they are read.
        let copies = match options.kernels {
            Kernels::Fast => 2,
            Kernels::Reference => 1,
        };
        let weights_bytes = weight_count(network)?.saturating_mul(size_of::<f32>() as u64);
        check_memory(weights_bytes.saturating_mul(copies), 0)?;
        let mut graph = lower(network, weights, options.batch)?;
        let output_dims = graph.dims(graph.output).to_vec();
        fuse::remove_aliases(&mut graph);
        if options.fuse {
            fuse::fuse(&mut graph);
        }
        let schedule = match (options.kernels, options.numbers) {
            (Kernels::Fast, Numbers::F32) => fast::build(&graph, None),
            (Kernels::Fast, Numbers::Int8) => {
                let largest = ranges::largest_magnitudes(&graph, weights)?;
                fast::build(&graph, Some(Quantization::of(&graph, &largest)))
            }
            (Kernels::Reference, _) => plain::build(&mut graph),
        };
        // What the kernels read is in the program: the tensors may have this memory.
        drop(graph);
        let Schedule { program, steps, input, output, .. } = schedule;
        let (calls, places) =
            program.placed(steps.iter().map(|step| step.weight_bytes).sum(), options.crew.members())?;
        let (input, output) = (places.range(input), places.range(output));
        let (arena, scratch) = (Aligned::zeros(places.length), Aligned::zeros(places.scratch));
        let macs = steps.iter().map(|step| step.macs as usize).fold(0, usize::saturating_add);
        Ok(Self { steps, calls, arena, scratch, input, output, output_dims, crew: options.crew, macs })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[StepInfo] {
        &self.steps
    }

    /// The memory of all activations and of what kernels need beside them, in bytes.
    pub fn arena_bytes(&self) -> usize {
        (self.arena.len() + self.scratch.len()) * size_of::<f32>()
    }

    /// The values the network reads, in PyTorch's order; they stay as they are when it runs.
    pub fn input_mut(&mut self) -> &mut [f32] {
        &mut self.arena[self.input.clone()]
    }

    /// Sets the input.
    ///
    /// # Errors
    /// Where the number of values differs.
    pub fn set_input(&mut self, values: &[f32]) -> Result<(), EngineError> {
        let input = self.input_mut();
        if input.len() != values.len() {
            return Err(EngineError::InputLength { expected: input.len(), found: values.len() });
        }
        input.copy_from_slice(values);
        Ok(())
    }

    /// The result of the last run, in PyTorch's order.
    pub fn output(&self) -> &[f32] {
        &self.arena[self.output.clone()]
    }

    /// The sizes of the output, the batch first.
    pub fn output_dims(&self) -> &[usize] {
        &self.output_dims
    }

    /// Runs every step. Allocates nothing; what comes out does not depend on how many threads there are.
    ///
    /// # Panics
    /// Where a thread of the crew ends meanwhile.
    pub fn run(&mut self) {
        self.crew.wake(self.macs);
        for call in &self.calls {
            call.run(&mut self.arena, &mut self.scratch, self.crew);
        }
    }

    /// Runs one step after another and adds what each took by the caller's clock to its entry of `times`.
    pub fn run_timed(&mut self, clock: &mut dyn FnMut() -> f64, times: &mut [f64]) {
        self.run_calls_timed(0..self.calls.len(), clock, times);
    }

    /// How many calls of kernels a pass is: every step is one or several.
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// As [`Plan::run_timed`], a part of the pass: whoever runs all calls in order can do something else in between.
    pub fn run_calls_timed(&mut self, calls: Range<usize>, clock: &mut dyn FnMut() -> f64, times: &mut [f64]) {
        self.crew.wake(self.macs);
        let mut before = clock();
        for call in &self.calls[calls] {
            call.run(&mut self.arena, &mut self.scratch, self.crew);
            let after = clock();
            if let Some(time) = times.get_mut(call.step) {
                *time += after - before;
            }
            before = after;
        }
    }
}
