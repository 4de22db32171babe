//! Rules about running the network somewhere.

use crate::compare::{percent, share};
use crate::cost::units::{counted, grouped};
use crate::cost::{NumberType, RowState, Settings, analyze};
use crate::device::Int8Ram;
use crate::model::NodeId;
use crate::rewrite::Rewrite;
use crate::shape::NodeShape;

use super::context::{Context, list};
use super::finding::{Certainty, Finding, Rule};
use super::remedy::Remedy;

/// What keeps a network from being judged.
pub(super) fn obstacles(context: &Context, findings: &mut Vec<Finding>) {
    cannot_run(context, findings);
    unknown_layers(context, findings);
}

pub(super) fn rules(context: &Context, findings: &mut Vec<Finding>) {
    never_run(context, findings);
    not_in_place(context, findings);
    float_input(context, findings);
    unstructured_pruning(context, findings);
}

fn cannot_run(context: &Context, findings: &mut Vec<Finding>) {
    for (index, shape) in context.report.shapes.nodes.iter().enumerate() {
        let NodeShape::Failed(error) = shape else { continue };
        findings.push(Finding {
            rule: Rule::CannotRun,
            message: format!("{}: {}.", context.name(index), error.to_string().trim_end_matches('.')),
            nodes: vec![context.id(index)],
            certainty: Certainty::Sure,
            weight: 10.0,
            remedies: Vec::new(),
        });
    }
}

fn unknown_layers(context: &Context, findings: &mut Vec<Finding>) {
    let rows = context.report.rows.iter().enumerate();
    let unknown: Vec<usize> =
        rows.filter(|(_, row)| row.state == RowState::Unsupported).map(|(index, _)| index).collect();
    if unknown.is_empty() {
        return;
    }
    let names: Vec<&str> = unknown.iter().map(|&index| context.name(index)).collect();
    findings.push(Finding {
        rule: Rule::Unknown,
        message: format!("The cost of {} is not known, so all totals are at least what stands here.", list(&names)),
        nodes: unknown.iter().map(|&index| context.id(index)).collect(),
        certainty: Certainty::Depends("what these layers do"),
        weight: 5.0,
        remedies: Vec::new(),
    });
}

fn never_run(context: &Context, findings: &mut Vec<Finding>) {
    let params: u64 = context.report.uncalled.iter().map(|row| row.figures.params().0).sum();
    if params == 0 {
        return;
    }
    let names: Vec<&str> = context.network.uncalled.iter().map(|module| module.name.as_str()).collect();
    findings.push(Finding {
        rule: Rule::NeverRun,
        message: format!(
            "{} never run{}: {} of {} ({}).",
            list(&names),
            if names.len() == 1 { "s" } else { "" },
            grouped(params),
            counted(context.costs.params, "parameter"),
            share(params, context.costs.params),
        ),
        nodes: Vec::new(),
        certainty: Certainty::Depends("whether training uses them, as an auxiliary classifier"),
        weight: 0.3 + context.share(params) / 2.0,
        remedies: Vec::new(),
    });
}

fn not_in_place(context: &Context, findings: &mut Vec<Finding>) {
    let Some(memory) = context.report.memory.as_ref() else { return };
    let (apart, in_place) = (memory.peak_out_of_place, memory.peak_in_place);
    if apart.elements as f64 <= 1.05 * in_place.elements as f64 {
        return;
    }
    let nodes: Vec<NodeId> = apart.at.map(|at| context.id(at as usize)).into_iter().collect();
    findings.push(Finding {
        rule: Rule::NotInPlace,
        message: format!(
            "With every layer writing to memory of its own, the peak is {}; with norms and activations in place it is {} ({}).",
            counted(apart.elements, "value"),
            grouped(in_place.elements),
            percent(apart.elements, in_place.elements).unwrap_or_default(),
        ),
        nodes,
        certainty: Certainty::Depends("whether the runtime fuses them by itself; most for devices do"),
        weight: 0.07,
        remedies: Vec::new(),
    });
}

fn float_input(context: &Context, findings: &mut Vec<Finding>) {
    let int8 = analyze(context.network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
    let Some(ram) = Int8Ram::of(context.network, &int8).filter(|ram| ram.with_float_input > ram.arena) else { return };
    let reads = |index: &usize| context.uses.taps(*index).contains(&crate::model::Tap::Input);
    let Some(first) = (0..context.network.nodes.len()).find(reads) else { return };
    findings.push(Finding {
        rule: Rule::FloatInput,
        message: format!(
            "In int8 the tensors take {}; with a float input, quantising it takes {} ({}).",
            counted(ram.arena, "byte"),
            grouped(ram.with_float_input),
            percent(ram.arena, ram.with_float_input).unwrap_or_default(),
        ),
        nodes: vec![context.id(first)],
        certainty: Certainty::Depends("whether the exported network takes floats"),
        weight: 0.09,
        remedies: Vec::new(),
    });
}

fn unstructured_pruning(context: &Context, findings: &mut Vec<Finding>) {
    if !context.report.totals.completeness.is_exact() || context.costs.params == 0 {
        return;
    }
    let rewrite = Rewrite::PruneChannels { ratio: 0.5 };
    let Some(remedy) = Remedy::of(context, "Remove half the channels", vec![rewrite]) else { return };
    if remedy.saves_params() <= 0 {
        return;
    }
    findings.push(Finding {
        rule: Rule::UnstructuredPruning,
        message: format!(
            "Setting half of the weights to zero leaves {} to store and {} to compute; removing half of the channels leaves {} and {}.",
            counted(context.costs.params, "parameter"),
            counted(context.costs.macs, "MAC"),
            grouped(remedy.after.params),
            grouped(remedy.after.macs),
        ),
        nodes: Vec::new(),
        certainty: Certainty::Depends("whether the runtime has kernels for sparse weights"),
        weight: 0.01,
        remedies: std::iter::once(remedy).chain(thinner(context)).collect(),
    });
}

/// A quarter of the channels less, and MobileNet's width multiplier.
fn thinner(context: &Context) -> impl Iterator<Item = Remedy> {
    let quarter = ("Remove a quarter of the channels", Rewrite::PruneChannels { ratio: 0.25 });
    let width = ("Width multiplier 0.75", Rewrite::Width { multiplier: 0.75 });
    let half = ("Width multiplier 0.5", Rewrite::Width { multiplier: 0.5 });
    [quarter, width, half]
        .into_iter()
        .filter_map(|(title, rewrite)| Remedy::of(context, title, vec![rewrite]))
        .filter(|remedy| remedy.saves_params() > 0)
}
