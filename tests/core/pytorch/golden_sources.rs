//! What PyTorch makes of snippets as people paste them, against what the import makes of them.

use convscope::cost;
use convscope::model::{Dims, Kind, Layer};
use convscope::pytorch::{
    CallKind, ExecutedCall, Import, ImportedModel, InputHint, Options, RegisteredModule, Severity, import,
};
use serde_json::Value as Json;

use crate::golden::{self, Failures, sizes};

/// Calls that compute nothing, which PyTorch records or not by its version.
const NO_CALLS: &[&str] = &[
    "clone",
    "detach",
    "to",
    "float",
    "double",
    "half",
    "type",
    "cuda",
    "cpu",
    "requires_grad",
    "size",
    "shape",
    "dim",
];

pub fn snippets() -> Vec<(String, String, Json)> {
    let folder = golden::folder().join("pytorch_sources");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let json = golden::read(&format!("pytorch_sources/{name}"));
            let text = std::fs::read_to_string(folder.join(json["file"].as_str().expect("a file"))).expect("a text");
            (name.trim_end_matches(".json").to_string(), text, json)
        })
        .collect()
}

pub fn sample(shape: &Json) -> Dims {
    Dims::new(&sizes(shape)).expect("few dimensions").without_batch()
}

#[test]
fn golden_snippets_import_as_pytorch_runs_them() {
    let mut failures = Failures::default();
    for (name, text, expected) in snippets() {
        let input = sample(&expected["input_shape"]);
        let found = import(&text, &Options { input: Some(input) });
        check_problems(&name, &text, &expected, &found, &mut failures);
        let models = expected["models"].as_array().cloned().unwrap_or_default();
        failures.check(models.is_empty() || models.len() == found.models.len(), || {
            let names: Vec<&str> = found.models.iter().map(|model| model.name.as_str()).collect();
            format!("{name}: {} models, found {names:?}", models.len())
        });
        for (model, expected) in found.models.iter().zip(&models) {
            check_model(&name, expected, model, &mut failures);
        }
    }
    failures.finish();
}

fn check_problems(name: &str, text: &str, expected: &Json, found: &Import, failures: &mut Failures) {
    let errors: Vec<_> = found.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    if expected["status"] == "ok" {
        failures.check(errors.is_empty(), || format!("{name}: {errors:?}"));
        return;
    }
    let error = &expected["error"];
    let Some(first) = errors.first() else {
        failures.check(false, || format!("{name}: no error, expected {error}"));
        return;
    };
    failures.check(first.kind.name() == error["kind"], || format!("{name}: {first:?}, expected {error}"));
    let line = error["line"].as_u64();
    failures.check(first.line.map(u64::from) == line, || {
        format!("{name}: line {:?}, expected {line:?} of {} ({first:?})", first.line, text.lines().count())
    });
    if error["kind"] != "syntax_unclosed_parenthesis" {
        let original = first.original.clone().unwrap_or_default();
        failures.check(error["message"] == original.as_str(), || {
            format!("{name}: says {original:?}, expected {}", error["message"])
        });
    }
    if let Some(module) = error["module"].as_str() {
        failures.check(first.module.as_deref() == Some(module), || {
            format!("{name}: {:?}, expected {module}", first.module)
        });
    }
}

fn check_model(name: &str, expected: &Json, model: &ImportedModel, failures: &mut Failures) {
    let mut same = |what: &str, found: Option<u64>, key: &str| {
        failures.check(expected[key].is_null() || found == expected[key].as_u64(), || {
            format!("{name}: {what} {found:?}, expected {}", expected[key])
        });
    };
    same("params", model.totals.params, "total_params");
    same("trainable", model.totals.trainable, "trainable_params");
    same("buffers", model.totals.buffers, "buffers");
    failures.check(expected["model"] == model.name.as_str(), || {
        format!("{name}: {}, expected {}", model.name, expected["model"])
    });
    check_registered(name, expected["registered"].as_array().expect("modules"), &model.registered, failures);
    let (calls, executed) = match (expected["executed"].as_array(), expected["executed_before_error"].as_array()) {
        (Some(calls), _) => (calls, model.executed.as_slice()),
        (None, Some(calls)) => (calls, &model.executed[..model.stops_after.unwrap_or(model.executed.len())]),
        (None, None) => return,
    };
    check_executed(name, calls, executed, failures);
    if !expected["output_shape"].is_null() {
        let output = model.outputs.first().map(|dims| dims.sizes().to_vec());
        let nested = expected["output_shape"][0].is_array();
        let shape = if nested { &expected["output_shape"][0] } else { &expected["output_shape"] };
        failures
            .check(output.as_deref() == Some(&sizes(shape)), || format!("{name}: output {output:?}, expected {shape}"));
    }
    check_network(name, expected, model, failures);
}

/// The network by itself gives the same sums and the same output.
fn check_network(name: &str, expected: &Json, model: &ImportedModel, failures: &mut Failures) {
    if expected["total_macs"].is_null() {
        return;
    }
    let report = cost::analyze(&model.network, &cost::Settings::default());
    let macs = report.totals.figures.macs.0;
    failures.check(Some(macs) == expected["total_macs"].as_u64(), || {
        format!("{name}: {macs} MACs, expected {}", expected["total_macs"])
    });
    let params = report.totals.figures.params().0;
    failures.check(Some(params) == expected["total_params"].as_u64(), || {
        format!("{name}: the network has {params} params, expected {}", expected["total_params"])
    });
}

fn check_registered(name: &str, expected: &[Json], found: &[RegisteredModule], failures: &mut Failures) {
    // A class of the text without modules of its own may be listed as a leaf, too.
    let known = |module: &&Json| {
        Kind::from_class(module["type"].as_str().unwrap_or_default()).is_some() || module["params"] != 0
    };
    let expected: Vec<&Json> = expected.iter().filter(known).collect();
    let names: Vec<&str> = expected.iter().filter_map(|module| module["name"].as_str()).collect();
    let found_names: Vec<&str> = found.iter().map(|module| module.name.as_str()).collect();
    failures.check(names == found_names, || format!("{name}: registered {found_names:?}, expected {names:?}"));
    for (expected, found) in expected.iter().zip(found) {
        failures.check(expected["type"] == found.class.as_str(), || format!("{name}: {found:?}, expected {expected}"));
        failures.check(
            expected["params"].as_u64() == found.params && expected["buffers"].as_u64() == found.buffers,
            || format!("{name}: {found:?}, expected {expected}"),
        );
        let Some(kind) = Kind::from_class(&found.class) else { continue };
        for (argument, value) in expected["cfg"].as_object().into_iter().flatten() {
            let Some((_, own)) = found.arguments.iter().find(|(other, _)| other == argument) else {
                failures.check(false, || format!("{name}: {} has no {argument}", found.name));
                continue;
            };
            let own = match (argument.as_str(), own) {
                ("stride", convscope::model::Value::None) => found
                    .arguments
                    .iter()
                    .find(|(other, _)| other == "kernel_size")
                    .map(|(_, size)| size.clone())
                    .expect("a kernel"),
                (_, own) => own.clone(),
            };
            let layer = |value: &convscope::model::Value| {
                let mut layer = kind.layer();
                layer.set_argument(argument, value).map(|()| layer)
            };
            let expected_value = golden::value(value);
            let same = match (layer(&own), layer(&expected_value)) {
                (Ok(own), Ok(expected)) => own == expected,
                // An inferred argument is no argument of a layer.
                _ => own == expected_value,
            };
            failures.check(same, || format!("{name}: {}.{argument} is {own}, expected {value}", found.name));
        }
    }
}

fn check_executed(name: &str, expected: &[Json], found: &[ExecutedCall], failures: &mut Failures) {
    let plain = |function: &str| function.trim_matches('_').trim_start_matches('i').trim_start_matches('r').to_string();
    let counts = |function: &str| !NO_CALLS.contains(&function.trim_end_matches('_'));
    let mut calls =
        found.iter().filter(|call| matches!(call.kind, CallKind::Module { .. }) || counts(&call.class)).peekable();
    for (index, call) in expected
        .iter()
        .filter(|call| call["kind"] == "module" || counts(call["type"].as_str().unwrap_or("")))
        .enumerate()
    {
        let class = call["type"].as_str().unwrap_or_default();
        // A class of the text that is listed as one call is here the calls of its functions.
        if call["kind"] == "module"
            && let Some(CallKind::Function { inside }) = calls.peek().map(|call| &call.kind)
            && call["name"] == inside.as_str()
        {
            let inside = inside.clone();
            let mut last = None;
            while let Some(next) = calls.next_if(|next| next.kind == CallKind::Function { inside: inside.clone() }) {
                last = Some(next.output);
                if Some(next.output.sizes().to_vec()) == call["out"].as_array().map(|_| sizes(&call["out"])) {
                    let more =
                        calls.peek().is_some_and(|next| next.kind == CallKind::Function { inside: inside.clone() });
                    if !more {
                        break;
                    }
                }
            }
            failures.check(last.is_some_and(|last| last.sizes() == sizes(&call["out"])), || format!("{name}: {call}"));
            continue;
        }
        let Some(own) = calls.next() else {
            failures.check(false, || format!("{name}: call {index} is missing: {call}"));
            return;
        };
        let same = match &own.kind {
            CallKind::Module { name: own_name } => {
                call["kind"] == "module"
                    && call["name"] == own_name.as_str()
                    && class == own.class
                    && call["params"].as_u64() == own.params
            }
            CallKind::Function { .. } => call["kind"] == "function" && plain(class) == plain(&own.class),
        };
        failures.check(same, || format!("{name}: call {index} is {own:?}, expected {call}"));
        let nested = call["in"][0].is_array();
        let first = if nested { &call["in"][0] } else { &call["in"] };
        let shapes = own.inputs.first().is_some_and(|input| input.sizes() == sizes(first));
        failures.check(shapes && own.output.sizes() == sizes(&call["out"]), || {
            format!("{name}: call {index} is {own:?}, expected {call}")
        });
        if nested {
            let inputs: Vec<Vec<u64>> = call["in"].as_array().expect("shapes").iter().map(sizes).collect();
            let own_inputs: Vec<Vec<u64>> = own.inputs.iter().map(|dims| dims.sizes().to_vec()).collect();
            failures.check(inputs == own_inputs, || {
                format!("{name}: call {index} takes {own_inputs:?}, expected {inputs:?}")
            });
        }
        if !same {
            return;
        }
    }
    failures.check(calls.next().is_none(), || {
        format!("{name}: calls that PyTorch does not make, after {}", expected.len())
    });
}

/// Where the text hints at the input, the hint is found; elsewhere what is worked out contains it.
#[test]
fn golden_snippets_tell_their_input() {
    let mut failures = Failures::default();
    for (name, text, expected) in snippets() {
        if expected["status"] != "ok" {
            continue;
        }
        let input = sample(&expected["input_shape"]);
        for model in import(&text, &Options::default()).models {
            let guess = &model.input;
            let declared = matches!(guess.hint, InputHint::Declared { .. });
            if expected["input_hint"] == "none" {
                let fits = match guess.hint {
                    InputHint::Solved { .. } => guess.candidates.contains(&input),
                    InputHint::Declared { .. } => guess.candidates[0] == input,
                    InputHint::Chosen | InputHint::Default => guess.candidates[0][0] == input[0],
                };
                failures.check(fits, || format!("{name}: {guess:?} has no {input}"));
            } else {
                failures.check(guess.candidates[0] == input, || {
                    format!("{name}: {:?} of {guess:?}, expected {input} (declared: {declared})", guess.candidates[0])
                });
            }
        }
    }
    failures.finish();
}

#[test]
fn golden_seed_has_128_input_shapes_one_of_them_first() {
    let (_, text, _) = snippets().into_iter().find(|(name, ..)| name == "01_seed_standard").unwrap_or_default();
    if text.is_empty() {
        return;
    }
    let found = import(&text, &Options::default());
    let guess = &found.models[0].input;
    assert_eq!(guess.candidate_count, 128);
    assert_eq!(guess.candidates.len(), 128);
    assert_eq!(guess.candidates[0].to_string(), "1x1x150");
    for candidate in &guess.candidates {
        let (low, high) = (candidate[1].min(candidate[2]), candidate[1].max(candidate[2]));
        assert!((1..=8).contains(&low) && (145..=152).contains(&high), "{candidate}");
    }
    assert_eq!(guess.hint, InputHint::Solved { layer: "fc1".to_string(), features: 304 });
}

/// The wiring follows the tensors: every node's inputs are what the call was given.
#[test]
fn golden_networks_have_the_shapes_of_their_calls() {
    let mut failures = Failures::default();
    for (name, text, expected) in snippets() {
        if expected["status"] != "ok" {
            continue;
        }
        let input = sample(&expected["input_shape"]);
        for model in import(&text, &Options { input: Some(input) }).models {
            let shapes = convscope::shape::infer(&model.network, &model.network.wiring(), 1);
            for call in &model.executed {
                let Some(node) = call.node.and_then(|node| model.network.position(node)) else { continue };
                let found = shapes.nodes[node].dims();
                failures.check(found == Some(&call.output), || format!("{name}: {call:?} has {found:?}"));
            }
            let unsupported =
                model.network.nodes.iter().filter(|node| matches!(node.layer, Layer::Unsupported(_))).count();
            failures.check(unsupported == 0, || format!("{name}: {unsupported} nodes of unknown cost"));
        }
    }
    failures.finish();
}
