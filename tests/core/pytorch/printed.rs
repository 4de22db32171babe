//! What `print(model)` shows: torchvision's models are as exact as by name, others say what they cannot know.

use std::collections::BTreeMap;

use convscope::cost::{Settings, analyze};
use convscope::model::Dims;
use convscope::pytorch::{Options, Severity, import};
use serde_json::Value as Json;

use crate::golden::sizes;

fn fixture(name: &str) -> String {
    let path = format!("{}/tests/fixtures/pytorch_printed/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a fixture")
}

/// Their heads changed or not, they are what PyTorch counts.
#[test]
fn printed_models_of_torchvision_are_exact() {
    let truth: BTreeMap<String, Json> = serde_json::from_str(&fixture("truth.json")).expect("JSON");
    for (name, expected) in &truth {
        let input = Dims::new(&sizes(&expected["input"])[1..]);
        let found = import(&fixture(&format!("{name}.txt")), &Options { input });
        let problems: Vec<&str> = found.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert!(problems[0].contains("as its class connects them"), "{name}: {problems:?}");
        assert!(found.problems.iter().all(|problem| problem.severity == Severity::Note), "{name}: {problems:?}");
        let [model] = found.models.as_slice() else { panic!("{name}: {} models", found.models.len()) };
        let totals = analyze(&model.network, &Settings::default()).totals;
        assert!(totals.completeness.is_exact(), "{name}");
        assert_eq!(Some(totals.figures.macs.0), expected["macs"].as_u64(), "{name}");
        assert_eq!(model.totals.params, expected["params"].as_u64(), "{name}");
        assert_eq!(model.totals.buffers, expected["buffers"].as_u64(), "{name}");
        let outputs: Vec<Vec<u64>> = model.outputs.iter().map(|dims| dims.sizes().to_vec()).collect();
        let expected: Vec<Vec<u64>> = expected["outputs"].as_array().expect("shapes").iter().map(sizes).collect();
        assert_eq!(outputs, expected, "{name}");
    }
}

/// What its print does not show is not said to be known: the parameters are exact, the rest is "about" so much.
#[test]
fn printed_models_of_unknown_classes_are_uncertain() {
    let found = import(&fixture("own_gate.txt"), &Options::default());
    let [model] = found.models.as_slice() else { panic!("{} models", found.models.len()) };
    let totals = analyze(&model.network, &Settings::default()).totals;
    assert_eq!(totals.figures.params().0, 5_566);
    assert_eq!((totals.completeness.params_qualifier(), totals.completeness.qualifier()), ("", "about"));
    let warned = |message: &str| message.contains("the modules of Net, Gate");
    assert!(found.problems.iter().any(|problem| problem.severity == Severity::Warning && warned(&problem.message)));
}

/// Layers in a row without classes of one's own hide nothing.
#[test]
fn printed_chains_are_certain() {
    let text = "Sequential(\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))\n  (1): Sequential(\n    (0): ReLU()\n    (1): Conv2d(8, 8, kernel_size=(1, 1), stride=(1, 1))\n  )\n)";
    let found = import(text, &Options::default());
    let totals = analyze(&found.models[0].network, &Settings::default()).totals;
    assert_eq!(totals.completeness.qualifier(), "");
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

/// The table that says which models a printed one may be.
#[test]
fn printed_layers_of_torchvision_are_counted_right() {
    let table = include_str!("../../../src/pytorch/torch/stand_ins/torchvision_layers.txt");
    let listed: BTreeMap<&str, &str> = table.lines().filter_map(|line| line.split_once(' ')).collect();
    let mut wrong = Vec::new();
    for (name, count) in &listed {
        let module = if ["fcn", "deeplab", "lraspp"].iter().any(|family| name.starts_with(family)) {
            ".segmentation"
        } else {
            ""
        };
        let found =
            import(&format!("import torchvision\nmodel = torchvision.models{module}.{name}()"), &Options::default());
        let model = found.models.first().expect("a model");
        let counted = format!("{} {}", model.registered.len(), model.totals.params.unwrap_or(0));
        if counted != *count {
            wrong.push(format!("{name} {counted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(listed.len() >= 80, "{}", listed.len());
}
