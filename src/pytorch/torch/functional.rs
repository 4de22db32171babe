//! Functions of tensors: `torch.relu`, `F.max_pool2d`, `x.flatten`. One place for all three ways to write them.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::super::python::tree::Name;
use super::super::python::value::Unknown;
use super::super::write::unknown::PLAIN;
use super::fold::Dialect;
use super::function_names::{ELEMENTWISE, SAME};
use super::tensor::{PendingNode, Tensor, TensorSource};
use super::{Arguments, Machine, Value};
use crate::model::{self, Dims, Kind, Layer};

/// A function that is a layer of the model: its name, the layer, and its arguments behind the tensor.
const LAYERS: &[(&str, Kind, &[&str])] = &[
    ("relu", Kind::ReLU, &[]),
    ("relu6", Kind::ReLU6, &[]),
    ("leaky_relu", Kind::LeakyReLU, &["negative_slope"]),
    ("elu", Kind::ELU, &["alpha"]),
    ("selu", Kind::SELU, &[]),
    ("celu", Kind::CELU, &["alpha"]),
    ("silu", Kind::SiLU, &[]),
    ("swish", Kind::SiLU, &[]),
    ("gelu", Kind::GELU, &["approximate"]),
    ("mish", Kind::Mish, &[]),
    ("hardswish", Kind::Hardswish, &[]),
    ("hardsigmoid", Kind::Hardsigmoid, &[]),
    ("hardtanh", Kind::Hardtanh, &["min_val", "max_val"]),
    ("sigmoid", Kind::Sigmoid, &[]),
    ("expit", Kind::Sigmoid, &[]),
    ("logsigmoid", Kind::LogSigmoid, &[]),
    ("tanh", Kind::Tanh, &[]),
    ("softplus", Kind::Softplus, &["beta", "threshold"]),
    ("softsign", Kind::Softsign, &[]),
    ("softmax", Kind::Softmax, &["dim"]),
    ("log_softmax", Kind::LogSoftmax, &["dim"]),
    ("max_pool2d", Kind::MaxPool2d, &["kernel_size", "stride", "padding", "dilation", "ceil_mode"]),
    (
        "avg_pool2d",
        Kind::AvgPool2d,
        &["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"],
    ),
    ("max_pool1d", Kind::MaxPool1d, &["kernel_size", "stride", "padding", "dilation", "ceil_mode"]),
    ("avg_pool1d", Kind::AvgPool1d, &["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]),
    ("adaptive_avg_pool1d", Kind::AdaptiveAvgPool1d, &["output_size"]),
    ("adaptive_max_pool1d", Kind::AdaptiveMaxPool1d, &["output_size"]),
    ("adaptive_avg_pool2d", Kind::AdaptiveAvgPool2d, &["output_size"]),
    ("adaptive_max_pool2d", Kind::AdaptiveMaxPool2d, &["output_size"]),
    ("dropout", Kind::Dropout, &["p"]),
    ("dropout1d", Kind::Dropout, &["p"]),
    ("dropout2d", Kind::Dropout2d, &["p"]),
    ("alpha_dropout", Kind::AlphaDropout, &["p"]),
    ("feature_alpha_dropout", Kind::AlphaDropout, &["p"]),
    ("flatten", Kind::Flatten, &["start_dim", "end_dim"]),
    ("transpose", Kind::Transpose, &["dim0", "dim1"]),
    ("swapaxes", Kind::Transpose, &["dim0", "dim1"]),
    ("swapdims", Kind::Transpose, &["dim0", "dim1"]),
    ("contiguous", Kind::Contiguous, &[]),
    ("pixel_shuffle", Kind::PixelShuffle, &["upscale_factor"]),
    ("pixel_unshuffle", Kind::PixelUnshuffle, &["downscale_factor"]),
    ("channel_shuffle", Kind::ChannelShuffle, &["groups"]),
    ("local_response_norm", Kind::LocalResponseNorm, &["size", "alpha", "beta", "k"]),
    ("stochastic_depth", Kind::StochasticDepth, &["p", "mode"]),
    ("interpolate", Kind::Upsample, &["size", "scale_factor", "mode", "align_corners"]),
    ("upsample", Kind::Upsample, &["size", "scale_factor", "mode", "align_corners"]),
];

fn keeps_shape(name: &str) -> bool {
    PLAIN.contains(&name) || ELEMENTWISE.contains(&name)
}

pub(crate) fn is_known(name: &str) -> bool {
    let plain = name.trim_end_matches('_');
    LAYERS.iter().any(|(other, ..)| *other == plain)
        || keeps_shape(plain)
        || matches!(
            name,
            "pad"
                | "linear"
                | "conv2d"
                | "conv_transpose2d"
                | "conv1d"
                | "conv_transpose1d"
                | "prelu"
                | "unfold"
                | "fold"
                | "one_hot"
                | "bilinear"
                | "cross_entropy"
                | "glu"
                | "embedding"
        )
}

impl Machine {
    /// A function of tensors; the first argument is the tensor that it is a method of.
    pub(crate) fn tensor_function(&mut self, name: &str, arguments: Arguments, is_method: bool) -> Run<Value> {
        self.step()?;
        let plain = if name.starts_with('_') { name } else { name.trim_end_matches('_') };
        if let Some(value) = self.folded(plain, &arguments, Dialect::Torch)? {
            return Ok(value);
        }
        if let Some(value) = self.combination(plain, &arguments)? {
            return Ok(value);
        }
        let first = arguments.get(0, "input").or_else(|| arguments.keyword("x")).cloned();
        let tensor = match first {
            Some(Value::Tensor(tensor)) => tensor,
            Some(Value::Unknown(_)) => return Ok(Value::unknown(name)),
            _ => match arguments.all().find_map(Value::as_tensor) {
                Some(tensor) => tensor.clone(),
                None => return Ok(self.not_understood(&format!("{name}() without a tensor"))),
            },
        };
        let positional = arguments.positional.iter().skip(1).cloned().collect();
        let rest = Arguments { positional, keywords: arguments.keywords.clone() };
        if self.host.trace.is_some() {
            let written = self.written_arguments(plain, &rest)?;
            self.host.written = Some((Name::from(plain), written));
        }
        if let Some((_, kind, parameters)) = LAYERS.iter().find(|(other, ..)| *other == plain) {
            return self.layer_function(plain, *kind, parameters, &tensor, &rest);
        }
        if let (Some(made), true) = (plain.strip_prefix("new_"), is_method) {
            return self.made_tensor(made, &rest);
        }
        if matches!(plain, "unfold" | "fold") && !is_method {
            return self.uncounted_function(plain, &tensor, &rest);
        }
        if let Some(value) = self.shape_function(plain, &tensor, &rest)? {
            return Ok(value);
        }
        if let (TensorSource::Parameter(parameter), "requires_grad_") = (&tensor.source, name) {
            let trainable = match rest.get(0, "requires_grad").cloned() {
                Some(value) => self.truth(&value)?.unwrap_or(true),
                None => true,
            };
            self.host.parameters[*parameter].trainable = trainable;
        }
        if SAME.contains(&name) || SAME.contains(&plain) {
            return Ok(Value::Tensor(tensor));
        }
        match plain {
            // Whatever is filled in, and wherever.
            "masked_fill" | "masked_scatter" => {
                let tensors: Vec<Rc<Tensor>> = arguments.all().filter_map(Value::as_tensor).cloned().collect();
                self.figured(plain, &tensors, tensor.dims, 0)
            }
            "where" | "lerp" | "addcmul" | "atan2" | "heaviside" | "logical_and" | "logical_or" | "logical_xor"
            | "bitwise_and" | "bitwise_or" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "greater" | "less" | "hypot"
            | "floor_divide" | "remainder" | "fmod" => self.broadcast_function(plain, &arguments),
            "scaled_dot_product_attention" => self.attention(&arguments),
            "prelu" => {
                let count = rest.get(0, "weight").and_then(|weight| weight.as_tensor()?.dims?.elements()).unwrap_or(1);
                let num_parameters =
                    if count == 1 { model::Channels::Count(1) } else { model::Channels::TimesInput(1) };
                self.apply(plain, model::PReLU { num_parameters }.into(), &[tensor])
            }
            "clamp" | "clip" => {
                let bound = |position, name: &str| rest.get(position, name).and_then(Value::as_float);
                match (bound(0, "min"), bound(1, "max")) {
                    (Some(0.0), None) => self.apply(plain, model::ReLU::default().into(), &[tensor]),
                    (Some(min_val), Some(max_val)) => {
                        self.apply(plain, model::Hardtanh { min_val, max_val, inplace: false }.into(), &[tensor])
                    }
                    _ => self.figured(plain, std::slice::from_ref(&tensor), tensor.dims, 0),
                }
            }
            "layer_norm" => self.layer_norm_function(&tensor, &rest),
            "linear" | "conv2d" | "conv_transpose2d" | "conv1d" | "conv_transpose1d" => {
                self.weighted_function(plain, &tensor, &rest)
            }
            "avg_pool3d" | "max_pool3d" | "adaptive_avg_pool3d" | "adaptive_max_pool3d" | "glu" => {
                self.uncounted_function(plain, &tensor, &rest)
            }
            "pad" => self.pad_function(&tensor, &rest),
            "argmax" | "argmin" => {
                let (dim, keepdim) = self.reduction(&rest)?;
                let whole = rest.get(0, "dim").is_none_or(|dim| matches!(dim, Value::None));
                let dims = match dim {
                    Some(_) if whole && !keepdim => Some(Dims::default()),
                    Some(dim) => {
                        let mean = Layer::Mean(model::Mean { dim, keepdim });
                        self.output_dims(&mean, std::slice::from_ref(&tensor), None)?
                    }
                    None => None,
                };
                self.figured(plain, std::slice::from_ref(&tensor), dims, 0)
            }
            "item" | "tolist" | "backward" | "all" | "any" | "equal" | "is_floating_point" => {
                match tensor.as_number() {
                    Some(number) if plain == "item" || plain == "tolist" => Ok(number_value(number)),
                    _ => Ok(Value::unknown(plain)),
                }
            }
            "sort" => {
                let sorted = self.figured(plain, std::slice::from_ref(&tensor), tensor.dims, 0)?;
                let places = Value::Tensor(Tensor::made(tensor.dims));
                self.new_tuple(vec![sorted, places])
            }
            _ if keeps_shape(plain) => self.figured(plain, std::slice::from_ref(&tensor), tensor.dims, 0),
            _ => {
                if is_method && self.catches("AttributeError") {
                    let message = format!("'Tensor' object has no attribute '{name}'");
                    return self.error(ProblemKind::UnknownAttribute, "AttributeError", message);
                }
                if Self::flows(&tensor) && self.host.trace.is_some() {
                    return self.unsupported_call(&Unknown::foreign(name), &tensor);
                }
                Ok(Value::unknown(name))
            }
        }
    }

    /// The arguments of a function besides its tensor, as Python writes them; what is no constant is `...`.
    fn written_arguments(&mut self, name: &str, rest: &Arguments) -> Run<String> {
        let mut written = Vec::new();
        for value in &rest.positional {
            written.push(self.argument(value)?.map_or_else(|| "...".to_string(), |value| value.to_string()));
        }
        for (keyword, value) in rest.keywords.iter().filter(|(keyword, _)| !matches!(&**keyword, "input" | "out")) {
            let value = self.argument(value)?.map_or_else(|| "...".to_string(), |value| value.to_string());
            written.push(format!("{keyword}={value}"));
        }
        let over_all = matches!(name, "sum" | "amax" | "amin" | "std" | "var" | "norm" | "prod");
        if written.is_empty() && over_all {
            written.push("dim=None".to_string());
        }
        Ok(written.join(", "))
    }

    /// Element by element of all tensors among the arguments, broadcast.
    fn broadcast_function(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let tensors: Vec<Rc<Tensor>> = arguments.all().filter_map(Value::as_tensor).cloned().collect();
        let unknown = arguments.all().any(|value| matches!(value, Value::Unknown(_)));
        let mut dims = if unknown { None } else { tensors.first().and_then(|tensor| tensor.dims) };
        for tensor in tensors.iter().skip(1) {
            let pair = [Tensor::made(dims), tensor.clone()];
            dims = self.output_dims(&Layer::Add(model::Add {}), &pair, None)?;
        }
        self.figured(name, &tensors, dims, 0)
    }

    fn layer_function(
        &mut self,
        name: &str,
        kind: Kind,
        parameters: &[&str],
        tensor: &Rc<Tensor>,
        rest: &Arguments,
    ) -> Run<Value> {
        // Lines and volumes are resized as well.
        if kind == Kind::Upsample && tensor.dims.is_some_and(|dims| matches!(dims.rank(), 3 | 5..)) {
            let dims = self.unsupported_upsample_dims(kind, tensor, rest)?;
            return self.figured(name, std::slice::from_ref(tensor), dims, 0);
        }
        let mut layer = kind.layer();
        for (index, parameter) in parameters.iter().enumerate() {
            let Some(value) = rest.get(index, parameter).or_else(|| alias(parameter, rest)) else { continue };
            let value = value.clone();
            // A method of the tensor in place of a number: `size=x.shape[2:]`.
            let Some(value) = self.argument(&value)? else {
                return self.unsupported(name, std::slice::from_ref(tensor), None);
            };
            if name == "max_pool2d" && *parameter == "ceil_mode" && rest.positional.len() > 5 {
                continue;
            }
            let value = match (*parameter, value) {
                ("size", model::Value::List(items)) if items.len() == 1 => items[0].clone(),
                ("stride", model::Value::List(items)) if items.is_empty() => model::Value::None,
                (_, value) => value,
            };
            if layer.set_argument(parameter, &value).is_err() {
                return match self.unsupported_upsample_dims(kind, tensor, rest)? {
                    Some(dims) => self.figured(name, std::slice::from_ref(tensor), Some(dims), 0),
                    None => self.unsupported(name, std::slice::from_ref(tensor), tensor.dims),
                };
            }
        }
        if let Some(inplace) = rest.keyword("inplace").cloned()
            && let Some(inplace) = self.argument(&inplace)?
        {
            let _ = layer.set_argument("inplace", &inplace);
        }
        if name == "flatten" && rest.get(0, "start_dim").is_none() {
            // The function's default is all dimensions, the module's all but the batch.
            let _ = layer.set_argument("start_dim", &model::Value::Int(0));
        }
        let value = self.apply(name, layer, std::slice::from_ref(tensor))?;
        let with_indices = rest.keyword("return_indices").is_some_and(|value| matches!(value, Value::Bool(true)));
        if with_indices {
            let places = Value::Tensor(Tensor::made(value.as_tensor().and_then(|tensor| tensor.dims)));
            return self.new_tuple(vec![value, places]);
        }
        Ok(value)
    }

    /// One part of a tensor along a dimension: a node only when it is used.
    pub(crate) fn pending(
        &mut self,
        name: &'static str,
        layer: Layer,
        input: &Rc<Tensor>,
        dims: Option<Dims>,
    ) -> Run<Value> {
        if self.host.trace.is_none() || !Self::flows(input) {
            return Ok(Value::Tensor(Tensor::made(dims)));
        }
        // What is pending itself is made first, so that no chain of them grows.
        let input = &self.settled(input)?;
        let pending = PendingNode { layer, name, input: input.clone(), made: std::cell::Cell::new(None) };
        Ok(Value::Tensor(Rc::new(Tensor { dims, source: TensorSource::Pending(Rc::new(pending)), numbers: None })))
    }
}

/// Other names of a function's argument.
fn alias<'a>(parameter: &str, rest: &'a Arguments) -> Option<&'a Value> {
    let other = match parameter {
        "dim" => "axis",
        "dim0" => "axis0",
        "dim1" => "axis1",
        _ => return None,
    };
    rest.keyword(other)
}

pub(crate) fn number_value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 && number.is_sign_positive() {
        Value::Int(number as i128)
    } else {
        Value::Float(number)
    }
}
