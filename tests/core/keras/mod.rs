//! Networks in Keras: shapes and parameters as PyTorch's, in Keras's order of axes, or an error that names the row.

mod figures;

use std::collections::BTreeMap;

use convscope::cost::{Settings, analyze};
use convscope::keras::{Program, Unsayable, export, lower};
use convscope::model::{Network, presets};
use proptest::prelude::*;

use crate::golden::Failures;
use crate::pytorch::every_layer;
use crate::random;

/// The elements of all weights that are learned, each layer once.
pub fn parameters(program: &Program) -> u64 {
    let own = program.operations.iter().filter(|operation| operation.shared_with.is_none());
    let elements = own.flat_map(|operation| operation.function.weights(&program.tensors[operation.inputs[0]]));
    elements.filter(|(name, _)| !name.starts_with("moving")).map(|(_, shape)| shape.iter().product::<u64>()).sum()
}

/// What a network has in Keras, against what PyTorch has.
fn check(network: &Network) -> Result<Result<(), Unsayable>, String> {
    let program = match lower(network) {
        Ok(program) => program,
        Err(problem) => {
            let message = problem.to_string();
            let names = problem.name == network.nodes[problem.row].name && message.starts_with(&problem.name);
            // An error may say what Keras lacks; a shape that differs is a fault of the lowering.
            let is_fault = matches!(problem.reason, Unsayable::Shape { .. });
            let stops = export(network).as_ref() == Err(&problem);
            return if names && stops && !is_fault { Ok(Err(problem.reason)) } else { Err(message) };
        }
    };
    let report = analyze(network, &Settings::default());
    let wanted = report.totals.figures.params().0;
    let found = parameters(&program);
    if found != wanted {
        return Err(format!("{found} parameters, not {wanted}: {program:?}"));
    }
    let output = report.shapes.output().map(|dims| dims.sizes().to_vec()).unwrap_or_default();
    let mut sizes = [program.tensors[program.output].sizes().to_vec(), output];
    sizes.iter_mut().for_each(|sizes| sizes.sort_unstable());
    if sizes[0] != sizes[1] {
        return Err(format!("{sizes:?}"));
    }
    Ok(Ok(()))
}

#[test]
fn every_layer_is_the_same_or_an_error() {
    let mut failures = Failures::default();
    let (mut same, mut reasons) = (0, BTreeMap::<String, u32>::new());
    for (kind, network) in every_layer::networks() {
        match check(&network) {
            Ok(Ok(())) => same += 1,
            Ok(Err(reason)) => *reasons.entry(format!("{kind:?}: {reason}")).or_default() += 1,
            Err(message) => failures.check(false, || format!("{:?}: {message}", network.nodes.last())),
        }
    }
    failures.finish();
    let summary: String = reasons.iter().map(|(reason, count)| format!("{count} {reason}\n")).collect();
    assert!(same > 800, "{same} are the same, and of the others:\n{summary}");
}

/// Only what Keras lacks stops a preset.
#[test]
fn presets_are_the_same() {
    let mut stopped = Vec::new();
    for preset in presets::all() {
        match check(&preset.network()) {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => stopped.push((preset.id, reason)),
            Err(message) => panic!("{}: {message}", preset.id),
        }
    }
    let expected: Vec<(&str, Unsayable)> = Vec::new();
    assert_eq!(stopped, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_networks_are_the_same(network in random::network()) {
        let shapes = convscope::shape::infer(&network, &network.wiring(), 1);
        prop_assume!(shapes.nodes.iter().all(|shape| shape.dims().is_some()));
        let found = check(&network);
        prop_assert!(found.is_ok(), "{found:?}\n{network:?}");
    }
}
