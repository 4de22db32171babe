//! How nodes are named where nobody names them: `conv1`, `bn1`, `relu1`, `pool1`, `fc1`.
//!
//! The names follow those above: after `conv3` comes `conv4`, inside `layer1.0.` every name has that prefix, and
//! `features.4` comes after `features.3` whatever it is.

use std::collections::HashMap;

use thiserror::Error;

use super::{Conv2d, Inputs, Kind, Layer, Network, Node, NodeId, Pair};

/// Names nodes one after another, in execution order.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// The last number behind each stem with its prefix.
    numbers: HashMap<String, u64>,
    /// `layer1.0.` where the node above is `layer1.0.conv2`.
    prefix: String,
    /// The last number of a `Sequential`: 3 where the node above is `features.3`.
    place: Option<u64>,
    below_depthwise: bool,
}

/// The most characters of the name of a layer, a network or a design.
pub const MAX_NAME: usize = 256;

/// Why something cannot have a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum NameError {
    #[error("it needs a name")]
    Empty,
    #[error("a name has at most {MAX_NAME} characters, not {0}")]
    TooLong(usize),
    #[error("a name has no control characters and no line breaks, but this one has U+{:04X}", u32::from(*.0))]
    Unseen(char),
    #[error("\"{0}\" is no name in Python: letters, digits and _, parts joined by dots, as in features.0 or conv1")]
    NotAPath(String),
    /// Equal layers of one name are one module; others cannot be.
    #[error("another layer is called {0}, with other arguments: one name means one module, called again")]
    Taken(String),
}

/// Whether a text can be the name of a layer, a network or a design: exports and charts write it on one line.
///
/// # Errors
/// Where it is empty, longer than [`MAX_NAME`], or has control characters or the line breaks U+2028 and U+2029.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let length = name.chars().count();
    let unseen = name.chars().find(|&letter| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'));
    match unseen {
        _ if length == 0 => Err(NameError::Empty),
        _ if length > MAX_NAME => Err(NameError::TooLong(length)),
        Some(letter) => Err(NameError::Unseen(letter)),
        None => Ok(()),
    }
}

/// Whether a text can be the name of a PyTorch module, with dots between those of the modules it is in.
///
/// # Errors
/// As [`check_name`], and where a part of it is no attribute in Python.
pub fn check_path(name: &str) -> Result<(), NameError> {
    check_name(name)?;
    if name.split('.').all(is_attribute) { Ok(()) } else { Err(NameError::NotAPath(name.to_string())) }
}

/// Whether a qualified name is a module's or that of something within it: `features.0.weight` is within `features.0`.
pub fn is_within(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What a layer's default name begins with: `conv`; `depthwise` for a depthwise convolution.
pub fn stem(layer: &Layer) -> &'static str {
    match layer {
        layer if is_depthwise(layer) => "depthwise",
        layer => kind_stem(layer.kind()),
    }
}

impl Naming {
    /// The default name of the next node.
    pub fn next(&self, layer: &Layer) -> String {
        if let Some(place) = self.place {
            return format!("{}{}", self.prefix, place.saturating_add(1));
        }
        let pointwise = Conv2d::of(layer).is_some_and(|conv| conv.kernel_size == Pair::square(1));
        let stem = if self.below_depthwise && pointwise { "pointwise" } else { stem(layer) };
        let name = format!("{}{stem}", self.prefix);
        let number = self.numbers.get(&name).map_or(1, |number| number.saturating_add(1));
        format!("{name}{number}")
    }

    /// Goes on below a node of this name.
    pub fn take(&mut self, name: &str, layer: &Layer) {
        let stem = name.trim_end_matches(|last: char| last.is_ascii_digit());
        if let Ok(number) = name[stem.len()..].parse() {
            self.numbers.insert(stem.to_string(), number);
        }
        let (prefix, leaf) = name.split_at(name.rfind('.').map_or(0, |dot| dot + 1));
        let is_place = leaf.bytes().all(|byte| byte.is_ascii_digit());
        self.place = if is_place { leaf.parse().ok() } else { None };
        if self.prefix != prefix {
            self.prefix = prefix.to_string();
        }
        self.below_depthwise = is_depthwise(layer);
    }
}

impl Network {
    /// Gives a node another name. One that an equal layer has makes both one module.
    ///
    /// # Errors
    /// Where the name is no path of a PyTorch module, too long, or that of a module that is not equal.
    pub fn rename(&mut self, id: NodeId, name: &str) -> Result<(), NameError> {
        let Some(position) = self.position(id) else { return Ok(()) };
        let layer = &self.nodes[position].layer;
        let is_other = |node: &Node| node.id != id && node.name == name && node.layer != *layer;
        let is_taken = self.nodes.iter().any(is_other) || self.uncalled.iter().any(|module| module.name == name);
        match check_path(name) {
            // A name that stays is none of this edit's business.
            _ if name == self.nodes[position].name => Ok(()),
            Err(error) => Err(error),
            Ok(()) if is_taken => Err(NameError::Taken(name.to_string())),
            Ok(()) => {
                self.nodes[position].name = name.to_string();
                Ok(())
            }
        }
    }

    /// A network of nodes each fed by the one above, with default names.
    pub fn chain_of(name: &str, input: super::Dims, layers: impl IntoIterator<Item = Layer>) -> Self {
        let mut naming = Naming::default();
        let nodes = layers.into_iter().enumerate().map(|(index, layer)| {
            let name = naming.next(&layer);
            naming.take(&name, &layer);
            Node { id: NodeId(index as u32), name, layer, inputs: Inputs::Above, call: super::Call::Module }
        });
        Self { name: name.to_string(), input, nodes: nodes.collect(), uncalled: Vec::new() }
    }
}

fn is_depthwise(layer: &Layer) -> bool {
    Conv2d::of(layer).is_some_and(|conv| conv.is_depthwise())
}

/// A module's name within another one: `conv1`, or the number of a `Sequential`.
fn is_attribute(name: &str) -> bool {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    !name.is_empty() && (is_number || is_word)
}

const fn kind_stem(kind: Kind) -> &'static str {
    match kind {
        Kind::Conv2d | Kind::Conv1d => "conv",
        Kind::ConvTranspose2d | Kind::ConvTranspose1d => "deconv",
        Kind::Linear => "fc",
        Kind::MaxPool2d | Kind::AvgPool2d | Kind::MaxPool1d | Kind::AvgPool1d => "pool",
        Kind::AdaptiveAvgPool2d | Kind::AdaptiveAvgPool1d => "avgpool",
        Kind::AdaptiveMaxPool2d | Kind::AdaptiveMaxPool1d => "maxpool",
        Kind::Mean => "mean",
        Kind::BatchNorm2d | Kind::BatchNorm1d => "bn",
        Kind::GroupNorm => "gn",
        Kind::LayerNorm | Kind::LayerNorm2d => "ln",
        Kind::InstanceNorm2d | Kind::InstanceNorm1d => "norm",
        Kind::LocalResponseNorm => "lrn",
        Kind::ReLU | Kind::ReLU6 => "relu",
        Kind::LeakyReLU => "leaky_relu",
        Kind::PReLU => "prelu",
        Kind::ELU => "elu",
        Kind::SELU => "selu",
        Kind::CELU => "celu",
        Kind::SiLU => "silu",
        Kind::GELU => "gelu",
        Kind::Mish => "mish",
        Kind::Hardswish => "hardswish",
        Kind::Hardsigmoid => "hardsigmoid",
        Kind::Hardtanh => "hardtanh",
        Kind::Sigmoid => "sigmoid",
        Kind::LogSigmoid => "log_sigmoid",
        Kind::Tanh => "tanh",
        Kind::Softplus => "softplus",
        Kind::Softsign => "softsign",
        Kind::Softmax => "softmax",
        Kind::LogSoftmax => "log_softmax",
        Kind::Dropout | Kind::Dropout2d | Kind::AlphaDropout => "dropout",
        Kind::StochasticDepth => "stochastic_depth",
        Kind::Identity => "identity",
        Kind::Flatten => "flatten",
        Kind::View => "view",
        Kind::Transpose => "transpose",
        Kind::Permute => "permute",
        Kind::Contiguous => "contiguous",
        Kind::Chunk => "chunk",
        Kind::Slice => "slice",
        Kind::ChannelShuffle => "shuffle",
        Kind::PixelShuffle => "pixel_shuffle",
        Kind::PixelUnshuffle => "pixel_unshuffle",
        Kind::Upsample => "upsample",
        Kind::ZeroPad2d | Kind::ConstantPad2d | Kind::ReflectionPad2d | Kind::ReplicationPad2d => "pad",
        Kind::Add => "add",
        Kind::Mul => "mul",
        Kind::Cat => "cat",
        Kind::Parameter => "parameter",
        Kind::Scalar => "scalar",
        Kind::Unsupported => "unsupported",
    }
}
