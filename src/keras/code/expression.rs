//! One operation as Keras writes it.

use crate::keras::function::{Activation, Fill, Function, Resize, Window};
use crate::keras::program::Operation;
use crate::model::literal::{float, string};
use crate::model::{Dims, ScalarOperation};

/// How an operation is written.
pub(super) enum Written {
    /// A layer's constructor, to be called with the inputs.
    Layer(String),
    /// An expression of the inputs.
    Value(String),
}

/// `inputs` are variables, `name` is the layer's.
pub(super) fn written(operation: &Operation, tensors: &[Dims], inputs: &[&str], name: &str) -> Written {
    let named = format!("name={}", string(name));
    let x = inputs.first().copied().unwrap_or("inputs");
    if let Some(value) =
        expression(&operation.function, operation.inputs.first().map(|&input| &tensors[input]), x, inputs)
    {
        return Written::Value(value);
    }
    Written::Layer(constructor(&operation.function, tensors, operation, &named))
}

fn constructor(function: &Function, tensors: &[Dims], operation: &Operation, named: &str) -> String {
    let bias = |bias: bool| if bias { "" } else { ", use_bias=False" };
    let dimensions = |line: bool| if line { "1D" } else { "2D" };
    match function {
        Function::Conv { window, filters, groups, bias: has_bias } => {
            let groups = if *groups == 1 { String::new() } else { format!(", groups={groups}") };
            format!(
                "layers.Conv{}({filters}, {}{groups}{}, {named})",
                dimensions(window.line),
                convolution(window),
                bias(*has_bias)
            )
        }
        Function::DepthwiseConv { window, multiplier, bias: has_bias } => {
            let times = if *multiplier == 1 { String::new() } else { format!(", depth_multiplier={multiplier}") };
            format!(
                "layers.DepthwiseConv{}({}{times}{}, {named})",
                dimensions(window.line),
                convolution(window),
                bias(*has_bias)
            )
        }
        Function::ConvTranspose { window, output_padding, filters, bias: has_bias } => {
            let padding = match output_padding {
                None => ", padding=\"same\"".to_string(),
                // Without one Keras fills up to the stride, where the kernel is smaller.
                Some(padding) if *padding == [0, 0] && (0..2).all(|at| window.kernel[at] >= window.strides[at]) => {
                    String::new()
                }
                Some(padding) => format!(", output_padding={}", pair(*padding, window.line)),
            };
            format!(
                "layers.Conv{}Transpose({filters}, {}, strides={}{padding}{}, {named})",
                dimensions(window.line),
                pair(window.kernel, window.line),
                pair(window.strides, window.line),
                bias(*has_bias)
            )
        }
        Function::Dense { units, bias: has_bias, .. } => format!("layers.Dense({units}{}, {named})", bias(*has_bias)),
        Function::MaxPool(window) => format!("layers.MaxPooling{}({})", dimensions(window.line), pool(window)),
        Function::AveragePool(window) => format!("layers.AveragePooling{}({})", dimensions(window.line), pool(window)),
        Function::GlobalAverage { line } => format!("layers.GlobalAveragePooling{}(keepdims=True)", dimensions(*line)),
        Function::GlobalMax { line } => format!("layers.GlobalMaxPooling{}(keepdims=True)", dimensions(*line)),
        Function::AdaptiveAverage { size, line } => {
            format!("layers.AdaptiveAveragePooling{}({})", dimensions(*line), pair(*size, *line))
        }
        Function::AdaptiveMax { size, line } => {
            format!("layers.AdaptiveMaxPooling{}({})", dimensions(*line), pair(*size, *line))
        }
        Function::Pad { sides, .. } => match sides[..] {
            [_, (before, after), _] => format!("layers.ZeroPadding1D(({before}, {after}))"),
            [_, rows, columns, ..] if rows.0 == rows.1 && columns.0 == columns.1 => {
                format!("layers.ZeroPadding2D({})", pair([rows.0, columns.0], false))
            }
            [_, (top, bottom), (left, right), ..] => {
                format!("layers.ZeroPadding2D((({top}, {bottom}), ({left}, {right})))")
            }
            _ => "layers.Identity()".to_string(),
        },
        Function::Crop { sides: [_, (before, after)], line: true } => format!("layers.Cropping1D(({before}, {after}))"),
        Function::Crop { sides: [(top, bottom), (left, right)], .. } => {
            format!("layers.Cropping2D((({top}, {bottom}), ({left}, {right})))")
        }
        Function::BatchNorm { axis, eps, momentum, affine } => {
            let rank = rank(tensors, operation);
            let axis = if axis + 1 == rank { String::new() } else { format!("axis={axis}, ") };
            let plain = if *affine { "" } else { ", center=False, scale=False" };
            let momentum = (momentum * 1e12).round() / 1e12;
            format!(
                "layers.BatchNormalization({axis}momentum={}, epsilon={}{plain}, {named})",
                float(momentum),
                float(*eps)
            )
        }
        Function::GroupNorm { axis, groups, eps, affine } => {
            let groups = groups.map_or("-1".to_string(), |groups| groups.to_string());
            let axis = if axis + 1 == rank(tensors, operation) { String::new() } else { format!(", axis={axis}") };
            let plain = if *affine { format!(", {named}") } else { ", center=False, scale=False".to_string() };
            format!("layers.GroupNormalization({groups}{axis}, epsilon={}{plain})", float(*eps))
        }
        Function::LayerNorm { axes, eps, scale, center } => {
            let is_last = axes[..] == [rank(tensors, operation).saturating_sub(1)];
            let axis = if is_last { String::new() } else { format!("axis={}, ", list(axes)) };
            let plain = [(center, "center"), (scale, "scale")]
                .map(|(has, word)| if *has { String::new() } else { format!(", {word}=False") });
            let named = if *scale || *center { format!(", {named}") } else { String::new() };
            format!("layers.LayerNormalization({axis}epsilon={}{}{named})", float(*eps), plain.concat())
        }
        Function::Activation(activation) => activation_layer(activation),
        Function::PRelu { shared } => {
            let axes = if shared.is_empty() { String::new() } else { format!("shared_axes={}, ", list(shared)) };
            format!("layers.PReLU({axes}alpha_initializer=initializers.Constant(0.25), {named})")
        }
        Function::Softmax { axis } => format!("layers.Softmax(axis={axis})"),
        Function::Dropout { rate } => format!("layers.Dropout({})", float(*rate)),
        Function::SpatialDropout { rate, line } => {
            format!("layers.SpatialDropout{}({})", dimensions(*line), float(*rate))
        }
        Function::AlphaDropout { rate } => format!("layers.AlphaDropout({})", float(*rate)),
        Function::DropPath { rate, batch, rank } => {
            let first = if *batch { "1" } else { "None" };
            format!("layers.Dropout({}, noise_shape=({first}{}))", float(*rate), ", 1".repeat(rank.saturating_sub(1)))
        }
        Function::Flatten => "layers.Flatten()".to_string(),
        Function::Reshape(dims) => format!("layers.Reshape({})", tuple(&dims.without_batch())),
        Function::Permute(axes) => format!("layers.Permute({})", tuple(axes.get(1..).unwrap_or_default())),
        Function::Resize { size, resize } => {
            let mode = match resize {
                Resize::Nearest => "nearest",
                Resize::Bilinear => "bilinear",
            };
            format!("layers.Resizing({}, {}, interpolation=\"{mode}\")", size[0], size[1])
        }
        Function::Concatenate { axis } => format!("layers.Concatenate(axis={axis})"),
        Function::Add => "layers.Add()".to_string(),
        Function::Multiply => "layers.Multiply()".to_string(),
        // Written as expressions.
        Function::LogSoftmax { .. }
        | Function::Mean { .. }
        | Function::Slice { .. }
        | Function::Take { .. }
        | Function::Scalar { .. }
        | Function::Scale { .. } => String::new(),
    }
}

/// What is a function of tensors in Keras; `None`: a layer.
fn expression(function: &Function, input: Option<&Dims>, x: &str, inputs: &[&str]) -> Option<String> {
    Some(match function {
        Function::Multiply => inputs.join(" * "),
        Function::LogSoftmax { axis } => format!("ops.log_softmax({x}, axis={axis})"),
        Function::Mean { axes, keep } => {
            let keep = if *keep { ", keepdims=True" } else { "" };
            format!("ops.mean({x}, axis={}{keep})", list(axes))
        }
        Function::Slice { axis, start, end } => {
            let size = input.and_then(|input| input.get(*axis).copied());
            let start = if *start == 0 { String::new() } else { start.to_string() };
            let end = if size == Some(*end) { String::new() } else { end.to_string() };
            format!("{x}[{}{start}:{end}]", ":, ".repeat(*axis))
        }
        Function::Scalar { operation, value } => {
            let sign = match operation {
                ScalarOperation::Add => "+",
                ScalarOperation::Sub => "-",
                ScalarOperation::Mul => "*",
                ScalarOperation::Div => "/",
            };
            format!("{x} {sign} {}", float(*value))
        }
        Function::Scale { rows, columns, line } => {
            let numbers = |numbers: &[f64]| numbers.iter().map(|&number| float(number)).collect::<Vec<_>>().join(", ");
            let along = |factors: &[f64], shape: &str| {
                let is_one = factors.iter().all(|&factor| factor == 1.0);
                if is_one { String::new() } else { format!(" * ops.reshape([{}], {shape})", numbers(factors)) }
            };
            let shapes = if *line { ("(1, 1, 1)", "(1, -1, 1)") } else { ("(1, -1, 1, 1)", "(1, 1, -1, 1)") };
            format!("{x}{}{}", along(rows, shapes.0), along(columns, shapes.1))
        }
        Function::Take { rows, columns } => {
            format!("ops.take(ops.take({x}, {}, axis=1), {}, axis=2)", list(rows), list(columns))
        }
        Function::Pad { fill: Fill::Zero, .. } => return None,
        Function::Pad { sides, fill } => padded(sides, *fill, x),
        Function::Activation(activation) => return activation_expression(activation, x),
        _ => return None,
    })
}

fn padded(sides: &[(u64, u64)], fill: Fill, x: &str) -> String {
    let all: Vec<String> = sides.iter().map(|(before, after)| format!("({before}, {after})")).collect();
    let all = all.join(", ");
    match fill {
        Fill::Zero => format!("ops.pad({x}, ({all}))"),
        Fill::Number(value) => format!("ops.pad({x}, ({all}), constant_values={})", float(value)),
        Fill::Reflect => format!("ops.pad({x}, ({all}), mode=\"reflect\")"),
        Fill::Symmetric => format!("ops.pad({x}, ({all}), mode=\"symmetric\")"),
        Fill::Edge | Fill::Wrap => {
            // One axis at a time.
            let axis = sides.iter().position(|&sides| sides != (0, 0)).unwrap_or(0);
            let (before, after) = sides.get(axis).copied().unwrap_or_default();
            let at = ":, ".repeat(axis);
            let (first, last) = match fill {
                // One row or column, as often as wanted.
                Fill::Edge => (format!("[{x}[{at}:1]] * {before} + "), format!(" + [{x}[{at}-1:]] * {after}")),
                _ => (format!("[{x}[{at}-{before}:]] + "), format!(" + [{x}[{at}:{after}]]")),
            };
            let first = if before == 0 { String::new() } else { first };
            let last = if after == 0 { String::new() } else { last };
            format!("ops.concatenate({first}[{x}]{last}, axis={axis})")
        }
    }
}

fn activation_layer(activation: &Activation) -> String {
    let name = match *activation {
        Activation::Relu => "relu",
        Activation::Relu6 => "relu6",
        Activation::HardTanh => "hard_tanh",
        Activation::LeakyRelu(slope) => return format!("layers.LeakyReLU(negative_slope={})", float(slope)),
        Activation::Elu(alpha) => return format!("layers.ELU(alpha={})", float(alpha)),
        Activation::Clip(_, high) => return format!("layers.ReLU(max_value={})", float(high)),
        Activation::Selu => "selu",
        Activation::Celu(_) => "celu",
        Activation::Silu => "silu",
        Activation::Gelu | Activation::TanhGelu => "gelu",
        Activation::Mish => "mish",
        Activation::HardSwish => "hard_swish",
        Activation::HardSigmoid => "hard_sigmoid",
        Activation::Sigmoid => "sigmoid",
        Activation::LogSigmoid => "log_sigmoid",
        Activation::Tanh => "tanh",
        Activation::Softplus(..) => "softplus",
        Activation::Softsign => "softsign",
    };
    format!("layers.Activation(\"{name}\")")
}

/// What has other arguments than those of the activation's name.
fn activation_expression(activation: &Activation, x: &str) -> Option<String> {
    Some(match *activation {
        Activation::Clip(low, high) if low != 0.0 || high <= 0.0 => {
            format!("ops.clip({x}, {}, {})", float(low), float(high))
        }
        Activation::Celu(alpha) if alpha != 1.0 => format!("ops.celu({x}, alpha={})", float(alpha)),
        Activation::TanhGelu => format!("ops.gelu({x}, approximate=True)"),
        Activation::Softplus(beta, threshold) if beta != 1.0 || threshold != 20.0 => {
            let beta = float(beta);
            format!("ops.where({x} * {beta} > {0}, {x}, ops.softplus({x} * {beta}) / {beta})", float(threshold))
        }
        _ => return None,
    })
}

fn convolution(window: &Window) -> String {
    let mut text = pair(window.kernel, window.line);
    if window.strides != [1, 1] {
        text.push_str(&format!(", strides={}", pair(window.strides, window.line)));
    }
    if window.same {
        text.push_str(", padding=\"same\"");
    }
    if window.dilation != [1, 1] {
        text.push_str(&format!(", dilation_rate={}", pair(window.dilation, window.line)));
    }
    text
}

fn pool(window: &Window) -> String {
    let mut text = pair(window.kernel, window.line);
    if window.strides != window.kernel {
        text.push_str(&format!(", strides={}", pair(window.strides, window.line)));
    }
    if window.same {
        text.push_str(", padding=\"same\"");
    }
    text
}

fn rank(tensors: &[Dims], operation: &Operation) -> usize {
    tensors[operation.output].rank()
}

/// Rows and columns: one number where they are equal, or over lines.
fn pair([rows, columns]: [u64; 2], line: bool) -> String {
    if line || rows == columns { columns.to_string() } else { format!("({rows}, {columns})") }
}

fn list<T: ToString>(items: &[T]) -> String {
    format!("[{}]", items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

fn tuple<T: ToString>(items: &[T]) -> String {
    let comma = if items.len() == 1 { "," } else { "" };
    format!("({}{comma})", items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}
