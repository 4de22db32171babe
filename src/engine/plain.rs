//! The program of plain loops, which is the oracle of all others.

use super::graph::{Graph, TensorId};
use super::operation::Operation;
use super::program::{BufferId, Call, Kernel, Place, Program};
use super::schedule::Schedule;
use super::step::{Choice, StepInfo};

/// Every operation by plain loops over PyTorch's order. Takes the operations out of the graph.
pub(super) fn build(graph: &mut Graph) -> Schedule {
    let mut program = Program::default();
    let buffers: Vec<BufferId> =
        (0..graph.tensors.len()).map(|tensor| program.buffer(graph.elements(TensorId(tensor)))).collect();
    let places: Vec<Place> = (0..graph.tensors.len())
        .map(|tensor| Place { buffer: buffers[tensor], offset: 0, length: graph.elements(TensorId(tensor)) })
        .collect();
    let steps = graph.nodes.iter().map(|node| StepInfo {
        nodes: node.covers.clone(),
        choice: Choice::Reference(node.operation.name()),
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
    Schedule { program, steps, outputs: Vec::new(), input, output }
}
