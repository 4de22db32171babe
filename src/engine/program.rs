//! Calls of kernels over the buffers of an arena: what a plan runs.

use std::ops::Range;

use super::arena::{Buffer, place};
use super::error::EngineError;
use super::kernels::activation::Activation;
use super::kernels::aligned::Aligned;
use super::kernels::crew::Crew;
use super::kernels::depthwise::{DepthwiseJob, depthwise};
use super::kernels::elementwise::{Operand, PixelJob, pixels};
use super::kernels::functions;
use super::kernels::geometry::Axis;
use super::kernels::image::{self, ImageLayout};
use super::kernels::matrix::{MatrixCall, Panels};
use super::kernels::pool::{PoolJob, global_mean, pool};
use super::kernels::quantized::{self, Conversion, QuantizedDepthwise, QuantizedMatrix};
use super::kernels::reference::combine::{Combination, concatenate_part};
use super::kernels::winograd::{WinogradJob, winograd};
use super::operation::Operation;
use super::reference;

/// A buffer of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferId(pub usize);

/// A part of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub buffer: BufferId,
    pub offset: usize,
    pub length: usize,
}

/// A kernel with its numbers and weights.
#[derive(Clone, Debug)]
pub(super) enum Kernel {
    /// An operation over tensors in PyTorch's order, with up to two inputs, a residual and an activation.
    Reference(Box<Operation>, Activation),
    ConcatenatePart(Axis, usize),
    /// A function of every value, from another place or where the values are.
    Function(Activation),
    ClearBorder(ImageLayout),
    /// Of a quantised image.
    ClearByteBorder(ImageLayout),
    FromPlanes(ImageLayout),
    ToPlanes(ImageLayout),
    CopyPixels(ImageLayout, ImageLayout),
    Matrix(Box<MatrixCall>),
    Winograd(Box<WinogradCall>),
    Depthwise(Box<DepthwiseCall>),
    QuantizedMatrix(Box<QuantizedMatrix>),
    QuantizedDepthwise(Box<QuantizedDepthwise>),
    Quantize(Conversion),
    Dequantize(Conversion),
    Pool(PoolJob),
    GlobalMean(PoolJob),
    Pixels(Box<PixelCall>),
}

/// A Winograd convolution with its transformed weights.
#[derive(Clone, Debug)]
pub(super) struct WinogradCall {
    pub job: WinogradJob,
    pub weight: Aligned,
    pub bias: Vec<f32>,
}

#[derive(Clone, Debug)]
pub(super) struct DepthwiseCall {
    pub job: DepthwiseJob,
    pub weights: Aligned,
}

#[derive(Clone, Debug)]
pub(super) struct PixelCall {
    pub job: PixelJob,
    pub operand: OwnedOperand,
}

#[derive(Clone, Debug)]
pub(super) enum OwnedOperand {
    None,
    /// The call's second input.
    Image(Combination),
    ScaleShift(Vec<f32>, Vec<f32>),
    Slopes(Vec<f32>),
}

/// A kernel, what it reads and what it writes.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub kernel: Kernel,
    pub inputs: [Option<Place>; 2],
    pub residual: Option<Place>,
    pub output: Place,
    /// The step it belongs to.
    pub step: usize,
}

/// Calls in order, and the buffers they use.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub buffers: Vec<Buffer>,
    pub calls: Vec<Call>,
}

/// A call whose places are in the arena.
#[derive(Clone, Debug)]
pub(super) struct PlacedCall {
    kernel: Kernel,
    inputs: [Range<usize>; 2],
    residual: Option<Range<usize>>,
    output: Range<usize>,
    pub step: usize,
}

/// The bytes that 32 bits can address: what a WebAssembly memory has at most.
const ADDRESS_SPACE: u64 = 1 << 32;

/// Below this many values every buffer gets a place of its own, and borders stay clear once they are.
const SMALL: u64 = 1 << 15;

impl Program {
    /// A buffer of so many values, and a few more for vectors that run over its end.
    pub(super) fn buffer(&mut self, length: usize) -> BufferId {
        let length = (length as u64).next_multiple_of(4) + 4;
        self.buffers.push(Buffer { length, first: usize::MAX, last: 0 });
        BufferId(self.buffers.len() - 1)
    }

    /// All of a buffer.
    pub(super) fn whole(&self, buffer: BufferId) -> Place {
        Place { buffer, offset: 0, length: self.buffers[buffer.0].length as usize }
    }

    pub(super) fn call(&mut self, call: Call) {
        let index = self.calls.len();
        for place in call.inputs.iter().chain([&call.residual]).flatten() {
            let buffer = &mut self.buffers[place.buffer.0];
            buffer.last = buffer.last.max(index);
        }
        let buffer = &mut self.buffers[call.output.buffer.0];
        buffer.first = buffer.first.min(index);
        buffer.last = buffer.last.max(index);
        self.calls.push(call);
    }

    /// Keeps a buffer's values over the whole run and beyond.
    pub(super) fn keep(&mut self, buffer: BufferId, from_start: bool) {
        let end = self.calls.len();
        let buffer = &mut self.buffers[buffer.0];
        buffer.last = end;
        if from_start {
            buffer.first = 0;
        }
    }

    /// The memory that each thread of the kernels needs beside their inputs and outputs, in values.
    pub(super) fn scratch(&self) -> usize {
        self.calls.iter().map(|call| call.kernel.scratch()).max().unwrap_or(0)
    }

    /// Places the buffers, for so many threads.
    ///
    /// # Errors
    /// Where they, and weights of so many bytes, are more than the memory holds.
    pub(super) fn placed(mut self, weights: u64, threads: usize) -> Result<(Vec<PlacedCall>, Arena), EngineError> {
        let scratch = (self.scratch() as u64).saturating_mul(threads as u64);
        let end = self.calls.len();
        for buffer in &mut self.buffers {
            if buffer.first == usize::MAX {
                buffer.first = 0;
            }
        }
        if self.buffers.iter().map(|buffer| buffer.length).sum::<u64>() <= SMALL {
            for buffer in &mut self.buffers {
                (buffer.first, buffer.last) = (0, end);
            }
        }
        let placement = place(&self.buffers);
        let tensors = placement.length.saturating_add(scratch).saturating_mul(size_of::<f32>() as u64);
        check_memory(weights, tensors)?;
        // All fit, as their end does.
        let ranges = placement.ranges.iter().map(|range| range.start as usize..range.end as usize);
        let arena = Arena { ranges: ranges.collect(), length: placement.length as usize, scratch: scratch as usize };
        let is_alone = arena.alone();
        let alone = |buffer: BufferId| is_alone[buffer.0];
        self.calls.retain(|call| {
            !(matches!(call.kernel, Kernel::ClearBorder(_) | Kernel::ClearByteBorder(_)) && alone(call.output.buffer))
        });
        let range = |place: Place| arena.range(place);
        let calls = self.calls.into_iter().map(|call| PlacedCall {
            inputs: call.inputs.map(|input| input.map_or(0..0, range)),
            residual: call.residual.map(range),
            output: range(call.output),
            kernel: call.kernel,
            step: call.step,
        });
        Ok((calls.collect(), arena))
    }
}

/// Where each buffer of a program lies in one piece of memory. All in values.
#[derive(Clone, Debug)]
pub(super) struct Arena {
    ranges: Vec<Range<usize>>,
    pub length: usize,
    /// What kernels need beside it.
    pub scratch: usize,
}

impl Arena {
    pub(super) fn range(&self, place: Place) -> Range<usize> {
        let start = self.ranges[place.buffer.0].start + place.offset;
        start..start + place.length
    }

    /// For each buffer: whether no other one ever lies where it does.
    fn alone(&self) -> Vec<bool> {
        let mut order: Vec<usize> = (0..self.ranges.len()).collect();
        order.sort_unstable_by_key(|&index| self.ranges[index].start);
        let mut alone = vec![true; self.ranges.len()];
        // Of those so far, the one that reaches furthest.
        let mut furthest: Option<usize> = None;
        for index in order {
            if let Some(other) = furthest.filter(|&other| self.ranges[index].start < self.ranges[other].end) {
                (alone[index], alone[other]) = (false, false);
            }
            if furthest.is_none_or(|other| self.ranges[other].end < self.ranges[index].end) {
                furthest = Some(index);
            }
        }
        alone
    }
}

/// Whether so many bytes are there.
///
/// # Errors
/// Where they are not.
pub(super) fn check_memory(weights: u64, tensors: u64) -> Result<(), EngineError> {
    if weights.saturating_add(tensors) <= ADDRESS_SPACE {
        Ok(())
    } else {
        Err(EngineError::Memory { weights, tensors, limit: ADDRESS_SPACE })
    }
}

impl PlacedCall {
    /// Runs the kernel. Inputs and output never overlap, but for [`Kernel::Function`].
    pub(super) fn run(&self, arena: &mut [f32], scratch: &mut [f32], crew: Crew) {
        let (below, rest) = arena.split_at_mut(self.output.start);
        let (output, above) = rest.split_at_mut(self.output.len());
        let (below, above) = (&*below, &*above);
        let read = |range: &Range<usize>| {
            if range.end <= self.output.start {
                &below[range.clone()]
            } else {
                &above[range.start - self.output.end..range.end - self.output.end]
            }
        };
        if let Kernel::Function(activation) = self.kernel {
            if self.inputs[0] != self.output {
                output.copy_from_slice(read(&self.inputs[0]));
            }
            functions::apply_shared(activation, output, crew);
            return;
        }
        let residual = self.residual.as_ref().map(read);
        self.kernel.run(self.inputs.each_ref().map(read), residual, output, scratch, crew);
    }
}

impl Kernel {
    /// Values of memory each thread of the kernel needs beside its inputs and output.
    pub(super) fn scratch(&self) -> usize {
        match self {
            Self::Winograd(call) => call.job.scratch(),
            Self::QuantizedMatrix(job) => job.scratch(),
            _ => 0,
        }
    }

    fn run(&self, inputs: [&[f32]; 2], residual: Option<&[f32]>, output: &mut [f32], scratch: &mut [f32], crew: Crew) {
        let [input, other] = inputs;
        match self {
            Self::Reference(operation, activation) => {
                reference::execute(operation, &inputs, output);
                if let Some(residual) = residual {
                    output.iter_mut().zip(residual).for_each(|(value, &other)| *value += other);
                }
                activation.apply_to(output);
            }
            Self::ConcatenatePart(axis, first) => concatenate_part(*axis, *first, input, output),
            Self::Function(_) => {}
            Self::ClearBorder(layout) => image::clear_border(layout, output),
            Self::ClearByteBorder(layout) => quantized::clear_border(layout, output),
            Self::FromPlanes(layout) => image::from_planes(layout, input, output, crew),
            Self::ToPlanes(layout) => image::to_planes(layout, input, output),
            Self::CopyPixels(from, to) => image::copy_pixels(from, to, input, output),
            Self::Matrix(call) => call.run(input, residual.unwrap_or_default(), output, crew),
            Self::Winograd(call) => {
                let panels = Panels { weight: &call.weight, bias: &call.bias };
                winograd(&call.job, panels, [input, residual.unwrap_or_default()], output, scratch, crew);
            }
            Self::Depthwise(call) => depthwise(&call.job, &call.weights, input, output, crew),
            Self::QuantizedMatrix(job) => {
                quantized::multiply(job, input, residual.unwrap_or_default(), output, scratch, crew);
            }
            Self::QuantizedDepthwise(job) => quantized::depthwise(job, input, output, crew),
            Self::Quantize(conversion) => quantized::quantize(conversion, input, output, crew),
            Self::Dequantize(conversion) => quantized::dequantize(conversion, input, output, crew),
            Self::Pool(job) => pool(job, input, output, crew),
            Self::GlobalMean(job) => global_mean(job, input, output, crew),
            Self::Pixels(call) => {
                let operand = match &call.operand {
                    OwnedOperand::None => Operand::None,
                    OwnedOperand::Image(combination) => Operand::Image(*combination, other),
                    OwnedOperand::ScaleShift(scale, shift) => Operand::ScaleShift(scale, shift),
                    OwnedOperand::Slopes(slopes) => Operand::Slopes(slopes),
                };
                pixels(&call.job, operand, input, output, crew);
            }
        }
    }
}
