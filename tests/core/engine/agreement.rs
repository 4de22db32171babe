//! Every way to run a network gives the same: fast kernels and plain loops, fused and step by step.

use convscope::cost::{Settings, analyze};
use convscope::engine::{Kernels, Plan, PlanOptions, Seeding, WeightSource, each_activation, seeded_input};
use convscope::model::{
    Cat, Channels, Chunk, Conv1d, Conv2d, Dims, Groups, Inputs, Kind, Layer, MaxPool2d, Network, Node, NodeId,
    OutputSize, PReLU, Padding, Pair, Permute, Source, Transpose, View,
};
use convscope::shape::{self, NodeShape};
use proptest::prelude::*;

/// A layer, and how far above its second input is made (a sum, a product or a concatenation has one).
pub(super) type Step = (Layer, usize);

fn convolution() -> impl Strategy<Value = Layer> {
    (prop_oneof![Just(4_i64), Just(16), 1_i64..=9], 1_i64..=3, 1_i64..=2, 0_i64..=1, any::<bool>()).prop_map(
        |(channels, kernel, stride, padding, depthwise)| {
            let (out_channels, groups) = match depthwise {
                true => (Channels::TimesInput(1), Groups::InputChannels),
                false => (Channels::Count(channels), Groups::Count(1)),
            };
            Layer::from(Conv2d {
                out_channels,
                groups,
                kernel_size: Pair::square(kernel),
                stride: Pair::square(stride),
                padding: Padding::Explicit(Pair::square(padding)),
                ..Conv2d::default()
            })
        },
    )
}

/// Views of the sizes that powers of two often allow.
fn view() -> impl Strategy<Value = Layer> {
    let shapes = [
        &[-1, 16, 2, 2][..],
        &[-1, 4, 4, 4],
        &[-1, 2, 4, 8],
        &[-1, 1, 1, 4],
        &[-1, 1, 4, 1],
        &[-1, 4, 1, 1],
        &[-1, 4, 16],
        &[-1, 16, 4],
        &[-1, 2, 2, 4, 4],
        &[-1, 64],
        &[4, 4, -1, 2],
        &[-1],
    ];
    prop::sample::select(shapes.map(<[i64]>::to_vec).to_vec()).prop_map(|shape| Layer::from(View { shape }))
}

fn plain() -> impl Strategy<Value = Layer> {
    prop::sample::select(vec![
        Kind::ReLU,
        Kind::Hardswish,
        Kind::Tanh,
        Kind::BatchNorm2d,
        Kind::BatchNorm1d,
        Kind::GroupNorm,
        Kind::LayerNorm,
        Kind::LayerNorm2d,
        Kind::InstanceNorm2d,
        Kind::LocalResponseNorm,
        Kind::Softmax,
        Kind::Linear,
        Kind::Flatten,
        Kind::Mean,
        Kind::Dropout,
        Kind::ChannelShuffle,
        Kind::PixelShuffle,
        Kind::PixelUnshuffle,
        Kind::ZeroPad2d,
        Kind::AvgPool2d,
        Kind::ConvTranspose2d,
        Kind::AdaptiveAvgPool2d,
        Kind::Transpose,
        Kind::ConvTranspose1d,
        Kind::MaxPool1d,
        Kind::AvgPool1d,
        Kind::AdaptiveAvgPool1d,
        Kind::AdaptiveMaxPool1d,
        Kind::InstanceNorm1d,
    ])
    .prop_map(Kind::layer)
}

/// Over lines, as one over maps.
fn line() -> impl Strategy<Value = Layer> {
    convolution().prop_map(|layer| Conv1d::from(&Conv2d::of(&layer).expect("a convolution")).into())
}

pub(super) fn layer() -> impl Strategy<Value = Layer> {
    prop_oneof![
        3 => convolution(),
        2 => line(),
        3 => view(),
        4 => plain(),
        1 => (1_i64..=5, -5_i64..=4, 0_i64..=3).prop_map(|(chunks, index, dim)| Chunk { chunks, index, dim }.into()),
        1 => (0_i64..=3, 0_i64..=3).prop_map(|(dim0, dim1)| Transpose { dim0, dim1 }.into()),
        1 => Just(Permute { dims: vec![0, 3, 1, 2] }.into()),
        1 => Just(PReLU { num_parameters: Channels::TimesInput(1) }.into()),
        1 => (1_i64..=3, any::<bool>()).prop_map(|(kernel, ceil_mode)| {
            MaxPool2d { kernel_size: Pair::square(kernel), stride: Some(Pair::square(2)), ceil_mode, ..MaxPool2d::default() }
                .into()
        }),
        1 => (1_i64..=3).prop_map(|size| {
            let output_size = OutputSize { height: Some(size), width: None };
            convscope::model::AdaptiveMaxPool2d { output_size }.into()
        }),
        2 => Just(Kind::Add.layer()),
        2 => Just(Kind::Mul.layer()),
        2 => (-1_i64..=2).prop_map(|dim| Cat { dim }.into()),
    ]
}

/// The layers that can take what is above them, in order.
pub(super) fn network(input: Dims, steps: Vec<Step>, batch: u64) -> Network {
    let mut network = Network { name: "case".to_string(), input, nodes: Vec::new(), uncalled: Vec::new() };
    for (number, (layer, above)) in steps.into_iter().enumerate() {
        let source = |back: usize| match network.nodes.len().checked_sub(back) {
            Some(index) if index < network.nodes.len() => Source::Node(network.nodes[index].id),
            _ => Source::Input,
        };
        let inputs = match layer.kind() {
            Kind::Add | Kind::Mul | Kind::Cat => Inputs::From(vec![source(1), source(1 + above)]),
            _ if above == 3 => Inputs::From(vec![source(2)]),
            _ => Inputs::Above,
        };
        let node = Node { id: NodeId(number as u32), name: format!("n{number}"), layer, inputs, ..node() };
        network.nodes.push(node);
        let shapes = shape::infer(&network, &network.wiring(), batch);
        let fits = matches!(shapes.nodes.last(), Some(NodeShape::Known(dims)) if dims.elements().is_some_and(|n| n > 0 && n < 4096));
        if !fits {
            network.nodes.pop();
        }
    }
    network
}

fn node() -> Node {
    let call = convscope::model::Call::Module;
    Node { id: NodeId(0), name: String::new(), layer: Kind::Identity.layer(), inputs: Inputs::Above, call }
}

fn run(network: &Network, batch: u64, (fuse, kernels): (bool, Kernels)) -> Result<Vec<f32>, String> {
    let weights = WeightSource::Seeded(Seeding::default());
    let options = PlanOptions { batch, fuse, kernels, ..PlanOptions::default() };
    let mut plan = Plan::new(network, &weights, &options).map_err(|error| error.to_string())?;
    let input = seeded_input(7, 0, plan.input_mut().len(), 1.0);
    plan.set_input(&input).map_err(|error| error.to_string())?;
    plan.run();
    Ok(plan.output().to_vec())
}

proptest! {
    #![proptest_config(super::cases(5000))]

    #[test]
    fn every_way_agrees(
        input in prop::sample::select(vec![
            &[4, 4, 4][..], &[16, 2, 2], &[1, 8, 8], &[3, 6, 5], &[4, 1, 1], &[64], &[8, 8], &[2, 4, 4, 4],
        ]),
        steps in prop::collection::vec((layer(), 1_usize..=3), 1..12),
        batch in 1_u64..=2,
    ) {
        let network = network(Dims::new(input).expect("few sizes"), steps, batch);
        if network.nodes.is_empty() {
            return Ok(());
        }
        // The engine counts what it does by itself, and the cost model never sees it: each is the other's oracle.
        let macs = analyze(&network, &Settings { batch, ..Settings::default() }).totals.figures.macs.0;
        for fuse in [false, true] {
            let options = PlanOptions { batch, fuse, ..PlanOptions::default() };
            if let Ok(plan) = Plan::new(&network, &WeightSource::Seeded(Seeding::default()), &options) {
                prop_assert_eq!(plan.steps().iter().map(|step| step.macs).sum::<u64>(), macs);
            }
        }
        let expected = run(&network, batch, (false, Kernels::Reference));
        for way in [(true, Kernels::Reference), (false, Kernels::Fast), (true, Kernels::Fast)] {
            let found = run(&network, batch, way);
            let (Ok(found), Ok(expected)) = (&found, &expected) else {
                prop_assert_eq!(&found, &expected);
                continue;
            };
            let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!((found - expected).abs() <= 1e-4 * largest, "{:?}: {} instead of {}", way, found, expected);
            }
        }
    }
}

proptest! {
    #![proptest_config(super::cases(400))]

    /// What a row makes, of a network that goes on behind it, is what the network makes that ends with it.
    #[test]
    fn every_row_is_seen_as_it_is(
        input in prop::sample::select(vec![&[4, 4, 4][..], &[16, 2, 2], &[1, 8, 8], &[3, 6, 5], &[64], &[8, 8]]),
        steps in prop::collection::vec((layer(), 1_usize..=3), 1..10),
    ) {
        let network = network(Dims::new(input).expect("few sizes"), steps, 1);
        let length = network.input.sizes().iter().product::<u64>() as usize;
        let values = seeded_input(7, 0, length, 1.0);
        let mut rows: Vec<Option<Vec<f32>>> = vec![None; network.nodes.len()];
        let seen = each_activation(&network, &WeightSource::Seeded(Seeding::default()), &values, &mut |row, values| {
            rows[row] = Some(values);
        });
        prop_assert_eq!(seen.is_ok(), run(&network, 1, (false, Kernels::Reference)).is_ok());
        if seen.is_err() {
            return Ok(());
        }
        for (row, found) in rows.iter().enumerate() {
            let Some(found) = found else { continue };
            let upto = Network { nodes: network.nodes[..=row].to_vec(), ..network.clone() };
            let expected = run(&upto, 1, (false, Kernels::Reference)).expect("a part of what runs");
            let largest = expected.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!((found - expected).abs() <= 1e-4 * largest, "row {}: {} instead of {}", row, found, expected);
            }
        }
    }
}
