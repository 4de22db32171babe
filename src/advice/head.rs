//! Rules about classifiers.

use crate::compare::{DOMINATES, share};
use crate::cost::units::{counted, grouped};
use crate::model::{Layer, Linear};
use crate::rewrite::{HiddenLayers, PooledHead, Rewrite};

use super::context::Context;
use super::finding::{Certainty, Finding, Rule};
use super::remedy::Remedy;

pub(super) fn rules(context: &Context, findings: &mut Vec<Finding>) {
    let largest = (0..context.network.nodes.len())
        .filter(|&index| matches!(context.network.nodes[index].layer, Layer::Linear(_)))
        .max_by_key(|&index| (context.params(index), std::cmp::Reverse(index)));
    let Some(index) = largest.filter(|&index| context.share(context.params(index)) > DOMINATES) else { return };
    let Layer::Linear(linear) = &context.network.nodes[index].layer else { return };
    let flattened = context.head.as_ref().filter(|head| head.linears.first() == Some(&index));
    let pixels = flattened.map(|head| head.features[2..].iter().product()).filter(|&pixels: &u64| pixels > 1);
    findings.push(match (pixels, flattened) {
        (Some(pixels), Some(head)) => behind_flatten(context, index, (pixels, head.features[1])),
        _ => elsewhere(context, index, linear),
    });
}

fn behind_flatten(context: &Context, index: usize, (pixels, channels): (u64, u64)) -> Finding {
    let params = context.params(index);
    let linears = context.head.as_ref().map_or(0, |head| head.linears.len());
    let mut remedies: Vec<Remedy> = [
        ("Global average pool, one Linear", 1, HiddenLayers::Drop),
        ("Global average pool, keep all Linears", 1, HiddenLayers::Keep),
        ("Average pool to 2x2, one Linear", 2, HiddenLayers::Drop),
        ("Average pool to 2x2, keep all Linears", 2, HiddenLayers::Keep),
    ]
    .into_iter()
    .filter(|(_, _, hidden)| linears > 1 || *hidden == HiddenLayers::Drop)
    .filter_map(|(title, size, hidden)| {
        Remedy::of(context, title, vec![Rewrite::PooledHead(PooledHead { size, hidden })])
    })
    .collect();
    remedies.extend(thin_remedies(context, index));
    saving(&mut remedies);
    Finding {
        rule: Rule::DominantLinear,
        message: format!(
            "{} holds {} of {} ({}): flattening gives it {}, {} x {}.",
            context.name(index),
            grouped(params),
            counted(context.costs.params, "parameter"),
            share(params, context.costs.params),
            counted(pixels * channels, "input"),
            counted(channels, "channel"),
            counted(pixels, "pixel"),
        ),
        nodes: vec![context.id(index)],
        certainty: Certainty::Sure,
        weight: 1.0 + context.share(params),
        remedies,
    }
}

fn elsewhere(context: &Context, index: usize, linear: &Linear) -> Finding {
    let params = context.params(index);
    let mut remedies: Vec<Remedy> = thin_remedies(context, index).collect();
    saving(&mut remedies);
    let inputs = context.input(index).and_then(|input| input.last().copied()).unwrap_or(0);
    Finding {
        rule: Rule::WideLinear,
        message: format!(
            "{} holds {} of {} ({}): {} x {}.",
            context.name(index),
            grouped(params),
            counted(context.costs.params, "parameter"),
            share(params, context.costs.params),
            counted(inputs, "input"),
            counted(linear.out_features.unsigned_abs(), "output"),
        ),
        nodes: vec![context.id(index)],
        certainty: Certainty::Sure,
        weight: 0.5 + context.share(params) / 2.0,
        remedies,
    }
}

/// Low rank and bottleneck at a quarter of the parameters.
fn thin_remedies<'a>(context: &'a Context, index: usize) -> impl Iterator<Item = Remedy> + 'a {
    let inputs = context.input(index).and_then(|input| input.last().copied()).unwrap_or(0);
    let outputs = context.output(index).and_then(|output| output.last().copied()).unwrap_or(0);
    let rank = quarter_rank(inputs, outputs);
    let node = context.id(index);
    let name = context.name(index).to_string();
    [
        (format!("Factor {name} into rank {rank}"), Rewrite::LowRank { node, rank }),
        (format!("Bottleneck of {rank} before {name}"), Rewrite::Bottleneck { node, width: rank }),
    ]
    .into_iter()
    .filter_map(|(title, rewrite)| Remedy::of(context, title, vec![rewrite]))
}

/// The rank at which two factors have a quarter of the weights of a Linear of these sides.
pub(super) fn quarter_rank(inputs: u64, outputs: u64) -> i64 {
    let (weights, sides) = (u128::from(inputs) * u128::from(outputs), u128::from(inputs) + u128::from(outputs));
    i64::try_from(weights / (4 * sides).max(1)).unwrap_or(i64::MAX).max(1)
}

/// Only what saves parameters, most first.
fn saving(remedies: &mut Vec<Remedy>) {
    remedies.retain(|remedy| remedy.saves_params() > 0);
    remedies.sort_by_key(|remedy| std::cmp::Reverse(remedy.saves_params()));
}
