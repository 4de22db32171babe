//! TensorFlow Lite files as the converter writes them, against what its interpreter computes: tests/oracle/tflite_cases.py.

use std::fs;
use std::path::{Path, PathBuf};

use convscope::cost::{NumberType, Settings, analyze};
use convscope::device::{Basis, Int8Ram};
use convscope::engine::{Plan, PlanOptions, WeightSource};
use convscope::files::onnx::{GraphNetwork, NetworkOptions};
use convscope::files::tflite::{arena_head, read};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tflite")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.tflite"))).unwrap()
}

fn open(bytes: &[u8]) -> GraphNetwork<'_> {
    read(bytes, &NetworkOptions::default()).unwrap()
}

fn cases() -> Vec<Value> {
    let text = fs::read_to_string(folder().join("cases.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect()
}

/// Numbers of the file's order, channels last, as `[N, C, ...]`.
fn channels_first(value: &Value, dims: &[usize]) -> Vec<f32> {
    let numbers: Vec<f32> = value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect();
    if dims.len() < 3 {
        return numbers;
    }
    let channels = dims[dims.len() - 1];
    let places = numbers.len() / channels;
    (0..channels)
        .flat_map(|channel| (0..places).map(move |place| place * channels + channel))
        .map(|at| numbers[at])
        .collect()
}

#[test]
fn outputs_are_the_interpreters() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        if name.starts_with("unknown") {
            continue;
        }
        let bytes = file(name);
        let model = open(&bytes);
        let weights = WeightSource::Given(model.weights(&|_| None).unwrap());
        let mut plan = match Plan::new(&model.network, &weights, &PlanOptions::default()) {
            Ok(plan) => plan,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        plan.set_input(&channels_first(&case["input"], &sizes(&case["input_shape"]))).unwrap();
        plan.run();
        let expected = channels_first(&case["output"], &sizes(&case["output_shape"]));
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let error = plan.output().iter().zip(&expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        // What 8-bit activations stand for is not rounded here.
        let tolerance = if case["kind"] == "int8" { 0.05 } else { 1e-5 };
        if expected.len() != plan.output().len() || error > tolerance * largest {
            wrong.push(format!("{name}: off by {error} of {largest}"));
        }
        run += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run >= 9, "{run} were run");
}

/// Sizes, MACs and names are the file's; nothing is unknown but what has no layer.
#[test]
fn rows_are_the_files() {
    let bytes = file("small_float");
    let model = open(&bytes);
    let report = analyze(&model.network, &Settings::default());
    let names: Vec<&str> = model.network.nodes.iter().map(|node| node.name.as_str()).collect();
    assert!(model.remarks.is_empty(), "{:?}", model.remarks);
    assert_eq!(names.iter().filter(|name| name.contains("stem") || name.contains("head")).count(), 4, "{names:?}");
    // The converter folds both norms: 4 times 8 parameters each fewer than Keras's, two shifts more as biases.
    assert_eq!(report.totals.figures.params().0, (3 * 3 * 3 * 8 + 8) + (3 * 3 * 8 + 8) + 8 * 8 + 8 + (8 * 4 + 4));
    assert_eq!(report.totals.figures.macs.0, 6 * 5 * (27 * 8 + 9 * 8 + 64) + 32);
    let bytes = file("unknown_float");
    let model = open(&bytes);
    let told: Vec<&str> = model.remarks.iter().map(|remark| remark.rule).collect();
    assert_eq!(told, ["unknown_operator"], "{:?}", model.remarks);
}

/// RAM as the micro runtime records it: by the file's own tensors always, and by the rows where they say what the file does.
#[test]
fn ram_of_int8_files_is_recorded() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let bytes = file(name);
        let recorded = case["arena_head"].as_u64();
        let own = arena_head(&bytes).unwrap();
        if own != recorded {
            wrong.push(format!("{name}: {own:?} by its tensors, recorded {recorded:?}"));
        }
        // Rows of `gates` cut what its pool pads at the end alone.
        if recorded.is_none() || name == "gates_int8" {
            continue;
        }
        let network = open(&bytes).network;
        let settings = Settings { number_type: NumberType::Int8, ..Settings::default() };
        let ram = Int8Ram::of(&network, &analyze(&network, &settings)).expect("RAM");
        // The file pads with its convolutions, PyTorch with a row of its own.
        let found = match ram.basis {
            Basis::Runtime { with_same: Some(bytes), .. } => Some(bytes),
            Basis::Runtime { .. } => Some(ram.arena),
            _ => None,
        };
        if found != recorded {
            wrong.push(format!("{name}: {found:?} by its rows, recorded {recorded:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refusals_name_the_field() {
    let told = |bytes: &[u8]| read(bytes, &NetworkOptions::default()).unwrap_err().to_string();
    let whole = file("small_float");
    assert!(told(&whole[..2]).starts_with("byte 0, Model"));
    assert!(
        told(&whole[..whole.len() / 2]).contains("outside of the file")
            || told(&whole[..whole.len() / 2]).contains("more than the file has")
    );
    let mut far = whole.clone();
    far[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(told(&far), "byte 4294967295, Model: it lies outside of the file");
}
