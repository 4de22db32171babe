//! 8-bit numbers against f32.

use convscope::engine::{Numbers, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use convscope::model::{Channels, Conv2d, Dims, Groups, Kind, Layer, Network, Padding, Pair, presets};
use proptest::prelude::*;

fn run(network: &Network, seeding: &Seeding, batch: usize, numbers: Numbers) -> (Vec<f32>, Vec<f32>) {
    let options = PlanOptions { batch, numbers, ..PlanOptions::default() };
    let mut plan = Plan::new(network, &WeightSource::Seeded(seeding.clone()), &options).expect("a plan");
    let input = seeded_input(seeding.seed, 0, plan.input_mut().len(), 1.0);
    plan.set_input(&input).expect("the input's length");
    plan.run();
    (input, plan.output().to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// With steps a for inputs and b for weights, both half a step off at most, a sum of n products is at most
    /// n (a / 2 max|w| + b / 2 max|x| + a b / 4) off.
    #[test]
    fn one_convolution_is_off_by_half_steps_only(
        channels in (1_u64..=4, 1_i64..=5), height in 1_u64..=9, width in 1_u64..=9, kernel in 1_i64..=5, stride in 1_i64..=3,
        padding in 0_i64..=2, dilation in 1_i64..=2, depthwise in any::<bool>(), batch in 1_usize..=2,
    ) {
        let (inputs, outputs) = (channels.0 * 4, channels.1 * 4);
        let conv = Conv2d {
            out_channels: if depthwise { Channels::TimesInput(1) } else { Channels::Count(outputs) },
            groups: if depthwise { Groups::InputChannels } else { Groups::Count(1) },
            kernel_size: Pair::square(kernel),
            stride: Pair::square(stride),
            padding: Padding::Explicit(Pair::square(padding)),
            dilation: Pair::square(dilation),
            ..Conv2d::default()
        };
        let input = Dims::new(&[inputs, height, width]).expect("three sizes");
        prop_assume!(height.min(width) as i64 + 2 * padding > dilation * (kernel - 1));
        let network = Network::chain("case", input, [("conv".to_string(), Layer::from(conv))]);
        let seeding = Seeding { seed: 3, ..Seeding::default() };
        let (input, exact) = run(&network, &seeding, batch, Numbers::F32);
        let (_, found) = run(&network, &seeding, batch, Numbers::Int8);
        let fan_in = (if depthwise { 1 } else { inputs } as i64 * kernel * kernel) as f32;
        let largest = input.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let weight = 1.0 / fan_in.sqrt();
        let (a, b) = (largest / 127.0, weight / 127.0);
        let bound = fan_in * (a / 2.0 * weight + b / 2.0 * largest + a * b / 4.0) + 1e-4;
        for (found, exact) in found.iter().zip(&exact) {
            prop_assert!((found - exact).abs() <= bound, "{} instead of {}, allowed {}", found, exact, bound);
        }
    }
}

#[test]
fn known_networks_stay_close() {
    for (id, allowed) in
        [("mlperf_tiny_vww", 0.1), ("mlperf_tiny_ic", 0.1), ("mobilenet_v2", 0.25), ("squeezenet1_1", 0.1)]
    {
        let network = presets::find(id).expect("a preset").network();
        let seeding = Seeding { gain: 6.0, ..Seeding::default() };
        let (_, exact) = run(&network, &seeding, 1, Numbers::F32);
        let (_, found) = run(&network, &seeding, 1, Numbers::Int8);
        let norm =
            |values: &mut dyn Iterator<Item = f32>| values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        let off =
            norm(&mut found.iter().zip(&exact).map(|(found, exact)| found - exact)) / norm(&mut exact.iter().copied());
        println!("{id}: {off:.4} off");
        assert!(off > 0.0 && off < allowed, "{id}: {off} of the output's length off, allowed {allowed}");
    }
}

#[test]
fn what_has_no_kernel_for_8_bits_runs_in_f32() {
    let layers = [Kind::Conv2d, Kind::GELU, Kind::Conv2d, Kind::GroupNorm, Kind::Flatten, Kind::Linear, Kind::Softmax];
    let named = layers.into_iter().enumerate().map(|(index, kind)| (format!("layer{index}"), kind.layer()));
    let network = Network::chain("case", Dims::new(&[3, 9, 8]).expect("three sizes"), named);
    let (_, exact) = run(&network, &Seeding::default(), 2, Numbers::F32);
    let (_, found) = run(&network, &Seeding::default(), 2, Numbers::Int8);
    assert!(found.iter().zip(&exact).all(|(found, exact)| (found - exact).abs() < 0.02));
}
