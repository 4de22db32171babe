//! How far the values of every tensor reach, from which 8-bit numbers get their scales.

use super::error::EngineError;
use super::graph::Graph;
use super::watched::Watched;
use super::weights::{WeightSource, seeded_input};

/// The largest magnitude of every tensor of a graph over a few seeded inputs.
pub(super) fn largest_magnitudes(graph: &Graph, weights: &WeightSource) -> Result<Vec<f32>, EngineError> {
    const INPUTS: u64 = 3;
    let mut watched = Watched::new(graph)?;
    let seed = match weights {
        WeightSource::Seeded(seeding) => seeding.seed,
        WeightSource::Given(_) => 0,
    };
    let mut largest = vec![0.0_f32; graph.tensors.len()];
    for number in 0..INPUTS {
        let values = seeded_input(seed, number, watched.input_length(), 1.0);
        let of_input = &mut largest[Graph::INPUT.0];
        *of_input = values.iter().fold(*of_input, |largest, value| largest.max(value.abs()));
        watched.run(&values, &mut |node, seen| {
            let before = &mut largest[node.output.0];
            *before = seen.largest(*before);
        });
    }
    Ok(largest)
}
