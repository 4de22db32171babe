//! Weights carried over: exact rewrites keep the outputs, and PyTorch's own transformed weights come out.

use convscope::engine::{Kernels, Numbers, Plan, PlanOptions, Seeding, WeightSource, all_tensors, seeded_input};
use convscope::model::{
    BatchNorm1d, BatchNorm2d, Channels, Conv1d, ConvTranspose2d, Dims, Groups, Inputs, Kind, Layer, LinePadding,
    Network, Pair, Source,
};
use convscope::rewrite::{self, HiddenLayers, PooledHead, Rewrite};
use convscope::transplant::{Scope, Tensors, carry, low_rank, prune, quantise};
use proptest::prelude::*;

use crate::golden::{self, Failures, floats};
use crate::random;
use crate::rewrite::seed;

const EXACT: [Rewrite; 4] =
    [Rewrite::FoldBatchNorm, Rewrite::DropRedundantBias, Rewrite::AbsorbDepthwiseBias, Rewrite::FoldDepthwise];

fn seeded(gain: f64) -> WeightSource {
    WeightSource::Seeded(Seeding { gain, ..Seeding::default() })
}

/// Layer by layer, with plain kernels: nothing is folded or fused by the engine.
fn outputs(network: &Network, weights: &WeightSource, stream: u64) -> Result<Vec<f32>, String> {
    let options = PlanOptions { fuse: false, kernels: Kernels::Reference, ..PlanOptions::default() };
    let mut plan = Plan::new(network, weights, &options).map_err(|error| error.to_string())?;
    let length = plan.input_mut().len();
    plan.set_input(&seeded_input(0, stream, length, 1.0)).map_err(|error| error.to_string())?;
    plan.run();
    Ok(plan.output().to_vec())
}

fn apart(one: &[f32], other: &[f32]) -> f64 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(&one, &other)| f64::from(one - other).abs()).fold(0.0, f64::max)
}

fn allowed(values: &[f32]) -> f64 {
    1e-5 * values.iter().fold(1.0_f64, |largest, &value| largest.max(f64::from(value.abs())))
}

fn tensors(network: &Network, gain: f64) -> Tensors {
    all_tensors(network, &seeded(gain)).expect("the network runs")
}

fn check_exact(network: &Network, rewrites: &[Rewrite], gain: f64) -> Result<(), TestCaseError> {
    let Ok(before) = outputs(network, &seeded(gain), 0) else { return Ok(()) };
    let (mut current, mut weights) = (network.clone(), tensors(network, gain));
    for rewrite in rewrites {
        let (next, carried) =
            carry(&current, &weights, rewrite).map_err(|error| TestCaseError::fail(error.to_string()))?;
        (current, weights) = (next.network, carried);
    }
    let after = outputs(&current, &WeightSource::Given(weights), 0).map_err(TestCaseError::fail)?;
    let difference = apart(&before, &after);
    prop_assert!(difference <= allowed(&before), "{difference:e} apart after {rewrites:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exact_rewrites_leave_the_outputs(network in random::network(), which in 0_usize..4, gain in prop_oneof![Just(1.0), Just(6.0)]) {
        check_exact(&network, &EXACT[which..=which], gain)?;
    }

    #[test]
    fn exact_rewrites_in_any_order(network in random::network(), order in Just(EXACT.to_vec()).prop_shuffle()) {
        check_exact(&network, &order, 1.0)?;
    }

    /// Convolutions over lines, with everything that these rewrites look at.
    #[test]
    fn exact_rewrites_of_lines_leave_the_outputs(
        kernel_size in 1_i64..4, stride in 1_i64..3, padding in 0_i64..2, dilation in 1_i64..3, bias: bool,
        depthwise: bool, order in Just(EXACT.to_vec()).prop_shuffle(),
    ) {
        let groups = if depthwise { Groups::InputChannels } else { Groups::Count(1) };
        let out_channels = if depthwise { Channels::TimesInput(1) } else { Channels::Count(6) };
        let padding = LinePadding::Explicit(padding);
        let first = Conv1d { out_channels, kernel_size, stride, padding, dilation, groups, bias, ..Conv1d::default() };
        let second = Conv1d { kernel_size: 1, ..Conv1d::default() };
        let layers: Vec<Layer> = vec![
            first.clone().into(), BatchNorm1d::default().into(), first.into(), second.into(), BatchNorm1d::default().into(),
            Kind::ReLU.layer(),
        ];
        let network = Network::chain_of("Lines", Dims::new(&[4, 23]).expect("a shape"), layers);
        check_exact(&network, &order, 1.0)?;
    }

    /// At full rank the two factors are the Linear.
    #[test]
    fn factors_of_full_rank_are_exact(rows in 1_usize..9, columns in 1_usize..9, start in any::<u32>()) {
        let weight = seeded_input(u64::from(start), 0, rows * columns, 1.0);
        let apart = low_rank(&weight, (rows, columns)).expect("a small one");
        let rank = rows.min(columns);
        let (up, down) = apart.factors(rank);
        for row in 0..rows {
            for column in 0..columns {
                let product: f32 = (0..rank).map(|place| up[row * rank + place] * down[place * columns + column]).sum();
                prop_assert!((product - weight[row * columns + column]).abs() < 1e-5);
            }
        }
        prop_assert!(apart.relative_error(rank) < 1e-12);
    }
}

#[test]
fn a_transposed_convolution_with_groups_takes_its_norm_on() {
    let conv = ConvTranspose2d {
        out_channels: Channels::Count(6),
        kernel_size: Pair::new(2, 3),
        groups: Groups::Count(2),
        ..ConvTranspose2d::default()
    };
    let layers = [("up".to_string(), Layer::from(conv)), ("bn".to_string(), BatchNorm2d::default().into())];
    let network = Network::chain("Up", Dims::new(&[4, 5, 5]).expect("three sizes"), layers);
    check_exact(&network, &EXACT[..1], 1.0).expect("the same outputs");
}

#[test]
fn golden_fused_weights() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        for (key, gain) in [("g1", 1.0), ("g6", 6.0)] {
            let expected = &file["fuse_batch_norm"][which][key];
            let (folded, weights) = carry(&network, &tensors(&network, gain), &Rewrite::FoldBatchNorm).expect("exact");
            for (name, layer) in expected["fused"].as_object().expect("layers") {
                let node = folded.network.nodes.iter().find(|node| node.name == *name).expect("a layer");
                let [weight, bias] = weights[&node.id].as_slice() else { panic!("{name}: weight and bias") };
                let first = floats(&layer["weight_first8"]);
                let close = |found: &[f32], expected: &[f32]| apart(found, expected) <= 1e-6;
                failures.check(close(&weight[..first.len()], &first), || format!("{which} {key} {name}: weight"));
                let sum: f64 = weight.iter().map(|&value| f64::from(value)).sum();
                let off = (sum - layer["weight_sum_f64"].as_f64().expect("a sum")).abs();
                failures.check(off < 1e-5, || format!("{which} {key} {name}: the sum is {off:e} off"));
                failures.check(close(bias, &floats(&layer["bias"])), || format!("{which} {key} {name}: bias"));
            }
            let source = WeightSource::Given(weights);
            for (stream, expected) in expected["outputs_after"].as_array().expect("outputs").iter().enumerate() {
                let found = outputs(&folded.network, &source, stream as u64).expect("it runs");
                let expected = floats(expected);
                failures.check(apart(&found, &expected) <= allowed(&expected), || format!("{which} {key}: {found:?}"));
            }
        }
        for rewrites in [&EXACT[1..2], &EXACT[1..3], &EXACT[2..3], &EXACT[3..]] {
            check_exact(&network, rewrites, 6.0).expect("the same outputs");
        }
    }
    failures.finish();
}

#[test]
fn golden_outputs_with_pooled_heads() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let heads = &file["global_average_pool_head"][which];
        for (key, hidden) in
            [("gap_linear_16_3", HiddenLayers::Drop), ("gap_linear_16_36_relu_linear_36_3", HiddenLayers::Keep)]
        {
            let pooled = rewrite::apply(&network, &Rewrite::PooledHead(PooledHead { size: 1, hidden })).network;
            let source = seeded(heads[key]["g"].as_f64().expect("a gain"));
            for (stream, expected) in heads[key]["outputs"].as_array().expect("outputs").iter().enumerate() {
                let (found, expected) = (outputs(&pooled, &source, stream as u64).expect("it runs"), floats(expected));
                failures.check(apart(&found, &expected) <= allowed(&expected), || format!("{which} {key}: {found:?}"));
            }
        }
    }
    failures.finish();
}

#[test]
fn golden_low_rank_of_the_first_linear() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let expected = &file["low_rank_first_linear"][which];
        let linear = network.nodes.iter().find(|node| node.layer.kind() == Kind::Linear).expect("a Linear").id;
        let weights = tensors(&network, 1.0);
        let taken = low_rank(&weights[&linear][0], (36, 304)).expect("a small one");
        for (found, value) in taken.singular_values.iter().zip(expected["singular_values"].as_array().expect("values"))
        {
            let value = value.as_f64().expect("a number");
            failures.check((found - value).abs() < 1e-6, || format!("{which}: {found}, PyTorch {value}"));
        }
        for rank in expected["ranks"].as_array().expect("ranks") {
            let number = rank["rank"].as_u64().expect("a rank") as usize;
            let error = rank["relative_frobenius_error"].as_f64().expect("an error");
            let found = taken.relative_error(number);
            failures.check((found - error).abs() < 1e-6, || format!("{which} {number}: {found}, PyTorch {error}"));
            let rewrite = Rewrite::LowRank { node: linear, rank: number as i64 };
            let (thin, carried) = carry(&network, &weights, &rewrite).expect("a small one");
            let carried = WeightSource::Given(carried);
            let moved = |stream: u64| {
                let before = outputs(&network, &seeded(1.0), stream).expect("it runs");
                apart(&before, &outputs(&thin.network, &carried, stream).expect("it runs"))
            };
            let largest = (0..3).map(moved).fold(0.0, f64::max);
            let expected = rank["max_abs_output_difference"].as_f64().expect("a difference");
            failures.check((largest - expected).abs() < 1e-6, || {
                format!("{which} {number}: outputs move by {largest}, PyTorch {expected}")
            });
        }
    }
    failures.finish();
}

#[test]
fn golden_pruning_by_l1() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        for (key, expected) in file["pruning_l1"][which].as_object().expect("cases") {
            let Some((scope, percent)) = key.rsplit_once('_') else { continue };
            let scope = if scope == "global" { Scope::Global } else { Scope::Layer };
            let mut weights = tensors(&network, 6.0);
            let left = prune(&network, &mut weights, percent.parse::<f64>().expect("a percentage") / 100.0, scope);
            for (id, count) in &left {
                let name = &network.node(*id).expect("a node").name;
                let place = format!("{which} {key} {name}");
                failures.equal(&place, Some(*count as u64), expected["kept_by_layer"][name].as_u64());
                let kept = weights[id][0].iter().enumerate().filter(|(_, weight)| **weight != 0.0);
                let first: Vec<u64> = kept.map(|(place, _)| place as u64).take(8).collect();
                failures.equal(&place, first, golden::sizes(&expected["kept_first8_indices"][name]));
            }
            let source = WeightSource::Given(weights);
            for (stream, expected) in expected["outputs"].as_array().expect("outputs").iter().enumerate() {
                let (found, expected) = (outputs(&network, &source, stream as u64).expect("it runs"), floats(expected));
                let close = apart(&found, &expected) <= allowed(&expected);
                failures.check(close, || format!("{which} {key}: {found:?}, PyTorch {expected:?}"));
            }
        }
    }
    failures.finish();
}

#[test]
fn golden_int8_weights() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let expected = &file["quantisation"][which];
        let linear = network.nodes.iter().find(|node| node.layer.kind() == Kind::Linear).expect("a Linear").id;
        let weights = tensors(&network, 6.0);
        let whole = quantise(&weights[&linear][0], 1);
        let ints = |json: &serde_json::Value| -> Vec<i64> {
            json.as_array().expect("a list").iter().map(|value| value.as_i64().expect("a whole number")).collect()
        };
        let first: Vec<i64> = whole.values[..8].iter().map(|&value| i64::from(value)).collect();
        failures.equal(&format!("{which} dynamic"), first, ints(&expected["dynamic"]["fc1_weight_int8_first8"]));
        let scale = expected["dynamic"]["fc1_weight_scale"].as_f64().expect("a scale");
        let off = (f64::from(whole.scales[0]) / scale - 1.0).abs();
        failures.check(off < 1e-6, || format!("{which}: the scale is {off:e} off"));
        let channels = quantise(&weights[&linear][0], 36);
        let scales = floats(&expected["static"]["fc1_first_scales"]);
        failures.check(apart(&channels.scales[..scales.len()], &scales) < 1e-8, || {
            format!("{which}: {:?}", channels.scales)
        });
        // The first convolution with a batch norm behind it.
        let norm = network.nodes.iter().position(|node| node.layer.kind() == Kind::BatchNorm2d).expect("a norm");
        let (_, folded) = carry(&network, &weights, &Rewrite::FoldBatchNorm).expect("exact");
        let scales = floats(&expected["static"]["conv1_scales"]);
        let folded = quantise(&folded[&network.nodes[norm - 1].id][0], scales.len());
        failures.check(apart(&folded.scales, &scales) < 1e-7, || format!("{which}: {:?}", folded.scales));
        let values: Vec<i64> = folded.values.iter().map(|&value| i64::from(value)).collect();
        failures.equal(&format!("{which} conv1"), values, ints(&expected["static"]["conv1_int8"]));
    }
    failures.finish();
}

/// fbgemm gives activations 127 steps over a range that it picks from histograms, the engine 127 steps up to the largest
/// value in calibration. The steps are as fine but not the same, so the outputs cannot be: what compares is how far
/// both are from the floats. Over nine outputs either may be the luckier one, but not by more than a factor of two.
#[test]
fn golden_int8_outputs_are_about_as_near_as_fbgemms() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let published = &file["quantisation"][which]["static"];
        let weights = seeded(published["g"].as_f64().expect("a gain"));
        let off = published["max_abs_output_difference"].as_f64().expect("a difference");
        let options = PlanOptions { numbers: Numbers::Int8, ..PlanOptions::default() };
        let mut plan = Plan::new(&network, &weights, &options).expect("a plan");
        let lists = |key: &str| published[key].as_array().expect("outputs").iter().map(floats).collect::<Vec<_>>();
        for (stream, (theirs, exact)) in lists("outputs").iter().zip(lists("float_outputs")).enumerate() {
            let float = outputs(&network, &weights, stream as u64).expect("it runs");
            failures.check(apart(&float, &exact) <= allowed(&exact), || format!("{which} {stream}: {float:?}"));
            let input = seeded_input(0, stream as u64, plan.input_mut().len(), 1.0);
            plan.set_input(&input).expect("the input's length");
            plan.run();
            let (found, from_theirs) = (apart(plan.output(), &exact), apart(plan.output(), theirs));
            println!(
                "{which} {stream}: {found:.4} from the floats, {from_theirs:.4} from fbgemm, which is {off:.4} off"
            );
            failures
                .check(found > 0.0 && found <= 2.0 * off, || format!("{which} {stream}: {found} off, fbgemm {off}"));
        }
    }
    failures.finish();
}

#[test]
fn what_cannot_be_carried_says_so() {
    let network = seed("standard");
    let weights = tensors(&network, 1.0);
    assert!(carry(&network, &weights, &Rewrite::Separable).is_err());
    assert!(carry(&network, &Tensors::new(), &Rewrite::FoldBatchNorm).is_err());
    assert!(low_rank(&[], (5_000, 5_000)).is_err());
    // Nothing to do is no error.
    assert_eq!(carry(&network, &weights, &Rewrite::AbsorbDepthwiseBias).map(|(_, carried)| carried), Ok(weights));
}

#[test]
fn a_batch_norm_stays_the_output_where_others_stand_before_it() {
    let input = Dims::new(&[2, 5, 5]).expect("three sizes");
    let layers = [Kind::Conv2d, Kind::Sigmoid, Kind::BatchNorm2d].map(Kind::layer);
    let mut network = Network::chain_of("case", input, layers);
    // Nothing reads the activation.
    network.nodes[1].inputs = Inputs::From(vec![Source::Input]);
    network.nodes[2].inputs = Inputs::From(vec![Source::Node(network.nodes[0].id)]);
    for rewrite in EXACT {
        check_exact(&network, &[rewrite], 1.0).expect("the function stays");
    }
}
