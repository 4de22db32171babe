//! One layer in Keras, with what flows in and out.

use crate::model::literal::{float, string};
use crate::model::{
    Channels, Conv2d, Dims, Groups, Kind, Layer, OutputSize, Padding, Pair, ScalarOperation, UpsampleMode,
};

/// One node with what flows in and out.
pub(super) struct Site<'a> {
    pub(super) layer: &'a Layer,
    /// Its own in Keras.
    pub(super) name: &'a str,
    pub(super) inputs: &'a [String],
    pub(super) input: Option<&'a Dims>,
    pub(super) output: Option<&'a Dims>,
    /// Three dimensions are lines, `[N, L, C]` in Keras.
    pub(super) over_lines: bool,
}

/// `[C, H, W]` to `[H, W, C]`, and lines `[C, L]` to `[L, C]`.
pub(super) fn channels_last(sample: &Dims, over_lines: bool) -> Vec<u64> {
    match sample.sizes() {
        &[channels, height, width] => vec![height, width, channels],
        &[channels, length] if over_lines => vec![length, channels],
        sizes => sizes.to_vec(),
    }
}

pub(super) fn no_bias(bias: bool) -> &'static str {
    if bias { "" } else { ", use_bias=False" }
}

/// A pool's stride where it is another than its kernel.
fn strides(stride: Option<Pair>, kernel: Pair) -> String {
    match stride {
        Some(stride) if stride != kernel => format!(", strides={}", pair(stride)),
        Some(_) | None => String::new(),
    }
}

/// Above and below, left and right.
fn symmetric(padding: Pair) -> [(i64, i64); 2] {
    [(padding.height, padding.height), (padding.width, padding.width)]
}

/// How many rows or columns a window covers.
fn span(kernel: i64, dilation: i64) -> i64 {
    dilation.saturating_mul(kernel.saturating_sub(1)).saturating_add(1)
}

/// What Keras calls "same", where both mean the same.
pub(super) fn keeps_size(conv: &Conv2d) -> bool {
    let along = |kernel: i64, dilation: i64, padding: i64| {
        padding > 0 && padding.saturating_mul(2) == span(kernel, dilation) - 1 || padding == 0 && kernel == 1
    };
    let Padding::Explicit(padding) = conv.padding else { return false };
    conv.stride == Pair::square(1)
        && padding != Pair::square(0)
        && along(conv.kernel_size.height, conv.dilation.height, padding.height)
        && along(conv.kernel_size.width, conv.dilation.width, padding.width)
}

fn pair(pair: Pair) -> String {
    if pair.height == pair.width { pair.height.to_string() } else { format!("({}, {})", pair.height, pair.width) }
}

/// PyTorch's dimension in Keras's order.
fn axis(dim: i64, rank: usize, over_lines: bool) -> i64 {
    let dim = if dim < 0 { dim.saturating_add(rank as i64) } else { dim };
    match (rank, dim) {
        (4, 1) => 3,
        (4, 2 | 3) => dim - 1,
        (3, 1) if over_lines => 2,
        (3, 2) if over_lines => 1,
        _ => dim,
    }
}

impl Site<'_> {
    pub(super) fn argument(&self) -> String {
        match self.inputs {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        }
    }

    fn rank(&self) -> usize {
        self.input.map_or(4, |input| input.rank())
    }

    /// The last size of the input.
    pub(super) fn length(&self) -> Option<u64> {
        self.input.and_then(|input| input.last().copied())
    }

    pub(super) fn channels(&self) -> i64 {
        self.input
            .and_then(|input| input.get(1).copied())
            .and_then(|channels| i64::try_from(channels).ok())
            .unwrap_or(1)
    }

    /// The line that pads the input where Keras does not do it in the layer, and the layer's input.
    pub(super) fn padded(&self) -> (String, String) {
        if let Some(padded) = self.padded_line() {
            return padded;
        }
        let (sides, lowest) = match self.layer {
            Layer::Conv2d(conv) => match conv.padding {
                Padding::Explicit(padding) if !keeps_size(conv) => (symmetric(padding), false),
                Padding::Explicit(_) | Padding::Same | Padding::Valid => return (String::new(), self.argument()),
            },
            Layer::MaxPool2d(pool) => {
                (self.pool_sides(pool.kernel_size, pool.stride, pool.padding, pool.dilation), true)
            }
            Layer::AvgPool2d(pool) => (symmetric(pool.padding), false),
            _ => return (String::new(), self.argument()),
        };
        let [(top, bottom), (left, right)] = sides;
        if sides == symmetric(Pair::square(0)) {
            return (String::new(), self.argument());
        }
        let padded = if lowest {
            format!(
                "ops.pad({}, ((0, 0), ({top}, {bottom}), ({left}, {right}), (0, 0)), constant_values=-1e30)",
                self.argument()
            )
        } else if (top, left) == (bottom, right) {
            format!("layers.ZeroPadding2D({})({})", pair(Pair::new(top, left)), self.argument())
        } else {
            format!("layers.ZeroPadding2D((({top}, {bottom}), ({left}, {right})))({})", self.argument())
        };
        (format!("padded = {padded}\n"), "padded".to_string())
    }

    /// What a pool adds above and below, left and right, also for windows that `ceil_mode` lets hang over.
    pub(super) fn pool_sides(
        &self,
        kernel: Pair,
        stride: Option<Pair>,
        padding: Pair,
        dilation: Pair,
    ) -> [(i64, i64); 2] {
        let stride = stride.unwrap_or(kernel);
        let size = |dims: Option<&Dims>, at: usize| {
            dims.and_then(|dims| dims.get(at).copied()).and_then(|size| i64::try_from(size).ok()).unwrap_or(0)
        };
        // The dimensions of maps, of lines the last one.
        let along = |at: usize, kernel: i64, stride: i64, padding: i64, dilation: i64| {
            let at = at.min(self.rank().saturating_sub(1));
            let covered = (size(self.output, at) - 1).saturating_mul(stride).saturating_add(span(kernel, dilation));
            (padding, padding.max(covered.saturating_sub(size(self.input, at)).saturating_sub(padding)))
        };
        [
            along(2, kernel.height, stride.height, padding.height, dilation.height),
            along(3, kernel.width, stride.width, padding.width, dilation.width),
        ]
    }

    pub(super) fn named(&self) -> String {
        format!("name={}", string(self.name))
    }

    /// The layer's constructor; `None`: it is an operation.
    pub(super) fn layer_expression(&self) -> Option<String> {
        let named = self.named();
        if let Some(line) = self.line_expression() {
            return Some(line);
        }
        Some(match self.layer {
            Layer::Conv2d(conv) => {
                let mut common = pair(conv.kernel_size);
                if conv.stride != Pair::square(1) {
                    common.push_str(&format!(", strides={}", pair(conv.stride)));
                }
                if conv.padding == Padding::Same || keeps_size(conv) {
                    common.push_str(", padding=\"same\"");
                }
                if conv.dilation != Pair::square(1) {
                    common.push_str(&format!(", dilation_rate={}", pair(conv.dilation)));
                }
                let bias = no_bias(conv.bias);
                let count = |channels: Channels| match channels {
                    Channels::Count(count) => count,
                    Channels::TimesInput(times) => times.saturating_mul(self.channels()),
                };
                match (conv.groups, conv.out_channels) {
                    (Groups::InputChannels, Channels::TimesInput(times)) => {
                        let times = if times == 1 { String::new() } else { format!(", depth_multiplier={times}") };
                        format!("layers.DepthwiseConv2D({common}{times}{bias}, {named})")
                    }
                    (groups, channels) => {
                        let groups = match groups {
                            Groups::Count(groups) => groups,
                            Groups::InputChannels => self.channels(),
                        };
                        let groups = if groups == 1 { String::new() } else { format!(", groups={groups}") };
                        format!("layers.Conv2D({}, {common}{groups}{bias}, {named})", count(channels))
                    }
                }
            }
            Layer::ConvTranspose2d(conv) => {
                let channels = match conv.out_channels {
                    Channels::Count(count) => count,
                    Channels::TimesInput(times) => times.saturating_mul(self.channels()),
                };
                // Keras has no padding by a number: the "same" one where it gives this size.
                let doubles = self.input.zip(self.output).is_some_and(|(input, output)| {
                    let times = |at: usize, stride: i64| {
                        u64::try_from(stride).ok().and_then(|stride| input.get(at)?.checked_mul(stride))
                            == output.get(at).copied()
                    };
                    times(2, conv.stride.height) && times(3, conv.stride.width)
                });
                let padding = if doubles { ", padding=\"same\"" } else { "" };
                format!(
                    "layers.Conv2DTranspose({channels}, {}, strides={}{padding}{}, {named})",
                    pair(conv.kernel_size),
                    pair(conv.stride),
                    no_bias(conv.bias)
                )
            }
            Layer::Linear(linear) => {
                format!("layers.Dense({}{}, {named})", linear.out_features, no_bias(linear.bias))
            }
            Layer::MaxPool2d(pool) => {
                format!("layers.MaxPooling2D({}{})", pair(pool.kernel_size), strides(pool.stride, pool.kernel_size))
            }
            Layer::AvgPool2d(pool) => {
                format!("layers.AveragePooling2D({}{})", pair(pool.kernel_size), strides(pool.stride, pool.kernel_size))
            }
            Layer::AdaptiveAvgPool2d(pool) if pool.output_size == global() => {
                "layers.GlobalAveragePooling2D(keepdims=True)".to_string()
            }
            Layer::AdaptiveMaxPool2d(pool) if pool.output_size == global() => {
                "layers.GlobalMaxPooling2D(keepdims=True)".to_string()
            }
            Layer::BatchNorm2d(norm) => batch_norm(norm.eps, norm.momentum, norm.affine, &named),
            Layer::BatchNorm1d(norm) => batch_norm(norm.eps, norm.momentum, norm.affine, &named),
            Layer::GroupNorm(norm) => {
                format!("layers.GroupNormalization({}, epsilon={})", norm.num_groups, float(norm.eps))
            }
            Layer::LayerNorm(norm) => format!("layers.LayerNormalization(epsilon={})", float(norm.eps)),
            Layer::LayerNorm2d(norm) => format!("layers.LayerNormalization(epsilon={})", float(norm.eps)),
            Layer::InstanceNorm2d(norm) => format!("layers.GroupNormalization(-1, epsilon={})", float(norm.eps)),
            Layer::ReLU6(_) => "layers.ReLU(max_value=6.0)".to_string(),
            Layer::LeakyReLU(relu) => format!("layers.LeakyReLU(negative_slope={})", float(relu.negative_slope)),
            Layer::PReLU(relu) => {
                let shared = match (relu.num_parameters, self.over_lines) {
                    (Channels::Count(1), false) => "[1, 2, 3]",
                    (_, false) | (Channels::Count(1), true) => "[1, 2]",
                    (_, true) => "[1]",
                };
                format!("layers.PReLU(shared_axes={shared})")
            }
            Layer::ELU(elu) => format!("layers.ELU(alpha={})", float(elu.alpha)),
            Layer::Softmax(softmax) => {
                format!("layers.Softmax(axis={})", axis(softmax.dim.unwrap_or(1), self.rank(), self.over_lines))
            }
            Layer::Dropout(dropout) => format!("layers.Dropout({})", float(dropout.p)),
            Layer::Dropout2d(dropout) => format!("layers.SpatialDropout2D({})", float(dropout.p)),
            Layer::AlphaDropout(dropout) => format!("layers.AlphaDropout({})", float(dropout.p)),
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
            // Keras wants two at least.
            Layer::Cat(_) if self.inputs.len() == 1 => return None,
            Layer::Cat(cat) => format!("layers.Concatenate(axis={})", axis(cat.dim, self.rank(), self.over_lines)),
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
    pub(super) fn operation(&self) -> String {
        let x = self.inputs.first().map_or("inputs", String::as_str);
        let other = self.inputs.get(1).map_or("inputs", String::as_str);
        let output: Vec<String> = self
            .output
            .map(|dims| channels_last(&dims.without_batch(), self.over_lines).iter().map(ToString::to_string).collect())
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
                format!("{x} {sign} {}", float(scalar.value))
            }
            Layer::Mean(mean) => {
                let axes: Vec<String> =
                    mean.dim.iter().map(|&dim| axis(dim, self.rank(), self.over_lines).to_string()).collect();
                let comma = if axes.len() == 1 { "," } else { "" };
                let keepdims = if mean.keepdim { ", keepdims=True" } else { "" };
                format!("ops.mean({x}, axis=({}{comma}){keepdims})", axes.join(", "))
            }
            Layer::View(_) | Layer::Flatten(_) => {
                let comma = if output.len() == 1 { "," } else { "" };
                format!("layers.Reshape(({}{comma}))({x})", output.join(", "))
            }
            Layer::Chunk(chunk) => {
                format!(
                    "ops.split({x}, {}, axis={})[{}]",
                    chunk.chunks,
                    axis(chunk.dim, self.rank(), self.over_lines),
                    chunk.index
                )
            }
            Layer::Contiguous(_) | Layer::StochasticDepth(_) | Layer::Cat(_) => x.to_string(),
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
    format!("layers.BatchNormalization(momentum={}, epsilon={}{plain}, {named})", float(momentum), float(eps))
}
