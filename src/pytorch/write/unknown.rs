//! Layers that are not counted, as PyTorch has them: classes and functions known by name with their arguments as they
//! were; what is not even known by name raises when it is called.

use super::constants::{Constants, code};
use crate::model::{Layer, Unsupported, Value, literal};

/// The class of what cannot be written.
pub(crate) const NOT_KNOWN: &str = "NotKnown";

/// Its text.
pub(crate) const NOT_KNOWN_CLASS: &str = "class NotKnown(nn.Module):\n    def __init__(self, what):\n        super().__init__()\n        self.what = what\n\n    def forward(self, *inputs):\n        raise NotImplementedError(f\"{self.what}: not known to Convscope\")\n";

/// Classes of `torch.nn` whose cost is not counted.
const CLASSES: &[&str] = &[
    "Conv1d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose3d",
    "MaxPool1d",
    "MaxPool3d",
    "AvgPool1d",
    "AvgPool3d",
    "AdaptiveAvgPool1d",
    "AdaptiveMaxPool1d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool3d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm3d",
    "RMSNorm",
    "Embedding",
    "LSTM",
    "GRU",
    "RNN",
    "MultiheadAttention",
    "Bilinear",
    "LPPool2d",
    "Unfold",
    "Fold",
    "Softmax2d",
    "Softmin",
    "Softshrink",
    "Hardshrink",
    "Tanhshrink",
    "Threshold",
    "RReLU",
    "GLU",
    "CosineSimilarity",
    "PairwiseDistance",
    "ConstantPad1d",
    "ConstantPad3d",
    "ZeroPad1d",
    "ZeroPad3d",
    "ReflectionPad1d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad3d",
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "CrossMapLRN2d",
    "Unflatten",
];

/// Classes that give a tuple.
const OF_TUPLES: &[&str] = &["LSTM", "GRU", "RNN", "MultiheadAttention"];

/// Functions of `torch` that give each element of one tensor another value, and take nothing else.
pub(crate) const PLAIN: &[&str] = &[
    "abs",
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "square",
    "sin",
    "cos",
    "sign",
    "floor",
    "ceil",
    "round",
    "erf",
    "log1p",
    "reciprocal",
    "log2",
    "log10",
];

/// Methods of a tensor with arguments.
const METHODS: &[&str] = &[
    "sum",
    "amax",
    "amin",
    "std",
    "var",
    "norm",
    "prod",
    "logsumexp",
    "repeat",
    "tile",
    "cumsum",
    "flip",
    "roll",
    "clamp",
    "clip",
];

/// Functions of `torch.nn.functional` with arguments.
const FUNCTIONAL: &[&str] = &[
    "normalize",
    "softmin",
    "softshrink",
    "hardshrink",
    "tanhshrink",
    "threshold",
    "rrelu",
    "avg_pool1d",
    "max_pool1d",
    "adaptive_avg_pool1d",
    "adaptive_max_pool1d",
    "avg_pool3d",
    "max_pool3d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool3d",
    "glu",
    "pad",
];

/// A class of `torch.nn` that is known by name, with its arguments: `nn.Conv1d(in_channels=1, out_channels=32)`.
/// Anything else becomes a module that raises.
pub(crate) fn constructor(layer: &Unsupported) -> String {
    if CLASSES.contains(&layer.class.as_str())
        && let Some(constants) = Constants::read(&layer.arguments)
    {
        return format!("nn.{}({})", layer.class, constants.text());
    }
    let what = match layer.arguments.as_str() {
        "" => layer.class.clone(),
        arguments => format!("{}({arguments})", layer.class),
    };
    not_known(&what)
}

/// A module that says what it stands for when it is called.
pub(crate) fn not_known(what: &str) -> String {
    format!("{NOT_KNOWN}({})", literal::string(what))
}

pub(crate) fn gives_tuple(layer: &Layer) -> bool {
    matches!(layer, Layer::Unsupported(layer) if is_of_tuples(layer))
}

pub(crate) fn is_of_tuples(layer: &Unsupported) -> bool {
    OF_TUPLES.contains(&layer.class.as_str()) && Constants::read(&layer.arguments).is_some()
}

/// The call of a function that is known by name, on these inputs; `None`: it is not known, or not how it was called.
pub(crate) fn function(layer: &Unsupported, inputs: &[String]) -> Option<String> {
    let class = layer.class.as_str();
    if class == "expand" {
        return expand(&layer.arguments, inputs);
    }
    let constants = Constants::read(&layer.arguments)?;
    let arguments = constants.text();
    match (class, inputs) {
        ("stack", many) if !many.is_empty() && !constants.is_empty() => {
            Some(format!("torch.stack([{}], {arguments})", many.join(", ")))
        }
        ("matmul", [a, b]) => Some(format!("{a} @ {b}")),
        ("div", [a, b]) => Some(format!("{a} / {b}")),
        ("floor_divide", [a, b]) => Some(format!("{a} // {b}")),
        ("remainder", [a, b]) => Some(format!("{a} % {b}")),
        ("pow", [a, b]) => Some(format!("{a} ** {b}")),
        ("max" | "min" | "maximum" | "minimum", [a, b]) => Some(format!("torch.{class}({a}, {b})")),
        ("div" | "pow", [x]) => {
            let sign = if class == "div" { "/" } else { "**" };
            let number = |value: &&Value| matches!(value, Value::Int(_) | Value::Float(_));
            match (constants.only(Some("other")).filter(number), constants.only(None).filter(number)) {
                (Some(other), _) => Some(format!("({}) {sign} {x}", code(other))),
                (_, Some(other)) => Some(format!("{x} {sign} ({})", code(other))),
                _ => None,
            }
        }
        ("max" | "min" | "median", [x]) if !constants.is_empty() => Some(format!("{x}.{class}({arguments})[0]")),
        (_, [x]) if PLAIN.contains(&class) && constants.is_empty() => Some(format!("torch.{class}({x})")),
        (_, [x]) if METHODS.contains(&class) && !constants.is_empty() => Some(format!("{x}.{class}({arguments})")),
        (_, [x]) if FUNCTIONAL.contains(&class) && constants.is_empty() => Some(format!("F.{class}({x})")),
        (_, [x]) if FUNCTIONAL.contains(&class) => Some(format!("F.{class}({x}, {arguments})")),
        _ => None,
    }
}

/// `batch, 3, 5`: a tensor repeated to these sizes, the batch's where it is named.
fn expand(sizes: &str, inputs: &[String]) -> Option<String> {
    let (batch, x) = match inputs {
        [x] => (x, x),
        [batch, x] => (batch, x),
        _ => return None,
    };
    let size = |size: &str| match size {
        "batch" => Some(format!("{batch}.size(0)")),
        size => size.parse::<u64>().ok().map(|size| size.to_string()),
    };
    let sizes: Vec<String> = sizes.split(", ").map(size).collect::<Option<_>>()?;
    Some(format!("{x}.expand({})", sizes.join(", ")))
}
