//! ONNX files as exporters write them, against what onnxruntime computes: tests/oracle/onnx_cases.py.

use std::fs;
use std::path::{Path, PathBuf};

use convscope::cost::{Settings, analyze};
use convscope::engine::{Plan, PlanOptions, WeightSource};
use convscope::files::onnx::{GraphNetwork, NetworkOptions, read};
use convscope::model::Dims;
use serde_json::Value;

/// Of the largest output.
const TOLERANCE: f32 = 1e-5;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.onnx"))).unwrap()
}

fn open<'a>(bytes: &'a [u8]) -> GraphNetwork<'a> {
    read(bytes, &|_| None, &NetworkOptions::default()).unwrap()
}

fn cases() -> Vec<Value> {
    let text = fs::read_to_string(folder().join("cases.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn sizes(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect()
}

#[test]
fn outputs_are_onnxruntimes() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let bytes = file(name);
        let onnx = open(&bytes);
        let input = sizes(&case["input_shape"]);
        if onnx.network.input != Dims::new(&input[1..]).unwrap() {
            wrong.push(format!("{name}: input {}", onnx.network.input));
        }
        let weights = WeightSource::Given(onnx.weights(&|_| None).unwrap());
        let mut plan = match Plan::new(&onnx.network, &weights, &PlanOptions::default()) {
            Ok(plan) => plan,
            Err(_)
                if ["unknown", "norms_old", "activations", "pixels", "norms"]
                    .iter()
                    .any(|known| name.starts_with(known)) =>
            {
                continue;
            }
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        plan.set_input(&floats(&case["input"])).unwrap();
        plan.run();
        let expected = floats(&case["output"]);
        let dims: Vec<u64> = plan.output_dims().iter().map(|&size| size as u64).collect();
        if dims != sizes(&case["output_shape"]) {
            wrong.push(format!("{name}: output {dims:?}"));
            continue;
        }
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let error = plan.output().iter().zip(&expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        // What quantised activations stand for is not rounded here.
        let tolerance = if name == "quantised" { 1e-2 } else { TOLERANCE };
        if error > tolerance * largest {
            wrong.push(format!("{name}: off by {error} of {largest}"));
        }
        run += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run >= 40, "{run} were run");
}

/// What PyTorch counts is counted, or the difference is told.
#[test]
fn parameters_are_pytorchs_or_the_difference_is_told() {
    let mut wrong = Vec::new();
    let mut counted = 0;
    for case in cases() {
        let Some(params) = case["params"].as_u64() else { continue };
        let name = case["name"].as_str().unwrap();
        let bytes = file(name);
        let onnx = open(&bytes);
        let report = analyze(&onnx.network, &Settings::default());
        let found = report.totals.figures.params().0;
        let told = onnx.remarks.iter().filter(|remark| remark.rule == "folded").any(|remark| {
            let (_, counts) = remark.message.split_once("PyTorch's ").unwrap();
            let count = |text: &str| -> Option<u64> { text.trim_end_matches(['.', ':']).replace(',', "").parse().ok() };
            let counts: Vec<u64> = counts.split(' ').filter_map(count).collect();
            (counts[0]..=*counts.last().unwrap()).contains(&params)
        });
        if found != params && !told {
            wrong.push(format!("{name}: {found} instead of {params}: {:?}", onnx.remarks));
        }
        if !report.totals.completeness.is_exact() {
            wrong.push(format!("{name}: not exact: {:?}", onnx.remarks));
        }
        counted += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counted >= 30);
}

#[test]
fn a_folded_norm_is_told_with_both_counts() {
    for (name, words) in [
        // The first convolution has a bias, the second none: 20 + 8 + 128 + 16 + 245 = 417.
        ("seed_dynamo", "2 BatchNorms folded by the exporter: 401 parameters of PyTorch's 417 to 425"),
        ("seed_script", "2 BatchNorms folded by the exporter: 401 parameters of PyTorch's 413 to 425"),
    ] {
        let bytes = file(name);
        let onnx = open(&bytes);
        let told = onnx.remarks.iter().find(|remark| remark.rule == "folded").unwrap();
        assert!(told.message.starts_with(words), "{name}: {}", told.message);
    }
}

#[test]
fn rows_are_named_as_in_pytorch() {
    for (name, expected) in [
        ("seed_dynamo", "0 2 3 4 6 7 8 9"),
        ("seed_script", "0 2 3 4 6 7 8 9"),
        ("excite_dynamo", "mean fc1 relu fc2 sigmoid mul"),
        ("tensorflow", "transpose conv.pad conv relu6 pool.pad pool gap.mean dense softmax"),
        ("shared_dynamo", "conv relu conv"),
        ("shared_script", "conv relu conv"),
    ] {
        let bytes = file(name);
        let network = open(&bytes).network;
        let names: Vec<&str> = network.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names.join(" "), expected, "{name}");
    }
}

#[test]
fn what_is_not_known_is_a_row_of_unknown_cost() {
    let bytes = file("unknown");
    let onnx = open(&bytes);
    let report = analyze(&onnx.network, &Settings::default());
    assert!(!report.totals.completeness.is_exact());
    assert_eq!(report.totals.figures.macs.0, 3 * 2 * 9 * 16);
    let warning = onnx.remarks.iter().find(|remark| remark.is_warning).unwrap();
    assert!(warning.message.contains("Det"), "{}", warning.message);
}
