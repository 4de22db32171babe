//! Functions that take their weights or sizes as arguments: `F.linear`, `F.conv2d`, `F.layer_norm`, `F.pad`, `F.interpolate`.

use std::rc::Rc;

use super::super::python::Run;
use super::shape_rules::resized;
use super::tensor::Tensor;
use super::{Arguments, Machine, Value, leaf_shapes};
use crate::model::{self, Dims, Kind, Layer};

impl Machine {
    /// The output of an interpolation by a mode that is not counted.
    pub(crate) fn unsupported_upsample_dims(
        &mut self,
        kind: Kind,
        tensor: &Rc<Tensor>,
        rest: &Arguments,
    ) -> Run<Option<Dims>> {
        if kind != Kind::Upsample {
            return Ok(None);
        }
        let mut given = [None, None];
        for ((index, parameter), given) in ["size", "scale_factor"].iter().enumerate().zip(&mut given) {
            if let Some(value) = rest.get(index, parameter).cloned() {
                *given = self.argument(&value)?;
            }
        }
        let [size, factor] = &given;
        Ok(tensor.dims.and_then(|dims| resized(&dims, size.as_ref(), factor.as_ref())))
    }

    /// `F.linear(x, weight, bias)`: a layer whose weight is somebody's parameter.
    pub(crate) fn weighted_function(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let weight = rest.get(0, "weight").and_then(|weight| weight.as_tensor()?.dims);
        let Some(weight) = weight else { return self.unsupported_with(name, None, std::slice::from_ref(tensor), None) };
        let bias = rest.get(1, "bias").is_some_and(|bias| !matches!(bias, Value::None));
        let as_i64 = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
        let layer: Option<Layer> = match (name, weight.sizes()) {
            ("linear", &[out_features, _]) => Some(model::Linear { out_features: as_i64(out_features), bias }.into()),
            ("conv2d", &[output, _, ref kernel @ ..])
            | ("conv_transpose2d", &[_, output, ref kernel @ ..])
            | ("conv1d", &[output, _, ref kernel @ ..])
            | ("conv_transpose1d", &[_, output, ref kernel @ ..])
                if kernel.len() == if name.ends_with("1d") { 1 } else { 2 } =>
            {
                let (transposed, kind) = match name {
                    "conv2d" => (false, Kind::Conv2d),
                    "conv1d" => (false, Kind::Conv1d),
                    "conv_transpose1d" => (true, Kind::ConvTranspose1d),
                    _ => (true, Kind::ConvTranspose2d),
                };
                let mut layer = kind.layer();
                let kernel = model::Value::List(kernel.iter().map(|&size| model::Value::Int(as_i64(size))).collect());
                let _ = layer.set_argument("out_channels", &model::Value::Int(as_i64(output)));
                let _ = layer.set_argument("kernel_size", &kernel);
                let _ = layer.set_argument("bias", &model::Value::Bool(bias));
                let parameters: &[&str] = if transposed {
                    &["stride", "padding", "output_padding", "groups", "dilation"]
                } else {
                    &["stride", "padding", "dilation", "groups"]
                };
                let mut known = true;
                for (index, parameter) in parameters.iter().enumerate() {
                    if let Some(value) = rest.get(index + 2, parameter).cloned() {
                        known &= match self.argument(&value)? {
                            Some(value) => layer.set_argument(parameter, &value).is_ok(),
                            None => false,
                        };
                    }
                }
                known.then_some(layer)
            }
            _ => None,
        };
        let given = |place, name| rest.get(place, name).and_then(Value::as_tensor);
        match layer {
            Some(layer) => self.weighted(name, layer, tensor, (given(0, "weight"), given(1, "bias"))),
            None => self.unsupported_with(name, None, std::slice::from_ref(tensor), None),
        }
    }

    /// `F.avg_pool3d` and others whose cost is not counted: the output has the shape that the module's has.
    pub(crate) fn uncounted_function(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let class = match name {
            "glu" => "GLU".to_string(),
            name => name.split('_').map(super::super::write::name::camel).collect::<String>(),
        };
        let mut rest = rest.clone();
        // The function has no `return_indices` among its arguments by place.
        let by_place = rest.positional.len().min(if name.starts_with("max") { 4 } else { 5 });
        rest.positional.truncate(by_place);
        let leaf = self.make_leaf(&class, "", &rest)?;
        let dims = leaf_shapes::output(&class, &leaf, tensor.dims.as_ref());
        self.figured(name, std::slice::from_ref(tensor), dims, 0)
    }

    /// `F.layer_norm(x, normalized_shape, weight, bias, eps)`.
    pub(crate) fn layer_norm_function(&mut self, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let shape = rest.get(0, "normalized_shape").cloned().unwrap_or(Value::None);
        let (weight, bias) =
            (rest.get(1, "weight").and_then(Value::as_tensor), rest.get(2, "bias").and_then(Value::as_tensor));
        let sizes = match shape {
            Value::Tuple(_) | Value::List(_) => self.items(&shape)?.len() as i64,
            Value::Int(_) => 1,
            _ => return self.unsupported_with("layer_norm", None, std::slice::from_ref(tensor), tensor.dims),
        };
        let eps = rest.get(3, "eps").and_then(Value::as_float).unwrap_or(1e-5);
        let layer = model::LayerNorm {
            normalized_dims: sizes,
            eps,
            elementwise_affine: weight.is_some(),
            bias: bias.is_some() || weight.is_none(),
        };
        self.weighted("layer_norm", layer.into(), tensor, (weight, bias))
    }

    pub(crate) fn pad_function(&mut self, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let padding = rest.get(0, "pad").cloned().unwrap_or(Value::None);
        let mode = match rest.get(1, "mode") {
            Some(Value::Text(mode)) => mode.to_string(),
            _ => "constant".to_string(),
        };
        let value = rest.get(2, "value").and_then(Value::as_float).unwrap_or(0.0);
        let sides: Option<Vec<i64>> = self.items(&padding)?.iter().map(Value::as_i64).collect();
        let Some(sides) = sides else { return self.unsupported("pad", std::slice::from_ref(tensor), None) };
        let layer: Option<Layer> = match *sides.as_slice() {
            [left, right] | [left, right, 0, 0]
                if mode == "constant" && tensor.dims.is_some_and(|dims| dims.rank() >= 3) =>
            {
                pad_layer("constant", model::Sides { left, right, top: 0, bottom: 0 }, value)
            }
            [left, right, top, bottom] => pad_layer(&mode, model::Sides { left, right, top, bottom }, value),
            _ => None,
        };
        if let Some(layer) = layer {
            return self.apply("pad", layer, std::slice::from_ref(tensor));
        }
        // Other dimensions, or another way to fill them.
        let dims = tensor.dims.and_then(|dims| {
            let mut sizes = dims.sizes().to_vec();
            for (index, pair) in sides.chunks(2).enumerate() {
                let at = sizes.len().checked_sub(index + 1)?;
                let grown = i128::from(sizes[at]) + pair.iter().map(|&side| i128::from(side)).sum::<i128>();
                sizes[at] = u64::try_from(grown).ok()?;
            }
            Dims::new(&sizes).filter(|dims| dims.elements().is_some())
        });
        // Zeros behind the channels, as ResNets without parameters in their shortcuts have it.
        self.figured("pad", std::slice::from_ref(tensor), dims, 0)
    }
}

fn pad_layer(mode: &str, padding: model::Sides, value: f64) -> Option<Layer> {
    Some(match mode {
        "constant" if value == 0.0 => model::ZeroPad2d { padding }.into(),
        "constant" => model::ConstantPad2d { padding, value }.into(),
        "reflect" => model::ReflectionPad2d { padding }.into(),
        "replicate" => model::ReplicationPad2d { padding }.into(),
        _ => return None,
    })
}
