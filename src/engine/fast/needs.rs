//! What the readers of a tensor want of the way it is stored.

use crate::engine::graph::{Graph, TensorId};
use crate::engine::kernels::geometry::Planes;
use crate::engine::kernels::image::Border;
use crate::engine::kernels::simd::LANES;
use crate::engine::operation::Operation;

use super::choose::by_channel;
use super::convolution::{squeezed_tensors, wanted_border};
use super::image_planes;

/// A tensor that is written where a concatenation wants it.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub whole: TensorId,
    pub channel: usize,
}

/// Wishes for every tensor of a graph.
pub(super) struct Needs {
    borders: Vec<Border>,
    exact: Vec<bool>,
    parts: Vec<Option<Part>>,
    squeezed: Vec<bool>,
}

/// An image with its border has no more values than this; a convolution that wants a wider border goes without an image.
const LARGEST_IMAGE: u64 = 1 << 30;

impl Needs {
    pub(super) fn of(graph: &Graph) -> Self {
        let count = graph.tensors.len();
        let mut needs = Self {
            borders: vec![Border::default(); count],
            exact: vec![false; count],
            parts: vec![None; count],
            squeezed: squeezed_tensors(graph),
        };
        // The input's few channels are kept without gaps, so that a row of taps is one run of values.
        let few = image_planes(graph.dims(Graph::INPUT)).is_some_and(|planes| planes.channels < LANES);
        needs.exact[Graph::INPUT.0] = few;
        for node in &graph.nodes {
            match &node.operation {
                Operation::Convolution(shape, _) => {
                    let border = wanted_border(shape, needs.squeezed[node.output.0]);
                    needs.widen(graph, node.inputs[0], border);
                    if node.inputs[0] == Graph::INPUT && shape.groups != 1 {
                        needs.exact[Graph::INPUT.0] = false;
                    }
                }
                Operation::Concatenate(axis, firsts) => {
                    let whole = image_planes(graph.dims(node.output)).filter(|whole| by_channel(axis, whole));
                    for (&input, &channel) in node.inputs.iter().zip(firsts) {
                        let Some((whole, part)) = whole.zip(image_planes(graph.dims(input))) else { continue };
                        let is_part = Planes { channels: part.channels, ..whole } == part;
                        let whole_vectors = channel.is_multiple_of(LANES) && part.channels.is_multiple_of(LANES);
                        let free = needs.parts[input.0].is_none() && input != Graph::INPUT;
                        if is_part && whole_vectors && free {
                            needs.parts[input.0] = Some(Part { whole: node.output, channel });
                        }
                    }
                }
                _ => {
                    if node.inputs.contains(&Graph::INPUT) || node.residual == Some(Graph::INPUT) {
                        needs.exact[Graph::INPUT.0] = false;
                    }
                }
            }
            if node.residual == Some(Graph::INPUT) {
                needs.exact[Graph::INPUT.0] = false;
            }
        }
        // Parts have the border of the whole, and the whole that of its parts.
        for tensor in 0..count {
            if let Some(part) = needs.parts[tensor] {
                let border = needs.borders[tensor];
                needs.widen(graph, part.whole, border);
            }
        }
        needs
    }

    /// Gives a tensor at least this border, if there is room.
    fn widen(&mut self, graph: &Graph, tensor: TensorId, border: Border) {
        let border = self.borders[tensor.0].join(border);
        let Some(Planes { batch, channels, height, width }) = image_planes(graph.dims(tensor)) else { return };
        let (rows, columns) = (border.top + height + border.bottom, border.left + width + border.right);
        let sizes = [batch, channels, rows, columns];
        let values = sizes.iter().fold(1, |values: u64, &size| values.saturating_mul(size as u64));
        // Pixels are rounded up to whole vectors.
        if values.saturating_mul(LANES as u64) <= LARGEST_IMAGE || border == Border::default() {
            self.borders[tensor.0] = border;
        }
    }

    /// Whether a function that stays within 1 follows.
    pub(super) fn is_squeezed(&self, tensor: TensorId) -> bool {
        self.squeezed[tensor.0]
    }

    pub(super) fn border(&self, tensor: TensorId) -> Border {
        match self.parts[tensor.0] {
            Some(part) => self.borders[part.whole.0],
            None => self.borders[tensor.0],
        }
    }

    /// Whether pixels lie without a gap.
    pub(super) fn exact(&self, tensor: TensorId) -> bool {
        self.exact[tensor.0]
    }

    pub(super) fn part(&self, tensor: TensorId) -> Option<Part> {
        self.parts[tensor.0]
    }
}
