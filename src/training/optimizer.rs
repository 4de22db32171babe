//! How gradients become steps: PyTorch's optimisers, operation by operation.

use crate::engine::kernels::training::value::Number;

/// `torch.optim`'s classes with their arguments but for the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "PyTorch's names")]
pub enum Optimizer {
    Sgd {
        momentum: f64,
        dampening: f64,
        nesterov: bool,
        weight_decay: f64,
    },
    Adam {
        betas: [f64; 2],
        epsilon: f64,
        weight_decay: f64,
    },
    /// Decay is not part of the gradient.
    AdamW {
        betas: [f64; 2],
        epsilon: f64,
        weight_decay: f64,
    },
    RmsProp {
        alpha: f64,
        epsilon: f64,
        weight_decay: f64,
        momentum: f64,
        centered: bool,
    },
}

/// What an optimiser remembers of every parameter.
#[derive(Clone, Debug)]
pub struct Memory<N> {
    /// SGD's and RMSprop's buffer, Adam's first moment; empty where it is not needed.
    first: Vec<N>,
    /// The second moment.
    second: Vec<N>,
    /// The mean gradient of a centered RMSprop.
    mean: Vec<N>,
    steps: u32,
}

impl Optimizer {
    /// SGD without momentum.
    pub const PLAIN: Self = Self::Sgd { momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

    /// How many numbers it remembers of every parameter.
    pub const fn numbers_per_parameter(&self) -> u64 {
        match self {
            Self::Sgd { momentum, .. } => (*momentum != 0.0) as u64,
            Self::Adam { .. } | Self::AdamW { .. } => 2,
            Self::RmsProp { momentum, centered, .. } => 1 + (*momentum != 0.0) as u64 + *centered as u64,
        }
    }

    /// Nothing remembered yet, of so many parameters.
    pub fn memory<N: Number>(&self, parameters: usize) -> Memory<N> {
        let some = |wanted: bool| if wanted { vec![N::default(); parameters] } else { Vec::new() };
        let (first, second, mean) = match *self {
            Self::Sgd { momentum, .. } => (momentum != 0.0, false, false),
            Self::Adam { .. } | Self::AdamW { .. } => (true, true, false),
            Self::RmsProp { momentum, centered, .. } => (momentum != 0.0, true, centered),
        };
        Memory { first: some(first), second: some(second), mean: some(mean), steps: 0 }
    }

    /// One step.
    pub fn step<N: Number>(&self, rate: f64, memory: &mut Memory<N>, gradients: &[N], parameters: &mut [N]) {
        memory.steps += 1;
        let is_first = memory.steps == 1;
        let pairs = parameters.iter_mut().zip(gradients);
        match *self {
            Self::Sgd { momentum, dampening, nesterov, weight_decay } => {
                let (rate, decay) = (N::of(rate), N::of(weight_decay));
                if momentum == 0.0 {
                    pairs.for_each(|(parameter, &gradient)| {
                        *parameter = *parameter - rate * (gradient + *parameter * decay)
                    });
                    return;
                }
                let (momentum, share) = (N::of(momentum), N::of(1.0 - dampening));
                for ((parameter, &gradient), buffer) in pairs.zip(&mut memory.first) {
                    let gradient = gradient + *parameter * decay;
                    *buffer = if is_first { gradient } else { *buffer * momentum + gradient * share };
                    let step = if nesterov { gradient + *buffer * momentum } else { *buffer };
                    *parameter = *parameter - rate * step;
                }
            }
            Self::Adam { betas, epsilon, weight_decay } => {
                let decay = N::of(weight_decay);
                let adam = Adam::<N>::new(rate, betas, epsilon, memory.steps);
                for ((parameter, &gradient), (first, second)) in
                    pairs.zip(memory.first.iter_mut().zip(&mut memory.second))
                {
                    adam.step(parameter, gradient + *parameter * decay, first, second);
                }
            }
            Self::AdamW { betas, epsilon, weight_decay } => {
                let kept = N::of(1.0 - rate * weight_decay);
                let adam = Adam::<N>::new(rate, betas, epsilon, memory.steps);
                for ((parameter, &gradient), (first, second)) in
                    pairs.zip(memory.first.iter_mut().zip(&mut memory.second))
                {
                    *parameter = *parameter * kept;
                    adam.step(parameter, gradient, first, second);
                }
            }
            Self::RmsProp { alpha, epsilon, weight_decay, momentum, centered } => {
                let (rate, decay, epsilon) = (N::of(rate), N::of(weight_decay), N::of(epsilon));
                let (alpha, share) = (N::of(alpha), N::of(1.0 - alpha));
                for (at, (parameter, &gradient)) in pairs.enumerate() {
                    let gradient = gradient + *parameter * decay;
                    let square = &mut memory.second[at];
                    *square = *square * alpha + gradient * gradient * share;
                    let deviation = if centered {
                        let mean = &mut memory.mean[at];
                        *mean = *mean + (gradient - *mean) * share;
                        (*square - *mean * *mean).square_root() + epsilon
                    } else {
                        square.square_root() + epsilon
                    };
                    let mut step = gradient / deviation;
                    if momentum != 0.0 {
                        let buffer = &mut memory.first[at];
                        *buffer = *buffer * N::of(momentum) + step;
                        step = *buffer;
                    }
                    *parameter = *parameter - rate * step;
                }
            }
        }
    }
}

impl<N> Memory<N> {
    /// Bytes in all.
    pub fn bytes(&self) -> usize {
        (self.first.len() + self.second.len() + self.mean.len()) * size_of::<N>()
    }
}

/// The numbers of one step of Adam.
struct Adam<N> {
    /// 1 - beta of the first moment.
    first_share: N,
    beta: N,
    second_share: N,
    /// sqrt(1 - beta^steps) of the second moment.
    root: N,
    epsilon: N,
    /// rate / (1 - beta^steps) of the first moment.
    size: N,
}

impl<N: Number> Adam<N> {
    fn new(rate: f64, [first, second]: [f64; 2], epsilon: f64, steps: u32) -> Self {
        let correction = |beta: f64| 1.0 - libm::pow(beta, f64::from(steps));
        Self {
            first_share: N::of(1.0 - first),
            beta: N::of(second),
            second_share: N::of(1.0 - second),
            root: N::of(libm::sqrt(correction(second))),
            epsilon: N::of(epsilon),
            size: N::of(rate / correction(first)),
        }
    }

    #[inline(always)]
    fn step(&self, parameter: &mut N, gradient: N, first: &mut N, second: &mut N) {
        *first = *first + (gradient - *first) * self.first_share;
        *second = *second * self.beta + gradient * gradient * self.second_share;
        let deviation = second.square_root() / self.root + self.epsilon;
        *parameter = *parameter - self.size * (*first / deviation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four steps of PyTorch 2.9.1 from [0.5, -0.3] with gradients [0.1 (s + 1), 0.15 s - 0.2].
    #[test]
    fn steps_are_pytorchs() {
        let rms = |momentum, centered, weight_decay| Optimizer::RmsProp {
            alpha: 0.99,
            epsilon: 1e-8,
            weight_decay,
            momentum,
            centered,
        };
        let damped = Optimizer::Sgd { momentum: 0.9, dampening: 0.5, nesterov: false, weight_decay: 0.01 };
        let cases: [(Optimizer, f64, [f32; 2]); 4] = [
            (rms(0.0, false, 0.01), 0.01, [0.158_152_61, -0.291_383_8]),
            (rms(0.9, true, 0.0), 0.01, [-0.319_625_68, -0.045_782_056]),
            (damped, 0.1, [0.386_962_47, -0.244_666_05]),
            (
                Optimizer::AdamW { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.01 },
                0.01,
                [0.460_969_98, -0.281_228_93],
            ),
        ];
        for (optimizer, rate, expected) in cases {
            let mut memory = optimizer.memory::<f32>(2);
            let mut parameters = [0.5_f32, -0.3];
            for step in 0..4 {
                let gradients = [0.1 * (step as f32 + 1.0), 0.15 * step as f32 - 0.2];
                optimizer.step(rate, &mut memory, &gradients, &mut parameters);
            }
            for (found, expected) in parameters.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-6, "{optimizer:?}: {parameters:?}, PyTorch {expected:?}");
            }
        }
    }
}
