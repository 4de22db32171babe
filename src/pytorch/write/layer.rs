//! One layer as PyTorch writes it: a module's constructor, or a function's call.

use super::constants::code;
use crate::model::{Argument, Channels, Dims, Groups, Kind, Layer, MAX_RANK, ScalarOperation, Sides, Value, literal};

/// A module's constructor: `nn.Conv2d(3, 8, kernel_size=3)`. `input` is what flows in.
pub(crate) fn constructor(layer: &Layer, input: Option<&Dims>) -> String {
    let kind = layer.kind();
    let inferred = kind.inferred_argument();
    let channels = inferred.and_then(|_| declared(layer, input));
    let channels_in = |dims: &Dims| match layer.convolution() {
        Some(convolution) => convolution.input_channels(dims),
        None => dims.get(1).copied(),
    };
    let channel_count = input.and_then(channels_in).unwrap_or(1);
    let required = kind.required_arguments();
    let mut arguments: Vec<String> = Vec::new();
    let mut index = 0;
    for (name, value) in layer.arguments().filter(|(name, _)| *name != "normalized_dims") {
        let place = kind.arguments().iter().position(|argument| *argument == name).unwrap_or(0);
        let written = place < required || kind.layer().argument(name).as_ref() != Some(&value);
        let value = match (name, &value) {
            ("out_channels", Value::Text(_)) => match Channels::from_value(&value) {
                Some(Channels::TimesInput(times)) => Value::Int(times.saturating_mul(channel_count as i64)),
                _ => value,
            },
            ("groups", Value::Text(_)) if Groups::from_value(&value) == Some(Groups::InputChannels) => {
                Value::Int(channel_count as i64)
            }
            ("num_parameters", Value::Text(_)) => match Channels::from_value(&value) {
                Some(Channels::TimesInput(times)) => Value::Int(times.saturating_mul(channel_count as i64)),
                _ => value,
            },
            _ => value,
        };
        if inferred.is_some_and(|inferred| inferred.position == index)
            && let Some(channels) = &channels
        {
            arguments.push(channels.clone());
        }
        index += 1;
        if written {
            let by_place = place < required && place < 2 && name != "kernel_size";
            arguments.push(if by_place { code(&value) } else { format!("{name}={}", code(&value)) });
        }
    }
    if inferred.is_some_and(|inferred| inferred.position >= index)
        && let Some(channels) = channels
    {
        let at = arguments.iter().position(|argument| argument.contains('=')).unwrap_or(arguments.len());
        arguments.insert(at, channels);
    }
    let class = kind.class();
    match kind {
        Kind::LayerNorm2d | Kind::StochasticDepth => format!("{class}({})", arguments.join(", ")),
        _ => format!("nn.{class}({})", arguments.join(", ")),
    }
}

/// The constructor of a layer that finds out by its first input what arrives; `None`: PyTorch has none, or its
/// arguments are given by the input.
pub(crate) fn lazy(layer: &Layer) -> Option<String> {
    let by_input = layer.arguments().any(|(name, value)| match name {
        "out_channels" => matches!(Channels::from_value(&value), Some(Channels::TimesInput(_))),
        "groups" => Groups::from_value(&value) == Some(Groups::InputChannels),
        _ => false,
    });
    let has_lazy = matches!(
        layer.kind(),
        Kind::Conv2d
            | Kind::ConvTranspose2d
            | Kind::Linear
            | Kind::Conv1d
            | Kind::ConvTranspose1d
            | Kind::InstanceNorm1d
            | Kind::BatchNorm1d
            | Kind::BatchNorm2d
            | Kind::InstanceNorm2d
    );
    let text = constructor(layer, None);
    let arguments = text.strip_prefix("nn.").filter(|_| has_lazy && !by_input)?;
    Some(format!("nn.Lazy{arguments}"))
}

/// PyTorch's argument for what is inferred here.
fn declared(layer: &Layer, input: Option<&Dims>) -> Option<String> {
    let input = input?;
    let at = |from_end: usize| input.rank().checked_sub(from_end).map(|index| input[index].to_string());
    match layer {
        Layer::LayerNorm(norm) => {
            let start = input.rank().checked_sub(usize::try_from(norm.normalized_dims).ok()?)?;
            let sizes: Vec<String> = input[start..].iter().map(ToString::to_string).collect();
            Some(if sizes.len() == 1 { sizes[0].clone() } else { format!("({})", sizes.join(", ")) })
        }
        _ => match layer.kind() {
            Kind::Linear => at(1),
            Kind::Conv2d | Kind::ConvTranspose2d | Kind::InstanceNorm2d => at(3),
            Kind::Conv1d | Kind::ConvTranspose1d | Kind::InstanceNorm1d => at(2),
            _ => input.get(1).map(ToString::to_string),
        },
    }
}

/// The function of a layer that is called as one: its name, and the call on these inputs. `None`: it has none.
pub(crate) fn function(layer: &Layer, inputs: &[String], rank: usize) -> Option<(&'static str, String)> {
    let x = inputs.first().map_or("x", String::as_str);
    let other = inputs.get(1).map_or("x", String::as_str);
    let list = |values: &[i64]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(match layer {
        Layer::Add(_) => ("add", format!("{x} + {other}")),
        Layer::Mul(_) => ("mul", format!("{x} * {other}")),
        Layer::Cat(cat) => ("cat", format!("torch.cat([{}], dim={})", inputs.join(", "), cat.dim)),
        Layer::Mean(mean) => {
            let keepdim = if mean.keepdim { ", keepdim=True" } else { "" };
            let comma = if mean.dim.len() == 1 { "," } else { "" };
            ("mean", format!("{x}.mean(dim=({}{comma}){keepdim})", list(&mean.dim)))
        }
        Layer::View(view) => ("view", format!("{x}.reshape({})", list(&view.shape))),
        Layer::Transpose(layer) => ("transpose", format!("{x}.transpose({}, {})", layer.dim0, layer.dim1)),
        Layer::Permute(layer) => ("permute", format!("{x}.permute({})", list(&layer.dims))),
        Layer::Contiguous(_) => ("contiguous", format!("{x}.contiguous()")),
        Layer::Chunk(chunk) => {
            ("chunk", format!("torch.chunk({x}, {}, dim={})[{}]", chunk.chunks, chunk.dim, chunk.index))
        }
        Layer::Slice(slice) => {
            let start = if slice.start == 0 { String::new() } else { slice.start.to_string() };
            let end = slice.end.map_or_else(String::new, |end| end.to_string());
            let dim = if slice.dim < 0 { slice.dim.saturating_add(rank as i64) } else { slice.dim };
            let call = match usize::try_from(dim) {
                Ok(dim) if dim < MAX_RANK => format!("{x}[{}{start}:{end}]", ":, ".repeat(dim)),
                // No tensor has this dimension: Python says so.
                _ => format!("{x}.transpose(0, {0})[{start}:{end}].transpose(0, {0})", slice.dim),
            };
            ("slice", call)
        }
        Layer::Scalar(scalar) => {
            let (name, sign) = match scalar.operation {
                ScalarOperation::Add => ("add", "+"),
                ScalarOperation::Sub => ("sub", "-"),
                ScalarOperation::Mul => ("mul", "*"),
                ScalarOperation::Div => ("div", "/"),
            };
            (name, format!("{x} {sign} {}", literal::float(scalar.value)))
        }
        Layer::Flatten(flatten) => {
            let end = if flatten.end_dim == -1 { String::new() } else { format!(", {}", flatten.end_dim) };
            ("flatten", format!("torch.flatten({x}, {}{end})", flatten.start_dim))
        }
        Layer::ZeroPad2d(pad) => ("pad", padded(x, pad.padding, "")),
        Layer::ConstantPad2d(pad) => ("pad", padded(x, pad.padding, &format!(", value={}", literal::float(pad.value)))),
        Layer::ReflectionPad2d(pad) => ("pad", padded(x, pad.padding, ", mode=\"reflect\"")),
        Layer::ReplicationPad2d(pad) => ("pad", padded(x, pad.padding, ", mode=\"replicate\"")),
        _ => {
            let name = functional_name(layer.kind())?;
            let mut arguments = vec![x.to_string()];
            arguments.extend(layer.written_arguments().map(|(name, value)| format!("{name}={}", code(&value))));
            if matches!(layer.kind(), Kind::Dropout | Kind::Dropout2d | Kind::AlphaDropout) {
                arguments.push("training=self.training".to_string());
            }
            (name, format!("F.{name}({})", arguments.join(", ")))
        }
    })
}

/// How torch.fx would call what a function does where all are numbered together; modules that became functions keep
/// their class.
pub(crate) fn counted_name(function: &str) -> &str {
    match function {
        "channel_shuffle" => "ChannelShuffle",
        other => other,
    }
}

fn padded(x: &str, sides: Sides, mode: &str) -> String {
    format!("F.pad({x}, ({}, {}, {}, {}){mode})", sides.left, sides.right, sides.top, sides.bottom)
}

fn functional_name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::ReLU => "relu",
        Kind::ReLU6 => "relu6",
        Kind::LeakyReLU => "leaky_relu",
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
        Kind::LogSigmoid => "logsigmoid",
        Kind::Tanh => "tanh",
        Kind::Softplus => "softplus",
        Kind::Softsign => "softsign",
        Kind::Softmax => "softmax",
        Kind::LogSoftmax => "log_softmax",
        Kind::MaxPool2d => "max_pool2d",
        Kind::AvgPool2d => "avg_pool2d",
        Kind::MaxPool1d => "max_pool1d",
        Kind::AvgPool1d => "avg_pool1d",
        Kind::AdaptiveAvgPool1d => "adaptive_avg_pool1d",
        Kind::AdaptiveMaxPool1d => "adaptive_max_pool1d",
        Kind::AdaptiveAvgPool2d => "adaptive_avg_pool2d",
        Kind::AdaptiveMaxPool2d => "adaptive_max_pool2d",
        Kind::Dropout => "dropout",
        Kind::Dropout2d => "dropout2d",
        Kind::AlphaDropout => "alpha_dropout",
        Kind::ChannelShuffle => "channel_shuffle",
        Kind::PixelShuffle => "pixel_shuffle",
        Kind::PixelUnshuffle => "pixel_unshuffle",
        Kind::LocalResponseNorm => "local_response_norm",
        Kind::Upsample => "interpolate",
        _ => return None,
    })
}
