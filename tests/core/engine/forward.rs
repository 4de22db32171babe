//! Outputs against PyTorch's.

use std::collections::HashMap;

use convscope::engine::{INPUT_STREAM, Kernels, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use serde_json::Value as Json;

use crate::golden;

/// A graph's weights: streams as the file numbers them.
fn weights(graph: &golden::Graph, gain: f64) -> WeightSource {
    let mut streams = HashMap::new();
    for (index, node) in graph.network.nodes.iter().enumerate() {
        let names = ["weight", "bias", "running_mean", "running_var"];
        let mut found: Vec<u64> = names.iter().filter_map(|name| graph.rows[index]["t"].get(name)?.as_u64()).collect();
        if found.is_empty() {
            found.extend(graph.stream(index, ""));
        }
        streams.insert(node.id, found);
    }
    WeightSource::Seeded(Seeding { seed: 0, gain, streams })
}

/// The ways to run: fused or not, fast or plain.
fn ways() -> impl Iterator<Item = (bool, Kernels)> {
    [Kernels::Fast, Kernels::Reference].into_iter().flat_map(|kernels| [(true, kernels), (false, kernels)])
}

fn run(graph: &golden::Graph, gain: f64, input: &[f32], way: (bool, Kernels)) -> Result<Vec<f32>, String> {
    let options = PlanOptions { batch: graph.batch, fuse: way.0, kernels: way.1, ..PlanOptions::default() };
    let mut plan = Plan::new(&graph.network, &weights(graph, gain), &options).map_err(|error| error.to_string())?;
    plan.set_input(input).map_err(|error| error.to_string())?;
    plan.run();
    let first = plan.output().to_vec();
    plan.run();
    if plan.output() != first {
        return Err("the second run differs".to_string());
    }
    Ok(first)
}

/// The largest difference; infinite where lengths differ or a value is no number.
fn difference(found: &[f32], expected: &[f32]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(&found, &expected)| f64::from(found - expected).abs());
    differences.fold(0.0, |largest, difference| if difference <= largest { largest } else { difference })
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |largest, &value| f64::from(value.abs()).max(largest))
}

fn check(
    failures: &mut golden::Failures,
    place: &str,
    found: Result<Vec<f32>, String>,
    expected: &[f32],
    tolerance: f64,
) {
    match found {
        Ok(found) => {
            let off = difference(&found, expected);
            failures.check(off <= tolerance, || format!("{place}: {off:e} apart, allowed {tolerance:e}"));
        }
        Err(error) => failures.check(false, || format!("{place}: {error}")),
    }
}

#[test]
fn golden_forward_cases_match() {
    let (file, sequences) = (golden::read("forward.json"), golden::read("sequences.json"));
    let networks = sequences["networks"].as_array().expect("networks");
    let mut failures = golden::Failures::default();
    for case in file["cases"].as_array().expect("cases").iter().chain(networks) {
        let graph = golden::graph(case["id"].as_str().expect("an id"), &case["nodes"]);
        let elements = golden::sizes(&case["input"]).iter().product::<u64>() as usize;
        let input = seeded_input(0, 0, elements, case["input_scale"].as_f64().unwrap_or(1.0));
        let expected = golden::floats(&case["out"]);
        for way in ways() {
            let found = run(&graph, case["g"].as_f64().expect("a gain"), &input, way);
            let place = format!("{} {} {way:?}", case["id"], case["tag"]);
            check(&mut failures, &place, found, &expected, 1e-5 * largest(&expected).max(1.0));
        }
    }
    failures.finish();
}

#[test]
fn golden_seed_networks_match() {
    let file = golden::read("seed.json");
    let mut failures = golden::Failures::default();
    for (name, model) in file["models"].as_object().expect("models") {
        let graph = golden::graph(name, &model["layers"]);
        let elements = golden::sizes(&model["input"]).iter().product::<u64>() as usize;
        for case in model["forward"].as_array().expect("forward passes") {
            let number = case["input_stream"].as_u64().expect("a stream") - INPUT_STREAM;
            let input = seeded_input(0, number, elements, 1.0);
            let expected = golden::floats(&case["out"]);
            for way in ways() {
                let found = run(&graph, case["g"].as_f64().expect("a gain"), &input, way);
                let place = format!("{name} g={} {way:?}", case["g"]);
                check(&mut failures, &place, found, &expected, 1e-5 * largest(&expected).max(1.0));
            }
        }
    }
    failures.finish();
}

#[test]
fn golden_known_networks_match() {
    let file = golden::read("zoo.json");
    let mut failures = golden::Failures::default();
    for model in file["models"].as_array().expect("models") {
        zoo_model(&mut failures, model);
    }
    failures.finish();
}

fn zoo_model(failures: &mut golden::Failures, model: &Json) {
    let name = model["name"].as_str().expect("a name");
    let macs = model["totals"]["macs"].as_u64().expect("MACs");
    let graph = golden::graph(name, &model["nodes"]);
    let elements = golden::sizes(&model["input"]).iter().product::<u64>() as usize;
    let forward = &model["forward"];
    let input = seeded_input(0, forward["input_stream"].as_u64().expect("a stream") - INPUT_STREAM, elements, 1.0);
    let (first, sum) = (golden::floats(&forward["out_first16"]), forward["out_sum_f64"].as_f64().expect("a sum"));
    let tolerance = 100.0 * forward["max_abs_diff_f64"].as_f64().expect("a difference");
    for way in ways() {
        // Plain loops take minutes for the large ones, and steps by themselves little less than twice the fused ones.
        let limit = match way {
            (true, Kernels::Fast) => u64::MAX,
            (false, Kernels::Fast) => 2_000_000_000,
            (_, Kernels::Reference) => 100_000_000,
        };
        if macs > limit {
            continue;
        }
        let place = format!("{name} {way:?}");
        let found = match run(&graph, forward["g"].as_f64().expect("a gain"), &input, way) {
            Ok(found) => found,
            Err(error) => {
                failures.check(false, || format!("{place}: {error}"));
                continue;
            }
        };
        println!("{place}: {:.3} of the tolerance", difference(&found[..first.len()], &first) / tolerance);
        check(failures, &place, Ok(found[..first.len()].to_vec()), &first, tolerance);
        let off = (found.iter().map(|&value| f64::from(value)).sum::<f64>() - sum).abs();
        let allowed = tolerance * (found.len() as f64).sqrt() * 10.0;
        failures.check(off <= allowed, || format!("{place}: the sum is {off:e} off, allowed {allowed:e}"));
        let best = (0..found.len()).max_by(|&a, &b| found[a].total_cmp(&found[b]));
        failures.equal(&format!("{place} argmax"), best.map(|best| best as u64), forward["argmax"].as_u64());
    }
}
