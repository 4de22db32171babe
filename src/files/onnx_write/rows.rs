//! The rows of a network, one after another, as a graph.

use super::OnnxProblem;
use super::graph::{Graph, INPUT, Row};
use super::layer;
use crate::files::weights::NodeWeights;
use crate::model::{Dims, Network, Tap};
use crate::shape;

pub(super) fn graph<'a>(network: &'a Network, weights: &NodeWeights) -> Result<Graph<'a>, OnnxProblem> {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let mut graph = Graph::new(&network.name, shapes.input);
    let first_calls = network.first_calls();
    let mut values: Vec<String> = Vec::new();
    let mut last = shapes.input;
    for (index, node) in network.nodes.iter().enumerate() {
        let refuse = |reason| OnnxProblem::Row { name: node.name.clone(), class: node.layer.kind().class(), reason };
        let no_shape = || refuse("it has no shape; mend the row first");
        let output = *shapes.nodes[index].dims().ok_or_else(no_shape)?;
        let taps = wiring.taps(index);
        let dims: Option<Vec<Dims>> = taps.iter().map(|&tap| shapes.tap(tap).copied()).collect();
        let inputs = taps.iter().map(|tap| match tap {
            Tap::Node(above) => values.get(*above).cloned(),
            Tap::Input => Some(INPUT.to_string()),
            Tap::Missing(_) | Tap::NotAbove(_) => None,
        });
        let inputs: Option<Vec<String>> = inputs.collect();
        let (dims, inputs) = dims.zip(inputs).ok_or_else(no_shape)?;
        let id = first_calls[index].map_or(node.id, |first| network.nodes[first].id);
        let tensors = weights.get(&id).map_or(&[] as &[_], Vec::as_slice);
        let value = graph.unused(&node.name);
        let row = Row { node, inputs, dims, output, tensors, value };
        values.push(layer::write(&mut graph, &row)?);
        last = output;
    }
    graph.end(values.pop().unwrap_or_else(|| INPUT.to_string()), last);
    Ok(graph)
}
