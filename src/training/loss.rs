//! What training makes small.

/// A loss, the mean over a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// `nn.CrossEntropyLoss` of logits.
    CrossEntropy {
        /// From 0 to 1.
        label_smoothing: f64,
        /// A weight for each class, or none: the mean then divides by the sum of the targets' weights.
        class_weights: Vec<f64>,
    },
    /// `nn.MSELoss`, the mean over all elements.
    MeanSquare,
}

/// What a batch should have given.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// A class for each sample.
    Classes(&'a [u32]),
    /// As many values for each sample as the network gives.
    Values(&'a [f32]),
}

impl Default for Loss {
    fn default() -> Self {
        Self::CrossEntropy { label_smoothing: 0.0, class_weights: Vec::new() }
    }
}

impl Loss {
    /// The loss of a batch of outputs, sample after sample, and its gradient by them in `gradient`.
    pub fn of(&self, outputs: &[f64], samples: usize, targets: Targets<'_>, gradient: &mut [f64]) -> f64 {
        match (self, targets) {
            (Self::CrossEntropy { label_smoothing, class_weights }, Targets::Classes(classes)) => {
                cross_entropy(*label_smoothing, class_weights, outputs, &classes[..samples], gradient)
            }
            (Self::MeanSquare, Targets::Values(values)) => {
                let share = 1.0 / outputs.len().max(1) as f64;
                let mut sum = 0.0;
                for ((gradient, &output), &value) in gradient.iter_mut().zip(outputs).zip(values) {
                    let off = output - f64::from(value);
                    sum += off * off;
                    *gradient = 2.0 * off * share;
                }
                sum * share
            }
            (Self::CrossEntropy { .. } | Self::MeanSquare, _) => {
                gradient.fill(0.0);
                f64::NAN
            }
        }
    }
}

/// `(1 - e) * -log p[target] * w[target] + e / C * sum over c of -log p[c] * w[c]`, divided by the sum of `w[target]`.
/// Classes beyond those of the network count for nothing.
fn cross_entropy(smoothing: f64, weights: &[f64], outputs: &[f64], targets: &[u32], gradient: &mut [f64]) -> f64 {
    let classes = outputs.len().checked_div(targets.len()).unwrap_or(0);
    let weight = |class: usize| weights.get(class).copied().unwrap_or(1.0);
    let all: f64 = targets.iter().map(|&target| weight(target as usize)).sum();
    let each = smoothing / classes.max(1) as f64;
    let mut loss = 0.0;
    let rows = outputs.chunks_exact(classes.max(1)).zip(gradient.chunks_exact_mut(classes.max(1)));
    for ((logits, gradients), &target) in rows.zip(targets) {
        let target = target as usize;
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|logit| libm::exp(logit - largest)).sum();
        let normalizer = largest + libm::log(sum);
        let share = |class: usize| {
            let own = if class == target { (1.0 - smoothing) * weight(target) } else { 0.0 };
            (own + each * weight(class)) / all
        };
        let total: f64 = (0..classes).map(share).sum();
        for (class, (gradient, &logit)) in gradients.iter_mut().zip(logits).enumerate() {
            let negative_log = normalizer - logit;
            let part = share(class);
            if part != 0.0 {
                loss += part * negative_log;
            }
            *gradient = total * libm::exp(-negative_log) - part;
        }
    }
    loss
}
