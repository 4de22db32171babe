//! Gradients against central differences, of every kind of layer.

use convscope::engine::kernels::training::convolved::Convolved;
use convscope::engine::{Kernels, Plan, PlanOptions, WeightSource, seeded_input};
use convscope::model::{
    Arity, Dims, Inputs, Kind, Layer, Linear, Network, Node, NodeId, ScaleFactor, Source, UpsampleMode, Value,
};
use convscope::training::{
    Generator, Loss, Samples, Targets, Trainer, TrainerOptions, TrainingError, TrainingMemory, initial_tensors,
};
use proptest::prelude::*;

use super::options;
use crate::random_workbench;

/// A network that learns in front of a layer and behind it, so that gradients go through it. The layer has two different
/// inputs where it can have them.
fn around(layer: Layer, input: &Dims) -> Network {
    let mut network = Network::chain("Net", *input, [("first".to_string(), Kind::Scalar.layer())]);
    let mut push = |name: &str, layer: Layer, inputs: Vec<Source>| {
        let id = NodeId(network.nodes.len() as u32);
        let call = Default::default();
        network.nodes.push(Node { id, name: name.to_string(), layer, inputs: Inputs::From(inputs), call });
        Source::Node(id)
    };
    // A scale and a shift of every element, which learn.
    let sizes: Vec<i64> = input.sizes().iter().map(|&size| size as i64).collect();
    let learned = |push: &mut dyn FnMut(&str, Layer, Vec<Source>) -> Source, name: &str| {
        let mut parameter = Kind::Parameter.layer();
        if let Layer::Parameter(parameter) = &mut parameter {
            parameter.shape = sizes.clone();
        }
        let scale = push(&format!("{name}.scale"), parameter, vec![]);
        push(name, Kind::Mul.layer(), vec![Source::Input, scale])
    };
    let one = learned(&mut push, "one");
    let arity = layer.kind().arity();
    let inputs = match arity {
        Arity::Zero => vec![],
        Arity::One => vec![one],
        Arity::Two | Arity::OneOrMore => vec![one, learned(&mut push, "two")],
    };
    let middle = push("layer", layer, inputs);
    let flat = push("flatten", Kind::Flatten.layer(), vec![middle]);
    push("last", Linear { out_features: 3, ..Linear::default() }.into(), vec![flat]);
    network
}

fn inputs() -> impl Strategy<Value = Dims> {
    let sizes = [&[4_u64, 5, 6][..], &[4, 8, 4], &[6, 9], &[4, 4], &[8]];
    prop::sample::select(sizes.map(|sizes| Dims::new(sizes).expect("few sizes")).to_vec())
}

const SAMPLES: usize = 3;

fn trainer<V: Convolved>(network: &Network, loss: Loss) -> Result<Trainer<V>, TrainingError> {
    let tensors = initial_tensors(network, &mut Generator::new(5));
    Trainer::new(network, &tensors, &TrainerOptions { loss, ..options(SAMPLES) })
}

fn batch(network: &Network) -> Vec<f32> {
    let length = network.input.elements().expect("a small input") as usize;
    // Not at kinks, which are whole numbers.
    seeded_input(3, 0, SAMPLES * length, 2.0).into_iter().map(|value| value + 0.001_3).collect()
}

/// `None` where PyTorch does not take the layer there either.
fn check(layer: &Layer, input: &Dims) -> Result<Option<usize>, TestCaseError> {
    let class = layer.kind().class();
    let network = around(layer.clone(), input);
    // So small or so large they leave no digits to compare.
    let is_absurd = |(name, value): (&str, Value)| match value {
        Value::Float(value) => {
            let is_tiny = value.abs() < 1e-9 && (value != 0.0 || matches!(name, "eps" | "alpha"));
            value.abs() > 25.0 || is_tiny || name == "k" && value < 0.1 || name == "eps" && value < 1e-7
        }
        _ => false,
    };
    if layer.arguments().any(is_absurd) {
        return Ok(None);
    }
    // Small ones: every difference is a run.
    match TrainingMemory::of(&network, &options(SAMPLES)) {
        Ok(memory) if memory.bytes() < 1_000_000 => {}
        _ => return Ok(None),
    }
    let Ok(mut exact) = trainer::<f64>(&network, Loss::default()) else { return Ok(None) };
    let values = batch(&network);
    let labels = [0, 2, 1];
    let targets = Targets::Classes(&labels);
    let run = |trainer: &mut Trainer<f64>| trainer.differentiate(&values, targets, &mut Generator::new(1));
    let loss = run(&mut exact);
    // Absurd arguments leave no digits to compare.
    if !loss.is_finite() || loss.abs() > 30.0 {
        return Ok(None);
    }
    let gradients: Vec<Vec<f64>> = exact.slots().iter().map(|slot| exact.gradient(slot).to_vec()).collect();
    if gradients.iter().flatten().any(|gradient| !gradient.is_finite() || gradient.abs() > 1e3) {
        return Ok(None);
    }
    let slots = exact.slots().to_vec();
    let before = initial_tensors(&network, &mut Generator::new(5));
    let mut checked = 0;
    for (slot, gradients) in slots.iter().zip(&gradients) {
        // A few values of each tensor.
        for at in (0..gradients.len()).step_by(gradients.len().div_ceil(4).max(1)) {
            let at_step = |by: f64| {
                let mut moved = exact.clone();
                moved.move_parameter(slot, at, by);
                run(&mut moved)
            };
            let step = 1e-5;
            let central = (at_step(step) - at_step(-step)) / (2.0 * step);
            let one_sided = [(at_step(step) - loss) / step, (loss - at_step(-step)) / step];
            // At a kink a difference is no slope, and nor is one that is no number.
            if !central.is_finite() || (one_sided[0] - one_sided[1]).abs() > 1e-3 * central.abs().max(1e-2) {
                continue;
            }
            let off = (central - gradients[at]).abs();
            prop_assert!(
                off <= 1e-6 * central.abs().max(1.0) + 0.05 * (one_sided[0] - one_sided[1]).abs(),
                "{class} on {input:?}: {}[{at}]: {} by differences, {} by the way back, {layer:?}",
                slot.name,
                central,
                gradients[at]
            );
            checked += 1;
        }
    }
    // Eight samples side by side give the same.
    let mut fast = trainer::<Samples>(&network, Loss::default()).expect("as above");
    let fast_loss = fast.differentiate(&values, targets, &mut Generator::new(1));
    prop_assert!((fast_loss - loss).abs() <= 1e-5 * loss.abs().max(1.0), "{class}: {fast_loss} {loss}");
    for (slot, gradients) in slots.iter().zip(&gradients) {
        let largest = gradients.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
        for (at, (found, expected)) in fast.gradient(slot).iter().zip(gradients).enumerate() {
            let off = (f64::from(*found) - expected).abs();
            prop_assert!(off <= 2e-5 * largest, "{class}: {}[{at}]: {found} {expected} {layer:?}", slot.name);
        }
    }
    // Evaluation is the engine's forward pass.
    let source = WeightSource::Given(before);
    let engine = PlanOptions { batch: SAMPLES as u64, kernels: Kernels::Reference, ..PlanOptions::default() };
    let mut still = trainer::<Samples>(&network, Loss::default()).expect("as above");
    let mut plan = Plan::new(&network, &source, &engine).expect("a network that runs");
    plan.set_input(&values).expect("as many values");
    plan.run();
    for (&found, &expected) in still.evaluate(&values).iter().zip(plan.output()) {
        let off = (found - f64::from(expected)).abs();
        prop_assert!(off <= 2e-5 * f64::from(expected).abs().max(1.0), "{class}: {found} {expected} {layer:?}");
    }
    Ok(Some(checked))
}

/// Every kind as a new row is, on the first input that it takes.
#[test]
fn every_kind_passes_its_gradient() {
    let sizes = [&[4_u64, 8, 8][..], &[4, 9], &[8]];
    let mut untrained = Vec::new();
    for &kind in Kind::ALL {
        let checked = sizes.iter().any(|sizes| {
            let input = Dims::new(sizes).expect("few sizes");
            let mut layer = kind.layer();
            match &mut layer {
                Layer::View(view) => view.shape = vec![-1, input.elements().unwrap_or(0) as i64],
                Layer::Upsample(upsample) => {
                    upsample.scale_factor = Some(ScaleFactor { height: 2.0, width: 1.5 });
                    upsample.mode = UpsampleMode::Bilinear;
                }
                _ => {}
            }
            check(&layer, &input).unwrap_or_else(|error| panic!("{error}")).is_some_and(|checked| checked > 0)
        });
        if !checked {
            untrained.push(kind.class());
        }
    }
    // What is unknown cannot be trained. A bare parameter by itself gives no sample an answer; it learns in every network
    // here.
    assert_eq!(untrained, ["Parameter", "unsupported"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn gradients_are_slopes(
        layers in Kind::ALL.iter().map(|&kind| random_workbench::layer(kind)).collect::<Vec<_>>(),
        input in inputs(),
    ) {
        for layer in layers {
            check(&layer, &input)?;
        }
    }
}
