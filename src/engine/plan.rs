//! Plan once, run many: steps with their kernels chosen, every buffer placed, weights packed.

use std::ops::Range;

use super::arena::{Buffer, place};
use super::error::EngineError;
use super::fuse;
use super::graph::{Graph, GraphNode, TensorId};
use super::kernels::activation::Activation;
use super::lower::lower;
use super::operation::Operation;
use super::reference;
use super::weights::WeightSource;
use crate::model::Network;

/// How to run a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Samples at once.
    pub batch: usize,
    /// Fold batch norms and fuse activations and sums: on for speed, off to see every layer by itself.
    pub fuse: bool,
    pub kernels: Kernels,
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
}

/// A network ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    infos: Vec<StepInfo>,
    calls: Vec<Call>,
    arena: Vec<f32>,
    input: Range<usize>,
    output: Range<usize>,
    output_dims: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Call {
    operation: Operation,
    inputs: Vec<Range<usize>>,
    residual: Option<Range<usize>>,
    activation: Activation,
    output: Range<usize>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { batch: 1, fuse: true, kernels: Kernels::Fast }
    }
}

impl Plan {
    /// Plans a network.
    ///
    /// # Errors
    /// Where a layer cannot take its input, has no kernel, or is too large to run; where given weights do not fit.
    pub fn new(network: &Network, weights: &WeightSource, options: &PlanOptions) -> Result<Self, EngineError> {
        if options.batch == 0 || options.batch > 1 << 16 {
            return Err(EngineError::Batch(options.batch));
        }
        let mut graph = lower(network, weights, options.batch)?;
        let output_dims = graph.dims(graph.output).to_vec();
        fuse::remove_aliases(&mut graph);
        if options.fuse {
            fuse::fuse(&mut graph);
        }
        Ok(Self::of_graph(graph, output_dims))
    }

    fn of_graph(graph: Graph, output_dims: Vec<usize>) -> Self {
        let last = graph.nodes.len();
        let mut buffers: Vec<Buffer> = (0..graph.tensors.len())
            .map(|tensor| Buffer { length: graph.elements(TensorId(tensor)), first: usize::MAX, last: 0 })
            .collect();
        buffers[Graph::INPUT.0] = Buffer { length: graph.elements(Graph::INPUT), first: 0, last };
        for (index, node) in graph.nodes.iter().enumerate() {
            buffers[node.output.0].first = index;
            buffers[node.output.0].last = index;
            for &input in node.inputs.iter().chain(&node.residual) {
                buffers[input.0].last = buffers[input.0].last.max(index);
            }
        }
        buffers[graph.output.0].last = last;
        for buffer in buffers.iter_mut().filter(|buffer| buffer.first == usize::MAX) {
            buffer.length = 0;
        }
        let placement = place(&buffers);
        let range = |tensor: TensorId| placement.ranges[tensor.0].clone();
        let infos = graph.nodes.iter().map(|node| info(node, &buffers)).collect();
        let (input, output) = (range(Graph::INPUT), range(graph.output));
        let calls = graph.nodes.into_iter().map(|node| Call {
            inputs: node.inputs.iter().map(|&tensor| range(tensor)).collect(),
            residual: node.residual.map(range),
            activation: node.activation,
            output: range(node.output),
            operation: node.operation,
        });
        Self { calls: calls.collect(), infos, arena: vec![0.0; placement.length], input, output, output_dims }
    }

    /// The steps in order.
    pub fn steps(&self) -> &[StepInfo] {
        &self.infos
    }

    /// The memory of all activations, in bytes.
    pub fn arena_bytes(&self) -> usize {
        self.arena.len() * size_of::<f32>()
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

    /// Runs every step. Allocates nothing that grows with the tensors.
    pub fn run(&mut self) {
        for call in &self.calls {
            call.run(&mut self.arena);
        }
    }

    /// Runs one step after another and adds what each took by the caller's clock to `times`.
    pub fn run_timed(&mut self, clock: &mut dyn FnMut() -> f64, times: &mut [f64]) {
        let mut before = clock();
        for (call, time) in self.calls.iter().zip(times) {
            call.run(&mut self.arena);
            let after = clock();
            *time += after - before;
            before = after;
        }
    }
}

impl Call {
    fn run(&self, arena: &mut [f32]) {
        let (below, rest) = arena.split_at_mut(self.output.start);
        let (output, above) = rest.split_at_mut(self.output.len());
        let read = |range: &Range<usize>| {
            if range.end <= self.output.start {
                &below[range.clone()]
            } else {
                &above[range.start - self.output.end..range.end - self.output.end]
            }
        };
        let inputs: Vec<&[f32]> = self.inputs.iter().map(read).collect();
        reference::execute(&self.operation, &inputs, output);
        if let Some(residual) = &self.residual {
            output.iter_mut().zip(read(residual)).for_each(|(value, &other)| *value += other);
        }
        self.activation.apply_to(output);
    }
}

fn info(node: &GraphNode, buffers: &[Buffer]) -> StepInfo {
    let elements = buffers[node.output.0].length;
    let read: usize = node.inputs.iter().chain(&node.residual).map(|input| buffers[input.0].length).sum();
    let values = read + elements + node.operation.parameter_count();
    StepInfo {
        nodes: node.covers.clone(),
        kernel: node.operation.name(),
        reason: "plain loops were asked for",
        macs: node.operation.macs(elements),
        bytes: (values * size_of::<f32>()) as u64,
    }
}
