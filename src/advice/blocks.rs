//! Rules about blocks of convolution, norm and activation.

use crate::compare::{percent, share};
use crate::cost::units::{counted, grouped};
use crate::model::{Kind, NodeId};
use crate::rewrite::{self, Rewrite, absorber, folds, is_divisible};

use super::context::{Context, Pair};
use super::finding::{Certainty, Finding, Rule};
use super::remedy::{Remedy, applied};

/// A separable convolution that needs more than this part of the full one's parameters gains little.
const LITTLE_GAIN: f64 = 0.75;

/// `1/N + 1/K^2` from which on there is little to gain.
const POOR_LIMIT: f64 = 0.5;

pub(super) fn rules(context: &Context, findings: &mut Vec<Finding>) {
    biases_before_norms(context, findings);
    depthwise_biases(context, findings);
    let pairs = context.separables();
    separables_without_gain(context, &pairs, findings);
    if context.is_exact() {
        unfolded_norms(context, findings);
        could_be_separable(context, &pairs, findings);
        more_written(context, &pairs, findings);
    }
}

fn biases_before_norms(context: &Context, findings: &mut Vec<Finding>) {
    let Some(remedy) = Remedy::of(context, "Drop these biases", vec![Rewrite::DropRedundantBias]) else { return };
    let changes = rewrite::apply(context.network, &Rewrite::DropRedundantBias).changes;
    let nodes: Vec<NodeId> = changes.iter().map(|change| change.node).collect();
    let saved = remedy.saves_params().unsigned_abs();
    findings.push(Finding {
        rule: Rule::BiasBeforeNorm,
        message: format!(
            "{} stand{} directly before a batch norm: {} of biases do{} nothing.",
            context.names(&nodes),
            if nodes.len() == 1 { "s" } else { "" },
            counted(saved, "parameter"),
            if saved == 1 { "es" } else { "" },
        ),
        nodes,
        certainty: Certainty::Sure,
        weight: 0.05 + context.share(saved),
        remedies: vec![remedy],
    });
}

fn depthwise_biases(context: &Context, findings: &mut Vec<Finding>) {
    let all = 0..context.network.nodes.len();
    let absorbed: Vec<usize> = all
        .filter(|&index| absorber(context.network, &context.uses, &context.report.shapes, index).is_some())
        .collect();
    let remedy = Remedy::of(context, "Let the next layer add them", vec![Rewrite::AbsorbDepthwiseBias]);
    let Some(remedy) = remedy.filter(|_| !absorbed.is_empty()) else { return };
    let saved = remedy.saves_params().unsigned_abs();
    let nodes: Vec<NodeId> = absorbed.iter().map(|&index| context.id(index)).collect();
    findings.push(Finding {
        rule: Rule::DepthwiseBias,
        message: format!(
            "{} add{} a bias that the pointwise convolution behind can add as well: {}.",
            context.names(&nodes),
            if nodes.len() == 1 { "s" } else { "" },
            counted(saved, "parameter")
        ),
        nodes,
        certainty: Certainty::Sure,
        weight: 0.04 + context.share(saved),
        remedies: vec![remedy],
    });
}

fn unfolded_norms(context: &Context, findings: &mut Vec<Finding>) {
    let norms = (0..context.network.nodes.len()).filter(|&index| {
        matches!(context.network.nodes[index].layer.kind(), Kind::BatchNorm2d | Kind::BatchNorm1d)
            && context.uses.only_source(index).is_some_and(|above| {
                context.uses.only_reader(above) == Some(index) && folds(context.network, &context.uses, above, index)
            })
    });
    let nodes: Vec<NodeId> = norms.map(|index| context.id(index)).collect();
    let Some(remedy) = Remedy::of(context, "Fold them for deployment", vec![Rewrite::FoldBatchNorm]) else { return };
    let written = context.costs.written - remedy.after.written.min(context.costs.written);
    let saved = remedy.saves_params();
    let params = match saved {
        1.. => format!("{}, ", counted(saved.unsigned_abs(), "parameter")),
        _ => String::new(),
    };
    findings.push(Finding {
        rule: Rule::UnfoldedNorm,
        message: format!(
            "{} can go into the layer{} before: {params}{} and {} fewer{}, the same outputs.",
            context.names(&nodes),
            if nodes.len() == 1 { "" } else { "s" },
            counted(nodes.len() as u64, "layer"),
            counted(written, "written value"),
            change(context.costs.written, remedy.after.written),
        ),
        nodes,
        certainty: Certainty::Depends("for a network in training it has to stay; fold it when it is deployed"),
        weight: 0.06 + written as f64 / context.costs.written.max(1) as f64 / 5.0,
        remedies: vec![remedy],
    });
}

/// What the depthwise and pointwise convolution have, and a full one in their place would have, without biases.
fn weights(context: &Context, pair: &Pair) -> Option<(u64, u64)> {
    let depthwise = pair.depthwise_layer.channels(*context.input(pair.depthwise)?.get(1)?).ok()?;
    let outputs = pair.pointwise_layer.channels(depthwise.output).ok()?.output;
    let kernel = pair.depthwise_layer.kernel_size;
    let taps = u64::try_from(kernel.height.checked_mul(kernel.width)?).ok()?;
    let own = depthwise.output.checked_mul(taps)?.checked_add(depthwise.output.checked_mul(outputs)?)?;
    Some((own, depthwise.input.checked_mul(outputs)?.checked_mul(taps)?))
}

/// `1/N + 1/K^2`: the part of a full convolution's cost that a separable one takes.
fn limit(context: &Context, pair: &Pair) -> f64 {
    let outputs = context.output(pair.pointwise).and_then(|output| output.get(1).copied()).unwrap_or(0);
    let kernel = pair.depthwise_layer.kernel_size;
    1.0 / outputs.max(1) as f64 + 1.0 / (kernel.height as f64 * kernel.width as f64).max(1.0)
}

fn separables_without_gain(context: &Context, pairs: &[Pair], findings: &mut Vec<Finding>) {
    let poor: Vec<(&Pair, u64, u64)> = pairs
        .iter()
        .filter_map(|pair| weights(context, pair).map(|(own, full)| (pair, own, full)))
        .filter(|&(pair, own, full)| {
            let inputs = context.input(pair.depthwise).and_then(|input| input.get(1).copied());
            own as f64 > LITTLE_GAIN * full as f64 || inputs == Some(1) || limit(context, pair) >= POOR_LIMIT
        })
        .collect();
    let Some(&(worst, own, full)) = poor.iter().max_by(|a, b| {
        let ratio = |&&(_, own, full): &&(&Pair, u64, u64)| own as f64 / full as f64;
        ratio(a).total_cmp(&ratio(b))
    }) else {
        return;
    };
    let (inputs, kernel) = (context.input(worst.depthwise), worst.depthwise_layer.kernel_size);
    let channels = inputs.and_then(|input| input.get(1).copied()).unwrap_or(0);
    let outputs = context.output(worst.pointwise).and_then(|output| output.get(1).copied()).unwrap_or(0);
    let limit = limit(context, worst);
    let because = match channels {
        1 => "there is but one input channel".to_string(),
        _ if kernel == crate::model::Pair::square(1) => "the kernel is 1x1".to_string(),
        _ => {
            let channels = counted(outputs, "channel");
            format!("the limit for {channels} and {}x{} is {limit:.2}", kernel.height, kernel.width)
        }
    };
    let nodes: Vec<NodeId> =
        poor.iter().flat_map(|(pair, ..)| [context.id(pair.depthwise), context.id(pair.pointwise)]).collect();
    let remedies: Vec<Remedy> = fold_depthwise(context).into_iter().collect();
    findings.push(Finding {
        rule: Rule::SeparableGain,
        message: format!(
            "{} and {} have {}, a full convolution {}{}: {because}.",
            context.name(worst.depthwise),
            context.name(worst.pointwise),
            counted(own, "weight"),
            grouped(full),
            change(full, own),
        ),
        nodes,
        certainty: Certainty::Sure,
        weight: 0.1 + context.share(poor.iter().fold(0, |sum: u64, &(_, own, _)| sum.saturating_add(own))) / 10.0,
        remedies,
    });
}

fn fold_depthwise(context: &Context) -> Option<Remedy> {
    Remedy::of(context, "Fold depthwise into pointwise: full convolutions", vec![Rewrite::FoldDepthwise])
}

fn could_be_separable(context: &Context, pairs: &[Pair], findings: &mut Vec<Finding>) {
    let mut in_pair = vec![false; context.network.nodes.len()];
    for pair in pairs {
        (in_pair[pair.depthwise], in_pair[pair.pointwise]) = (true, true);
    }
    let full: Vec<usize> = context
        .convolutions()
        .filter(|(index, conv)| is_divisible(conv) && !in_pair[*index])
        .filter(|&(index, _)| {
            context.input(index).is_some_and(|input| input.get(1).is_some_and(|&channels| channels > 1))
        })
        .map(|(index, _)| index)
        .collect();
    if full.is_empty() {
        return;
    }
    let nodes: Vec<NodeId> = full.iter().map(|&index| context.id(index)).collect();
    let rewrite = Rewrite::SeparableFor { nodes: nodes.clone() };
    let Some(remedy) = Remedy::of(context, "Separate these convolutions", vec![rewrite]) else { return };
    if remedy.saves_params() <= 0 && remedy.saves_macs() <= 0 {
        return;
    }
    let params: u64 = full.iter().map(|&index| context.params(index)).sum();
    let macs: u64 = full.iter().map(|&index| context.macs(index)).sum();
    findings.push(Finding {
        rule: Rule::CouldSeparate,
        message: format!(
            "{} hold{} {} ({} of all) and {} of the MACs; separated, the whole has {} and {}.",
            context.names(&nodes),
            if nodes.len() == 1 { "s" } else { "" },
            counted(params, "parameter"),
            share(params, context.costs.params),
            share(macs, context.costs.macs),
            counted(remedy.after.params, "parameter"),
            counted(remedy.after.macs, "MAC"),
        ),
        nodes,
        certainty: Certainty::Sure,
        weight: 0.2
            + context.share(remedy.saves_params().max(0).unsigned_abs()) / 2.0
            + context.macs_share(remedy.saves_macs().max(0).unsigned_abs()) / 4.0,
        remedies: std::iter::once(remedy).chain(other_forms(context, &full)).collect(),
    });
}

/// Full convolutions in groups; the largest one through a bottleneck, or as an inverted residual. Only what saves.
fn other_forms(context: &Context, full: &[usize]) -> Vec<Remedy> {
    let nodes: Vec<NodeId> = full.iter().map(|&index| context.id(index)).collect();
    let mut forms: Vec<(String, Rewrite)> = [2, 4]
        .into_iter()
        .map(|groups| (format!("In {groups} groups of channels"), Rewrite::Grouped { nodes: nodes.clone(), groups }))
        .collect();
    let largest = full.iter().copied().max_by_key(|&index| (context.params(index), std::cmp::Reverse(index)));
    if let Some((index, channels)) = largest.and_then(|index| Some((index, *context.input(index)?.get(1)?))) {
        let (name, node) = (context.name(index), context.id(index));
        let width = i64::try_from(channels / 4).unwrap_or(1).max(1);
        let channels = counted(width.unsigned_abs(), "channel");
        forms.push((format!("{name} through a bottleneck of {channels}"), Rewrite::Bottleneck { node, width }));
        forms.push((
            format!("{name} as an inverted residual, twice the channels"),
            Rewrite::InvertedResidual { node, expansion: 2 },
        ));
    }
    let remedies = forms.into_iter().filter_map(|(title, rewrite)| Remedy::of(context, title, vec![rewrite]));
    remedies.filter(|remedy| remedy.saves_params() > 0 && remedy.saves_macs() >= 0).collect()
}

fn more_written(context: &Context, pairs: &[Pair], findings: &mut Vec<Finding>) {
    let written: u64 = pairs.iter().map(|pair| context.report.rows[pair.depthwise].figures.output.0).sum();
    let without = context.costs.written - written;
    if written as f64 <= 0.05 * without as f64 {
        return;
    }
    // Slower than with full convolutions? Only where the pair is one convolution in all but form.
    let full = applied(context.network, &[Rewrite::FoldDepthwise]).map(|(_, costs)| costs);
    let slower = full.and_then(|full| {
        let (now, then) = (context.costs.milliseconds?, full.milliseconds?);
        let slower = now > then && context.costs.macs < full.macs;
        let (now, then) = (format!("{now:.3}"), format!("{then:.3}"));
        (slower && now != then).then(|| {
            format!(
                " On a Cortex-M7 that is {now} ms instead of {then} ms by the published timings, for all its fewer MACs."
            )
        })
    });
    let nodes: Vec<NodeId> = pairs.iter().map(|pair| context.id(pair.depthwise)).collect();
    findings.push(Finding {
        rule: Rule::MoreWritten,
        message: format!(
            "The depthwise {} {} of {} own{}.{}",
            if nodes.len() == 1 { "convolution writes" } else { "convolutions write" },
            counted(written, "value"),
            if nodes.len() == 1 { "its" } else { "their" },
            percent(without, without + written)
                .map(|more| format!(" ({more} on top of {})", grouped(without)))
                .unwrap_or_default(),
            slower.clone().unwrap_or_default(),
        ),
        nodes,
        certainty: if slower.is_some() {
            Certainty::Depends("the device and its software; no network as small as some here was timed")
        } else {
            Certainty::Depends("the device and its software")
        },
        weight: if slower.is_some() { 0.4 } else { 0.15 },
        remedies: slower.and_then(|_| fold_depthwise(context)).into_iter().collect(),
    });
}

/// ` (−27 %)`, where there was something before.
fn change(before: u64, after: u64) -> String {
    percent(before, after).map(|change| format!(" ({change})")).unwrap_or_default()
}
