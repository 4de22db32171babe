//! Every fast kernel against plain loops, over odd shapes.

use convscope::engine::{Kernels, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use convscope::model::{
    AvgPool2d, Call, Channels, Conv2d, ConvTranspose2d, Dims, Groups, Inputs, Kind, Layer, Linear, MaxPool2d, Network,
    Node, NodeId, Padding, PaddingMode, Pair, Source,
};
use proptest::prelude::*;

/// Runs a network with both kinds of kernels, fused and not, and compares.
fn agree(network: &Network, batch: u64) -> Result<(), TestCaseError> {
    let weights = WeightSource::Seeded(Seeding { seed: 7, gain: 6.0, ..Seeding::default() });
    let mut outputs = Vec::new();
    for (fuse, kernels) in
        [(false, Kernels::Reference), (true, Kernels::Reference), (false, Kernels::Fast), (true, Kernels::Fast)]
    {
        let Ok(mut plan) =
            Plan::new(network, &weights, &PlanOptions { batch, fuse, kernels, ..PlanOptions::default() })
        else {
            // A shape that PyTorch refuses too.
            return Ok(());
        };
        let input = seeded_input(7, 0, plan.input_mut().len(), 2.0);
        plan.set_input(&input).expect("the input's length");
        plan.run();
        outputs.push(plan.output().to_vec());
    }
    let largest = outputs[0]
        .iter()
        .fold(1.0_f32, |largest, value| if value.is_finite() { largest.max(value.abs()) } else { largest });
    for output in &outputs[1..] {
        prop_assert_eq!(output.len(), outputs[0].len());
        for (&found, &expected) in output.iter().zip(&outputs[0]) {
            prop_assert!(
                found == expected || (found - expected).abs() <= 1e-5 * largest,
                "{} instead of {}",
                found,
                expected
            );
        }
    }
    Ok(())
}

fn chain(input: [u64; 3], layers: Vec<Layer>) -> Network {
    let named = layers.into_iter().enumerate().map(|(index, layer)| (format!("layer{index}"), layer));
    Network::chain("case", Dims::new(&input).expect("three sizes"), named)
}

fn pair(range: std::ops::RangeInclusive<i64>) -> impl Strategy<Value = Pair> {
    (range.clone(), range).prop_map(|(height, width)| Pair::new(height, width))
}

fn image() -> impl Strategy<Value = [u64; 3]> {
    let (channels, side) = (super::up_to(40, 9), super::up_to(18, 5));
    (prop_oneof![1_u64..=5, 1..=channels], 1..=side, 1..=side)
        .prop_map(|(channels, height, width)| [channels, height, width])
}

fn activation() -> impl Strategy<Value = Layer> {
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| kind.is_elementwise_activation()).collect();
    proptest::sample::select(kinds).prop_map(Kind::layer)
}

fn padding() -> impl Strategy<Value = Padding> {
    prop_oneof![pair(0..=3).prop_map(Padding::Explicit), Just(Padding::Same), Just(Padding::Valid)]
}

fn padding_mode() -> impl Strategy<Value = PaddingMode> {
    prop_oneof![
        5 => Just(PaddingMode::Zeros),
        1 => Just(PaddingMode::Reflect),
        1 => Just(PaddingMode::Replicate),
        1 => Just(PaddingMode::Circular)
    ]
}

prop_compose! {
    fn convolution()(
        out_channels in prop_oneof![1_i64..=5, 1..=super::up_to(40, 9) as i64],
        kernel_size in prop_oneof![Just(Pair::square(1)), Just(Pair::square(3)), pair(1..=5)],
        stride in prop_oneof![Just(Pair::square(1)), pair(1..=4)],
        padding in padding(),
        dilation in prop_oneof![4 => Just(Pair::square(1)), 1 => pair(1..=3)],
        bias in any::<bool>(),
        padding_mode in padding_mode(),
    ) -> Conv2d {
        let out_channels = Channels::Count(out_channels);
        Conv2d { out_channels, kernel_size, stride, padding, dilation, bias, padding_mode, ..Conv2d::default() }
    }
}

proptest! {
    #![proptest_config(super::cases(300))]

    #[test]
    fn convolutions_agree(input in image(), conv in convolution(), after in activation(), batch in 1_u64..=3) {
        agree(&chain(input, vec![conv.into(), Kind::BatchNorm2d.layer(), after]), batch)?;
    }

    #[test]
    fn grouped_and_depthwise_convolutions_agree(
        input in image(), conv in convolution(), groups in 1_i64..=4, times in 1_i64..=2, depthwise in any::<bool>(),
    ) {
        let [channels, height, width] = input;
        let (channels, groups, outputs) = if depthwise {
            (channels, Groups::InputChannels, Channels::TimesInput(times))
        } else {
            (channels * groups as u64, Groups::Count(groups), Channels::Count(groups * times * 3))
        };
        let conv = Conv2d { groups, out_channels: outputs, ..conv };
        agree(&chain([channels, height, width], vec![conv.into(), Kind::ReLU6.layer()]), 1)?;
    }

    /// Rows that several panels of weights share.
    #[test]
    fn wide_pointwise_convolutions_agree(
        channels in (60..=super::up_to(250, 62), 1_i64..=60), side in (7..=super::up_to(14, 7), 7..=super::up_to(14, 7)),
        bias in any::<bool>(),
    ) {
        let conv = Conv2d {
            out_channels: Channels::Count(channels.1),
            kernel_size: Pair::square(1),
            padding: Padding::Valid,
            bias,
            ..Conv2d::default()
        };
        agree(&chain([channels.0, side.0, side.1], vec![conv.into(), Kind::ReLU.layer()]), 1)?;
    }

    #[test]
    fn winograd_convolutions_agree(
        channels in (2..=super::up_to(6, 2), 2..=super::up_to(6, 2) as i64), height in 4..=super::up_to(19, 6),
        width in 4..=super::up_to(19, 6), padding in 0_i64..=2, batch in 1_u64..=2,
    ) {
        let conv = Conv2d {
            out_channels: Channels::Count(channels.1 * 4),
            padding: Padding::Explicit(Pair::square(padding)),
            ..Conv2d::default()
        };
        agree(&chain([channels.0 * 4, height, width], vec![conv.into(), Kind::ReLU.layer()]), batch)?;
    }

    #[test]
    fn transposed_convolutions_agree(input in image(), kernel_size in pair(1..=4), stride in pair(1..=3), padding in pair(0..=1)) {
        let conv = ConvTranspose2d { kernel_size, stride, padding, ..ConvTranspose2d::default() };
        agree(&chain(input, vec![conv.into(), Kind::ReLU.layer()]), 2)?;
    }

    #[test]
    fn pools_agree(
        input in image(), kernel_size in pair(1..=4), stride in pair(1..=4), padding in pair(0..=2),
        flags in (any::<bool>(), any::<bool>()), dilation in pair(1..=2), divisor in proptest::option::of(1_i64..=5),
    ) {
        let (ceil_mode, count_include_pad) = flags;
        let max = MaxPool2d { kernel_size, stride: Some(stride), padding, dilation, ceil_mode };
        agree(&chain(input, vec![max.into()]), 2)?;
        let average = AvgPool2d {
            kernel_size, stride: Some(stride), padding, ceil_mode, count_include_pad, divisor_override: divisor,
        };
        agree(&chain(input, vec![average.into(), Kind::Sigmoid.layer()]), 2)?;
    }

    #[test]
    fn linear_layers_agree(input in image(), features in (1_i64..=70, 1_i64..=20), batch in 1_u64..=7) {
        let linear = |out_features| Layer::from(Linear { out_features, bias: true });
        agree(&chain(input, vec![linear(features.0)]), batch)?;
        let flat = vec![Kind::ReLU.layer(), Kind::Flatten.layer(), linear(features.0), Kind::GELU.layer(), linear(features.1)];
        agree(&chain(input, flat), batch)?;
        let pooled = vec![Kind::MaxPool2d.layer(), Kind::Flatten.layer(), linear(features.0), Kind::BatchNorm1d.layer()];
        agree(&chain(input, pooled), batch)?;
    }

    #[test]
    fn every_layer_of_one_input_agrees(input in image(), kind in proptest::sample::select(Kind::ALL), batch in 1_u64..=2) {
        agree(&chain(input, vec![kind.layer(), Kind::Identity.layer()]), batch)?;
    }

    #[test]
    fn branches_agree(channels in 1_u64..=9, size in 3_u64..=9, kinds in proptest::sample::select(vec![Kind::Add, Kind::Mul, Kind::Cat]), after in activation()) {
        let conv = |outputs: u64, kernel: i64| Conv2d {
            out_channels: Channels::Count(outputs as i64),
            kernel_size: Pair::square(kernel),
            padding: Padding::Same,
            ..Conv2d::default()
        };
        let node = |id: u32, layer: Layer, inputs: &[u32]| Node {
            id: NodeId(id),
            name: format!("node{id}"),
            call: Call::Module,
            layer,
            inputs: Inputs::From(inputs.iter().map(|&input| if input == 0 { Source::Input } else { Source::Node(NodeId(input)) }).collect()),
        };
        let nodes = vec![
            node(1, conv(channels * 4, 3).into(), &[0]),
            node(2, conv(channels * 4, 1).into(), &[1]),
            node(3, Kind::BatchNorm2d.layer(), &[2]),
            node(4, conv(channels * 4, 3).into(), &[1]),
            node(5, kinds.layer(), &[3, 4]),
            node(6, after, &[5]),
            node(7, Kind::Add.layer(), &[6, 5]),
            node(8, Kind::AdaptiveAvgPool2d.layer(), &[7]),
            node(9, Kind::Mul.layer(), &[7, 8]),
            node(10, Kind::Cat.layer(), &[9, 1, 1]),
        ];
        let input = Dims::new(&[channels, size, size]).expect("three sizes");
        agree(&Network { name: "case".to_string(), input, nodes, uncalled: Vec::new() }, 2)?;
    }
}
