//! The rewrites that are no twins: golden totals, and what holds for every network.

use convscope::cost::{Settings, analyze};
use convscope::model::{Kind, Network, NodeId, Pair};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply, apply_all};
use convscope::shape::{self, NodeShape};
use proptest::prelude::*;

use crate::golden::{self, Failures};
use crate::random;

use super::{params, seed};

fn id(network: &Network, name: &str) -> NodeId {
    network.nodes.iter().find(|node| node.name == name).map(|node| node.id).expect("a node of that name")
}

fn pooled(hidden: HiddenLayers) -> Rewrite {
    Rewrite::PooledHead(PooledHead { size: 1, hidden })
}

#[test]
fn golden_totals_after_rewrites_of_the_seed() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let mut check = |what: &str, rewrites: &[Rewrite], expected: &serde_json::Value| {
            let after = apply_all(&network, rewrites).network;
            failures.equal(&format!("{which} {what}"), Some(params(&after)), expected.as_u64());
        };
        check("folded", &[Rewrite::FoldBatchNorm], &file["fuse_batch_norm"][which]["params_after"]);
        let dropped = &file["drop_conv_bias_before_batch_norm"][which];
        check("without biases", &[Rewrite::DropRedundantBias], &dropped["params_after"]);
        if let Some(both) = dropped.get("also_depthwise_bias") {
            let rewrites = [Rewrite::DropRedundantBias, Rewrite::AbsorbDepthwiseBias];
            check("without all biases", &rewrites, &both["params_after"]);
            let reversed = [Rewrite::AbsorbDepthwiseBias, Rewrite::DropRedundantBias];
            check("without all biases, the other way round", &reversed, &both["params_after"]);
        }
        let heads = &file["global_average_pool_head"][which];
        check("pooled", &[pooled(HiddenLayers::Drop)], &heads["gap_linear_16_3"]["params"]);
        let kept = &heads["gap_linear_16_36_relu_linear_36_3"]["params"];
        check("pooled, all Linears", &[pooled(HiddenLayers::Keep)], kept);
        for rank in file["low_rank_first_linear"][which]["ranks"].as_array().expect("ranks") {
            let first = network.nodes.iter().find(|node| node.layer.kind() == Kind::Linear).expect("a Linear");
            let factors = Rewrite::LowRank { node: first.id, rank: rank["rank"].as_i64().expect("a rank") };
            check(&format!("rank {}", rank["rank"]), &[factors], &rank["total_params"]);
        }
        if which == "separable" {
            let folded = &file["fold_depthwise_into_pointwise"]["params_folded"];
            check("full convolutions again", &[Rewrite::FoldDepthwise], folded);
        }
    }
    failures.finish();
}

/// The counts that stand beside the totals: before, by layer, buffers, MACs.
#[test]
fn golden_counts_around_the_rewrites_of_the_seed() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let figures = |network: &Network| analyze(network, &Settings::default()).totals.figures;
        let before = figures(&network);
        let mut check = |what: &str, found: u64, expected: &serde_json::Value| {
            failures.equal(&format!("{which} {what}"), Some(found), expected.as_u64());
        };
        let folding = &file["fuse_batch_norm"][which];
        let folded = figures(&apply(&network, &Rewrite::FoldBatchNorm).network);
        for (what, found, key) in [
            ("params", before.params().0, "params_before"),
            ("buffers", before.buffers.0, "buffers_before"),
            ("buffers, folded", folded.buffers.0, "buffers_after"),
            ("MACs", before.macs.0, "macs_before"),
            ("MACs, folded", folded.macs.0, "macs_after"),
        ] {
            check(what, found, &folding[key]);
        }
        let dropping = &file["drop_conv_bias_before_batch_norm"][which];
        check("params", before.params().0, &dropping["params_before"]);
        let dropped = apply(&network, &Rewrite::DropRedundantBias).changes;
        for (name, count) in dropping["dropped"].as_object().expect("layers") {
            let index = network.nodes.iter().position(|node| node.name == *name).expect("a layer");
            assert!(dropped.iter().any(|change| change.node == network.nodes[index].id), "{name}");
            let shapes = shape::infer(&network, &network.wiring(), 1);
            check(name, shapes.nodes[index].dims().expect("a shape")[1], count);
        }
        let heads = &file["global_average_pool_head"][which];
        check("params", before.params().0, &heads["params_before"]);
        check("MACs", before.macs.0, &heads["macs_before"]);
        for (key, hidden) in
            [("gap_linear_16_3", HiddenLayers::Drop), ("gap_linear_16_36_relu_linear_36_3", HiddenLayers::Keep)]
        {
            let after = apply(&network, &pooled(hidden)).network;
            let report = analyze(&after, &Settings::default());
            let linears = after.nodes.iter().zip(&report.rows).filter(|(node, _)| node.layer.kind() == Kind::Linear);
            check(key, report.totals.figures.macs.0, &heads[key]["macs"]);
            check(key, linears.map(|(_, row)| row.figures.params().0).sum(), &heads[key]["head_params"]);
        }
        let report = analyze(&network, &Settings::default());
        let rows = || network.nodes.iter().zip(&report.rows).filter(|(_, row)| row.figures.params().0 > 0);
        let by_layer = file["params_by_layer"][which].as_object().expect("layers");
        assert_eq!(rows().count(), by_layer.len());
        for (node, row) in rows() {
            check(&node.name, row.figures.params().0, &by_layer[&node.name]);
        }
        // Convolutions up to each batch norm.
        let mut blocks: Vec<u64> = vec![0];
        for (node, row) in rows() {
            match (node.layer.kind(), blocks.last_mut()) {
                (Kind::Conv2d, Some(block)) => *block += row.figures.params().0,
                (Kind::BatchNorm2d, _) => blocks.push(0),
                _ => {}
            }
        }
        blocks.pop();
        let expected = golden::sizes(&file["params_by_layer"]["conv_blocks"][which]);
        failures.equal(&format!("{which} blocks"), blocks, expected);
        let mut check = |what: &str, found: u64, expected: &serde_json::Value| {
            failures.equal(&format!("{which} {what}"), Some(found), expected.as_u64());
        };
        let (first, row) = rows().find(|(node, _)| node.layer.kind() == Kind::Linear).expect("a Linear");
        let share = row.figures.params().share_of(before.params()).expect("a share");
        let thin = &file["low_rank_first_linear"][which];
        check("first Linear", row.figures.params().0, &thin["fc1_params"]);
        for rank in thin["ranks"].as_array().expect("ranks") {
            let factors = Rewrite::LowRank { node: first.id, rank: rank["rank"].as_i64().expect("a rank") };
            let after = figures(&apply(&network, &factors).network);
            let others = before.params().0 - row.figures.params().0;
            check("factors", after.params().0 - others, &rank["fc1_params"]);
            check("MACs of factors", after.macs.0 - (before.macs.0 - row.figures.macs.0), &rank["fc1_macs"]);
        }
        // Of every pruned network: what is prunable, what goes, what is left.
        for (key, pruned) in file["pruning_l1"][which].as_object().expect("cases") {
            let weights: u64 = pruned["weights"].as_u64().expect("a count");
            let gone = pruned["pruned"].as_u64().expect("a count");
            check(key, weights - gone, &pruned["kept_weights"]);
            check(key, before.params().0, &pruned["params_total_unchanged"]);
            check(key, before.params().0 - gone, &pruned["nonzero_params"]);
        }
        let expected = file["params_by_layer"]["first_linear_share"][which].as_f64().expect("a share");
        failures.check((share - expected).abs() < 1e-12, || format!("{which}: {share}, PyTorch {expected}"));
    }
    failures.finish();
}

/// 11,404, pooled 364, without redundant biases 323, folded 295 (the origin question's separable network).
#[test]
fn golden_ladder_of_the_seed() {
    let separable = seed("separable");
    let steps =
        [pooled(HiddenLayers::Drop), Rewrite::DropRedundantBias, Rewrite::AbsorbDepthwiseBias, Rewrite::FoldBatchNorm];
    let totals: Vec<u64> =
        (0..=steps.len()).map(|count| params(&apply_all(&separable, &steps[..count]).network)).collect();
    assert_eq!(totals, [11404, 364, 336, 323, 295]);
}

#[test]
fn folding_is_the_inverse_of_separating_in_shape() {
    let (standard, separable) = (seed("standard"), seed("separable"));
    let folded = apply(&separable, &Rewrite::FoldDepthwise).network;
    let names = |network: &Network| -> Vec<String> {
        network.nodes.iter().map(|node| node.name.replace("dense", "fc")).collect()
    };
    assert_eq!(names(&folded), names(&standard));
    let layers = |network: &Network| -> Vec<_> { network.nodes.iter().map(|node| node.layer.clone()).collect() };
    assert_eq!(layers(&folded), layers(&standard));
}

#[test]
fn a_strided_convolution_replaces_its_pool() {
    let standard = seed("standard");
    let rewrite = Rewrite::StrideForPool { pools: vec![id(&standard, "pool2")] };
    let strided = apply(&standard, &rewrite);
    assert!(strided.network.nodes.iter().all(|node| node.name != "pool2"));
    let shapes = shape::infer(&strided.network, &strided.network.wiring(), 1);
    let position = strided.network.nodes.iter().position(|node| node.name == "conv2").expect("conv2");
    assert_eq!(shapes.nodes[position].dims().expect("a shape").sizes(), [1, 8, 1, 38]);
}

#[test]
fn thinner_zoo_networks_run() {
    let zoo = golden::read("zoo.json");
    let mut failures = Failures::default();
    for model in zoo["models"].as_array().expect("models") {
        let name = model["name"].as_str().expect("a name");
        let network = golden::graph(name, &model["nodes"]).network;
        let half = apply(&network, &Rewrite::Width { multiplier: 0.5 });
        let (before, after) = (params(&network), params(&half.network));
        // In very small ones every channel may be needed, by groups or by sums with the input.
        let shrinks = after < before || (before < 1000 && after == before);
        failures.check(shrinks, || format!("{name} keeps {after} of {before} params"));
    }
    failures.finish();
}

#[test]
fn golden_width_and_resolution_of_mobilenet() {
    let (file, zoo) = (golden::read("mobilenet_v1.json"), golden::read("zoo.json"));
    let models = zoo["models"].as_array().expect("models");
    let full = models.iter().find(|model| model["name"] == "mobilenet_v1_1.0_224").expect("MobileNetV1");
    let full = golden::graph("MobileNetV1", &full["nodes"]).network;
    let mut failures = Failures::default();
    for model in file["models"].as_array().expect("models") {
        if model["kind"] != "separable" || model["blocks"] != "full" {
            continue;
        }
        let side = model["resolution"].as_u64().expect("a size");
        let rewrites = [
            Rewrite::Width { multiplier: model["width"].as_f64().expect("a width") },
            Rewrite::Resolution { height: side, width: side },
        ];
        let rewritten = apply_all(&full, &rewrites).network;
        failures.equal(&format!("{} {side}", model["width"]), Some(params(&rewritten)), model["params"].as_u64());
        failures.check(rewritten.input.sizes() == [3, side, side], || format!("{side}: {}", rewritten.input));
    }
    failures.finish();
}

fn any_rewrite() -> impl Strategy<Value = fn(&Network) -> Rewrite> {
    let all: Vec<fn(&Network) -> Rewrite> = vec![
        |_| Rewrite::FoldBatchNorm,
        |_| Rewrite::DropRedundantBias,
        |_| Rewrite::AbsorbDepthwiseBias,
        |_| Rewrite::FoldDepthwise,
        |_| pooled(HiddenLayers::Keep),
        |_| Rewrite::PooledHead(PooledHead { size: 2, hidden: HiddenLayers::Drop }),
        |network| Rewrite::LowRank { node: network.nodes[network.nodes.len() - 1].id, rank: 2 },
        |network| Rewrite::Bottleneck { node: network.nodes[0].id, width: 2 },
        |network| Rewrite::Bottleneck { node: network.nodes[network.nodes.len() - 1].id, width: 2 },
        |network| Rewrite::Grouped { nodes: network.nodes.iter().map(|node| node.id).collect(), groups: 2 },
        |network| Rewrite::InvertedResidual { node: network.nodes[0].id, expansion: 3 },
        |network| Rewrite::InvertedResidual { node: network.nodes[network.nodes.len() / 2].id, expansion: 3 },
        |_| Rewrite::Width { multiplier: 0.5 },
        |_| Rewrite::Resolution { height: 12, width: 9 },
        |network| Rewrite::StrideForPool { pools: network.nodes.iter().map(|node| node.id).collect() },
        |network| Rewrite::KernelSize {
            nodes: network.nodes.iter().map(|node| node.id).collect(),
            size: Pair::square(3),
        },
        |_| Rewrite::PruneChannels { ratio: 0.5 },
    ];
    prop::sample::select(all)
}

fn runs(network: &Network) -> bool {
    let shapes = shape::infer(network, &network.wiring(), 1);
    shapes.nodes.iter().all(|shape| matches!(shape, NodeShape::Known(_)))
}

proptest! {
    #[test]
    fn rewrites_keep_networks_whole(network in random::network(), first in any_rewrite(), second in any_rewrite()) {
        let rewritten = apply(&network, &first(&network));
        random::check_wiring(&rewritten.network);
        prop_assert_eq!(rewritten.origins.len(), rewritten.network.nodes.len());
        prop_assert!(rewritten.origins.iter().all(|&origin| network.position(origin).is_some()));
        prop_assert_eq!(rewritten.changes.is_empty(), rewritten.network == network);
        if runs(&network) {
            prop_assert!(runs(&rewritten.network), "{:?} gives {:?}", first(&network), rewritten.network);
        }
        if !rewritten.network.nodes.is_empty() {
            let twice = apply(&rewritten.network, &second(&rewritten.network));
            random::check_wiring(&twice.network);
        }
    }

    /// The shape of what a network gives does not depend on how it computes it.
    #[test]
    fn exact_rewrites_keep_the_output(network in random::network(), exact in 0_usize..4) {
        let rewrite = [
            Rewrite::FoldBatchNorm, Rewrite::DropRedundantBias, Rewrite::AbsorbDepthwiseBias, Rewrite::FoldDepthwise,
        ][exact].clone();
        let output = |network: &Network| shape::infer(network, &network.wiring(), 3).output().copied();
        prop_assert_eq!(output(&network), output(&apply(&network, &rewrite).network));
    }
}
