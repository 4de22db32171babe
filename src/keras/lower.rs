//! From rows to operations: each row's tensors in the order of axes that Keras's layers want.

mod activation;
mod convolution;
mod merge;
mod norm;
mod pool;
mod rearrange;
mod resize;

use std::collections::HashMap;

use crate::model::{Dims, Kind, Layer, Network, Tap, Wiring};
use crate::shape::{self, Shapes};

use super::function::Function;
use super::problem::{KerasProblem, Unsayable};
use super::program::{Operation, Order, Program};

/// The most rows or columns that are written one by one.
const MOST_PLACES: u64 = 4096;

/// A tensor, and how its axes stand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value {
    tensor: usize,
    order: Order,
}

/// A network on its way.
struct Lowering<'a> {
    network: &'a Network,
    wiring: &'a Wiring,
    shapes: &'a Shapes,
    program: Program,
    of_row: Vec<Value>,
    /// Which tensors hold no number below zero.
    nonnegative: Vec<bool>,
    /// Three dimensions are lines, `[N, L, C]` in Keras.
    over_lines: bool,
    first_calls: Vec<Option<usize>>,
    /// The row being lowered.
    row: usize,
}

/// The network's operations for a batch of one.
///
/// # Errors
/// Names the first row that Keras has no equal for.
pub fn lower(network: &Network) -> Result<Program, KerasProblem> {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let over_lines = is_over_lines(network);
    let order = order_of_rank(shapes.input.rank(), over_lines);
    let mut lowering = Lowering {
        network,
        wiring: &wiring,
        shapes: &shapes,
        program: Program {
            tensors: vec![order.sizes(&shapes.input)],
            operations: Vec::new(),
            output: 0,
            layers: Vec::new(),
        },
        of_row: Vec::with_capacity(network.nodes.len()),
        nonnegative: vec![false],
        over_lines,
        first_calls: network.first_calls(),
        row: 0,
    };
    for (row, node) in network.nodes.iter().enumerate() {
        lowering.row = row;
        let lowered = lowering.lower_row(&node.layer);
        let value = lowered.map_err(|reason| KerasProblem {
            row,
            name: node.name.clone(),
            class: node.layer.kind().class().to_string(),
            reason,
        })?;
        lowering.of_row.push(value);
    }
    let last = lowering.of_row.last().copied();
    lowering.program.layers = layer_names(network, &lowering.program.operations);
    lowering.program.output = last.map_or(0, |value| value.tensor);
    Ok(lowering.program)
}

/// The names of the layers with weights: PyTorch's, with `_` for what is no letter, digit or underscore.
fn layer_names(network: &Network, operations: &[Operation]) -> Vec<String> {
    let mut names = Names::default();
    let mut layers: Vec<String> = Vec::with_capacity(operations.len());
    for operation in operations {
        let name = match operation.shared_with {
            Some(first) => layers[first].clone(),
            None if operation.function.has_weights() => names.unused(&network.nodes[operation.row].name),
            None => String::new(),
        };
        layers.push(name);
    }
    layers
}

/// Names that layers have: Keras wants each to have its own.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    /// A name of letters, digits and underscores that no layer has yet.
    fn unused(&mut self, name: &str) -> String {
        let plain = name.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '_'), "_");
        let plain = if plain.is_empty() { "layer".to_string() } else { plain };
        let mut unused = plain.clone();
        while self.0.contains_key(&unused) {
            let number = self.0.entry(plain.clone()).or_insert(1);
            *number += 1;
            unused = format!("{plain}_{number}");
        }
        self.0.insert(unused.clone(), 1);
        unused
    }
}

/// Whether a network is one over lines: three dimensions are `[N, C, L]` there.
fn is_over_lines(network: &Network) -> bool {
    network.nodes.iter().any(|node| {
        matches!(
            node.layer.kind(),
            Kind::Conv1d
                | Kind::ConvTranspose1d
                | Kind::MaxPool1d
                | Kind::AvgPool1d
                | Kind::AdaptiveAvgPool1d
                | Kind::AdaptiveMaxPool1d
                | Kind::InstanceNorm1d
        )
    })
}

/// The order that Keras's layers have for tensors of a rank.
fn order_of_rank(rank: usize, over_lines: bool) -> Order {
    if rank == 4 || (rank == 3 && over_lines) { Order::Last } else { Order::Plain }
}

impl Lowering<'_> {
    fn lower_row(&mut self, layer: &Layer) -> Result<Value, Unsayable> {
        let expected = *self.shapes.nodes[self.row].dims().ok_or(Unsayable::NoShape)?;
        let value = self.lower_layer(layer)?;
        let is_last = self.row + 1 == self.network.nodes.len();
        let value = match order_of_rank(expected.rank(), self.over_lines) {
            Order::Last if is_last => self.last(value)?,
            _ if is_last => self.plain(value)?,
            _ => value,
        };
        let (keras, wanted) = (self.dims(value), value.order.sizes(&expected));
        if keras != wanted {
            return Err(Unsayable::Shape { keras: keras.to_vec(), pytorch: wanted.to_vec() });
        }
        Ok(value)
    }

    fn lower_layer(&mut self, layer: &Layer) -> Result<Value, Unsayable> {
        if let Layer::Parameter(_) = layer {
            return Err(Unsayable::Parameter);
        }
        let inputs = self.inputs()?;
        let &input = inputs.first().ok_or(Unsayable::Unknown)?;
        match layer {
            Layer::Conv2d(conv) => self.convolution(conv, input, false),
            Layer::Conv1d(conv) => self.convolution(&conv.into(), input, true),
            Layer::ConvTranspose2d(conv) => self.transposed(conv, input, false),
            Layer::ConvTranspose1d(conv) => self.transposed(&conv.into(), input, true),
            Layer::Linear(linear) => self.linear(linear, input),
            Layer::MaxPool2d(pool) => self.max_pool(pool, input, false),
            Layer::MaxPool1d(pool) => self.max_pool(&pool.into(), input, true),
            Layer::AvgPool2d(pool) => self.average_pool(pool, input, false),
            Layer::AvgPool1d(pool) => self.average_pool(&pool.into(), input, true),
            Layer::AdaptiveAvgPool2d(_) => self.adaptive(input, false, pool::Adaptive::Average),
            Layer::AdaptiveAvgPool1d(_) => self.adaptive(input, true, pool::Adaptive::Average),
            Layer::AdaptiveMaxPool2d(_) => self.adaptive(input, false, pool::Adaptive::Max),
            Layer::AdaptiveMaxPool1d(_) => self.adaptive(input, true, pool::Adaptive::Max),
            Layer::Mean(mean) => self.mean(mean, input),
            Layer::Flatten(_) | Layer::View(_) => self.reshape(input),
            Layer::Transpose(transpose) => self.transpose(transpose, input),
            Layer::Permute(permute) => self.permute(&permute.dims, input),
            Layer::Chunk(chunk) => self.chunk(chunk, input),
            Layer::Slice(slice) => self.slice(slice, input),
            Layer::ChannelShuffle(shuffle) => self.channel_shuffle(shuffle.groups, input),
            Layer::PixelShuffle(shuffle) => self.pixel_shuffle(shuffle.upscale_factor, input),
            Layer::PixelUnshuffle(shuffle) => self.pixel_unshuffle(shuffle.downscale_factor, input),
            Layer::Upsample(upsample) => self.upsample(upsample, input),
            Layer::ZeroPad2d(_) | Layer::ConstantPad2d(_) | Layer::ReflectionPad2d(_) | Layer::ReplicationPad2d(_) => {
                self.pad(layer, input)
            }
            Layer::Add(_) => self.merge(Function::Add, &inputs),
            Layer::Mul(_) => self.merge(Function::Multiply, &inputs),
            Layer::Cat(cat) => self.concatenate(cat.dim, &inputs),
            _ if is_norm(layer) => self.norm(layer, input),
            _ => self.elementwise(layer, input),
        }
    }

    /// The tensors that flow into the row.
    fn inputs(&self) -> Result<Vec<Value>, Unsayable> {
        let of_tap = |tap: &Tap| match tap {
            Tap::Node(above) => self.of_row.get(*above).copied(),
            Tap::Input => {
                let order = order_of_rank(self.shapes.input.rank(), self.over_lines);
                Some(Value { tensor: 0, order })
            }
            Tap::Missing(_) | Tap::NotAbove(_) => None,
        };
        self.wiring.taps(self.row).iter().map(|tap| of_tap(tap).ok_or(Unsayable::NoShape)).collect()
    }

    /// In Keras's order of axes.
    fn dims(&self, value: Value) -> Dims {
        self.program.tensors[value.tensor]
    }

    /// The sizes that PyTorch has.
    fn pytorch_dims(&self, value: Value) -> Dims {
        let (dims, axes) = (self.dims(value), value.order.axes(self.dims(value).rank()));
        let mut sizes = dims;
        for (axis, &dimension) in axes.iter().enumerate() {
            sizes.sizes_mut()[dimension] = dims[axis];
        }
        sizes
    }

    /// What the row gives by PyTorch's rules.
    fn output_dims(&self) -> Result<Dims, Unsayable> {
        self.shapes.nodes[self.row].dims().copied().ok_or(Unsayable::NoShape)
    }

    /// Adds an operation of the row.
    fn push(&mut self, function: Function, inputs: &[Value], order: Order) -> Result<Value, Unsayable> {
        let dims: Vec<Dims> = inputs.iter().map(|&input| self.dims(input)).collect();
        let output = function.output(&dims).ok_or(Unsayable::TooLarge)?;
        let shared_with = self.first_calls[self.row].filter(|_| function.has_weights()).and_then(|first| {
            let of_first = |operation: &Operation| operation.row == first && operation.function.has_weights();
            self.program.operations.iter().position(of_first)
        });
        let input_tensors: Vec<usize> = inputs.iter().map(|input| input.tensor).collect();
        let nonnegative = activation::is_nonnegative(&function, input_tensors.iter().map(|&at| self.nonnegative[at]));
        let tensor = self.program.tensors.len();
        self.program.tensors.push(output);
        self.nonnegative.push(nonnegative);
        let operation = Operation { row: self.row, function, inputs: input_tensors, output: tensor, shared_with };
        self.program.operations.push(operation);
        Ok(Value { tensor, order })
    }

    /// With the channels last.
    fn last(&mut self, value: Value) -> Result<Value, Unsayable> {
        self.in_order(value, Order::Last)
    }

    /// In PyTorch's order.
    fn plain(&mut self, value: Value) -> Result<Value, Unsayable> {
        self.in_order(value, Order::Plain)
    }

    fn in_order(&mut self, value: Value, order: Order) -> Result<Value, Unsayable> {
        let rank = self.dims(value).rank();
        if let Order::Pixels([channels, height, width]) = value.order {
            let map = Dims::new(&[1, height, width, channels]).ok_or(Unsayable::TooLarge)?;
            let map = self.push(Function::Reshape(map), &[value], Order::Last)?;
            let map = self.plain(map)?;
            let flat = Dims::new(&[1, channels * height * width]).ok_or(Unsayable::TooLarge)?;
            return self.push(Function::Reshape(flat), &[map], order);
        }
        let (from, to) = (value.order.axes(rank), order.axes(rank));
        if from == to {
            return Ok(Value { order, ..value });
        }
        let axes = to.iter().map(|dimension| from.iter().position(|held| held == dimension).unwrap_or(0)).collect();
        self.push(Function::Permute(axes), &[value], order)
    }

    /// A map `[N, H, W, C]`, or a line `[N, L, C]`.
    fn map(&mut self, value: Value, line: bool) -> Result<Value, Unsayable> {
        let rank = if line { 3 } else { 4 };
        if self.dims(value).rank() != rank {
            return Err(Unsayable::Rank);
        }
        self.last(value)
    }

    /// Rows and columns of a map or a line.
    fn pixels(&self, value: Value, line: bool) -> [u64; 2] {
        let dims = self.dims(value);
        if line { [1, dims[1]] } else { [dims[1], dims[2]] }
    }
}

fn is_norm(layer: &Layer) -> bool {
    layer.kind().sort() == crate::model::Sort::Norm
}
