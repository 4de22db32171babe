//! Operations as calls of the fast kernels: which layout each tensor has, and which kernel does each operation.
//!
//! Images are kept as [N, H, W, C] with whole vectors of channels, and with the border of zeros that the convolutions
//! that read them want; what has no kernel for that layout runs over PyTorch's order. A tensor may have both.

mod choose;
mod convolution;
mod needs;
pub(super) mod quantized;

use super::graph::{Graph, GraphNode, TensorId};
use super::kernels::activation::Activation;
use super::kernels::geometry::Planes;
use super::kernels::image::{Border, ImageLayout};
use super::kernels::simd::LANES;
use super::program::{BufferId, Call, Kernel, Place, Program};
use super::schedule::{Schedule, TensorView};
use super::step::{Choice, StepInfo};
use needs::Needs;
pub(super) use quantized::Quantization;

/// The state while one operation after another gets its calls.
struct Builder<'a> {
    graph: &'a Graph,
    needs: Needs,
    quantization: Option<Quantization>,
    program: Program,
    stored: Vec<Stored>,
    step: usize,
}

/// Where a tensor's values lie, in one order, the other, or both.
#[derive(Clone, Copy, Default)]
struct Stored {
    dense: Option<Place>,
    image: Option<StoredImage>,
    /// The layout counts quantised values.
    quantized: Option<StoredImage>,
    /// The last dimension of a matrix product, quantised; [rows, 1, 1, features].
    rows: Option<StoredImage>,
}

/// An image in a buffer.
#[derive(Clone, Copy)]
struct StoredImage {
    buffer: BufferId,
    layout: ImageLayout,
}

/// Builds the program of a graph without aliases, with 8-bit convolutions and matrix products where a quantisation is given.
pub(super) fn build(graph: &Graph, quantization: Option<Quantization>) -> Schedule {
    let mut builder = Builder {
        graph,
        needs: Needs::of(graph),
        quantization,
        program: Program::default(),
        stored: vec![Stored::default(); graph.tensors.len()],
        step: 0,
    };
    let input = builder.new_dense(Graph::INPUT);
    let mut steps = Vec::with_capacity(graph.nodes.len());
    let mut outputs = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        builder.step = index;
        let choice = builder.node(node);
        steps.push(StepInfo {
            nodes: node.covers.clone(),
            choice,
            macs: node.operation.macs(graph.elements(node.output)),
            bytes: node.bytes(graph),
            weight_bytes: node.operation.weight_bytes(choice.is_quantized()),
        });
        // As it lies now: a later step may keep it in another order as well.
        outputs.push(builder.view(node.output));
    }
    let output = builder.dense(graph.output);
    builder.program.keep(input.buffer, true);
    builder.program.keep(output.buffer, false);
    Schedule { program: builder.program, steps, outputs, input, output }
}

/// Values from one pixel to the next: the channels in whole vectors. Neighbours a large power of two apart would all
/// fall into one set of the first cache, so those get a gap.
fn pixel_length(planes: &Planes) -> usize {
    const SET: usize = 512;
    let rounded = planes.channels.next_multiple_of(LANES);
    if planes.area() > 1 && rounded.is_multiple_of(SET) { rounded + 4 * LANES } else { rounded }
}

/// The sizes of an image [N, C, H, W], or of lines [N, C, L] as an image of one row; `None` for other ranks.
fn image_planes(dims: &[usize]) -> Option<Planes> {
    match *dims {
        [batch, channels, height, width] => Some(Planes { batch, channels, height, width }),
        [batch, channels, width] => Some(Planes { batch, channels, height: 1, width }),
        _ => None,
    }
}

impl Builder<'_> {
    /// The sizes of an image as it is stored, which a view may see otherwise, or would be; `None` for tensors of another
    /// rank.
    fn planes(&self, tensor: TensorId) -> Option<Planes> {
        let Stored { image, quantized, .. } = self.stored[tensor.0];
        image.or(quantized).map(|stored| stored.layout.planes).or_else(|| image_planes(self.graph.dims(tensor)))
    }

    /// Where a tensor lies.
    fn view(&self, tensor: TensorId) -> TensorView {
        let stored = self.stored[tensor.0];
        match (stored.image, stored.dense) {
            (Some(image), _) => TensorView { place: self.program.whole(image.buffer), layout: Some(image.layout) },
            (None, Some(place)) => TensorView { place, layout: None },
            // Quantised only: nobody asks.
            (None, None) => TensorView { place: Place { buffer: BufferId(0), offset: 0, length: 0 }, layout: None },
        }
    }

    fn call(&mut self, kernel: Kernel, inputs: &[Place], output: Place) {
        self.call_with_residual(kernel, inputs, None, output);
    }

    fn call_with_residual(&mut self, kernel: Kernel, inputs: &[Place], residual: Option<Place>, output: Place) {
        let inputs = [inputs.first().copied(), inputs.get(1).copied()];
        self.program.call(Call { kernel, inputs, residual, output, step: self.step });
    }

    /// A place for a tensor in PyTorch's order.
    fn new_dense(&mut self, tensor: TensorId) -> Place {
        let length = self.graph.elements(tensor);
        let place = Place { buffer: self.program.buffer(length), offset: 0, length };
        self.stored[tensor.0].dense = Some(place);
        place
    }

    /// A place for a tensor as an image: within a concatenation that it is part of, unless a step would then read and
    /// write one buffer.
    fn new_image(&mut self, tensor: TensorId, planes: Planes, reads: &[BufferId]) -> StoredImage {
        if let Some(part) = self.needs.part(tensor).filter(|_| image_planes(self.graph.dims(tensor)) == Some(planes)) {
            let whole = self.whole_image(part.whole);
            if !reads.contains(&whole.buffer) {
                let layout = ImageLayout { planes, channel: whole.layout.channel + part.channel, ..whole.layout };
                let image = StoredImage { layout, ..whole };
                self.stored[tensor.0].image = Some(image);
                return image;
            }
        }
        let pixel = if self.needs.exact(tensor) { planes.channels } else { pixel_length(&planes) };
        let layout = ImageLayout { planes, border: self.needs.border(tensor), pixel, channel: 0 };
        let image = StoredImage { buffer: self.program.buffer(layout.length()), layout };
        if layout.border != Border::default() {
            let whole = self.program.whole(image.buffer);
            self.call(Kernel::ClearBorder(layout), &[], whole);
        }
        self.stored[tensor.0].image = Some(image);
        image
    }

    /// The image of a concatenation, made when its first part is.
    fn whole_image(&mut self, tensor: TensorId) -> StoredImage {
        match (self.stored[tensor.0].image, self.planes(tensor)) {
            (Some(image), _) => image,
            (None, Some(planes)) => self.new_image(tensor, planes, &[]),
            (None, None) => unreachable!("only images are concatenated as images"),
        }
    }

    /// A tensor in PyTorch's order, converted if it must be.
    fn dense(&mut self, tensor: TensorId) -> Place {
        let stored = self.stored[tensor.0];
        if let Some(place) = stored.dense {
            return place;
        }
        let Some(StoredImage { buffer, layout }) = self.image(tensor) else {
            return self.new_dense(tensor);
        };
        let Planes { batch, channels, .. } = layout.planes;
        if layout.planes.area() == 1 && layout.is_dense() && (batch == 1 || layout.pixel == channels) {
            let place = Place { buffer, offset: layout.channel, length: batch * channels };
            self.stored[tensor.0].dense = Some(place);
            return place;
        }
        let from = self.program.whole(buffer);
        let place = self.new_dense(tensor);
        self.call(Kernel::ToPlanes(layout), &[from], place);
        place
    }

    /// A tensor as an image, converted if it must be; `None` for tensors of another rank.
    fn image(&mut self, tensor: TensorId) -> Option<StoredImage> {
        if let Some(image) = self.stored[tensor.0].image.or_else(|| self.dequantized(tensor)) {
            return Some(image);
        }
        let planes = self.planes(tensor)?;
        let dense = self.stored[tensor.0].dense?;
        let pixel = planes.channels.next_multiple_of(LANES);
        let plain = self.needs.border(tensor) == Border::default() && dense.offset == 0;
        let fits = planes.batch == 1 || pixel == planes.channels;
        if planes.area() == 1 && plain && fits && self.needs.part(tensor).is_none() {
            let layout = ImageLayout { planes, border: Border::default(), pixel, channel: 0 };
            let image = StoredImage { buffer: dense.buffer, layout };
            self.stored[tensor.0].image = Some(image);
            return Some(image);
        }
        let image = self.new_image(tensor, planes, &[dense.buffer]);
        let whole = self.program.whole(image.buffer);
        self.call(Kernel::FromPlanes(image.layout), &[dense], whole);
        Some(image)
    }

    /// A tensor as an image of these sizes; `None` where it is no such image, or a view of another one.
    fn image_of(&mut self, tensor: TensorId, planes: &Planes) -> Option<StoredImage> {
        if self.planes(tensor)? == *planes { self.image(tensor) } else { None }
    }

    /// Runs an operation over PyTorch's order.
    fn plain(&mut self, node: &GraphNode) -> Choice {
        let inputs: Vec<Place> = node.inputs.iter().map(|&input| self.dense(input)).collect();
        let residual = node.residual.map(|residual| self.dense(residual));
        let output = self.new_dense(node.output);
        let kernel = Kernel::Reference(Box::new(node.operation.clone()), Activation::Identity);
        self.call_with_residual(kernel, &inputs, residual, output);
        if node.activation != Activation::Identity {
            self.call(Kernel::Function(node.activation), &[output], output);
        }
        Choice::Plain(node.operation.name())
    }
}
