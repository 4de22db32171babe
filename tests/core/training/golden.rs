//! `training.json`: initial weights, orders, and 20 steps of training.

use std::collections::HashMap;

use convscope::engine::kernels::training::convolved::Convolved;
use convscope::engine::kernels::training::value::Number;
use convscope::engine::{all_tensors, seeded_input};
use convscope::model::{
    BatchNorm1d, BatchNorm2d, Channels, Conv2d, Dims, InstanceNorm2d, Layer, Linear, Network, Pair,
};
use convscope::shape;
use convscope::training::{
    Generator, Loss, Optimizer, Samples, Schedule, Slot, Targets, Trainer, TrainerOptions, initial_tensors_in_order,
    next_epoch,
};
use serde_json::Value as Json;

use super::weights;
use crate::golden as data;

fn file() -> Json {
    data::read("training.json")
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_else(|| panic!("{key} of {json}"))
}

fn number(json: &Json) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("{json} is no number"))
}

fn list<'a>(json: &'a Json, key: &str) -> &'a Vec<Json> {
    json[key].as_array().unwrap_or_else(|| panic!("{key} of {json}"))
}

/// The networks of the file by their tags, with the nodes in the order of registration.
fn network(file: &Json, tag: &str) -> (Network, Vec<usize>) {
    if tag.starts_with("one convolution") {
        let conv = Conv2d { out_channels: Channels::Count(64), kernel_size: Pair::square(4), ..Conv2d::default() };
        let linear = Linear { out_features: 2, ..Linear::default() };
        let layers = [("0".to_string(), conv.into()), ("1".to_string(), linear.into())];
        return (Network::chain(tag, Dims::new(&[64, 4, 6]).expect("sizes"), layers), vec![0, 1]);
    }
    let is_of = |case: &&Json| text(case, "tag").split(';').next() == Some(tag);
    let case = list(file, "cases").iter().find(is_of).unwrap_or_else(|| panic!("no case {tag}"));
    let graph = data::graph(tag, &case["nodes"]);
    let mut order: Vec<usize> = (0..graph.network.nodes.len()).collect();
    let first = |row: &Json| row["t"].as_object().and_then(|streams| streams.values().filter_map(Json::as_u64).min());
    order.sort_by_key(|&index| first(&graph.rows[index]).unwrap_or(u64::MAX));
    (graph.network, order)
}

#[test]
fn golden_training_initial_weights_are_pytorchs() {
    let file = file();
    let mut failures = data::Failures::default();
    let mut checked = 0;
    for case in list(&file, "initial_weights") {
        let (tag, seed) = (text(case, "net"), case["seed"].as_u64().expect("a seed"));
        let (network, order) = network(&file, tag);
        let mut generator = Generator::new(seed);
        let tensors = initial_tensors_in_order(&network, &order, &mut generator);
        let wiring = network.wiring();
        let shapes = shape::infer(&network, &wiring, 1);
        let mut named = HashMap::new();
        for (index, node) in network.nodes.iter().enumerate() {
            let input = wiring.taps(index).first().and_then(|&tap| shapes.tap(tap));
            let kept = shape::parameter_tensors(&node.layer, input);
            let names = kept.iter().map(|tensor| format!("{}.{}", node.name, tensor.name));
            named.extend(names.zip(tensors.get(&node.id).into_iter().flatten()));
        }
        for tensor in list(case, "tensors") {
            let place = format!("{tag}, seed {seed}, {}", text(tensor, "name"));
            let Some(values) = named.get(text(tensor, "name")) else {
                failures.check(false, || format!("{place}: no tensor"));
                continue;
            };
            failures.equal(&place, values.len() as u64, data::sizes(&tensor["shape"]).iter().product());
            let (first, last) = (data::floats(&tensor["first"]), data::floats(&tensor["last"]));
            failures.equal(&place, &values[..first.len()], &first);
            failures.equal(&place, &values[values.len() - last.len()..], &last);
            let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
            let expected = number(&tensor["sum_f64"]);
            let off = (sum - expected).abs();
            failures.check(off <= 1e-12 * values.len() as f64, || format!("{place}: {sum} {expected}"));
            checked += 1;
        }
        let after = [generator.unit_f32(), generator.unit_f32()];
        failures.equal(&format!("{tag}, seed {seed}: drawn after"), after.to_vec(), data::floats(&case["rand_after"]));
    }
    failures.finish();
    assert!(checked > 0, "no tensor was checked");
}

#[test]
fn golden_training_orders_are_pytorchs() {
    let file = file();
    let mut failures = data::Failures::default();
    let checksum =
        |order: &[u32]| order.iter().zip(1_u64..).map(|(&value, place)| place * u64::from(value)).sum::<u64>();
    for case in list(&file, "orders") {
        let (seed, n) = (case["seed"].as_u64().expect("a seed"), case["n"].as_u64().expect("a number") as usize);
        let place = format!("seed {seed}, {n}");
        let mut check = |found: Vec<u32>, first: &Json, sum: &Json| {
            let first = data::sizes(first);
            let begins: Vec<u64> = found.iter().take(first.len()).map(|&value| value.into()).collect();
            failures.equal(&place, begins, first);
            failures.equal(&place, Some(checksum(&found)), sum.as_u64());
        };
        check(Generator::new(seed).permutation(n), &case["randperm"], &case["randperm_checksum"]);
        let mut global = Generator::new(seed);
        for (epoch, sum) in list(case, "epochs").iter().zip(list(case, "epochs_checksum")) {
            check(next_epoch(&mut global, n), epoch, sum);
        }
    }
    failures.finish();
}

fn optimizer(json: &Json) -> Optimizer {
    let value = |key: &str, default: f64| json.get(key).map_or(default, number);
    let betas = json.get("betas").map_or([0.9, 0.999], |betas| [number(&betas[0]), number(&betas[1])]);
    let flag = |key: &str| json.get(key).and_then(Json::as_bool).unwrap_or(false);
    match text(json, "name") {
        "SGD" => Optimizer::Sgd {
            momentum: value("momentum", 0.0),
            dampening: value("dampening", 0.0),
            nesterov: flag("nesterov"),
            weight_decay: value("weight_decay", 0.0),
        },
        "Adam" => Optimizer::Adam { betas, epsilon: value("eps", 1e-8), weight_decay: value("weight_decay", 0.0) },
        "AdamW" => Optimizer::AdamW { betas, epsilon: value("eps", 1e-8), weight_decay: value("weight_decay", 0.01) },
        "RMSprop" => Optimizer::RmsProp {
            alpha: value("alpha", 0.99),
            epsilon: value("eps", 1e-8),
            weight_decay: value("weight_decay", 0.0),
            momentum: value("momentum", 0.0),
            centered: flag("centered"),
        },
        other => panic!("no optimiser {other}"),
    }
}

fn loss(json: &Json) -> Loss {
    match text(json, "name") {
        "CrossEntropyLoss" => Loss::CrossEntropy {
            label_smoothing: json.get("label_smoothing").map_or(0.0, number),
            class_weights: json.get("weight").and_then(Json::as_array).into_iter().flatten().map(number).collect(),
        },
        "MSELoss" => Loss::MeanSquare,
        other => panic!("no loss {other}"),
    }
}

fn schedule(json: &Json) -> Schedule {
    if json.is_null() {
        return Schedule::Constant;
    }
    let whole = |key: &str| json[key].as_u64().expect("a whole number") as u32;
    match text(json, "name") {
        "CosineAnnealingLR" => {
            Schedule::Cosine { period: whole("T_max"), lowest: json.get("eta_min").map_or(0.0, number) }
        }
        "StepLR" => Schedule::Step { step: whole("step_size"), gamma: json.get("gamma").map_or(0.1, number) },
        other => panic!("no schedule {other}"),
    }
}

/// Labels `k mod classes`, where the seeded inputs are `(k - 2^23) / 2^23`.
fn labels(step: u64, batch: usize, classes: u64) -> Vec<u32> {
    let values = seeded_input(0, (1 << 20) + step, batch, 1.0);
    let half = f64::from(1 << 23);
    values.iter().map(|&value| ((f64::from(value) * half + half) as u64 % classes) as u32).collect()
}

/// The file does not say the momentum of batch norms. It changes running statistics and nothing else in training, so that
/// the first of these that gives the file's is the one; where none does, the default's differences are told.
const MOMENTA: [Option<f64>; 12] = [
    Some(0.1),
    None,
    Some(0.3),
    Some(0.2),
    Some(0.01),
    Some(0.05),
    Some(0.5),
    Some(0.03),
    Some(0.25),
    Some(0.4),
    Some(0.9),
    Some(0.02),
];

fn with_momentum(network: &mut Network, to: Option<f64>) {
    for node in &mut network.nodes {
        match &mut node.layer {
            Layer::BatchNorm2d(BatchNorm2d { momentum, .. })
            | Layer::BatchNorm1d(BatchNorm1d { momentum, .. })
            | Layer::InstanceNorm2d(InstanceNorm2d { momentum, .. }) => *momentum = to,
            _ => {}
        }
    }
}

fn train<V: Convolved>(failures: &mut data::Failures, way: &str) -> usize {
    let file = file();
    for case in list(&file, "cases") {
        let mut first = None;
        let fits = MOMENTA.iter().any(|&momentum| {
            let mut found = data::Failures::default();
            train_case::<V>(&mut found, way, case, momentum);
            let fits = found.is_empty();
            first.get_or_insert(found);
            fits
        });
        if let Some(first) = first.filter(|_| !fits) {
            failures.append(first);
        }
    }
    list(&file, "cases").len()
}

fn train_case<V: Convolved>(failures: &mut data::Failures, way: &str, case: &Json, momentum: Option<f64>) {
    let place = format!("{way}, {} {}", text(case, "id"), text(case, "tag"));
    let mut graph = data::graph(text(case, "id"), &case["nodes"]);
    if momentum != Some(0.1) {
        with_momentum(&mut graph.network, momentum);
    }
    let gain = number(&case["g"]);
    let batch = case["batch"].as_u64().expect("a number") as usize;
    let classes = case["classes"].as_u64().expect("a number");
    let scale = number(&case["input_scale"]);
    let length = data::sizes(&case["sample"]).iter().product::<u64>() as usize;
    let tensors = all_tensors(&graph.network, &weights(&graph, gain)).expect("weights");
    let options = TrainerOptions { batch, loss: loss(&case["loss"]), optimizer: optimizer(&case["optimizer"]) };
    let mut trainer = Trainer::<V>::new(&graph.network, &tensors, &options).expect("a network that learns");
    let schedule = schedule(&case["schedule"]);
    let rate = number(&case["optimizer"]["lr"]);
    let mut generator = Generator::new(0);
    let largest = |key: &str| number(&case["max_abs_diff_f64"][key]);
    for (step, expected) in list(case, "losses").iter().enumerate() {
        let input = seeded_input(0, step as u64, batch * length, scale);
        let labels = labels(step as u64, batch, classes);
        let rate = schedule.rate(rate, step as u32);
        let found = trainer.step(&input, Targets::Classes(&labels), rate, &mut generator);
        let expected = number(expected);
        let allowed = if step == 0 { 1e-6 * expected.abs() } else { 1e-5 * expected.max(1.0) };
        failures
            .check((found - expected).abs() <= allowed, || format!("{place}: loss {step} is {found}, not {expected}"));
        if step == 0 {
            let scale = |json: &Json| number(&json["abs_sum_f64"]).max(1.0) * 2e-6;
            for gradient in list(case, "gradients_of_step_1") {
                check(failures, (&trainer, false), &place, gradient, scale(gradient));
            }
        }
    }
    for tensor in list(case, "final") {
        check(failures, (&trainer, true), &place, tensor, 20.0 * largest("weights"));
    }
    let input = seeded_input(0, 1000, batch * length, scale);
    let logits = trainer.evaluate(&input);
    for (at, (found, expected)) in logits.iter().zip(data::floats(&case["eval_logits"])).enumerate() {
        let off = (found - f64::from(expected)).abs();
        failures.check(off <= 20.0 * largest("logits"), || format!("{place}: logit {at} is {found}, not {expected}"));
    }
}

/// One tensor's first values and sums; its final values, or its gradient.
fn check<V: Convolved>(
    failures: &mut data::Failures,
    (trainer, is_value): (&Trainer<V>, bool),
    place: &str,
    expected: &Json,
    allowed: f64,
) {
    let name = text(expected, "name");
    let named = |slot: &&Slot| slot.name == name;
    let Some(slot) = trainer.slots().iter().find(named) else {
        return failures.check(false, || format!("{place}: no {name}"));
    };
    failures.equal(&format!("{place}: {name}"), slot.shape.clone(), data::sizes(&expected["shape"]));
    let values = if is_value { trainer.values(slot) } else { trainer.gradient(slot) };
    let values: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
    let what = if is_value { "value" } else { "gradient" };
    for (at, (&found, expected)) in values.iter().zip(data::floats(&expected["first"])).enumerate() {
        let off = (found - f64::from(expected)).abs();
        failures.check(off <= allowed, || format!("{place}: {what} {at} of {name} is {found}, not {expected}"));
    }
    let sums = [values.iter().sum::<f64>(), values.iter().map(|value| value.abs()).sum()];
    for (found, key) in sums.into_iter().zip(["sum_f64", "abs_sum_f64"]) {
        let off = (found - number(&expected[key])).abs();
        let allowed = allowed * values.len() as f64;
        failures.check(off <= allowed, || format!("{place}: {key} of {what} {name} is {found}, not {}", expected[key]));
    }
}

#[test]
fn golden_training_cases_in_f64() {
    let mut failures = data::Failures::default();
    assert!(train::<f64>(&mut failures, "f64") > 0, "no case");
    failures.finish();
}

#[test]
fn golden_training_cases_one_sample_at_a_time() {
    let mut failures = data::Failures::default();
    assert!(train::<f32>(&mut failures, "f32") > 0, "no case");
    failures.finish();
}

#[test]
fn golden_training_cases_as_the_page_runs_them() {
    let mut failures = data::Failures::default();
    assert!(train::<Samples>(&mut failures, "samples") > 0, "no case");
    failures.finish();
}
