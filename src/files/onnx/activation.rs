//! Activations.

use super::graph::{Data, Rows, Unknown, Weight};
use super::message::Node;
use super::names;
use crate::model::{
    CELU, Channels, ELU, GELU, GeluApproximate, Hardsigmoid, Hardswish, Hardtanh, Layer, LeakyReLU, LogSoftmax, Mish,
    PReLU, ReLU, ReLU6, SELU, SiLU, Sigmoid, Softmax, Softplus, Softsign, Tanh,
};

/// Floats of files that stand for one number: 0.16666667 for a sixth.
pub(super) fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-4 * other.abs().max(1e-3)
}

impl<'a> Rows<'a, '_> {
    pub(super) fn activation(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let input = self.input(node, 0)?;
        let float = |name: &str, other: f64| node.float(name).unwrap_or(other);
        let layer: Layer = match node.operator.as_str() {
            "Relu" => ReLU::default().into(),
            "LeakyRelu" => LeakyReLU { negative_slope: float("alpha", 0.01), inplace: false }.into(),
            "Elu" => ELU { alpha: float("alpha", 1.0), inplace: false }.into(),
            "Celu" => CELU { alpha: float("alpha", 1.0), inplace: false }.into(),
            "Selu" => SELU::default().into(),
            "Sigmoid" => Sigmoid {}.into(),
            "Tanh" => Tanh {}.into(),
            "Softplus" => Softplus::default().into(),
            "Softsign" => Softsign {}.into(),
            "HardSwish" => Hardswish::default().into(),
            "Mish" => Mish::default().into(),
            "Swish" if is_near(float("alpha", 1.0), 1.0) => SiLU::default().into(),
            "HardSigmoid" if is_near(float("alpha", 0.2), 1.0 / 6.0) && is_near(float("beta", 0.5), 0.5) => {
                Hardsigmoid::default().into()
            }
            "Gelu" => {
                let tanh = node.text("approximate") == Some("tanh");
                GELU { approximate: if tanh { GeluApproximate::Tanh } else { GeluApproximate::None } }.into()
            }
            "Clip" => return self.clip(node, input),
            "PRelu" => return self.prelu(node, input),
            "Softmax" | "LogSoftmax" => return self.softmax(node, input),
            // Of other constants than PyTorch's.
            _ => return self.push_free(node, &[input], &input.dims),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// Bounds are attributes before opset 11 and inputs since.
    fn clip(&mut self, node: &Node, input: Data) -> Result<Data, Unknown> {
        let bound = |place: usize, name: &str, other: f64| {
            if self.has(node, place) {
                let bound = self.constant(node, place).and_then(super::constant::Constant::number);
                return bound.ok_or_else(|| "its bounds are computed as it runs".to_string());
            }
            Ok(node.float(name).unwrap_or(other))
        };
        let low = bound(1, "min", f64::NEG_INFINITY)?;
        let high = bound(2, "max", f64::INFINITY)?;
        // Exporters write the largest float for no bound.
        let is_open = |bound: f64| bound.abs() >= f64::from(f32::MAX) * 0.99;
        let layer: Layer = match (low, high) {
            (0.0, 6.0) => ReLU6::default().into(),
            (0.0, high) if is_open(high) => ReLU::default().into(),
            (low, high) if is_open(low) || is_open(high) => return self.push_free(node, &[input], &input.dims),
            (min_val, max_val) => Hardtanh { min_val, max_val, inplace: false }.into(),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }

    /// The slope has the sizes of the map: `[C, 1, 1]`.
    fn prelu(&mut self, node: &Node, input: Data) -> Result<Data, Unknown> {
        let slope = self.constant(node, 1).cloned().ok_or("its slope is computed as it runs")?;
        let count = slope.elements();
        let num_parameters = match count {
            1 => Channels::Count(1),
            count if Some(&count) == input.dims.get(1) => Channels::TimesInput(1),
            count => return Err(format!("its {count} slopes are not one for each channel")),
        };
        let weights: Vec<Weight> = vec![Self::weight(&slope)];
        self.push(PReLU { num_parameters }, &names::of(node, Some(&slope.name)), &[input], weights)
    }

    fn softmax(&mut self, node: &Node, input: Data) -> Result<Data, Unknown> {
        let rank = input.dims.rank() as i64;
        let axis = node.integer("axis").unwrap_or(if self.opset >= 13 { -1 } else { 1 });
        let dim = if axis < 0 { axis + rank } else { axis };
        // Before opset 13 it is over all dimensions from the axis on.
        if self.opset < 13
            && dim != rank - 1
            && input.dims[dim.clamp(0, rank - 1) as usize + 1..].iter().any(|size| *size > 1)
        {
            return self.push_free(node, &[input], &input.dims);
        }
        let layer: Layer = match node.operator.as_str() {
            "Softmax" => Softmax { dim: Some(dim) }.into(),
            _ => LogSoftmax { dim: Some(dim) }.into(),
        };
        self.push(layer, &names::of(node, None), &[input], Vec::new())
    }
}
