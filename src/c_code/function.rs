//! Activations in C: what the engine's vectors compute, in its order.

use super::problem::CProblem;
use super::step::Step;
use crate::decimal;
use crate::engine::kernels::activation::{Activation, SELU_ALPHA, SELU_SCALE};

/// A float as C has it.
pub(super) fn number(value: f32) -> String {
    match value {
        f32::INFINITY => "3.4028235e38f".to_string(),
        f32::NEG_INFINITY => "-3.4028235e38f".to_string(),
        value => {
            let text = decimal::shortest(f64::from(value));
            if text.contains(['.', 'e', 'E']) { format!("{text}f") } else { format!("{text}.0f") }
        }
    }
}

/// The functions that a network's calls finish with, each once.
pub(super) struct Functions(Vec<String>);

impl Functions {
    /// # Errors
    /// Names the first call whose function has no C.
    pub(super) fn of(steps: &[Step]) -> Result<Self, CProblem> {
        let mut all: Vec<String> = Vec::new();
        for step in steps {
            let Some(function) = step.numbers.function else { continue };
            let Some(expression) = expression(&function) else {
                return Err(CProblem::Operation { name: step.name.clone(), operation: "activation" });
            };
            if !all.contains(&expression) {
                all.push(expression);
            }
        }
        Ok(Self(all))
    }

    /// Its number in the tables; 0 is none.
    pub(super) fn number(&self, function: &Activation) -> usize {
        let expression = expression(function);
        self.0.iter().position(|other| Some(other) == expression.as_ref()).map_or(0, |place| place + 1)
    }

    pub(super) fn use_exp(&self) -> bool {
        self.0.iter().any(|expression| expression.contains("exp_of") || expression.contains("tanh_of"))
    }

    /// `finish`, and what it calls.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if self.0.iter().any(|expression| expression.contains("sixths")) {
            text.push_str(SIXTHS);
        }
        if self.0.iter().any(|expression| expression.contains("tanh_of")) {
            text.push_str(TANH);
        }
        text.push_str("KERNEL float finish(const layer *l, float v)\n{\n    v = v > l->low ? v : l->low;\n    v = v < l->high ? v : l->high;\n");
        for (index, expression) in self.0.iter().enumerate() {
            text.push_str(&format!("    if (l->function == {}) return {expression};\n", index + 1));
        }
        text.push_str("    return v;\n}\n\n");
        text
    }

    /// Bytes of code of `finish` and what it calls, without the exponential, on a Cortex-M4 at -Os.
    pub(super) fn bytes(&self) -> u64 {
        let calls = |name: &str| self.0.iter().any(|expression| expression.contains(name));
        let sixths = if calls("sixths") { 52 } else { 0 };
        let tanh = if calls("tanh_of") { 32 } else { 0 };
        38 + sixths + tanh + 33 * self.0.len() as u64
    }
}

const SIXTHS: &str = "KERNEL float sixths(float v)
{
    v = v > 0.0f ? v : 0.0f;
    v = v < 6.0f ? v : 6.0f;
    return v * 0.16666667f;
}

";

const TANH: &str = "KERNEL float tanh_of(float v)
{
    const float e = exp_of(v * -2.0f);
    return (1.0f - e) / (1.0f + e);
}

";

/// A function of `v`; `None`: it has no C.
fn expression(function: &Activation) -> Option<String> {
    let f = number;
    Some(match *function {
        Activation::LeakyRelu { slope } => format!("v >= 0.0f ? v : v * {}", f(slope)),
        Activation::Elu { alpha } => format!("v >= 0.0f ? v : (exp_of(v) - 1.0f) * {}", f(alpha)),
        Activation::Selu => format!(
            "v >= 0.0f ? v * {} : (exp_of(v) - 1.0f) * {}",
            f(SELU_SCALE as f32),
            f((SELU_SCALE * SELU_ALPHA) as f32)
        ),
        Activation::Celu { alpha } => format!("v >= 0.0f ? v : (exp_of(v * {}) - 1.0f) * {}", f(1.0 / alpha), f(alpha)),
        Activation::Silu => "v / (1.0f + exp_of(0.0f - v))".to_string(),
        Activation::GeluTanh => "v / (1.0f + exp_of((v + v * v * v * 0.044715f) * -1.595769f))".to_string(),
        Activation::Hardswish => "v * sixths(v + 3.0f)".to_string(),
        Activation::Hardsigmoid => "sixths(v + 3.0f)".to_string(),
        Activation::Sigmoid => "1.0f / (1.0f + exp_of(0.0f - v))".to_string(),
        Activation::Tanh => "v >= 0.0f ? tanh_of(v) : 0.0f - tanh_of(0.0f - v)".to_string(),
        Activation::Softsign => "v / (1.0f + (v >= 0.0f ? v : 0.0f - v))".to_string(),
        Activation::Scale { scale, shift } => format!("v * {} + {}", f(scale), f(shift)),
        Activation::Identity
        | Activation::Relu
        | Activation::Clamp { .. }
        | Activation::Gelu
        | Activation::Mish
        | Activation::Softplus { .. }
        | Activation::LogSigmoid => return None,
    })
}
