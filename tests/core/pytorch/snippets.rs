//! The many ways people write a network: what is read equals what PyTorch makes of it.

use std::collections::BTreeMap;

use convscope::cost::{Settings, analyze};
use convscope::pytorch::{Import, ImportedModel, Options, ProblemKind, Severity, import};
use serde_json::Value as Json;

use super::golden_sources::sample;
use crate::golden::Failures;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pytorch_snippets");
/// Matrix products of two tensors are rows of unknown cost, so that the MACs are not all known.
const PARTLY_KNOWN: [&str; 1] = ["res_attention_matmul"];

/// Texts whose blocks cannot all be found again without indentation: errors say so.
const ONLY_WITH_INDENTATION: [&str; 1] = ["make_divisible"];

/// The texts, and what PyTorch 2.9.1 measures of their networks.
fn snippets() -> BTreeMap<String, (String, Json)> {
    let read = |name: &str| std::fs::read_to_string(format!("{FOLDER}/{name}")).expect("a fixture");
    let truth: BTreeMap<String, Json> = serde_json::from_str(&read("truth.json")).expect("the figures");
    truth.into_iter().map(|(name, truth)| (name.clone(), (read(&format!("{name}.txt")), truth))).collect()
}

/// A text as forums leave it: no line is indented.
fn stripped(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_start())).collect()
}

fn check(name: &str, found: &Import, truth: &Json, failures: &mut Failures) {
    let models = truth["models"].as_array().expect("models");
    failures.check(found.models.len() == models.len(), || {
        let names: Vec<&str> = found.models.iter().map(|model| model.name.as_str()).collect();
        format!("{name}: found {names:?}, problems {:?}", found.problems)
    });
    let errors = found.problems.iter().filter(|problem| problem.severity == Severity::Error);
    for problem in errors {
        failures.check(false, || format!("{name}: {problem:?}"));
    }
    for (model, truth) in found.models.iter().zip(models) {
        check_model(name, model, truth, failures);
    }
}

fn check_model(name: &str, model: &ImportedModel, truth: &Json, failures: &mut Failures) {
    let totals =
        [("params", model.totals.params), ("trainable", model.totals.trainable), ("buffers", model.totals.buffers)];
    failures.check(truth["model"] == model.name.as_str(), || format!("{name}: {} is {}", truth["model"], model.name));
    for (what, found) in totals {
        failures.check(found == truth[what].as_u64(), || format!("{name}: {what} {found:?}, not {}", truth[what]));
    }
    let leaves: Vec<&str> = model.registered.iter().map(|module| module.name.as_str()).collect();
    let expected: Vec<&str> = truth["leaves"].as_array().expect("names").iter().filter_map(Json::as_str).collect();
    failures.check(leaves == expected, || format!("{name}: {leaves:?}, not {expected:?}"));
    let outputs: Vec<Vec<u64>> = model.outputs.iter().map(|dims| dims.sizes().to_vec()).collect();
    failures.check(serde_json::json!(outputs) == truth["outputs"], || {
        format!("{name}: gives {outputs:?}, not {}", truth["outputs"])
    });
    if PARTLY_KNOWN.contains(&name) {
        return;
    }
    let report = analyze(&model.network, &Settings::default());
    let macs = report.totals.figures.macs.0;
    failures.check(Some(macs) == truth["macs"].as_u64(), || format!("{name}: MACs {macs:?}, not {}", truth["macs"]));
}

#[test]
fn golden_ways_of_writing_give_what_pytorch_makes() {
    let mut failures = Failures::default();
    for (name, (text, truth)) in snippets() {
        let input = Some(sample(&truth["input"]));
        check(&name, &import(&text, &Options { input }), &truth, &mut failures);
    }
    failures.finish();
}

/// Lost indentation is put back; where it could not be told, a note names the line.
#[test]
fn golden_texts_without_indentation_give_the_same_networks() {
    let mut failures = Failures::default();
    let sources = super::golden_sources::snippets().into_iter();
    let working = sources.filter(|(.., expected)| expected["status"] == "ok").map(|(name, text, _)| (name, text));
    let ways = snippets().into_iter().map(|(name, (text, _))| (name, text));
    let mut told_as_unsure = 0;
    for (name, text) in working.chain(ways) {
        let whole = import(&text, &Options::default());
        let lost = import(&stripped(&text), &Options::default());
        let networks = |import: &Import| {
            import.models.iter().map(|model| (model.network.clone(), model.registered.clone())).collect::<Vec<_>>()
        };
        let same = networks(&whole) == networks(&lost);
        let unsure = lost.problems.iter().any(|problem| {
            problem.kind == ProblemKind::Assumed && problem.line.is_some() && problem.message.contains("indentation")
        });
        told_as_unsure += u32::from(!same && unsure);
        if ONLY_WITH_INDENTATION.contains(&name.as_str()) {
            failures.check(lost.problems.iter().any(|problem| problem.severity == Severity::Error), || name.clone());
            continue;
        }
        failures.check(same || unsure, || format!("{name}: {:?}", lost.problems));
    }
    failures.check(told_as_unsure <= 3, || format!("{told_as_unsure} texts could not be told"));
    failures.finish();
}
