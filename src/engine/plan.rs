//! Plan once, run many: steps with their kernels chosen, every buffer placed, weights packed.

use std::ops::Range;

use super::error::EngineError;
use super::fast::{self, FastProgram, Quantization, TensorView};
use super::fuse;
use super::graph::{Graph, TensorId};
use super::kernels::aligned::Aligned;
use super::lower::{lower, weight_count};
use super::operation::Operation;
use super::program::{BufferId, Call, Kernel, Place, PlacedCall, Program, check_memory};
use super::weights::{WeightSource, seeded_input};
use crate::model::Network;

/// How to run a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Samples at once, at most [`MOST_SAMPLES`].
    pub batch: u64,
    /// Fold batch norms and fuse activations and sums: on for speed, off to see every layer by itself.
    pub fuse: bool,
    pub kernels: Kernels,
    pub numbers: Numbers,
}

/// The most samples at once.
pub const MOST_SAMPLES: u64 = 1 << 16;

/// The numbers a network computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    F32,
    /// Convolutions and matrix products of 8-bit weights and activations, calibrated on seeded inputs; the rest in f32. Only with fast
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

/// What one step does, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct StepInfo {
    /// Indices of the network's nodes whose work it does.
    pub nodes: Vec<usize>,
    pub kernel: &'static str,
    /// Why this kernel was chosen.
    pub reason: &'static str,
    pub macs: u64,
    /// Bytes read and written: inputs, weights, output.
    pub bytes: u64,
    /// Bytes of the weights and biases as they would be stored.
    pub weight_bytes: u64,
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
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { batch: 1, fuse: true, kernels: Kernels::Fast, numbers: Numbers::F32 }
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
        let fast_program = match (options.kernels, options.numbers) {
            (Kernels::Fast, Numbers::F32) => fast::build(&graph, None),
            (Kernels::Fast, Numbers::Int8) => {
                let largest = calibration_run(&graph, weights)?;
                fast::build(&graph, Some(Quantization::of(&graph, &largest)))
            }
            (Kernels::Reference, _) => plain_program(&mut graph),
        };
        // What the kernels read is in the program: the tensors may have this memory.
        drop(graph);
        let FastProgram { program, steps, input, output, .. } = fast_program;
        let (calls, places) = program.placed(steps.iter().map(|step| step.weight_bytes).sum())?;
        let (input, output) = (places.range(input), places.range(output));
        let (arena, scratch) = (Aligned::zeros(places.length), Aligned::zeros(places.scratch));
        Ok(Self { steps, calls, arena, scratch, input, output, output_dims })
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

    /// Runs every step. Allocates nothing.
    pub fn run(&mut self) {
        for call in &self.calls {
            call.run(&mut self.arena, &mut self.scratch);
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
        let mut before = clock();
        for call in &self.calls[calls] {
            call.run(&mut self.arena, &mut self.scratch);
            let after = clock();
            if let Some(time) = times.get_mut(call.step) {
                *time += after - before;
            }
            before = after;
        }
    }
}

/// Every operation by plain loops over PyTorch's order.
fn plain_program(graph: &mut Graph) -> FastProgram {
    let mut program = Program::default();
    let buffers: Vec<BufferId> =
        (0..graph.tensors.len()).map(|tensor| program.buffer(graph.elements(TensorId(tensor)))).collect();
    let places: Vec<Place> = (0..graph.tensors.len())
        .map(|tensor| Place { buffer: buffers[tensor], offset: 0, length: graph.elements(TensorId(tensor)) })
        .collect();
    let reason = "plain loops were asked for";
    let steps = graph.nodes.iter().map(|node| StepInfo {
        nodes: node.covers.clone(),
        kernel: node.operation.name(),
        reason,
        macs: node.operation.macs(graph.elements(node.output)),
        bytes: node.bytes(graph),
        weight_bytes: node.operation.weight_bytes(false),
    });
    let steps = steps.collect();
    for (step, node) in std::mem::take(&mut graph.nodes).into_iter().enumerate() {
        let output = places[node.output.0];
        let residual = node.residual.map(|residual| places[residual.0]);
        let input = |index: usize| node.inputs.get(index).map(|input| places[input.0]);
        if let Operation::Concatenate(axis, firsts) = &node.operation {
            for (part, &first) in firsts.iter().enumerate() {
                let kernel = Kernel::ConcatenatePart(*axis, first);
                program.call(Call { kernel, inputs: [input(part), None], residual: None, output, step });
            }
            continue;
        }
        let inputs = [input(0), input(1)];
        let kernel = Kernel::Reference(Box::new(node.operation), node.activation);
        program.call(Call { kernel, inputs, residual, output, step });
    }
    let (input, output) = (places[Graph::INPUT.0], places[graph.output.0]);
    program.keep(input.buffer, true);
    program.keep(output.buffer, false);
    FastProgram { program, steps, outputs: Vec::new(), input, output }
}

/// The largest magnitude of every tensor of a graph over a few seeded inputs.
fn calibration_run(graph: &Graph, weights: &WeightSource) -> Result<Vec<f32>, EngineError> {
    const INPUTS: u64 = 3;
    let FastProgram { program, steps, input, outputs, .. } = fast::build(graph, None);
    // As they are made and as they are read.
    let weight_bytes = steps.iter().map(|step| step.weight_bytes).sum::<u64>().saturating_mul(2);
    let (calls, places) = program.placed(weight_bytes)?;
    let (mut arena, mut scratch) = (Aligned::zeros(places.length), Aligned::zeros(places.scratch));
    let seed = match weights {
        WeightSource::Seeded(seeding) => seeding.seed,
        WeightSource::Given(_) => 0,
    };
    let mut largest = vec![0.0_f32; graph.tensors.len()];
    for number in 0..INPUTS {
        let values = seeded_input(seed, number, input.length, 1.0);
        arena[places.range(input)].copy_from_slice(&values);
        largest[Graph::INPUT.0] = largest_magnitude(values.iter(), largest[Graph::INPUT.0]);
        for (index, call) in calls.iter().enumerate() {
            call.run(&mut arena, &mut scratch);
            // Steps without calls are done when the one before is.
            let next = calls.get(index + 1).map_or(outputs.len(), |next| next.step);
            for (node, view) in graph.nodes[call.step..next].iter().zip(&outputs[call.step..next]) {
                let values = &arena[places.range(view.place)];
                let tensor = node.output.0;
                largest[tensor] = largest_of(view, values, largest[tensor]);
            }
        }
    }
    Ok(largest)
}

fn largest_of(view: &TensorView, values: &[f32], before: f32) -> f32 {
    let Some(layout) = view.layout else { return largest_magnitude(values.iter(), before) };
    let (steps, planes) = (layout.steps(), layout.planes);
    let rows = (0..planes.batch).flat_map(|image| (0..planes.height).map(move |row| (image, row)));
    let pixels = rows.flat_map(|(image, row)| (0..planes.width).map(move |column| steps.at(image, row, column)));
    pixels.fold(before, |largest, at| largest_magnitude(values[at..at + planes.channels].iter(), largest))
}

fn largest_magnitude<'a>(values: impl Iterator<Item = &'a f32>, before: f32) -> f32 {
    values.fold(before, |largest, value| largest.max(value.abs()))
}
