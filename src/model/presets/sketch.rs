//! Networks in few words: what every preset is written with.

use std::collections::HashMap;

use crate::model::{
    AdaptiveAvgPool2d, Add, BatchNorm2d, Call, Cat, Channels, Conv2d, Dims, Dropout, Flatten, Groups, Inputs, Kind,
    Layer, Linear, MaxPool2d, Mul, Network, Node, NodeId, OutputSize, Padding, Pair, ReLU, Source,
};

/// A network as it is written down. Every layer takes the output of the one before, unless told otherwise.
pub struct Sketch {
    network: Network,
    last: Source,
    functions: HashMap<&'static str, u32>,
}

impl Sketch {
    /// A network without layers; `input` is that of one sample, `[C, H, W]`.
    pub fn new(name: &str, input: &[u64]) -> Self {
        let input = Dims::new(input).unwrap_or_default();
        let network = Network { name: name.to_string(), input, nodes: Vec::new(), uncalled: Vec::new() };
        Self { network, last: Source::Input, functions: HashMap::new() }
    }

    /// What has been added up to here.
    pub fn finish(self) -> Network {
        self.network
    }

    /// The output of the latest layer.
    pub fn last(&self) -> Source {
        self.last
    }

    /// The next layer takes this.
    pub fn from(&mut self, source: Source) -> &mut Self {
        self.last = source;
        self
    }

    /// A module behind the latest layer, or behind what [`Sketch::from`] named.
    pub fn add(&mut self, name: &str, layer: impl Into<Layer>) -> Source {
        let last = self.last;
        self.push(name.to_string(), layer.into(), Call::Module, &[last])
    }

    /// A function of these, named as PyTorch's tracer does: `add`, `add_1`, ...
    pub fn join(&mut self, layer: impl Into<Layer>, sources: &[Source]) -> Source {
        let layer = layer.into();
        let class = layer.kind().class();
        let count = self.functions.entry(class).or_default();
        let name = if *count == 0 { class.to_string() } else { format!("{class}_{count}") };
        *count += 1;
        self.push(name, layer, Call::Function, sources)
    }

    /// A function of the latest output, named as its PyTorch name is.
    pub fn call(&mut self, name: &str, layer: impl Into<Layer>) -> Source {
        let last = self.last;
        self.push(name.to_string(), layer.into(), Call::Function, &[last])
    }

    /// The sum with another output.
    pub fn sum(&mut self, other: Source) -> Source {
        let last = self.last;
        self.join(Add {}, &[last, other])
    }

    /// The product with another output, as `scale * input` has it.
    pub fn scale(&mut self, other: Source) -> Source {
        let last = self.last;
        self.join(Mul {}, &[last, other])
    }

    /// The outputs one behind the other, along the channels.
    pub fn concat(&mut self, sources: &[Source]) -> Source {
        self.join(Cat { dim: 1 }, sources)
    }

    /// `torch.flatten(x, 1)`.
    pub fn flatten(&mut self) -> Source {
        self.call("flatten", Flatten::default())
    }

    /// Conv2d, BatchNorm2d and an activation, numbered from `first` below `name`.
    pub fn conv_norm(&mut self, name: &str, first: usize, conv: Conv2d, activation: Option<Layer>) -> Source {
        self.add(&format!("{name}.{first}"), conv);
        self.add(&format!("{name}.{}", first + 1), BatchNorm2d::default());
        if let Some(activation) = activation {
            self.add(&format!("{name}.{}", first + 2), activation);
        }
        self.last
    }

    fn push(&mut self, name: String, layer: Layer, call: Call, sources: &[Source]) -> Source {
        let above = self.network.nodes.last().map_or(Source::Input, |node| Source::Node(node.id));
        let inputs = if sources == [above] { Inputs::Above } else { Inputs::From(sources.to_vec()) };
        let id = NodeId(self.network.nodes.len() as u32);
        // What has no module is not told apart.
        let call = if layer.kind().is_function() { Call::Module } else { call };
        self.network.nodes.push(Node { id, name, layer, inputs, call });
        self.last = Source::Node(id);
        self.last
    }
}

/// A convolution with a square kernel and a bias.
pub fn conv(out_channels: u64, kernel_size: i64) -> Conv2d {
    Conv2d {
        out_channels: Channels::Count(out_channels as i64),
        kernel_size: Pair::square(kernel_size),
        ..Conv2d::default()
    }
}

/// One filter for each channel.
pub fn depthwise(kernel_size: i64) -> Conv2d {
    Conv2d {
        out_channels: Channels::TimesInput(1),
        kernel_size: Pair::square(kernel_size),
        groups: Groups::InputChannels,
        ..Conv2d::default()
    }
}

impl Conv2d {
    pub(crate) fn stride(mut self, stride: i64) -> Self {
        self.stride = Pair::square(stride);
        self
    }

    pub(crate) fn pad(mut self, padding: i64) -> Self {
        self.padding = Padding::Explicit(Pair::square(padding));
        self
    }

    pub(crate) fn without_bias(mut self) -> Self {
        self.bias = false;
        self
    }
}

/// With a bias.
pub fn linear(out_features: u64) -> Linear {
    Linear { out_features: out_features as i64, ..Linear::default() }
}

/// A square window.
pub fn max_pool(kernel_size: i64, stride: i64, padding: i64, ceil_mode: bool) -> MaxPool2d {
    MaxPool2d {
        kernel_size: Pair::square(kernel_size),
        stride: Some(Pair::square(stride)),
        padding: Pair::square(padding),
        ceil_mode,
        ..MaxPool2d::default()
    }
}

pub(super) fn adaptive_average_pool(size: i64) -> AdaptiveAvgPool2d {
    AdaptiveAvgPool2d { output_size: OutputSize { height: Some(size), width: Some(size) } }
}

pub(super) fn dropout(p: f64) -> Dropout {
    Dropout { p, ..Dropout::default() }
}

/// An activation that overwrites its input, as most of torchvision's do.
pub(super) fn in_place(kind: Kind) -> Layer {
    let mut layer = kind.layer();
    // Kinds without the argument stay as they are.
    let _ = layer.set_argument("inplace", &crate::model::Value::Bool(true));
    layer
}

pub(super) fn relu() -> ReLU {
    ReLU { inplace: true }
}

/// The nearest multiple of 8, at least 8, and not below 90 % of the number (MobileNetV2's `_make_divisible`).
pub fn divisible_by_8(number: f64) -> u64 {
    let rounded = (((number + 4.0) / 8.0).floor() * 8.0).max(8.0);
    (if rounded < 0.9 * number { rounded + 8.0 } else { rounded }) as u64
}
