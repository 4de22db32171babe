//! The functions of golden graphs (`relu`, `cat`, `mean`, ...) as layers.

use convscope::model::{Kind, Layer, Value};
use serde_json::Value as Json;

use super::value;

/// A function call: its name in lower case, its arguments that are no tensors, its tensors' number and its output.
pub struct Call<'a> {
    pub op: &'a str,
    pub cfg: &'a Json,
    pub tensors: usize,
    pub out: &'a [u64],
}

/// The layer that a function stands for.
pub fn layer(call: &Call) -> Layer {
    let kind = kind(call);
    let mut layer = kind.layer();
    let positional = call.cfg.get("args").and_then(Json::as_array).into_iter().flatten();
    for (name, argument) in positional_names(kind, call.op).iter().zip(positional) {
        set(&mut layer, call.op, name, value(argument));
    }
    for (name, argument) in call.cfg.get("kwargs").and_then(Json::as_object).into_iter().flatten() {
        set(&mut layer, call.op, name, value(argument));
    }
    let signed = || call.out.iter().map(|&size| size as i64).collect::<Vec<_>>();
    match &mut layer {
        // Sizes are left out of the calls: the output decides.
        Layer::View(view) => view.shape = signed(),
        Layer::Parameter(parameter) => parameter.shape = signed(),
        Layer::AdaptiveAvgPool2d(_) | Layer::AdaptiveMaxPool2d(_) if call.cfg.is_null() => {
            let size =
                Value::List(call.out[call.out.len() - 2..].iter().map(|&size| Value::Int(size as i64)).collect());
            set(&mut layer, call.op, "output_size", size);
        }
        Layer::Upsample(upsample) if upsample.size.is_none() && upsample.scale_factor.is_none() => {
            let size = Value::List(call.out[2..].iter().map(|&size| Value::Int(size as i64)).collect());
            set(&mut layer, call.op, "size", size);
        }
        _ => {}
    }
    layer
}

fn kind(call: &Call) -> Kind {
    match call.op {
        "add" | "sub" | "mul" | "truediv" | "div" | "iadd" | "imul" if call.tensors == 1 => Kind::Scalar,
        "add" | "iadd" => Kind::Add,
        "mul" | "imul" => Kind::Mul,
        "cat" | "concat" => Kind::Cat,
        "mean" => Kind::Mean,
        "param" => Kind::Parameter,
        "flatten" => Kind::Flatten,
        "view" | "reshape" | "squeeze" | "unsqueeze" | "unflatten" => Kind::View,
        "transpose" => Kind::Transpose,
        "permute" => Kind::Permute,
        "contiguous" | "clone" => Kind::Contiguous,
        "chunk" => Kind::Chunk,
        "interpolate" => Kind::Upsample,
        "dropout" => Kind::Dropout,
        "pad" => Kind::ConstantPad2d,
        "layer_norm" => Kind::LayerNorm,
        "max_pool2d" => Kind::MaxPool2d,
        "avg_pool2d" => Kind::AvgPool2d,
        "adaptive_avg_pool2d" => Kind::AdaptiveAvgPool2d,
        "adaptive_max_pool2d" => Kind::AdaptiveMaxPool2d,
        op => {
            let plain = op.trim_end_matches('_').replace('_', "");
            let class = |kind: &&Kind| kind.class().to_lowercase() == plain;
            *Kind::ALL.iter().find(class).unwrap_or_else(|| panic!("no layer kind for the function {op}"))
        }
    }
}

/// The names of positional arguments, where they are not those of the module.
fn positional_names(kind: Kind, op: &str) -> &'static [&'static str] {
    match kind {
        Kind::Chunk => &["chunks", "dim"],
        Kind::Scalar => &["value"],
        Kind::Upsample => &["size", "scale_factor", "mode", "align_corners"],
        Kind::LayerNorm => &["normalized_shape"],
        Kind::Dropout => &["p", "training", "inplace"],
        Kind::View if op != "view" => &[],
        kind => kind.arguments(),
    }
}

fn set(layer: &mut Layer, op: &str, name: &str, argument: Value) {
    match (name, &argument) {
        (
            "training"
            | "inplace"
            | "normalized_shape"
            | "weight"
            | "bias"
            | "recompute_scale_factor"
            | "antialias"
            | "return_indices",
            _,
        ) => {
            if let (Layer::LayerNorm(norm), "normalized_shape", Value::List(sizes)) = (layer, name, &argument) {
                norm.normalized_dims = sizes.len() as i64;
            }
        }
        // What PyTorch passes on to itself.
        _ if name.starts_with('_') || matches!(layer, Layer::View(_)) => {}
        ("dim", Value::Int(_)) if matches!(layer, Layer::Mean(_)) => {
            layer.set_argument("dim", &Value::List(vec![argument])).expect("a dimension");
        }
        _ => layer.set_argument(name, &argument).unwrap_or_else(|error| panic!("{op}: {error}")),
    }
}
