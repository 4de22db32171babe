//! A graph that is run with every tensor looked at as soon as it is made: its buffer is another's a moment later.

use super::error::EngineError;
use super::fast;
use super::graph::{Graph, GraphNode};
use super::kernels::aligned::Aligned;
use super::kernels::crew::Crew;
use super::program::{Place, PlacedCall};
use super::schedule::{Schedule, TensorView};

/// A graph ready to run.
pub(super) struct Watched<'a> {
    graph: &'a Graph,
    calls: Vec<PlacedCall>,
    arena: Aligned,
    scratch: Aligned,
    input: (Place, std::ops::Range<usize>),
    outputs: Vec<(TensorView, std::ops::Range<usize>)>,
}

/// A tensor's values where they lie.
pub(super) struct Seen<'a> {
    view: TensorView,
    values: &'a [f32],
}

impl<'a> Watched<'a> {
    /// # Errors
    /// Where it is too large to run.
    pub(super) fn new(graph: &'a Graph) -> Result<Self, EngineError> {
        let Schedule { program, steps, input, outputs, .. } = fast::build(graph, None);
        // As they are made and as they are read.
        let weight_bytes = steps.iter().map(|step| step.weight_bytes).sum::<u64>().saturating_mul(2);
        let (calls, places) = program.placed(weight_bytes, 1)?;
        Ok(Self {
            graph,
            calls,
            arena: Aligned::zeros(places.length),
            scratch: Aligned::zeros(places.scratch),
            input: (input, places.range(input)),
            outputs: outputs.into_iter().map(|view| (view, places.range(view.place))).collect(),
        })
    }

    /// How many values the input has.
    pub(super) const fn input_length(&self) -> usize {
        self.input.0.length
    }

    /// One pass over so many values as the input has, in PyTorch's order.
    pub(super) fn run(&mut self, input: &[f32], see: &mut dyn FnMut(&GraphNode, Seen<'_>)) {
        self.arena[self.input.1.clone()].copy_from_slice(input);
        for index in 0..self.calls.len() {
            let call = &self.calls[index];
            call.run(&mut self.arena, &mut self.scratch, Crew::ALONE);
            // Steps without calls are done when the one before is.
            let next = self.calls.get(index + 1).map_or(self.outputs.len(), |next| next.step);
            let done = call.step..next;
            for (node, (view, range)) in self.graph.nodes[done.clone()].iter().zip(&self.outputs[done]) {
                see(node, Seen { view: *view, values: &self.arena[range.clone()] });
            }
        }
    }
}

impl Seen<'_> {
    /// The largest magnitude among its values and the one given.
    pub(super) fn largest(&self, before: f32) -> f32 {
        self.runs().fold(before, |largest, run| run.iter().fold(largest, |largest, value| largest.max(value.abs())))
    }

    /// The values in PyTorch's order.
    pub(super) fn in_order(&self) -> Vec<f32> {
        let Some(layout) = self.view.layout else { return self.values.to_vec() };
        let planes = layout.planes;
        let (area, image) = (planes.height * planes.width, planes.channels * planes.height * planes.width);
        let mut ordered = vec![0.0; planes.batch * image];
        for (pixel, run) in self.runs().enumerate() {
            let at = pixel / area * image + pixel % area;
            run.iter().enumerate().for_each(|(channel, value)| ordered[at + channel * area] = *value);
        }
        ordered
    }

    /// Pixel by pixel the values of all channels; all at once where there are no pixels.
    fn runs(&self) -> Box<dyn Iterator<Item = &[f32]> + '_> {
        let Some(layout) = self.view.layout else { return Box::new(std::iter::once(self.values)) };
        let (steps, planes) = (layout.steps(), layout.planes);
        let rows = (0..planes.batch).flat_map(move |image| (0..planes.height).map(move |row| (image, row)));
        let places =
            rows.flat_map(move |(image, row)| (0..planes.width).map(move |column| steps.at(image, row, column)));
        Box::new(places.map(move |at| &self.values[at..at + planes.channels]))
    }
}
