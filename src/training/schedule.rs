//! How the rate changes.

/// PyTorch's `lr_scheduler`, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// None: the rate stays.
    #[default]
    Constant,
    /// `StepLR`: times `gamma` every `step` epochs.
    #[expect(missing_docs, reason = "the variant says it")]
    Step { step: u32, gamma: f64 },
    /// `CosineAnnealingLR` down to `lowest`, in `period` epochs.
    #[expect(missing_docs, reason = "the variant says it")]
    Cosine { period: u32, lowest: f64 },
}

impl Schedule {
    /// The rate after `done` epochs of a run that began with `rate`. PyTorch multiplies from one epoch to the next;
    /// these are the same numbers but for the last bits.
    pub fn rate(&self, rate: f64, done: u32) -> f64 {
        match *self {
            Self::Constant => rate,
            Self::Step { step, gamma } => rate * libm::pow(gamma, f64::from(done / step.max(1))),
            Self::Cosine { period, lowest } => {
                let angle = std::f64::consts::PI * f64::from(done) / f64::from(period.max(1));
                lowest + (rate - lowest) * (1.0 + libm::cos(angle)) / 2.0
            }
        }
    }
}
