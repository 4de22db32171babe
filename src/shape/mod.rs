//! The output shape of every layer, or why it has none, in PyTorch's words.
//!
//! Shapes here have their batch dimension first, as PyTorch's: `[N, C, H, W]`.

mod arguments;
mod combine;
mod convolution;
mod declared;
mod error;
mod line;
mod norm;
mod parameters;
mod unknown;
mod way_out;
mod window;

pub use combine::{chunk_range, slice_range, softmax_dimension};
pub use convolution::{ConvChannels, Convolution, Direction, Kernel};
pub use declared::check_declared;
pub use error::{ShapeError, Stage};
pub use parameters::{Fill, ParameterTensor, ParameterTensors, known_parameters, parameter_tensors, uncalled_tensors};
pub use unknown::samples;
pub use window::ConvPadding;

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
    /// With the batch.
    Known(Dims),
    /// The node itself cannot take its input.
    Failed(Box<ShapeError>),
    /// A node above, at this index, failed: nothing arrives.
    Waits {
        /// The index of the node that failed.
        on: usize,
    },
}

impl NodeShape {
    /// `None` where the node has no shape.
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
    let first = || &inputs[0];
    let unchanged = |checked: Result<(), ShapeError>| checked.map(|()| inputs[0]);
    let output = match layer {
        Layer::Conv2d(layer) => layer.output(first()),
        Layer::ConvTranspose2d(layer) => layer.output(first()),
        Layer::Conv1d(layer) => layer.output(first()),
        Layer::ConvTranspose1d(layer) => layer.output(first()),
        Layer::Linear(layer) => combine::linear(layer.out_features, first()),
        Layer::MaxPool2d(layer) => layer.output(first()),
        Layer::AvgPool2d(layer) => layer.output(first()),
        Layer::AdaptiveAvgPool2d(layer) => layer.output_size.output("adaptive_avg_pool2d", first()),
        Layer::AdaptiveMaxPool2d(layer) => layer.output_size.output("adaptive_max_pool2d", first()),
        Layer::MaxPool1d(layer) => layer.output(first()),
        Layer::AvgPool1d(layer) => layer.output(first()),
        Layer::AdaptiveAvgPool1d(layer) => line::adaptive("adaptive_avg_pool1d", layer.output_size, first()),
        Layer::AdaptiveMaxPool1d(layer) => line::adaptive("adaptive_max_pool1d", layer.output_size, first()),
        Layer::Mean(layer) => combine::mean(&layer.dim, layer.keepdim, first()),
        Layer::BatchNorm2d(layer) => unchanged(norm::batch_norm_2d(layer.track_running_stats, first())),
        Layer::BatchNorm1d(layer) => unchanged(norm::batch_norm_1d(layer.track_running_stats, first())),
        Layer::GroupNorm(layer) => unchanged(norm::group_norm(layer.num_groups, first())),
        Layer::LayerNorm(layer) => unchanged(norm::layer_norm(layer.normalized_dims, first())),
        Layer::LayerNorm2d(_) => unchanged(norm::layer_norm_2d(first())),
        Layer::InstanceNorm2d(layer) => unchanged(norm::instance_norm_2d(layer.track_running_stats, first())),
        Layer::InstanceNorm1d(layer) => unchanged(norm::instance_norm_1d(layer.track_running_stats, first())),
        Layer::LocalResponseNorm(layer) => unchanged(norm::local_response_norm(layer.size, first())),
        Layer::PReLU(layer) => unchanged(arguments::slopes(layer.num_parameters, first())),
        Layer::Hardtanh(layer) => unchanged(arguments::limits(layer.min_val, layer.max_val)),
        Layer::Dropout(layer) => unchanged(arguments::probability(layer.p)),
        Layer::Dropout2d(layer) => unchanged(arguments::probability(layer.p)),
        Layer::AlphaDropout(layer) => unchanged(arguments::probability(layer.p)),
        Layer::Softmax(layer) => unchanged(arguments::dimension_of(layer.dim, first())),
        Layer::LogSoftmax(layer) => unchanged(arguments::dimension_of(layer.dim, first())),
        Layer::Flatten(layer) => combine::flatten(layer.start_dim, layer.end_dim, first()),
        Layer::View(layer) => combine::view(&layer.shape, first()),
        Layer::Transpose(layer) => combine::transpose([layer.dim0, layer.dim1], first()),
        Layer::Permute(layer) => combine::permute(&layer.dims, first()),
        Layer::Chunk(layer) => combine::chunk(layer, first()),
        Layer::Slice(layer) => combine::slice(layer, first()),
        Layer::ChannelShuffle(layer) => combine::channel_shuffle(layer.groups, first()),
        Layer::PixelShuffle(layer) => combine::pixel_shuffle(layer.upscale_factor, first()),
        Layer::PixelUnshuffle(layer) => combine::pixel_unshuffle(layer.downscale_factor, first()),
        Layer::Upsample(layer) => combine::upsample(layer, first()),
        Layer::ZeroPad2d(layer) => combine::pad(layer.padding, first(), true),
        Layer::ConstantPad2d(layer) => combine::pad(layer.padding, first(), true),
        Layer::ReflectionPad2d(layer) => combine::reflection_pad(layer.padding, first()),
        Layer::ReplicationPad2d(layer) => combine::pad(layer.padding, first(), false),
        Layer::Add(_) | Layer::Mul(_) => combine::broadcast(&inputs[0], &inputs[1]),
        Layer::Cat(layer) => combine::cat(layer.dim, inputs),
        Layer::Parameter(layer) => combine::parameter(&layer.shape),
        Layer::Unsupported(layer) => unknown::output(layer, first()),
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
