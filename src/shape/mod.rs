//! The output shape of every layer, or why it has none, in PyTorch's words.
//!
//! Shapes here have their batch dimension first, as PyTorch's: `[N, C, H, W]`.

mod error;
mod parameters;
mod reorder;
mod way_out;
mod window;

pub use error::{ShapeError, Stage};
pub use parameters::{
    Fill, ParameterTensor, ParameterTensors, check_declared, known_parameters, parameter_tensors, uncalled_tensors,
};
pub use reorder::{chunk_range, slice_range, softmax_dimension};
pub use window::{ConvChannels, ConvPadding};

use crate::model::{Arity, Dims, Layer, Network, Tap, Wiring};

/// The shapes of a network: of its input with the batch, and of every node's output.
#[derive(Clone, Debug)]
pub struct Shapes {
    /// `[N, C, H, W]` or whatever the network takes, the batch first.
    pub input: Dims,
    /// In the order of the nodes.
    pub nodes: Vec<NodeShape>,
}

/// What comes out of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeShape {
    Known(Dims),
    /// The node itself cannot take its input.
    Failed(Box<ShapeError>),
    /// A node above, at this index, failed: nothing arrives.
    Waits {
        on: usize,
    },
}

impl NodeShape {
    pub fn dims(&self) -> Option<&Dims> {
        match self {
            Self::Known(dims) => Some(dims),
            Self::Failed(_) | Self::Waits { .. } => None,
        }
    }
}

impl Shapes {
    /// The shape of a node's input.
    pub fn tap(&self, tap: Tap) -> Option<&Dims> {
        match tap {
            Tap::Input => Some(&self.input),
            Tap::Node(index) => self.nodes.get(index)?.dims(),
            Tap::Missing(_) | Tap::NotAbove(_) => None,
        }
    }

    /// The shape of the network's output.
    pub fn output(&self) -> Option<&Dims> {
        self.nodes.last().map_or(Some(&self.input), NodeShape::dims)
    }
}

/// The shapes of all nodes for a batch of so many samples.
pub fn infer(network: &Network, wiring: &Wiring, batch: u64) -> Shapes {
    let input = network.input.with_batch(batch).unwrap_or(network.input);
    let mut shapes = Shapes { input, nodes: Vec::with_capacity(network.nodes.len()) };
    for (index, node) in network.nodes.iter().enumerate() {
        let shape = node_shape(network, &shapes, &node.layer, wiring.taps(index));
        shapes.nodes.push(shape);
    }
    shapes
}

/// The output of one layer. `inputs` have their batch dimension, or none where PyTorch allows that.
///
/// # Errors
/// Where PyTorch has one, and where a tensor would have no elements or more than fit 63 bits: the sizes of whatever has
/// a shape can be computed with in 64 bits, and their squares in 128.
pub fn output(layer: &Layer, inputs: &[Dims]) -> Result<Dims, ShapeError> {
    check_arity(layer, inputs.len())?;
    for input in inputs {
        match input.elements() {
            Some(0) => return Err(ShapeError::TooSmall { name: "each size of the input", least: 1, found: 0 }),
            Some(_) => {}
            None => return Err(ShapeError::TooLarge),
        }
    }
    let output = match layer {
        Layer::Conv2d(layer) => layer.output(&inputs[0]),
        Layer::ConvTranspose2d(layer) => layer.output(&inputs[0]),
        Layer::MaxPool2d(layer) => layer.output(&inputs[0]),
        Layer::AvgPool2d(layer) => layer.output(&inputs[0]),
        Layer::AdaptiveAvgPool2d(layer) => layer.output_size.output("adaptive_avg_pool2d", &inputs[0]),
        Layer::AdaptiveMaxPool2d(layer) => layer.output_size.output("adaptive_max_pool2d", &inputs[0]),
        Layer::Linear(_)
        | Layer::Mean(_)
        | Layer::Flatten(_)
        | Layer::View(_)
        | Layer::Transpose(_)
        | Layer::Permute(_)
        | Layer::Chunk(_)
        | Layer::Slice(_)
        | Layer::ChannelShuffle(_)
        | Layer::PixelShuffle(_)
        | Layer::PixelUnshuffle(_)
        | Layer::Upsample(_)
        | Layer::ZeroPad2d(_)
        | Layer::ConstantPad2d(_)
        | Layer::ReflectionPad2d(_)
        | Layer::ReplicationPad2d(_)
        | Layer::Add(_)
        | Layer::Mul(_)
        | Layer::Cat(_)
        | Layer::Parameter(_)
        | Layer::Unsupported(_) => reorder::output(layer, inputs),
        Layer::BatchNorm2d(_)
        | Layer::BatchNorm1d(_)
        | Layer::GroupNorm(_)
        | Layer::LayerNorm(_)
        | Layer::LayerNorm2d(_)
        | Layer::InstanceNorm2d(_)
        | Layer::LocalResponseNorm(_)
        | Layer::PReLU(_)
        | Layer::Hardtanh(_)
        | Layer::Dropout(_)
        | Layer::Dropout2d(_)
        | Layer::AlphaDropout(_)
        | Layer::Softmax(_)
        | Layer::LogSoftmax(_) => parameters::check_norm(layer, &inputs[0]).map(|()| inputs[0]),
        Layer::ReLU(_)
        | Layer::ReLU6(_)
        | Layer::LeakyReLU(_)
        | Layer::ELU(_)
        | Layer::SELU(_)
        | Layer::CELU(_)
        | Layer::SiLU(_)
        | Layer::GELU(_)
        | Layer::Mish(_)
        | Layer::Hardswish(_)
        | Layer::Hardsigmoid(_)
        | Layer::Sigmoid(_)
        | Layer::LogSigmoid(_)
        | Layer::Tanh(_)
        | Layer::Softplus(_)
        | Layer::Softsign(_)
        | Layer::StochasticDepth(_)
        | Layer::Identity(_)
        | Layer::Contiguous(_)
        | Layer::Scalar(_) => Ok(inputs[0]),
    }?;
    if output.elements().is_none() { Err(ShapeError::TooLarge) } else { Ok(output) }
}

fn node_shape(network: &Network, shapes: &Shapes, layer: &Layer, taps: &[Tap]) -> NodeShape {
    const FEW: usize = 4;
    let mut few = [Dims::default(); FEW];
    let mut many = Vec::new();
    for (position, &tap) in taps.iter().enumerate() {
        let dims = match tap {
            Tap::Input => shapes.input,
            Tap::Missing(id) => return NodeShape::Failed(Box::new(ShapeError::InputMissing(id))),
            Tap::NotAbove(id) => {
                let name = network.node(id).map(|node| node.name.clone()).unwrap_or_default();
                return NodeShape::Failed(Box::new(ShapeError::InputNotAbove(name)));
            }
            Tap::Node(index) => match &shapes.nodes[index] {
                NodeShape::Known(dims) => *dims,
                NodeShape::Failed(_) => return NodeShape::Waits { on: index },
                NodeShape::Waits { on } => return NodeShape::Waits { on: *on },
            },
        };
        if taps.len() <= FEW {
            few[position] = dims;
        } else {
            many.push(dims);
        }
    }
    let inputs = if taps.len() <= FEW { &few[..taps.len()] } else { &many };
    output(layer, inputs).map_or_else(|error| NodeShape::Failed(Box::new(error)), NodeShape::Known)
}

fn check_arity(layer: &Layer, found: usize) -> Result<(), ShapeError> {
    let (fits, expected) = match layer.kind().arity() {
        Arity::Zero => (found == 0, "no input"),
        Arity::One => (found == 1, "one input"),
        Arity::Two => (found == 2, "two inputs"),
        Arity::OneOrMore => (found >= 1, "one input or more"),
    };
    if fits { Ok(()) } else { Err(ShapeError::Inputs { layer: layer.kind().class(), expected, found }) }
}

/// A size that was computed, as a size.
fn size(size: i128) -> Result<u64, ShapeError> {
    i64::try_from(size).map(|size| size as u64).map_err(|_| ShapeError::TooLarge)
}
