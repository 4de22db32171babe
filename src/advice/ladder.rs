//! The remedies one after another, from where a network stands to the smallest.

use crate::cost::{Settings, analyze};
use crate::model::{Layer, Network};
use crate::rewrite::{Effect, HiddenLayers, PooledHead, Rewrite, Uses, find_head};
use crate::shape;

use super::costs::Costs;
use super::head::quarter_rank;
use super::remedy::{applied, effect};
use super::{has_all_params, runs};

/// Where a network stands, and the steps down.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// Before any step.
    pub start: Costs,
    /// Each on top of those before.
    pub steps: Vec<Step>,
}

/// One step: what it does to the network of the step before, and what that costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What to do, in a few words.
    pub title: String,
    /// All rewrites from the start up to here.
    pub rewrites: Vec<Rewrite>,
    /// Of this step alone.
    pub effect: Effect,
    /// After it and all steps before.
    pub costs: Costs,
}

/// A step that saves less than this part of the parameters is not worth another training.
const WORTH_TRAINING: f64 = 0.01;

/// First what changes the function, each time the one that saves most; then what keeps it: biases that do nothing,
/// then batch norms (folding those first would bring the biases back).
///
/// No steps where the network cannot run or its parameters are not known.
pub fn ladder(network: &Network) -> Ladder {
    let report = analyze(network, &Settings::default());
    let mut ladder = Ladder { start: Costs::of_report(network, &report), steps: Vec::new() };
    if !runs(&report) || !has_all_params(&report) {
        return ladder;
    }
    let mut current = network.clone();
    let mut changing = changing_steps(network);
    loop {
        let before = ladder.costs().params;
        let candidates = changing.iter().enumerate().filter_map(|(index, (title, rewrites))| {
            let (network, costs) = applied(&current, rewrites)?;
            let saved = before.checked_sub(costs.params)?;
            (saved as f64 > WORTH_TRAINING * before as f64).then_some((saved, index, title.clone(), network, costs))
        });
        let Some((_, index, title, network, costs)) =
            candidates.max_by_key(|(saved, index, ..)| (*saved, usize::MAX - index))
        else {
            break;
        };
        let (_, rewrites) = changing.remove(index);
        ladder.push(title, rewrites, costs);
        current = network;
    }
    for (title, rewrites) in exact_steps() {
        if let Some((network, costs)) = applied(&current, &rewrites)
            && costs.params < ladder.costs().params
        {
            ladder.push(title, rewrites, costs);
            current = network;
        }
    }
    ladder
}

impl Ladder {
    /// After the last step.
    pub fn costs(&self) -> Costs {
        self.steps.last().map_or(self.start, |step| step.costs)
    }

    fn push(&mut self, title: String, rewrites: Vec<Rewrite>, costs: Costs) {
        let effect = effect(&rewrites);
        let before = self.steps.last().map(|step| step.rewrites.clone()).unwrap_or_default();
        self.steps.push(Step { title, rewrites: before.into_iter().chain(rewrites).collect(), effect, costs });
    }
}

fn changing_steps(network: &Network) -> Vec<(String, Vec<Rewrite>)> {
    let pooled = PooledHead { size: 1, hidden: HiddenLayers::Drop };
    let mut steps = vec![
        ("Global average pool, one Linear".to_string(), vec![Rewrite::PooledHead(pooled)]),
        ("Separate the convolutions".to_string(), vec![Rewrite::Separable]),
    ];
    // Where there is no map to average, the largest Linear in two factors of a quarter.
    let uses = Uses::of(network);
    let shapes = shape::infer(network, &network.wiring(), 1);
    if find_head(network, &uses, &shapes).is_none() {
        let weights = |index: usize| {
            let input = uses.taps(index).first().and_then(|&tap| shapes.tap(tap))?.last().copied()?;
            let output = shapes.nodes[index].dims()?.last().copied()?;
            Some((input.checked_mul(output)?, (input, output)))
        };
        let linears = network.nodes.iter().enumerate().filter(|(_, node)| matches!(node.layer, Layer::Linear(_)));
        let largest =
            linears.filter_map(|(index, node)| Some((weights(index)?, node))).max_by_key(|&(weights, _)| weights);
        if let Some(((_, (inputs, outputs)), node)) = largest {
            let rank = quarter_rank(inputs, outputs);
            let rewrite = Rewrite::LowRank { node: node.id, rank };
            steps.push((format!("Factor {} into rank {rank}", node.name), vec![rewrite]));
        }
    }
    steps
}

fn exact_steps() -> [(String, Vec<Rewrite>); 2] {
    [
        ("Drop biases that do nothing".to_string(), vec![Rewrite::DropRedundantBias, Rewrite::AbsorbDepthwiseBias]),
        ("Fold batch norms".to_string(), vec![Rewrite::FoldBatchNorm]),
    ]
}
