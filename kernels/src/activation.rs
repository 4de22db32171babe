//! The activation functions, one value at a time.

/// An elementwise function with its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the formulas say it")]
pub enum Activation {
    /// x.
    Identity,
    /// max(x, 0).
    Relu,
    /// min(max(x, low), high): ReLU6, Hardtanh.
    Clamp { low: f32, high: f32 },
    /// x where positive, else slope * x.
    LeakyRelu { slope: f32 },
    /// x where positive, else alpha * (e^x - 1).
    Elu { alpha: f32 },
    /// scale * ELU with the two constants of Klambauer et al. 2017.
    Selu,
    /// x where positive, else alpha * (e^(x / alpha) - 1).
    Celu { alpha: f32 },
    /// x * sigmoid(x).
    Silu,
    /// x * (1 + erf(x / sqrt(2))) / 2.
    Gelu,
    /// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2.
    GeluTanh,
    /// x * clamp(x + 3, 0, 6) / 6.
    Hardswish,
    /// clamp(x + 3, 0, 6) / 6.
    Hardsigmoid,
    /// 1 / (1 + e^-x).
    Sigmoid,
    /// (e^x - e^-x) / (e^x + e^-x).
    Tanh,
    /// x * tanh(ln(1 + e^x)).
    Mish,
    /// ln(1 + e^(beta x)) / beta, and x where beta x exceeds the threshold.
    Softplus { beta: f32, threshold: f32 },
    /// x / (1 + |x|).
    Softsign,
    /// ln(sigmoid(x)).
    LogSigmoid,
    /// scale * x + shift: arithmetic with a number.
    Scale { scale: f32, shift: f32 },
}

/// Of [`Activation::Selu`], as PyTorch writes it.
pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// Of [`Activation::Selu`], as PyTorch writes it.
pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

impl Activation {
    /// The function itself, in f64 and rounded once. NaN stays NaN.
    pub fn apply(self, value: f32) -> f32 {
        self.apply_f64(f64::from(value)) as f32
    }

    /// The same, not rounded.
    pub fn apply_f64(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Relu => at_least(x, 0.0),
            Self::Clamp { low, high } => clamp(x, f64::from(low), f64::from(high)),
            Self::LeakyRelu { slope } => {
                if x >= 0.0 {
                    x
                } else {
                    f64::from(slope) * x
                }
            }
            Self::Elu { alpha } => {
                if x > 0.0 {
                    x
                } else {
                    f64::from(alpha) * libm::expm1(x)
                }
            }
            Self::Selu => SELU_SCALE * if x > 0.0 { x } else { SELU_ALPHA * libm::expm1(x) },
            Self::Celu { alpha } => {
                let alpha = f64::from(alpha);
                if x > 0.0 { x } else { alpha * libm::expm1(x / alpha) }
            }
            Self::Silu => x * sigmoid(x),
            Self::Gelu => 0.5 * x * (1.0 + libm::erf(x * core::f64::consts::FRAC_1_SQRT_2)),
            Self::GeluTanh => {
                let inner = libm::sqrt(2.0 / core::f64::consts::PI) * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + libm::tanh(inner))
            }
            Self::Hardswish => x * clamp(x + 3.0, 0.0, 6.0) / 6.0,
            Self::Hardsigmoid => clamp(x + 3.0, 0.0, 6.0) / 6.0,
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => libm::tanh(x),
            Self::Mish => x * libm::tanh(softplus(x)),
            Self::Softplus { beta, threshold } => {
                let (beta, threshold) = (f64::from(beta), f64::from(threshold));
                if beta * x > threshold { x } else { softplus(beta * x) / beta }
            }
            Self::Softsign => x / (1.0 + x.abs()),
            Self::LogSigmoid => -softplus(-x),
            Self::Scale { scale, shift } => f64::from(scale) * x + f64::from(shift),
        }
    }

    /// The function over a slice, in place.
    pub fn apply_to(self, values: &mut [f32]) {
        if self != Self::Identity {
            values.iter_mut().for_each(|value| *value = self.apply(*value));
        }
    }
}

/// `max` that keeps NaN.
fn at_least(x: f64, low: f64) -> f64 {
    if x < low { low } else { x }
}

fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = at_least(x, low);
    if x > high { high } else { x }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn softplus(x: f64) -> f64 {
    at_least(x, 0.0) + libm::log1p(libm::exp(-x.abs()))
}
