//! The activation functions' slopes, by PyTorch's rule at kinks.

use crate::activation::{Activation, SELU_ALPHA, SELU_SCALE};

use crate::geometry::Planes;

use super::statistics::sum_of;
use super::value::{Number, Value};

/// The function over a slice.
pub fn activate<V: Value>(activation: Activation, input: &[V], output: &mut [V]) {
    match activation {
        Activation::Identity => output.copy_from_slice(input),
        Activation::Relu => {
            let zero = V::default();
            for (value, &x) in output.iter_mut().zip(input) {
                // NaN stays NaN.
                *value = zero.if_greater(x, zero, x);
            }
        }
        Activation::Clamp { low, high } => {
            let (low, high) = (V::of(f64::from(low)), V::of(f64::from(high)));
            for (value, &x) in output.iter_mut().zip(input) {
                let x = low.if_greater(x, low, x);
                *value = x.if_greater(high, high, x);
            }
        }
        activation => {
            for (value, &x) in output.iter_mut().zip(input) {
                *value = x.each(|x| activation.apply_f64(x));
            }
        }
    }
}

/// Adds `slope(x) * output_gradient`.
pub fn activation_gradient<V: Value>(
    activation: Activation,
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let terms = input_gradient.iter_mut().zip(input.iter().zip(output_gradient));
    match activation {
        Activation::Identity => terms.for_each(|(sum, (_, &gradient))| *sum += gradient),
        Activation::Relu => {
            let zero = V::default();
            terms.for_each(|(sum, (&x, &gradient))| *sum += x.if_greater(zero, gradient, zero));
        }
        Activation::Clamp { low, high } => {
            let (low, high, zero) = (V::of(f64::from(low)), V::of(f64::from(high)), V::default());
            terms.for_each(|(sum, (&x, &gradient))| {
                *sum += x.if_greater(low, high.if_greater(x, gradient, zero), zero);
            });
        }
        activation => terms.for_each(|(sum, (&x, &gradient))| *sum += x.each(|x| slope(activation, x)) * gradient),
    }
}

/// `x` where positive, else the channel's slope times `x`; one slope may serve all channels (PReLU).
pub fn scale_negatives<V: Value>(planes: &Planes, slopes: &[V::Number], input: &[V], output: &mut [V]) {
    let area = planes.area().max(1);
    for (channel, (from, to)) in input.chunks_exact(area).zip(output.chunks_exact_mut(area)).enumerate() {
        let slope = own_slope::<V>(slopes, channel % planes.channels);
        for (value, &x) in to.iter_mut().zip(from) {
            *value = x.if_greater(V::default(), x, x * slope);
        }
    }
}

/// With the slopes' gradients, which are added to. `input_gradient` may be empty.
pub fn scale_negatives_gradient<V: Value>(
    planes: &Planes,
    slopes: (&[V::Number], &mut [V::Number]),
    input: &[V],
    output_gradient: &[V],
    input_gradient: &mut [V],
) {
    let (slopes, slope_gradients) = slopes;
    let (area, zero) = (planes.area().max(1), V::default());
    for (plane, (input, gradients)) in input.chunks_exact(area).zip(output_gradient.chunks_exact(area)).enumerate() {
        let channel = plane % planes.channels;
        let slope = own_slope::<V>(slopes, channel);
        if let Some(sums) = input_gradient.get_mut(plane * area..(plane + 1) * area) {
            for (sum, (&x, &gradient)) in sums.iter_mut().zip(input.iter().zip(gradients)) {
                *sum += x.if_greater(zero, gradient, gradient * slope);
            }
        }
        let own = if slopes.len() > 1 { channel } else { 0 };
        if let Some(sum) = slope_gradients.get_mut(own) {
            let part = sum_of(area, V::LANES, |at| input[at].if_greater(zero, zero, input[at] * gradients[at]));
            *sum = V::Number::of(sum.to_f64() + part);
        }
    }
}

fn own_slope<V: Value>(slopes: &[V::Number], channel: usize) -> V {
    slopes.get(channel).or(slopes.first()).map_or(V::of(1.0), |&slope| V::splat(slope))
}

/// The function's slope at `x`; where it has a kink, what PyTorch takes.
pub fn slope(activation: Activation, x: f64) -> f64 {
    let within = |low: f64, high: f64| if x > low && x < high { 1.0 } else { 0.0 };
    match activation {
        Activation::Identity => 1.0,
        Activation::Relu => within(0.0, f64::INFINITY),
        Activation::Clamp { low, high } => within(f64::from(low), f64::from(high)),
        Activation::LeakyRelu { slope } => {
            if x > 0.0 {
                1.0
            } else {
                f64::from(slope)
            }
        }
        Activation::Elu { alpha } => {
            if x > 0.0 {
                1.0
            } else {
                f64::from(alpha) * libm::exp(x)
            }
        }
        Activation::Selu => SELU_SCALE * if x > 0.0 { 1.0 } else { SELU_ALPHA * libm::exp(x) },
        Activation::Celu { alpha } => {
            if x > 0.0 {
                1.0
            } else {
                libm::exp(x / f64::from(alpha))
            }
        }
        Activation::Silu => {
            let s = sigmoid(x);
            s * (1.0 + x * (1.0 - s))
        }
        Activation::Gelu => {
            let cumulative = 0.5 * (1.0 + libm::erf(x * core::f64::consts::FRAC_1_SQRT_2));
            let density = libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * core::f64::consts::PI);
            cumulative + x * density
        }
        Activation::GeluTanh => {
            let factor = libm::sqrt(2.0 / core::f64::consts::PI);
            let t = libm::tanh(factor * (x + 0.044_715 * x * x * x));
            0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * factor * (1.0 + 3.0 * 0.044_715 * x * x)
        }
        // At 3 it is 1, at -3 0: PyTorch's `x <= -3`, `x < 3`.
        Activation::Hardswish => {
            if x <= -3.0 {
                0.0
            } else if x < 3.0 {
                x / 3.0 + 0.5
            } else {
                1.0
            }
        }
        Activation::Hardsigmoid => within(-3.0, 3.0) / 6.0,
        Activation::Sigmoid => {
            let s = sigmoid(x);
            s * (1.0 - s)
        }
        Activation::Tanh => {
            let t = libm::tanh(x);
            1.0 - t * t
        }
        Activation::Mish => {
            let t = libm::tanh(libm::fmax(x, 0.0) + libm::log1p(libm::exp(-libm::fabs(x))));
            t + x * (1.0 - t * t) * sigmoid(x)
        }
        Activation::Softplus { beta, threshold } => {
            let scaled = f64::from(beta) * x;
            if scaled > f64::from(threshold) { 1.0 } else { sigmoid(scaled) }
        }
        Activation::Softsign => {
            let denominator = 1.0 + libm::fabs(x);
            1.0 / (denominator * denominator)
        }
        Activation::LogSigmoid => sigmoid(-x),
        Activation::Scale { scale, .. } => f64::from(scale),
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
