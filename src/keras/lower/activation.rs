//! What works on each element by itself, and softmaxes.

use crate::keras::function::{Activation, Function};
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{Channels, GeluApproximate, Kind, Layer, ScalarOperation, StochasticMode};
use crate::shape::softmax_dimension;

use super::{Lowering, Value};

impl Lowering<'_> {
    pub(super) fn elementwise(&mut self, layer: &Layer, input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        let function = match layer {
            Layer::Identity(_) | Layer::Contiguous(_) => return Ok(input),
            Layer::Scalar(scalar) => Function::Scalar { operation: scalar.operation, value: scalar.value },
            Layer::Dropout(dropout) => Function::Dropout { rate: dropout.p },
            Layer::AlphaDropout(dropout) => Function::AlphaDropout { rate: dropout.p },
            Layer::StochasticDepth(depth) => {
                Function::DropPath { rate: depth.p, batch: depth.mode == StochasticMode::Batch, rank }
            }
            Layer::Dropout2d(dropout) => {
                let line = rank == 3;
                let x = self.map(input, line)?;
                return self.push(Function::SpatialDropout { rate: dropout.p, line }, &[x], Order::Last);
            }
            Layer::PReLU(relu) => {
                let one = relu.num_parameters == Channels::Count(1);
                let x = match input.order {
                    Order::Pixels(_) if !one => self.plain(input)?,
                    _ => input,
                };
                // Without a dimension of channels there is one slope.
                let axis = (!one && rank >= 2).then(|| x.order.axis(1, rank));
                let shared = (1..rank).filter(|&other| Some(other) != axis).collect();
                return self.push(Function::PRelu { shared }, &[x], x.order);
            }
            Layer::Softmax(softmax) => return self.softmax(softmax.dim, input, |axis| Function::Softmax { axis }),
            Layer::LogSoftmax(softmax) => {
                return self.softmax(softmax.dim, input, |axis| Function::LogSoftmax { axis });
            }
            Layer::Unsupported(_) => return Err(Unsayable::Unknown),
            _ => Function::Activation(activation(layer).ok_or(Unsayable::NoLayer)?),
        };
        self.push(function, &[input], input.order)
    }

    fn softmax(
        &mut self,
        dim: Option<i64>,
        input: Value,
        function: impl Fn(usize) -> Function,
    ) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        let dimension = softmax_dimension(dim, rank).ok_or(Unsayable::NoShape)?;
        if dimension == 0 {
            return Err(Unsayable::Batch);
        }
        let x = if matches!(input.order, Order::Pixels(_)) { self.plain(input)? } else { input };
        self.push(function(x.order.axis(dimension, rank)), &[x], x.order)
    }
}

fn activation(layer: &Layer) -> Option<Activation> {
    Some(match layer {
        Layer::LeakyReLU(relu) => Activation::LeakyRelu(relu.negative_slope),
        Layer::ELU(elu) => Activation::Elu(elu.alpha),
        Layer::CELU(celu) => Activation::Celu(celu.alpha),
        Layer::GELU(gelu) => match gelu.approximate {
            GeluApproximate::None => Activation::Gelu,
            GeluApproximate::Tanh => Activation::TanhGelu,
        },
        Layer::Hardtanh(tanh) => match (tanh.min_val, tanh.max_val) {
            (-1.0, 1.0) => Activation::HardTanh,
            (0.0, 6.0) => Activation::Relu6,
            (low, high) => Activation::Clip(low, high),
        },
        Layer::Softplus(softplus) => Activation::Softplus(softplus.beta, softplus.threshold),
        _ => match layer.kind() {
            Kind::ReLU => Activation::Relu,
            Kind::ReLU6 => Activation::Relu6,
            Kind::SELU => Activation::Selu,
            Kind::SiLU => Activation::Silu,
            Kind::Mish => Activation::Mish,
            Kind::Hardswish => Activation::HardSwish,
            Kind::Hardsigmoid => Activation::HardSigmoid,
            Kind::Sigmoid => Activation::Sigmoid,
            Kind::LogSigmoid => Activation::LogSigmoid,
            Kind::Tanh => Activation::Tanh,
            Kind::Softsign => Activation::Softsign,
            _ => return None,
        },
    })
}

/// Whether what a function gives has nothing below zero.
pub(super) fn is_nonnegative(function: &Function, mut inputs: impl Iterator<Item = bool>) -> bool {
    match function {
        Function::Activation(activation) => match *activation {
            Activation::Relu
            | Activation::Relu6
            | Activation::HardSigmoid
            | Activation::Sigmoid
            | Activation::Softplus(..) => true,
            Activation::Clip(low, _) => low >= 0.0,
            // Each leaves what is not below zero not below zero.
            Activation::HardTanh
            | Activation::Silu
            | Activation::HardSwish
            | Activation::Tanh
            | Activation::Softsign => inputs.all(|input| input),
            _ => false,
        },
        Function::Softmax { .. } => true,
        Function::Scalar { operation, value } => {
            let keeps = match operation {
                ScalarOperation::Add | ScalarOperation::Mul | ScalarOperation::Div => *value >= 0.0,
                ScalarOperation::Sub => *value <= 0.0,
            };
            keeps && inputs.all(|input| input)
        }
        Function::Pad { fill: super::super::function::Fill::Number(value), .. } => {
            *value >= 0.0 && inputs.all(|input| input)
        }
        Function::Conv { .. }
        | Function::DepthwiseConv { .. }
        | Function::ConvTranspose { .. }
        | Function::Dense { .. }
        | Function::BatchNorm { .. }
        | Function::GroupNorm { .. }
        | Function::LayerNorm { .. }
        | Function::LogSoftmax { .. }
        | Function::AlphaDropout { .. }
        | Function::PRelu { .. } => false,
        _ => inputs.all(|input| input),
    }
}
