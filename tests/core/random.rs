//! Random networks for property tests: chains of everyday layers, with residual sums, concatenations and shared modules.

use convscope::model::{
    Add, BatchNorm2d, Call, Cat, Channels, Conv2d, Dims, Flatten, Groups, Inputs, Layer, Linear, MaxPool2d, Network,
    Node, NodeId, Padding, PaddingMode, Pair, ReLU, Source,
};
use proptest::prelude::*;

/// One stage of a random network.
#[derive(Clone, Debug)]
pub enum Stage {
    Conv {
        conv: Conv2d,
        batch_norm: bool,
        relu: bool,
    },
    Pool(i64),
    /// The stage's input plus a convolution of it that keeps its shape.
    Residual(Conv2d),
    /// The stage's input beside a convolution of it that keeps its size.
    Concatenation(Conv2d),
}

pub fn conv() -> impl Strategy<Value = Conv2d> {
    let groups = prop_oneof![
        3 => Just((Groups::Count(1), None)),
        1 => Just((Groups::InputChannels, Some(1))),
        1 => Just((Groups::InputChannels, Some(2))),
    ];
    let mode = prop_oneof![4 => Just(PaddingMode::Zeros), 1 => Just(PaddingMode::Replicate)];
    (1_i64..=6, 1_i64..=4, 1_i64..=4, 1_i64..=2, 0_i64..=2, groups, any::<bool>(), mode).prop_map(
        |(channels, height, width, stride, padding, (groups, times), bias, padding_mode)| Conv2d {
            out_channels: times.map_or(Channels::Count(channels), Channels::TimesInput),
            kernel_size: Pair::new(height, width),
            stride: Pair::square(stride),
            padding: Padding::Explicit(Pair::square(padding)),
            groups,
            bias,
            padding_mode,
            ..Conv2d::default()
        },
    )
}

fn stage() -> impl Strategy<Value = Stage> {
    let keeping = || {
        (conv(), 1_i64..=3).prop_map(|(conv, kernel)| Conv2d {
            kernel_size: Pair::square(kernel),
            stride: Pair::square(1),
            padding: Padding::Same,
            ..conv
        })
    };
    prop_oneof![
        4 => (conv(), any::<bool>(), any::<bool>())
            .prop_map(|(conv, batch_norm, relu)| Stage::Conv { conv, batch_norm, relu }),
        1 => (1_i64..=3).prop_map(Stage::Pool),
        1 => keeping().prop_map(|conv| Stage::Residual(Conv2d { out_channels: Channels::TimesInput(1), ..conv })),
        1 => keeping().prop_map(Stage::Concatenation),
    ]
}

/// Any network; some of its layers may not take their input.
pub fn network() -> impl Strategy<Value = Network> {
    let head = (0_usize..3, 1_i64..20);
    (1_u64..4, 4_u64..20, 4_u64..20, prop::collection::vec(stage(), 1..6), head).prop_map(
        |(channels, height, width, stages, (linears, features))| {
            let input = Dims::new(&[channels, height, width]).expect("three sizes");
            let mut network = Network { name: "Random".to_string(), input, nodes: Vec::new(), uncalled: Vec::new() };
            for (number, stage) in stages.into_iter().enumerate() {
                add_stage(&mut network, number + 1, stage);
            }
            if linears > 0 {
                add(&mut network, "flatten".to_string(), Flatten::default().into(), Inputs::Above);
            }
            for number in 1..=linears {
                if number > 1 {
                    add(&mut network, format!("fc_relu{number}"), ReLU::default().into(), Inputs::Above);
                }
                let linear = Linear { out_features: features, bias: true };
                add(&mut network, format!("fc{number}"), linear.into(), Inputs::Above);
            }
            network
        },
    )
}

fn add(network: &mut Network, name: String, layer: Layer, inputs: Inputs) {
    let id = network.unused_id();
    network.nodes.push(Node { id, name, layer, inputs, call: Call::Module });
}

fn add_stage(network: &mut Network, number: usize, stage: Stage) {
    let source = network.nodes.last().map_or(Source::Input, |last| Source::Node(last.id));
    let conv_id = network.unused_id();
    match stage {
        Stage::Conv { conv, batch_norm, relu } => {
            add(network, format!("conv{number}"), conv.into(), Inputs::Above);
            if batch_norm {
                add(network, format!("bn{number}"), BatchNorm2d::default().into(), Inputs::Above);
            }
            if relu {
                add(network, format!("relu{number}"), ReLU::default().into(), Inputs::Above);
            }
        }
        Stage::Pool(size) => {
            let pool = MaxPool2d { kernel_size: Pair::square(size), ..MaxPool2d::default() };
            add(network, format!("pool{number}"), pool.into(), Inputs::Above);
        }
        Stage::Residual(conv) => {
            add(network, format!("conv{number}"), conv.into(), Inputs::Above);
            let inputs = Inputs::From(vec![source, Source::Node(conv_id)]);
            add(network, format!("add{number}"), Add::default().into(), inputs);
        }
        Stage::Concatenation(conv) => {
            add(network, format!("conv{number}"), conv.into(), Inputs::From(vec![source]));
            let inputs = Inputs::From(vec![Source::Node(conv_id), source]);
            add(network, format!("cat{number}"), Cat::default().into(), inputs);
        }
    }
}

/// Ids are unique, wiring is whole.
pub fn check_wiring(network: &Network) {
    let ids: std::collections::HashSet<NodeId> = network.nodes.iter().map(|node| node.id).collect();
    assert_eq!(ids.len(), network.nodes.len(), "an id twice in {network:?}");
    let wiring = network.wiring();
    for index in 0..network.nodes.len() {
        for tap in wiring.taps(index) {
            let found = matches!(tap, convscope::model::Tap::Input | convscope::model::Tap::Node(_));
            assert!(found, "{}: {tap:?}", network.nodes[index].name);
        }
    }
}
