//! Whether an exact rewrite keeps the outputs: both networks are run.

use serde::{Deserialize, Serialize};

use crate::cost::{Settings, analyze};
use crate::engine::{Plan, PlanOptions, Seeding, WeightSource, all_tensors, seeded_input};
use crate::model::Network;
use crate::rewrite::Rewrite;
use crate::share_link;
use crate::transplant::carry;

/// Run a network and what it becomes, on the same seeded weights and input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckTask {
    /// As in a link.
    pub network: String,
    /// One after another.
    pub rewrites: Vec<ExactRewrite>,
    /// Of weights and input.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
}

/// A rewrite that keeps the function, and carries the weights over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "those of Rewrite")]
pub enum ExactRewrite {
    FoldBatchNorm,
    DropRedundantBias,
    AbsorbDepthwiseBias,
    FoldDepthwise,
}

/// How far the outputs are apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Between two outputs at the same place.
    pub largest_difference: f64,
    /// The largest output by itself.
    pub largest_output: f64,
    /// How many values were compared.
    pub outputs: u64,
}

/// Larger networks are not run for this.
const MOST_PARAMS: u64 = 50_000_000;
const MOST_MACS: u64 = 5_000_000_000;

impl ExactRewrite {
    /// `None` for a rewrite that changes the function.
    pub const fn of(rewrite: &Rewrite) -> Option<Self> {
        match rewrite {
            Rewrite::FoldBatchNorm => Some(Self::FoldBatchNorm),
            Rewrite::DropRedundantBias => Some(Self::DropRedundantBias),
            Rewrite::AbsorbDepthwiseBias => Some(Self::AbsorbDepthwiseBias),
            Rewrite::FoldDepthwise => Some(Self::FoldDepthwise),
            Rewrite::Separable
            | Rewrite::SeparableFor { .. }
            | Rewrite::PooledHead(_)
            | Rewrite::LowRank { .. }
            | Rewrite::Bottleneck { .. }
            | Rewrite::Grouped { .. }
            | Rewrite::InvertedResidual { .. }
            | Rewrite::Width { .. }
            | Rewrite::Resolution { .. }
            | Rewrite::StrideForPool { .. }
            | Rewrite::KernelSize { .. }
            | Rewrite::PruneChannels { .. }
            | Rewrite::Channels { .. } => None,
        }
    }

    const fn rewrite(self) -> Rewrite {
        match self {
            Self::FoldBatchNorm => Rewrite::FoldBatchNorm,
            Self::DropRedundantBias => Rewrite::DropRedundantBias,
            Self::AbsorbDepthwiseBias => Rewrite::AbsorbDepthwiseBias,
            Self::FoldDepthwise => Rewrite::FoldDepthwise,
        }
    }
}

impl CheckTask {
    pub(super) fn check(&self) -> Result<CheckReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let figures = analyze(&network, &Settings::default()).totals.figures;
        if figures.params().0 > MOST_PARAMS || figures.macs.0 > MOST_MACS {
            return Err("This network is too large to be run twice for a check.".to_string());
        }
        let seeded = WeightSource::Seeded(Seeding { seed: self.seed, gain: self.gain, streams: Default::default() });
        let before = self.outputs(&network, &seeded)?;
        let mut tensors = all_tensors(&network, &seeded).map_err(|error| error.to_string())?;
        let mut current = network;
        for rewrite in &self.rewrites {
            let (next, carried) = carry(&current, &tensors, &rewrite.rewrite()).map_err(|error| error.to_string())?;
            (current, tensors) = (next.network, carried);
        }
        let after = self.outputs(&current, &WeightSource::Given(tensors))?;
        if before.len() != after.len() {
            return Err("The outputs are not as many.".to_string());
        }
        let largest = |values: &mut dyn Iterator<Item = f64>| values.map(f64::abs).fold(0.0, f64::max);
        let mut differences = before.iter().zip(&after).map(|(&one, &other)| f64::from(one) - f64::from(other));
        Ok(CheckReport {
            largest_difference: largest(&mut differences),
            largest_output: largest(&mut before.iter().map(|&value| f64::from(value))),
            outputs: before.len() as u64,
        })
    }

    /// Layer by layer: the engine folds nothing by itself.
    fn outputs(&self, network: &Network, weights: &WeightSource) -> Result<Vec<f32>, String> {
        let options = PlanOptions { fuse: false, ..PlanOptions::default() };
        let mut plan = Plan::new(network, weights, &options).map_err(|error| error.to_string())?;
        let input = seeded_input(self.seed, 0, plan.input_mut().len(), 1.0);
        plan.set_input(&input).map_err(|error| error.to_string())?;
        plan.run();
        Ok(plan.output().to_vec())
    }
}
