//! A network as Keras code (functional).

use crate::model::{
    Channels, Dims, Groups, Kind, Layer, Network, OutputSize, Padding, Pair, ScalarOperation, Tap, UpsampleMode,
};
use crate::shape;

/// The network's Keras code. Keras has images as `[N, H, W, C]`, so that a flattened image has its elements in
/// another order; counts and shapes are the same.
pub fn export_keras(network: &Network) -> String {
    let wiring = network.wiring();
    let shapes = shape::infer(network, &wiring, 1);
    let shape: Vec<String> = channels_last(&network.input).iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!(
        "import keras\nfrom keras import layers, ops\n\ninputs = keras.Input(shape=({}{comma}))\n",
        shape.join(", ")
    );
    let mut made: Vec<String> = Vec::new();
    let mut variables: Vec<String> = Vec::new();
    let used_later = |index: usize| {
        (index + 2..network.nodes.len()).any(|later| wiring.taps(later).contains(&Tap::Node(index)))
            || (index + 1 < network.nodes.len() && !wiring.taps(index + 1).contains(&Tap::Node(index)))
    };
    for (index, node) in network.nodes.iter().enumerate() {
        let taps = wiring.taps(index);
        let inputs: Vec<String> = taps
            .iter()
            .map(|tap| match tap {
                Tap::Node(above) => variables[*above].clone(),
                Tap::Input | Tap::Missing(_) | Tap::NotAbove(_) => "inputs".to_string(),
            })
            .collect();
        let input = taps.first().and_then(|&tap| shapes.tap(tap));
        let output = shapes.nodes[index].dims();
        let site = Site { layer: &node.layer, name: &node.name, inputs: &inputs, input, output };
        let variable = if used_later(index) { format!("x{}", index + 1) } else { "x".to_string() };
        // A layer that is called again is the same object.
        let again =
            network.nodes[..index].iter().position(|other| other.name == node.name && other.layer == node.layer);
        let shared =
            network.nodes[index + 1..].iter().any(|other| other.name == node.name && other.layer == node.layer);
        let is_layer =
            matches!(node.layer.kind(), Kind::Conv2d | Kind::Linear | Kind::BatchNorm2d | Kind::ConvTranspose2d);
        let object = format!("layer_{}", node.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        match (again, site.layer_expression()) {
            (Some(_), Some(_)) if is_layer => {
                text.push_str(&format!("{variable} = {object}({})\n", site.argument()));
            }
            (None, Some(expression)) if shared && is_layer => {
                text.push_str(&format!("{object} = {expression}\n{variable} = {object}({})\n", site.padded(&mut made)));
            }
            (_, Some(expression)) => {
                let x = site.padded(&mut made);
                text.push_str(&format!("{}{variable} = {expression}({x})\n", made.concat()));
                made.clear();
            }
            (_, None) => text.push_str(&format!("{variable} = {}\n", site.operation())),
        }
        variables.push(variable);
    }
    let outputs = variables.last().map_or("inputs", String::as_str);
    let name = super::export::identifier(&network.name, "Net");
    text.push_str(&format!("\nmodel = keras.Model(inputs, {outputs}, name=\"{name}\")\nmodel.summary()\n"));
    text
}

/// One node with what flows in and out.
struct Site<'a> {
    layer: &'a Layer,
    name: &'a str,
    inputs: &'a [String],
    input: Option<&'a Dims>,
    output: Option<&'a Dims>,
}

/// `[C, H, W]` to `[H, W, C]`.
fn channels_last(sample: &Dims) -> Vec<u64> {
    match sample.sizes() {
        &[channels, height, width] => vec![height, width, channels],
        sizes => sizes.to_vec(),
    }
}

fn python(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

fn pair(pair: Pair) -> String {
    if pair.height == pair.width { pair.height.to_string() } else { format!("({}, {})", pair.height, pair.width) }
}

/// PyTorch's dimension in Keras's order.
fn axis(dim: i64, rank: usize) -> i64 {
    let dim = if dim < 0 { dim + rank as i64 } else { dim };
    match (rank, dim) {
        (4, 1) => 3,
        (4, 2 | 3) => dim - 1,
        _ => dim,
    }
}

impl Site<'_> {
    fn argument(&self) -> String {
        match self.inputs {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        }
    }

    fn rank(&self) -> usize {
        self.input.map_or(4, |input| input.rank())
    }

    fn channels(&self) -> i64 {
        self.input
            .and_then(|input| input.get(1).copied())
            .and_then(|channels| i64::try_from(channels).ok())
            .unwrap_or(1)
    }

    /// The input; behind an explicit padding where Keras has none in the layer.
    fn padded(&self, made: &mut Vec<String>) -> String {
        let (padding, lowest) = match self.layer {
            Layer::Conv2d(conv) => match conv.padding {
                Padding::Explicit(padding) => (padding, false),
                Padding::Same | Padding::Valid => return self.argument(),
            },
            Layer::MaxPool2d(pool) => (pool.padding, true),
            _ => return self.argument(),
        };
        if padding == Pair::square(0) {
            return self.argument();
        }
        let (h, w) = (padding.height, padding.width);
        let padded = if lowest {
            format!("ops.pad({}, ((0, 0), ({h}, {h}), ({w}, {w}), (0, 0)), constant_values=-1e30)", self.argument())
        } else {
            format!("layers.ZeroPadding2D(({h}, {w}))({})", self.argument())
        };
        made.push(format!("padded = {padded}\n"));
        "padded".to_string()
    }

    fn named(&self) -> String {
        format!("name={:?}", self.name.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '_'), "_"))
    }

    /// The layer's constructor; `None`: it is an operation.
    fn layer_expression(&self) -> Option<String> {
        let named = self.named();
        Some(match self.layer {
            Layer::Conv2d(conv) => {
                let padding = if conv.padding == Padding::Same { "\"same\"" } else { "\"valid\"" };
                let common = format!(
                    "{}, strides={}, padding={padding}, dilation_rate={}",
                    pair(conv.kernel_size),
                    pair(conv.stride),
                    pair(conv.dilation)
                );
                let bias = python(conv.bias);
                let count = |channels: Channels| match channels {
                    Channels::Count(count) => count,
                    Channels::TimesInput(times) => times.saturating_mul(self.channels()),
                };
                match (conv.groups, conv.out_channels) {
                    (Groups::InputChannels, Channels::TimesInput(times)) => {
                        format!("layers.DepthwiseConv2D({common}, depth_multiplier={times}, use_bias={bias})")
                    }
                    (groups, channels) => {
                        let groups = match groups {
                            Groups::Count(groups) => groups,
                            Groups::InputChannels => self.channels(),
                        };
                        let groups = if groups == 1 { String::new() } else { format!(", groups={groups}") };
                        format!("layers.Conv2D({}, {common}{groups}, use_bias={bias}, {named})", count(channels))
                    }
                }
            }
            Layer::ConvTranspose2d(conv) => {
                let channels = match conv.out_channels {
                    Channels::Count(count) => count,
                    Channels::TimesInput(times) => times.saturating_mul(self.channels()),
                };
                let padding = if conv.padding == Pair::square(0) { "\"valid\"" } else { "\"same\"" };
                format!(
                    "layers.Conv2DTranspose({channels}, {}, strides={}, padding={padding}, use_bias={}, {named})",
                    pair(conv.kernel_size),
                    pair(conv.stride),
                    python(conv.bias)
                )
            }
            Layer::Linear(linear) => {
                format!("layers.Dense({}, use_bias={}, {named})", linear.out_features, python(linear.bias))
            }
            Layer::MaxPool2d(pool) => {
                format!(
                    "layers.MaxPooling2D({}, strides={})",
                    pair(pool.kernel_size),
                    pair(pool.stride.unwrap_or(pool.kernel_size))
                )
            }
            Layer::AvgPool2d(pool) => {
                let padding = if pool.padding == Pair::square(0) { "\"valid\"" } else { "\"same\"" };
                format!(
                    "layers.AveragePooling2D({}, strides={}, padding={padding})",
                    pair(pool.kernel_size),
                    pair(pool.stride.unwrap_or(pool.kernel_size))
                )
            }
            Layer::AdaptiveAvgPool2d(pool) if pool.output_size == global() => {
                "layers.GlobalAveragePooling2D(keepdims=True)".to_string()
            }
            Layer::AdaptiveMaxPool2d(pool) if pool.output_size == global() => {
                "layers.GlobalMaxPooling2D(keepdims=True)".to_string()
            }
            Layer::BatchNorm2d(norm) => batch_norm(norm.eps, norm.momentum, norm.affine, &named),
            Layer::BatchNorm1d(norm) => batch_norm(norm.eps, norm.momentum, norm.affine, &named),
            Layer::GroupNorm(norm) => format!("layers.GroupNormalization({}, epsilon={:?})", norm.num_groups, norm.eps),
            Layer::LayerNorm(norm) => format!("layers.LayerNormalization(epsilon={:?})", norm.eps),
            Layer::LayerNorm2d(norm) => format!("layers.LayerNormalization(epsilon={:?})", norm.eps),
            Layer::InstanceNorm2d(norm) => format!("layers.GroupNormalization(-1, epsilon={:?})", norm.eps),
            Layer::ReLU6(_) => "layers.ReLU(max_value=6.0)".to_string(),
            Layer::LeakyReLU(relu) => format!("layers.LeakyReLU(negative_slope={:?})", relu.negative_slope),
            Layer::PReLU(relu) => {
                let shared = if relu.num_parameters == Channels::Count(1) { "[1, 2, 3]" } else { "[1, 2]" };
                format!("layers.PReLU(shared_axes={shared})")
            }
            Layer::ELU(elu) => format!("layers.ELU(alpha={:?})", elu.alpha),
            Layer::Softmax(softmax) => {
                format!("layers.Softmax(axis={})", axis(softmax.dim.unwrap_or(1), self.rank()))
            }
            Layer::Dropout(dropout) => format!("layers.Dropout({:?})", dropout.p),
            Layer::Dropout2d(dropout) => format!("layers.SpatialDropout2D({:?})", dropout.p),
            Layer::AlphaDropout(dropout) => format!("layers.AlphaDropout({:?})", dropout.p),
            Layer::Flatten(flatten) if flatten.start_dim == 1 && flatten.end_dim == -1 => {
                "layers.Flatten()".to_string()
            }
            Layer::ZeroPad2d(layer) => {
                let sides = layer.padding;
                format!("layers.ZeroPadding2D((({}, {}), ({}, {})))", sides.top, sides.bottom, sides.left, sides.right)
            }
            Layer::Upsample(layer) => {
                let factor = layer.scale_factor.map_or((2.0, 2.0), |factor| (factor.height, factor.width));
                let mode = match layer.mode {
                    UpsampleMode::Nearest => "nearest",
                    UpsampleMode::Bilinear => "bilinear",
                };
                format!("layers.UpSampling2D(({}, {}), interpolation=\"{mode}\")", factor.0 as i64, factor.1 as i64)
            }
            Layer::Add(_) => "layers.Add()".to_string(),
            Layer::Cat(cat) => format!("layers.Concatenate(axis={})", axis(cat.dim, self.rank())),
            Layer::Identity(_) => "layers.Identity()".to_string(),
            layer => {
                let activation = match layer.kind() {
                    Kind::ReLU => "relu",
                    Kind::SELU => "selu",
                    Kind::CELU => "celu",
                    Kind::SiLU => "silu",
                    Kind::GELU => "gelu",
                    Kind::Mish => "mish",
                    Kind::Hardswish => "hard_swish",
                    Kind::Hardsigmoid => "hard_sigmoid",
                    Kind::Hardtanh => "hard_tanh",
                    Kind::Sigmoid => "sigmoid",
                    Kind::LogSigmoid => "log_sigmoid",
                    Kind::Tanh => "tanh",
                    Kind::Softplus => "softplus",
                    Kind::Softsign => "softsign",
                    Kind::LogSoftmax => "log_softmax",
                    _ => return None,
                };
                format!("layers.Activation(\"{activation}\")")
            }
        })
    }

    /// What is a function of tensors in Keras.
    fn operation(&self) -> String {
        let x = self.inputs.first().map_or("inputs", String::as_str);
        let other = self.inputs.get(1).map_or("inputs", String::as_str);
        let output: Vec<String> = self
            .output
            .map(|dims| channels_last(&dims.without_batch()).iter().map(ToString::to_string).collect())
            .unwrap_or_default();
        match self.layer {
            Layer::Mul(_) => format!("{x} * {other}"),
            Layer::Scalar(scalar) => {
                let sign = match scalar.operation {
                    ScalarOperation::Add => "+",
                    ScalarOperation::Sub => "-",
                    ScalarOperation::Mul => "*",
                    ScalarOperation::Div => "/",
                };
                format!("{x} {sign} {:?}", scalar.value)
            }
            Layer::Mean(mean) => {
                let axes: Vec<String> = mean.dim.iter().map(|&dim| axis(dim, self.rank()).to_string()).collect();
                format!("ops.mean({x}, axis=({},), keepdims={})", axes.join(", "), python(mean.keepdim))
            }
            Layer::View(_) | Layer::Flatten(_) => format!("layers.Reshape(({},))({x})", output.join(", ")),
            Layer::Chunk(chunk) => {
                format!("ops.split({x}, {}, axis={})[{}]", chunk.chunks, axis(chunk.dim, self.rank()), chunk.index)
            }
            Layer::Contiguous(_) | Layer::StochasticDepth(_) => x.to_string(),
            Layer::ChannelShuffle(shuffle) => format!(
                "ops.reshape(ops.swapaxes(ops.reshape({x}, (-1, {0}, {1}, {2}, {3})), 3, 4), (-1, {0}, {1}, {4}))",
                self.input.and_then(|input| input.get(2).copied()).unwrap_or(1),
                self.input.and_then(|input| input.get(3).copied()).unwrap_or(1),
                shuffle.groups,
                self.channels() / shuffle.groups.max(1),
                self.channels()
            ),
            layer => format!("{x}  # {} has no counterpart in Keras", layer.kind().class()),
        }
    }
}

fn global() -> OutputSize {
    OutputSize { height: Some(1), width: Some(1) }
}

fn batch_norm(eps: f64, momentum: Option<f64>, affine: bool, named: &str) -> String {
    let plain = if affine { "" } else { ", center=False, scale=False" };
    let momentum = 1.0 - momentum.unwrap_or(0.1);
    format!("layers.BatchNormalization(momentum={momentum:?}, epsilon={eps:?}{plain}, {named})")
}
