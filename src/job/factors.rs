//! A Linear in two factors: what each rank costs, and how far the best approximation of that rank is off.

use serde::{Deserialize, Serialize};

use crate::advice::Costs;
use crate::cost::{Settings, analyze};
use crate::engine::{Seeding, WeightSource, all_tensors};
use crate::model::{Kind, Network};
use crate::rewrite::{self, Rewrite};
use crate::share_link;
use crate::transplant::{LowRank, low_rank};

/// Take a Linear's seeded weight apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorsTask {
    /// As in a link.
    pub network: String,
    /// The Linear's place in it.
    pub row: u32,
    /// Of the network's weights.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
}

/// What ranks there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorsReport {
    /// The row's.
    pub name: String,
    /// The Linear's `in_features`.
    pub inputs: u64,
    /// The Linear's `out_features`.
    pub outputs: u64,
    /// The network as it is.
    pub now: RankCosts,
    /// From rank 1 to the last one that saves parameters; spread evenly where there are many. Never empty.
    pub ranks: Vec<RankReport>,
}

/// One rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankReport {
    /// Features between the two factors.
    pub rank: u64,
    /// `|W - W_rank| / |W|` (Frobenius) of the seeded weight; `None` where it is too large to be taken apart.
    pub error: Option<f64>,
    /// Of the whole network.
    pub costs: RankCosts,
}

/// What a network costs: as [`Costs`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "those of Costs")]
pub struct RankCosts {
    pub params: u64,
    pub macs: u64,
    pub written: u64,
    pub peak_bytes: Option<u64>,
    pub flash_bytes: u64,
    pub ram_bytes: Option<u64>,
    pub milliseconds: Option<f64>,
}

/// Ranks that are told.
const MOST_RANKS: u64 = 256;

/// Above so many parameters, weights are not made only to take one of them apart.
const MOST_PARAMS: u64 = 50_000_000;

/// The shorter side squared times the longer one: about a second of work.
const MOST_WORK: u64 = 50_000_000;

impl FactorsTask {
    pub(super) fn factors(&self) -> Result<FactorsReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let row = self.row as usize;
        let report = analyze(&network, &Settings::default());
        let linear = network.nodes.get(row).filter(|node| node.layer.kind() == Kind::Linear);
        let sides = || {
            let input = report.wiring.taps(row).first().and_then(|&tap| report.shapes.tap(tap))?;
            Some((*input.last()?, *report.shapes.nodes[row].dims()?.last()?))
        };
        let (node, (inputs, outputs)) = linear.zip(sides()).ok_or("There is no Linear here that could be divided.")?;
        let weights = inputs.checked_mul(outputs).ok_or("This Linear is too large.")?;
        let most = weights.saturating_sub(1) / (inputs + outputs);
        if most == 0 {
            return Err("Two factors of any rank have more weights than this Linear.".to_string());
        }
        let now = Costs::of_report(&network, &report);
        let taken = if now.params <= MOST_PARAMS { self.take_apart(&network, row, (outputs, inputs)) } else { None };
        let count = most.min(MOST_RANKS);
        let rank = |place: u64| if count == 1 { 1 } else { 1 + place * (most - 1) / (count - 1) };
        let told = |rank: u64| {
            let rewrite = Rewrite::LowRank { node: node.id, rank: rank as i64 };
            RankReport {
                rank,
                error: taken.as_ref().map(|taken| taken.relative_error(rank as usize)),
                costs: Costs::of(&rewrite::apply(&network, &rewrite).network).into(),
            }
        };
        Ok(FactorsReport {
            name: node.name.clone(),
            inputs,
            outputs,
            now: now.into(),
            ranks: (0..count).map(rank).map(told).collect(),
        })
    }

    /// `None` where that would take long.
    fn take_apart(&self, network: &Network, row: usize, (outputs, inputs): (u64, u64)) -> Option<LowRank> {
        let (short, long) = (inputs.min(outputs), inputs.max(outputs));
        if short.saturating_mul(short).saturating_mul(long) > MOST_WORK {
            return None;
        }
        let weights = WeightSource::Seeded(Seeding { seed: self.seed, gain: self.gain, streams: Default::default() });
        let tensors = all_tensors(network, &weights).ok()?;
        // A module that is called again has its weight at its first call.
        let first = network.first_calls()[row].unwrap_or(row);
        let weight = tensors.get(&network.nodes[first].id)?.first()?;
        low_rank(weight, (outputs as usize, inputs as usize)).ok()
    }
}

impl From<Costs> for RankCosts {
    fn from(costs: Costs) -> Self {
        let Costs { params, macs, written, peak_bytes, flash_bytes, ram_bytes, milliseconds } = costs;
        Self { params, macs, written, peak_bytes, flash_bytes, ram_bytes, milliseconds }
    }
}

impl From<RankCosts> for Costs {
    fn from(costs: RankCosts) -> Self {
        let RankCosts { params, macs, written, peak_bytes, flash_bytes, ram_bytes, milliseconds } = costs;
        Self { params, macs, written, peak_bytes, flash_bytes, ram_bytes, milliseconds }
    }
}
