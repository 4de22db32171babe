//! From the engine's operations to calls of C functions over buffers.

use super::problem::CProblem;
use super::step::{Buffer, Form, Kernel, Place, Step, StepNumbers, To, Weights};
use crate::engine::graph::{Graph, GraphNode, TensorId};
use crate::engine::kernels::activation::Activation;
use crate::engine::kernels::geometry::{Axis, ConvolutionShape, Planes, PoolShape, Window};
use crate::engine::kernels::matrix::Finish;
use crate::engine::kernels::quantized::Rescaling;
use crate::engine::kernels::reference::combine::Combination;
use crate::engine::kernels::reference::pool::Divisor;
use crate::engine::operation::{Broadcast, Operation, Parameters};
use crate::engine::resolved::{QuantizedWeights, Resolved};
use crate::engine::{Numbers, WeightSource};
use crate::model::Network;

/// Calls in order, the memory they work in, and which buffer holds the output.
pub(super) struct Schedule {
    pub steps: Vec<Step>,
    pub buffers: Vec<Buffer>,
    pub output: usize,
    /// Rows, columns and channels.
    pub input: [usize; 3],
    pub output_sizes: [usize; 3],
}

struct Scheduling<'a> {
    resolved: &'a Resolved,
    steps: Vec<Step>,
    buffers: Vec<Buffer>,
    floats: Vec<Option<Place>>,
    bytes: Vec<Option<Place>>,
    /// The node being scheduled.
    name: String,
}

/// Rows, columns and channels of a tensor of one sample.
fn sizes(dims: &[usize]) -> Option<[usize; 3]> {
    match *dims {
        [1, features] => Some([1, 1, features]),
        [1, channels, length] => Some([1, length, channels]),
        [1, channels, height, width] => Some([height, width, channels]),
        _ => None,
    }
}

fn of_planes(planes: &Planes) -> [usize; 3] {
    [planes.height, planes.width, planes.channels]
}

/// The calls of a network.
///
/// # Errors
/// Names the first row that no C is written for.
pub(super) fn schedule(network: &Network, weights: &WeightSource, numbers: Numbers) -> Result<Schedule, CProblem> {
    let resolved = Resolved::of(network, weights, numbers)?;
    let graph = &resolved.graph;
    let mut scheduling = Scheduling {
        resolved: &resolved,
        steps: Vec::new(),
        buffers: Vec::new(),
        floats: vec![None; graph.tensors.len()],
        bytes: vec![None; graph.tensors.len()],
        name: network.nodes.first().map(|node| node.name.clone()).unwrap_or_default(),
    };
    scheduling.floats[Graph::INPUT.0] = Some(Place::Input);
    let mut index = 0;
    while let Some(node) = graph.nodes.get(index) {
        let name = node.covers.first().and_then(|&row| network.nodes.get(row)).map(|node| node.name.clone());
        scheduling.name = name.unwrap_or_default();
        index += scheduling.node(node, graph.nodes.get(index + 1))?;
    }
    let sizes_of = |tensor| sizes(graph.dims(tensor)).ok_or_else(|| scheduling.lacks("tensor"));
    let (input, output_sizes) = (sizes_of(Graph::INPUT)?, sizes_of(graph.output)?);
    let Some(Place::Buffer(output)) = scheduling.floats[graph.output.0] else {
        return Err(scheduling.lacks("view of the input"));
    };
    let Scheduling { steps, buffers, .. } = scheduling;
    Ok(Schedule { steps, buffers, output, input, output_sizes })
}

impl Scheduling<'_> {
    fn graph(&self) -> &Graph {
        &self.resolved.graph
    }

    fn lacks(&self, operation: &'static str) -> CProblem {
        CProblem::Operation { name: self.name.clone(), operation }
    }

    fn sizes(&self, tensor: TensorId) -> Result<[usize; 3], CProblem> {
        sizes(self.graph().dims(tensor)).ok_or_else(|| self.lacks("tensor"))
    }

    /// A tensor's sizes, which are to be these.
    fn checked(&self, tensor: TensorId, planes: &Planes, operation: &'static str) -> Result<[usize; 3], CProblem> {
        let found = self.sizes(tensor)?;
        if found == of_planes(planes) { Ok(found) } else { Err(self.lacks(operation)) }
    }

    /// A tensor's channels, which are to be these over as many pixels.
    fn channels(&self, tensor: TensorId, planes: &Planes, operation: &'static str) -> Result<usize, CProblem> {
        let [height, width, channels] = self.sizes(tensor)?;
        let fits = (height * width, channels) == (planes.area(), planes.channels);
        if fits { Ok(channels) } else { Err(self.lacks(operation)) }
    }

    fn buffer(&mut self, form: Form, elements: usize) -> usize {
        self.buffers.push(Buffer { form, elements: elements as u64 });
        self.buffers.len() - 1
    }

    fn new_floats(&mut self, tensor: TensorId) -> usize {
        let buffer = self.buffer(Form::Floats, self.graph().elements(tensor));
        self.floats[tensor.0] = Some(Place::Buffer(buffer));
        buffer
    }

    fn new_bytes(&mut self, tensor: TensorId) -> usize {
        let buffer = self.buffer(Form::Bytes, self.graph().elements(tensor));
        self.bytes[tensor.0] = Some(Place::Buffer(buffer));
        buffer
    }

    fn as_floats(&self, tensor: TensorId) -> Result<Place, CProblem> {
        self.floats[tensor.0].ok_or_else(|| self.lacks("quantised tensor"))
    }

    /// A tensor quantised, by a call of its own where it is not there so.
    fn as_bytes(&mut self, tensor: TensorId) -> Result<Place, CProblem> {
        if let Some(place) = self.bytes[tensor.0] {
            return Ok(place);
        }
        let (from, input) = (self.as_floats(tensor)?, self.sizes(tensor)?);
        let numbers = StepNumbers { input, factor: 1.0 / self.scale(tensor), ..StepNumbers::default() };
        let output = self.new_bytes(tensor);
        self.push(Kernel::Quantize, Form::Floats, vec![from], output, numbers);
        Ok(Place::Buffer(output))
    }

    fn scale(&self, tensor: TensorId) -> f32 {
        self.resolved.quantization.as_ref().map_or(1.0, |quantization| quantization.scale(tensor))
    }

    fn push(&mut self, kernel: Kernel, form: Form, inputs: Vec<Place>, output: usize, numbers: StepNumbers) {
        let name = self.name.clone();
        self.steps.push(Step { kernel, form, name, inputs, residual: None, output, numbers, to: To::Floats });
    }

    fn only_reader(&self, tensor: TensorId) -> Option<&GraphNode> {
        let graph = self.graph();
        let reads = |node: &&GraphNode| node.inputs.iter().chain(&node.residual).any(|&input| input == tensor);
        let mut readers = graph.nodes.iter().filter(reads);
        let first = readers.next().filter(|_| tensor != graph.output)?;
        readers.next().is_none().then_some(first)
    }

    /// How many nodes it was.
    fn node(&mut self, node: &GraphNode, next: Option<&GraphNode>) -> Result<usize, CProblem> {
        match &node.operation {
            Operation::Convolution(shape, parameters) => return self.convolution(node, shape, parameters, next),
            Operation::Linear([inputs, outputs], parameters) => {
                let [height, width, channels] = self.sizes(node.inputs[0])?;
                if height * width * channels != *inputs {
                    return Err(self.lacks("Linear over one of several dimensions"));
                }
                let input = Planes { batch: 1, channels, height, width };
                let output = Planes { batch: 1, channels: *outputs, height: 1, width: 1 };
                let window = Window { kernel: [height, width], stride: [1, 1], dilation: [1, 1], padding: [0, 0] };
                let shape = ConvolutionShape { input, output, window, groups: 1 };
                return self.convolution(node, &shape, parameters, next);
            }
            _ if node.residual.is_some() => return Err(self.lacks("residual")),
            Operation::MaxPool(shape) => self.max_pool(node, shape)?,
            Operation::AveragePool(shape, divisor) => {
                // None: the taps inside; below: the taps inside the padded map.
                let groups = match divisor {
                    Divisor::Inside => 0,
                    Divisor::Padded => -1,
                    Divisor::Fixed(count) if *count >= 1.0 => *count as i64,
                    Divisor::Fixed(_) => return Err(self.lacks("negative divisor")),
                };
                self.pool(node, shape, Kernel::AveragePool, groups)?;
            }
            Operation::AdaptiveAveragePool(from, to) if to.area() == 1 => {
                let input = self.checked(node.inputs[0], from, "pool")?;
                let mean = 1.0 / (from.height * from.width) as f32;
                let numbers = StepNumbers { input, mean, ..self.finished(node) };
                let source = self.as_floats(node.inputs[0])?;
                let output = self.new_floats(node.output);
                self.push(Kernel::GlobalMean, Form::Floats, vec![source], output, numbers);
            }
            Operation::Activate(activation) if node.activation == Activation::Identity => {
                let finish = Finish::from(*activation);
                self.per_channel(node, finish, 0, (&[], &[]))?;
            }
            Operation::ScaleChannels(planes, Parameters { weight, bias }) => {
                self.channels(node.inputs[0], planes, "norm")?;
                self.per_channel(node, node.activation.into(), 1, (weight, bias))?;
            }
            Operation::ScaleNegatives(planes, slopes) => {
                let channels = self.channels(node.inputs[0], planes, "PReLU")?;
                let slopes = if slopes.len() == 1 { vec![slopes[0]; channels] } else { slopes.clone() };
                self.per_channel(node, node.activation.into(), 2, (&slopes, &[]))?;
            }
            Operation::Broadcast(broadcast) => self.broadcast(node, broadcast)?,
            Operation::Concatenate(axis, firsts) => self.concatenate(node, axis, firsts)?,
            Operation::Softmax(axis) => {
                let input = self.sizes(node.inputs[0])?;
                if *axis != (Axis { outer: 1, length: input[2], inner: 1 }) || node.activation != Activation::Identity {
                    return Err(self.lacks("softmax over maps"));
                }
                let source = self.as_floats(node.inputs[0])?;
                let output = self.new_floats(node.output);
                let numbers = StepNumbers { input, ..StepNumbers::default() };
                self.push(Kernel::Softmax, Form::Floats, vec![source], output, numbers);
            }
            other => return Err(self.lacks(other.name())),
        }
        Ok(1)
    }

    /// What is done to each result of a float kernel.
    fn finished(&self, node: &GraphNode) -> StepNumbers {
        finished(node.activation.into())
    }

    fn convolution(
        &mut self,
        node: &GraphNode,
        shape: &ConvolutionShape,
        parameters: &Parameters,
        next: Option<&GraphNode>,
    ) -> Result<usize, CProblem> {
        let input = self.checked(node.inputs[0], &shape.input, "convolution of a view")?;
        let quantized = self.resolved.is_quantized(node);
        let finish = Finish::from(node.activation);
        let base = StepNumbers {
            input,
            output: of_planes(&shape.output),
            kernel: shape.window.kernel,
            stride: shape.window.stride,
            dilation: shape.window.dilation,
            padding: shape.window.padding,
            groups: shape.groups as i64,
            ..StepNumbers::default()
        };
        let kept = self.resolved.quantization.as_ref().is_some_and(|all| all.is_kept(node.output));
        // The largest of quantised values is the largest one quantised: a pool that is read quantised may work so.
        let pooled = next.filter(|pool| quantized && !kept && self.pools_quantized(node, pool));
        // A mean over all pixels needs no map.
        let averaged = next.filter(|mean| !kept && self.averages(node, mean));
        let output_scale = kept.then(|| self.scale(node.output));
        let residual_scale = node.residual.map_or(1.0, |residual| self.scale(residual));
        let mut numbers = if quantized {
            let rescaling = Rescaling::new(finish, output_scale, residual_scale);
            let weights = QuantizedWeights::of(parameters, shape.output.channels);
            let input_scale = self.scale(node.inputs[0]);
            let (scale, bias) = weights.scales_and_biases(0..shape.output.channels, input_scale, &rescaling);
            StepNumbers {
                weight: Weights::Bytes(order(shape).map(|index| weights.at(index)).collect()),
                scale,
                bias,
                bounds: bounded([rescaling.bounds.low, rescaling.bounds.high]),
                function: rescaling.function,
                factor: if rescaling.function.is_some() { output_scale.map_or(1.0, |scale| 1.0 / scale) } else { 1.0 },
                residual: rescaling.residual,
                ..base
            }
        } else {
            let mut bias = parameters.bias.clone();
            bias.resize(shape.output.channels, 0.0);
            StepNumbers {
                weight: Weights::Floats(order(shape).map(|index| parameters.weight[index]).collect()),
                bias,
                residual: 1.0,
                factor: 1.0,
                ..with_finish(base, finish)
            }
        };
        let source = if quantized { self.as_bytes(node.inputs[0])? } else { self.as_floats(node.inputs[0])? };
        let residual = match node.residual {
            Some(residual) if quantized => Some(self.as_bytes(residual)?),
            Some(residual) => Some(self.as_floats(residual)?),
            None => None,
        };
        let (output, to) = match (pooled, averaged) {
            (Some(pool), _) => {
                numbers.factor = 1.0 / self.scale(pool.output);
                (self.new_bytes(node.output), To::Bytes)
            }
            (None, Some(mean)) => {
                numbers.mean = 1.0 / shape.output.area() as f32;
                (self.new_floats(mean.output), To::Mean)
            }
            _ if kept => (self.new_bytes(node.output), To::Bytes),
            _ => (self.new_floats(node.output), To::Floats),
        };
        let form = if quantized { Form::Bytes } else { Form::Floats };
        self.push(Kernel::Convolution, form, vec![source], output, numbers);
        if let Some(step) = self.steps.last_mut() {
            (step.residual, step.to) = (residual, to);
        }
        Ok(if to == To::Mean { 2 } else { 1 })
    }

    /// Whether a node is a max pool of another one's output alone, and all who read it take it quantised.
    fn pools_quantized(&self, node: &GraphNode, pool: &GraphNode) -> bool {
        let graph = self.graph();
        let quantises = |reader: &GraphNode| {
            let reads = reader.inputs.iter().chain(&reader.residual).any(|&input| input == pool.output);
            !reads || self.resolved.is_quantized(reader)
        };
        matches!(pool.operation, Operation::MaxPool(_))
            && pool.activation == Activation::Identity
            && pool.residual.is_none()
            && pool.inputs == [node.output]
            && self.only_reader(node.output).is_some()
            && pool.output != graph.output
            && graph.nodes.iter().all(quantises)
    }

    /// Whether a node is the mean over all pixels of another one's output alone.
    fn averages(&self, node: &GraphNode, mean: &GraphNode) -> bool {
        matches!(&mean.operation, Operation::AdaptiveAveragePool(_, to) if to.area() == 1)
            && mean.activation == Activation::Identity
            && mean.residual.is_none()
            && mean.inputs == [node.output]
            && self.only_reader(node.output).is_some()
    }

    fn max_pool(&mut self, node: &GraphNode, shape: &PoolShape) -> Result<(), CProblem> {
        let Some(source) = self.bytes[node.inputs[0].0].filter(|_| self.floats[node.inputs[0].0].is_none()) else {
            return self.pool(node, shape, Kernel::MaxPool, 1);
        };
        let input = self.checked(node.inputs[0], &shape.input, "pool of a view")?;
        let output = self.new_bytes(node.output);
        let numbers = StepNumbers { input, ..pool_numbers(shape, 1) };
        self.push(Kernel::MaxPool, Form::Bytes, vec![source], output, numbers);
        Ok(())
    }

    fn pool(&mut self, node: &GraphNode, shape: &PoolShape, kernel: Kernel, groups: i64) -> Result<(), CProblem> {
        let input = self.checked(node.inputs[0], &shape.input, "pool of a view")?;
        let source = self.as_floats(node.inputs[0])?;
        let output = self.new_floats(node.output);
        let numbers = with_finish(StepNumbers { input, ..pool_numbers(shape, groups) }, node.activation.into());
        self.push(kernel, Form::Floats, vec![source], output, numbers);
        Ok(())
    }

    fn per_channel(
        &mut self,
        node: &GraphNode,
        finish: Finish,
        mode: usize,
        (scale, bias): (&[f32], &[f32]),
    ) -> Result<(), CProblem> {
        let input = self.sizes(node.inputs[0])?;
        let source = self.as_floats(node.inputs[0])?;
        let output = self.new_floats(node.output);
        let mut bias = bias.to_vec();
        if mode == 1 {
            bias.resize(input[2], 0.0);
        }
        let numbers = StepNumbers { input, kernel: [0, mode], scale: scale.to_vec(), bias, ..finished(finish) };
        self.push(Kernel::PerChannel, Form::Floats, vec![source], output, numbers);
        Ok(())
    }

    /// Two maps of one size, or a map and one pixel.
    fn broadcast(&mut self, node: &GraphNode, broadcast: &Broadcast) -> Result<(), CProblem> {
        let &[a, b] = node.inputs.as_slice() else { return Err(self.lacks("combination")) };
        let whole = self.sizes(node.output)?;
        let [height, width, channels] = whole;
        let full = Planes { batch: 1, channels, height, width };
        let pixel = Planes { height: 1, width: 1, ..full };
        let sizes = [self.sizes(a)?, self.sizes(b)?];
        let is_whole =
            |side: usize| sizes[side] == whole && takes(broadcast, side, &full, self.graph().dims(node.output));
        let is_pixel = |side: usize| sizes[side] == of_planes(&pixel) && broadcast.takes(side, pixel);
        let (large, small, stretched) = match () {
            () if is_whole(0) && is_whole(1) => (a, b, false),
            () if is_whole(0) && is_pixel(1) => (a, b, true),
            () if is_whole(1) && is_pixel(0) => (b, a, true),
            () => return Err(self.lacks("combination of these sizes")),
        };
        let inputs = vec![self.as_floats(large)?, self.as_floats(small)?];
        let output = self.new_floats(node.output);
        let multiplies = broadcast.combination == Combination::Multiply;
        let kernel = [usize::from(!stretched), usize::from(multiplies)];
        let numbers = StepNumbers { input: whole, kernel, ..self.finished(node) };
        self.push(Kernel::Combine, Form::Floats, inputs, output, numbers);
        Ok(())
    }

    fn concatenate(&mut self, node: &GraphNode, axis: &Axis, firsts: &[usize]) -> Result<(), CProblem> {
        let whole = self.sizes(node.output)?;
        if axis.outer != 1 || axis.length != whole[2] || node.activation != Activation::Identity {
            return Err(self.lacks("concatenation of other than channels"));
        }
        let inputs = node.inputs.iter().map(|&input| Ok((self.as_floats(input)?, self.sizes(input)?)));
        let inputs = inputs.collect::<Result<Vec<_>, CProblem>>()?;
        let output = self.new_floats(node.output);
        for ((place, input), &first) in inputs.into_iter().zip(firsts) {
            let numbers = StepNumbers { input, output: whole, kernel: [0, first], ..StepNumbers::default() };
            self.push(Kernel::Concatenate, Form::Floats, vec![place], output, numbers);
        }
        Ok(())
    }
}

/// Rows of features have no planes of their own.
fn takes(broadcast: &Broadcast, side: usize, full: &Planes, dims: &[usize]) -> bool {
    match dims {
        [1, _] => broadcast.strides[side].last() == Some(&1) || full.channels == 1,
        _ => broadcast.takes(side, *full),
    }
}

fn pool_numbers(shape: &PoolShape, groups: i64) -> StepNumbers {
    StepNumbers {
        output: of_planes(&shape.output),
        kernel: shape.window.kernel,
        stride: shape.window.stride,
        dilation: shape.window.dilation,
        padding: shape.window.padding,
        groups,
        ..StepNumbers::default()
    }
}

fn finished(finish: Finish) -> StepNumbers {
    with_finish(StepNumbers::default(), finish)
}

fn with_finish(numbers: StepNumbers, finish: Finish) -> StepNumbers {
    let bounds = finish.bounds();
    StepNumbers { bounds: bounded([bounds.low, bounds.high]), function: finish.function(), ..numbers }
}

/// `None` where nothing is bounded.
fn bounded(bounds: [f32; 2]) -> Option<[f32; 2]> {
    (bounds != [f32::NEG_INFINITY, f32::INFINITY]).then_some(bounds)
}

/// The places of PyTorch's weights `[O, C / groups, kh, kw]` in the order `[O, kh, kw, C / groups]`.
fn order(shape: &ConvolutionShape) -> impl Iterator<Item = usize> + '_ {
    let inputs = shape.input.channels / shape.groups.max(1);
    let [height, width] = shape.window.kernel;
    (0..shape.output.channels).flat_map(move |output| {
        (0..height * width)
            .flat_map(move |tap| (0..inputs).map(move |input| (output * inputs + input) * height * width + tap))
    })
}
