//! One kernel for every operation.

use super::{Builder, StoredImage, image_planes};
use crate::engine::graph::GraphNode;
use crate::engine::kernels::activation::Activation;
use crate::engine::kernels::elementwise::PixelJob;
use crate::engine::kernels::geometry::{Axis, Planes, PoolShape, Window};
use crate::engine::kernels::image::{Border, ImageLayout};
use crate::engine::kernels::matrix::PixelSteps;
use crate::engine::kernels::pool::{PoolJob, Pooling};
use crate::engine::kernels::reference::pool::Divisor;
use crate::engine::kernels::simd::LANES;
use crate::engine::operation::{Broadcast, Operation};
use crate::engine::program::{Kernel, OwnedOperand, PixelCall};
use crate::engine::step::Choice;

impl Builder<'_> {
    /// Appends the calls of one node.
    pub(super) fn node(&mut self, node: &GraphNode) -> Choice {
        match &node.operation {
            Operation::Convolution(shape, parameters) => self.convolution(node, shape, parameters),
            Operation::Linear(features, parameters) => self.linear(node, *features, parameters),
            Operation::MaxPool(shape) => self.pool(node, shape, Pooling::Max),
            Operation::AveragePool(shape, divisor) => {
                let pooling = match divisor {
                    Divisor::Inside => Pooling::MeanInside,
                    Divisor::Padded => Pooling::MeanPadded,
                    Divisor::Fixed(count) => Pooling::SumOver(*count),
                };
                self.pool(node, shape, pooling)
            }
            Operation::AdaptiveAveragePool(from, to) if to.area() == 1 => {
                let window =
                    Window { kernel: [from.height, from.width], stride: [1, 1], dilation: [1, 1], padding: [0, 0] };
                self.pool(node, &PoolShape { input: *from, output: *to, window }, Pooling::MeanInside)
            }
            Operation::ScaleChannels(planes, parameters) => {
                let rounded = planes.channels.next_multiple_of(LANES);
                let (mut scale, mut shift) = (parameters.weight.clone(), parameters.bias.clone());
                scale.resize(rounded, 0.0);
                shift.resize(rounded, 0.0);
                self.channels(node, planes, OwnedOperand::ScaleShift(scale, shift))
            }
            Operation::ScaleNegatives(planes, slopes) => {
                let mut slopes = if slopes.len() == 1 { vec![slopes[0]; planes.channels] } else { slopes.clone() };
                slopes.resize(planes.channels.next_multiple_of(LANES), 0.0);
                self.channels(node, planes, OwnedOperand::Slopes(slopes))
            }
            Operation::Activate(activation) => self.activate(node, *activation),
            Operation::Broadcast(broadcast) => self.broadcast(node, broadcast),
            Operation::Concatenate(axis, firsts) => match image_planes(self.graph.dims(node.output)) {
                Some(whole) if by_channel(axis, &whole) => self.concatenate_images(node, &whole, firsts),
                _ => self.concatenate(node),
            },
            Operation::Alias
            | Operation::Constant(_)
            | Operation::TransposedConvolution(..)
            | Operation::AdaptiveAveragePool(..)
            | Operation::AdaptiveMaxPool(..)
            | Operation::Mean(_)
            | Operation::GroupNorm(..)
            | Operation::AxisNorm(..)
            | Operation::LocalResponseNorm(..)
            | Operation::Softmax(_)
            | Operation::LogSoftmax(_)
            | Operation::Gather(_)
            | Operation::Pad(_)
            | Operation::Upsample(..) => self.plain(node),
        }
    }

    fn pool(&mut self, node: &GraphNode, shape: &PoolShape, pooling: Pooling) -> Choice {
        let Some(input) = self.image_of(node.inputs[0], &shape.input) else { return self.plain(node) };
        let output = self.new_image(node.output, shape.output, &[input.buffer]);
        let job = PoolJob {
            batch: shape.input.batch,
            from: [shape.input.height, shape.input.width],
            to: [shape.output.height, shape.output.width],
            channels: shape.input.channels.next_multiple_of(LANES),
            window: shape.window,
            pooling,
            input: input.layout.steps(),
            output: output.layout.steps(),
            finish: node.activation.into(),
        };
        let (from, to) = (self.program.whole(input.buffer), self.program.whole(output.buffer));
        let covers = shape.window.kernel == job.from && shape.window.padding == [0, 0];
        if covers && job.to == [1, 1] && pooling == Pooling::MeanInside {
            self.call(Kernel::GlobalMean(job), &[from], to);
            return Choice::GlobalMean;
        }
        self.call(Kernel::Pool(job), &[from], to);
        Choice::Pool
    }

    fn activate(&mut self, node: &GraphNode, activation: Activation) -> Choice {
        let stored = self.stored[node.inputs[0].0];
        if stored.image.is_some() || stored.quantized.is_some() {
            let mut alone = node.clone();
            if alone.activation == Activation::Identity {
                alone.activation = activation;
                return self.pixels(&alone, OwnedOperand::None);
            }
        }
        let from = self.dense(node.inputs[0]);
        let to = self.new_dense(node.output);
        self.call(Kernel::Function(activation), &[from], to);
        if node.activation != Activation::Identity {
            self.call(Kernel::Function(node.activation), &[to], to);
        }
        Choice::Activation
    }

    /// Something done to each channel of these planes.
    fn channels(&mut self, node: &GraphNode, planes: &Planes, operand: OwnedOperand) -> Choice {
        let sizes = |planes: &Planes| [planes.batch, planes.channels, planes.area()];
        match self.planes(node.inputs[0]) {
            Some(stored) if sizes(&stored) == sizes(planes) => self.pixels(node, operand),
            _ => self.plain(node),
        }
    }

    /// Something done to every pixel by itself.
    fn pixels(&mut self, node: &GraphNode, operand: OwnedOperand) -> Choice {
        let Some(input) = self.image(node.inputs[0]) else { return self.plain(node) };
        let output = self.new_image(node.output, input.layout.planes, &[input.buffer]);
        self.pixel_call(node, operand, [input, output], None);
        Choice::Pixelwise
    }

    fn pixel_call(
        &mut self,
        node: &GraphNode,
        operand: OwnedOperand,
        [input, output]: [StoredImage; 2],
        other: Option<(StoredImage, PixelSteps)>,
    ) {
        let planes = input.layout.planes;
        let job = PixelJob {
            planes: Planes { channels: planes.channels.next_multiple_of(LANES), ..planes },
            input: input.layout.steps(),
            other: other.map_or(PixelSteps::default(), |(_, steps)| steps),
            output: output.layout.steps(),
            finish: node.activation.into(),
        };
        let mut reads = vec![self.program.whole(input.buffer)];
        reads.extend(other.map(|(other, _)| self.program.whole(other.buffer)));
        let to = self.program.whole(output.buffer);
        self.call(Kernel::Pixels(Box::new(PixelCall { job, operand })), &reads, to);
    }

    /// Two images of one size, or an image and one pixel for each image.
    fn broadcast(&mut self, node: &GraphNode, broadcast: &Broadcast) -> Choice {
        let &[a, b] = node.inputs.as_slice() else { return self.plain(node) };
        let Some(full) = image_planes(&broadcast.dims) else { return self.plain(node) };
        let pixel = Planes { height: 1, width: 1, ..full };
        let stored = [a, b].map(|tensor| self.planes(tensor));
        let is_whole = |side: usize| stored[side] == Some(full) && broadcast.takes(side, full);
        let is_pixel = |side: usize| stored[side] == Some(pixel) && broadcast.takes(side, pixel);
        let (large, small, stretched) = match () {
            () if is_whole(0) && is_whole(1) => (a, b, false),
            () if is_whole(0) && is_pixel(1) => (a, b, true),
            () if is_whole(1) && is_pixel(0) => (b, a, true),
            () => return self.plain(node),
        };
        let (Some(large), Some(small)) = (self.image(large), self.image(small)) else { return self.plain(node) };
        let output = self.new_image(node.output, large.layout.planes, &[large.buffer, small.buffer]);
        let steps = small.layout.steps();
        let steps = if stretched { PixelSteps { row: 0, column: 0, ..steps } } else { steps };
        self.pixel_call(node, OwnedOperand::Image(broadcast.combination), [large, output], Some((small, steps)));
        if stretched { Choice::PixelwiseByChannel } else { Choice::Pixelwise }
    }

    fn concatenate_images(&mut self, node: &GraphNode, planes: &Planes, firsts: &[usize]) -> Choice {
        let ends = firsts.iter().skip(1).chain([&planes.channels]);
        let channels = firsts.iter().zip(ends).map(|(first, end)| end - first);
        let parts = node.inputs.iter().zip(channels);
        let parts = parts.map(|(&input, channels)| self.image_of(input, &Planes { channels, ..*planes }));
        let Some(parts) = parts.collect::<Option<Vec<_>>>() else {
            // Some parts may lie where the whole would be, which is then not made.
            self.stored[node.output.0].image = None;
            return self.concatenate(node);
        };
        let whole = self.whole_image(node.output);
        let mut copies = 0;
        for (part, &first) in parts.into_iter().zip(firsts) {
            if part.buffer == whole.buffer && part.layout.channel == whole.layout.channel + first {
                continue;
            }
            copies += 1;
            let planes = part.layout.planes;
            let to = ImageLayout { planes, channel: whole.layout.channel + first, ..whole.layout };
            let part = if part.buffer == whole.buffer { self.copied_aside(part) } else { part };
            let (from_place, to_place) = (self.program.whole(part.buffer), self.program.whole(whole.buffer));
            self.call(Kernel::CopyPixels(part.layout, to), &[from_place], to_place);
        }
        match copies {
            0 => Choice::InPlace,
            _ => Choice::CopyPixels,
        }
    }

    /// A copy in a buffer of its own, for a tensor that goes to two places of one buffer.
    fn copied_aside(&mut self, image: StoredImage) -> StoredImage {
        let pixel = image.layout.planes.channels.next_multiple_of(LANES);
        let layout = ImageLayout { border: Border::default(), pixel, channel: 0, ..image.layout };
        let copy = StoredImage { buffer: self.program.buffer(layout.length()), layout };
        let (from, to) = (self.program.whole(image.buffer), self.program.whole(copy.buffer));
        self.call(Kernel::CopyPixels(image.layout, layout), &[from], to);
        copy
    }

    fn concatenate(&mut self, node: &GraphNode) -> Choice {
        let Operation::Concatenate(axis, firsts) = &node.operation else { return self.plain(node) };
        let output = self.new_dense(node.output);
        for (&input, &first) in node.inputs.iter().zip(firsts) {
            let from = self.dense(input);
            self.call(Kernel::ConcatenatePart(*axis, first), &[from], output);
        }
        Choice::Concatenate
    }
}

/// Whether a concatenation along this axis of images of these sizes is one of channels.
pub(super) fn by_channel(axis: &Axis, whole: &Planes) -> bool {
    axis.outer == whole.batch && axis.length == whole.channels
}
