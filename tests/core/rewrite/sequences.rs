//! Rewrites of networks over lines `[N, C, L]`.

use convscope::engine::{Plan, PlanOptions, Seeding, WeightSource};
use convscope::model::{
    AdaptiveAvgPool1d, BatchNorm1d, Channels, Conv1d, Dims, Flatten, Groups, Kind, Layer, LinePadding, Linear,
    MaxPool1d, Network, ReLU, presets,
};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply};
use convscope::shape;

use super::params;

fn conv(out_channels: i64, kernel_size: i64) -> Conv1d {
    Conv1d { out_channels: Channels::Count(out_channels), kernel_size, ..Conv1d::default() }
}

fn layers(network: &Network) -> Vec<&Layer> {
    network.nodes.iter().map(|node| &node.layer).collect()
}

fn output(network: &Network) -> Option<Dims> {
    shape::infer(network, &network.wiring(), 1).output().copied()
}

/// 12 leads of an electrocardiogram.
fn heart() -> Network {
    let layers: Vec<Layer> = vec![
        Conv1d { padding: LinePadding::Explicit(3), stride: 2, ..conv(16, 7) }.into(),
        BatchNorm1d::default().into(),
        ReLU::default().into(),
        MaxPool1d::default().into(),
        Conv1d { padding: LinePadding::Same, dilation: 2, ..conv(32, 3) }.into(),
        BatchNorm1d::default().into(),
        ReLU::default().into(),
        Flatten::default().into(),
        Linear { out_features: 5, ..Linear::default() }.into(),
    ];
    Network::chain_of("Heart", Dims::new(&[12, 1000]).expect("a shape"), layers)
}

#[test]
fn the_separable_twin_has_a_depthwise_and_a_pointwise_one() {
    let twin = apply(&heart(), &Rewrite::Separable).network;
    let found = layers(&twin);
    let Layer::Conv1d(depthwise) = found[0] else { panic!("{:?}", found[0]) };
    let Layer::Conv1d(pointwise) = found[1] else { panic!("{:?}", found[1]) };
    assert_eq!((depthwise.out_channels, depthwise.groups), (Channels::TimesInput(1), Groups::InputChannels));
    assert_eq!((depthwise.kernel_size, depthwise.stride, depthwise.padding), (7, 2, LinePadding::Explicit(3)));
    assert_eq!((pointwise.out_channels, pointwise.groups), (Channels::Count(16), Groups::Count(1)));
    assert_eq!((pointwise.kernel_size, pointwise.stride, pointwise.padding), (1, 1, LinePadding::Explicit(0)));
    // PyTorch's counts of these modules: (12*7+12) + (12*16+16), norms, (16*3+16) + (16*32+32), the Linear.
    assert_eq!(params(&twin), 96 + 208 + 32 + 64 + 544 + 64 + (32 * 250 * 5 + 5));
    assert_eq!(output(&twin), output(&heart()));
}

#[test]
fn norms_are_folded_and_heads_pooled() {
    let folded = apply(&heart(), &Rewrite::FoldBatchNorm).network;
    assert!(layers(&folded).iter().all(|layer| layer.kind() != Kind::BatchNorm1d));
    assert_eq!(params(&folded), params(&heart()) - 2 * (16 + 32));
    let pooled = apply(&heart(), &Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Keep })).network;
    assert!(layers(&pooled).contains(&&AdaptiveAvgPool1d { output_size: 1 }.into()), "{pooled:?}");
    assert_eq!(params(&heart()) - params(&pooled), 32 * 249 * 5);
    assert_eq!(output(&pooled), output(&heart()));
}

#[test]
fn every_rewrite_of_a_network_over_lines_runs() {
    let m5 = presets::find("m5").expect("a preset").network();
    for network in [heart(), m5] {
        let convolutions: Vec<_> = network.nodes.iter().filter(|node| node.layer.kind() == Kind::Conv1d).collect();
        let second = convolutions[1].id;
        let rewrites = [
            Rewrite::Separable,
            Rewrite::SeparableFor { nodes: vec![second] },
            Rewrite::FoldBatchNorm,
            Rewrite::DropRedundantBias,
            Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop }),
            Rewrite::Bottleneck { node: second, width: 4 },
            Rewrite::Grouped { nodes: vec![second], groups: 4 },
            Rewrite::InvertedResidual { node: second, expansion: 2 },
            Rewrite::Width { multiplier: 0.5 },
            Rewrite::PruneChannels { ratio: 0.25 },
            Rewrite::Channels { node: second, count: 24 },
        ];
        for rewrite in rewrites {
            let twin = apply(&network, &rewrite).network;
            let same_head = matches!(rewrite, Rewrite::PooledHead(_));
            assert!(twin != network || same_head, "{rewrite:?} leaves {} as it is", network.name);
            assert_eq!(output(&twin), output(&network), "{rewrite:?} of {}", network.name);
            let plan = Plan::new(&twin, &WeightSource::Seeded(Seeding::default()), &PlanOptions::default());
            let mut plan = plan.unwrap_or_else(|error| panic!("{rewrite:?} of {}: {error}", network.name));
            plan.run();
            assert!(plan.output().iter().all(|value| value.is_finite()), "{rewrite:?} of {}", network.name);
        }
    }
}
