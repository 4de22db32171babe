//! How far the values of every tensor reach, from which 8-bit numbers get their scales.

use super::error::EngineError;
use super::fast;
use super::graph::Graph;
use super::kernels::aligned::Aligned;
use super::schedule::{Schedule, TensorView};
use super::weights::{WeightSource, seeded_input};

/// The largest magnitude of every tensor of a graph over a few seeded inputs.
pub fn largest_magnitudes(graph: &Graph, weights: &WeightSource) -> Result<Vec<f32>, EngineError> {
    const INPUTS: u64 = 3;
    let Schedule { program, steps, input, outputs, .. } = fast::build(graph, None);
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
