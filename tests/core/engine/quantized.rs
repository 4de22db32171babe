//! 8-bit numbers against f32.

use convscope::engine::kernels::aligned::Aligned;
use convscope::engine::kernels::crew::Crew;
use convscope::engine::kernels::matrix::{Finish, PixelSteps};
use convscope::engine::kernels::quantized::{
    Packing, QuantizedDepthwise, QuantizedGroup, QuantizedMatrix, Rescaling, as_bytes, as_bytes_mut, depthwise,
    multiply, pack_depthwise,
};
use convscope::engine::{Numbers, Plan, PlanOptions, Seeding, WeightSource, seeded_input};
use convscope::model::{Channels, Conv2d, Dims, Groups, Kind, Layer, Linear, Network, Padding, Pair, presets};
use proptest::prelude::*;

fn run(network: &Network, seeding: &Seeding, batch: u64, numbers: Numbers) -> (Vec<f32>, Vec<f32>) {
    let options = PlanOptions { batch, numbers, ..PlanOptions::default() };
    let mut plan = Plan::new(network, &WeightSource::Seeded(seeding.clone()), &options).expect("a plan");
    let input = seeded_input(seeding.seed, 0, plan.input_mut().len(), 1.0);
    plan.set_input(&input).expect("the input's length");
    plan.run();
    (input, plan.output().to_vec())
}

/// Numbers of 8 bits from a seed; the largest ones often.
fn bytes(seed: u64, length: usize, lowest: i8) -> Vec<i8> {
    let value = |x: f32| ((x * 160.0).round() as i32).clamp(i32::from(lowest), 127) as i8;
    seeded_input(seed, 0, length, 1.0).into_iter().map(value).collect()
}

fn filled(length: usize, values: &[i8]) -> Aligned {
    let mut memory = Aligned::zeros(length.div_ceil(4) + 4);
    as_bytes_mut(&mut memory)[..values.len()].copy_from_slice(values);
    memory
}

/// How a network's output in 8 bits differs from that in f32, and the most that half steps explain: with steps a for
/// inputs and b for weights, both half a step off at most, a sum of n products is at most
/// n (a / 2 max|w| + b / 2 max|x| + a b / 4) off.
fn is_off_by_half_steps_only(network: &Network, fan_in: usize, batch: u64) -> Result<(), TestCaseError> {
    let seeding = Seeding { seed: 3, ..Seeding::default() };
    let (input, exact) = run(network, &seeding, batch, Numbers::F32);
    let (_, found) = run(network, &seeding, batch, Numbers::Int8);
    let largest = input.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    let weight = 1.0 / (fan_in as f32).sqrt();
    let (a, b) = (largest / 127.0, weight / 127.0);
    let bound = fan_in as f32 * (a / 2.0 * weight + b / 2.0 * largest + a * b / 4.0) + 1e-4;
    for (found, exact) in found.iter().zip(&exact) {
        prop_assert!((found - exact).abs() <= bound, "{} instead of {}, allowed {}", found, exact, bound);
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(200))]

    #[test]
    fn one_convolution_is_off_by_half_steps_only(
        channels in (1_u64..=17, 1_i64..=21), height in 1_u64..=9, width in 1_u64..=9, kernel in 1_i64..=5, stride in 1_i64..=3,
        padding in 0_i64..=2, dilation in 1_i64..=2, groups in 0_i64..=3, batch in 1_u64..=2,
    ) {
        let (inputs, outputs, groups) = match groups {
            0 => (channels.0, Channels::TimesInput(1), Groups::InputChannels),
            groups => (channels.0 * groups as u64, Channels::Count(channels.1 * groups), Groups::Count(groups)),
        };
        let conv = Conv2d {
            out_channels: outputs,
            groups,
            kernel_size: Pair::square(kernel),
            stride: Pair::square(stride),
            padding: Padding::Explicit(Pair::square(padding)),
            dilation: Pair::square(dilation),
            ..Conv2d::default()
        };
        prop_assume!(height.min(width) as i64 + 2 * padding > dilation * (kernel - 1));
        let group_inputs = if groups == Groups::InputChannels { 1 } else { channels.0 as usize };
        let input = Dims::new(&[inputs, height, width]).expect("three sizes");
        let network = Network::chain("case", input, [("conv".to_string(), Layer::from(conv))]);
        is_off_by_half_steps_only(&network, group_inputs * (kernel * kernel) as usize, batch)?;
    }

    #[test]
    fn one_matrix_product_is_off_by_half_steps_only(
        channels in 1_u64..=9, height in 1_u64..=4, width in 1_u64..=5, outputs in 1_i64..=20, batch in 1_u64..=5,
    ) {
        let input = Dims::new(&[channels, height, width]).expect("three sizes");
        let linear = Linear { out_features: outputs, bias: true };
        let layers = [("flatten".to_string(), Kind::Flatten.layer()), ("linear".to_string(), Layer::from(linear))];
        let network = Network::chain("case", input, layers);
        is_off_by_half_steps_only(&network, (channels * height * width) as usize, batch)?;
    }

    /// Sums are whole numbers, and both ways to add them up are exact.
    #[test]
    fn matrix_products_are_exact(
        batch in 1_usize..=2, height in 1_usize..=5, width in 1_usize..=5, steps in 1_usize..=5, pieces in 1_usize..=3,
        outputs in 1_usize..=19, groups in 1_usize..=2, fours in any::<bool>(), seed in any::<u64>(),
    ) {
        let (packing, lowest) = if fours { (Packing::Fours, 0) } else { (Packing::Pairs, -127) };
        let depth = steps * 8;
        let positions = pieces * depth;
        let pixels = batch * height * width;
        // A window covers as many pixels in a row as there are pieces.
        let pixel = groups * depth;
        let input = bytes(seed, (pixels + pieces) * pixel, lowest);
        let weight = bytes(seed ^ 1, groups * outputs * positions, -127);
        let at = |group: usize, output: usize, position: usize| weight[(group * outputs + output) * positions + position];
        let packed = (0..groups).map(|group| {
            let scales = (vec![1.0; outputs], vec![0.5; outputs]);
            QuantizedGroup::pack(packing, positions, scales, |output, position| at(group, output, position))
        });
        let steps_of = |pixel: usize| PixelSteps { first: 0, column: pixel, row: width * pixel, image: height * width * pixel };
        let job = QuantizedMatrix {
            batch, height, width, outputs, depth, packing,
            segments: (0..pieces).map(|piece| (piece * pixel) as u32).collect(),
            input: steps_of(pixel),
            output: steps_of(groups * outputs),
            residual: PixelSteps::default(),
            group_inputs: depth,
            groups: packed.collect(),
            rescaling: Rescaling::new(Finish::None, None, 1.0),
        };
        let input_memory = filled(input.len(), &input);
        let mut output = vec![0.0; pixels * groups * outputs];
        let mut scratch = Aligned::zeros(job.scratch());
        multiply(&job, &input_memory, &[], &mut output, &mut scratch, Crew::ALONE);
        for (index, found) in output.iter().enumerate() {
            let (at_pixel, group, output) = (index / (groups * outputs), index / outputs % groups, index % outputs);
            let product = |position: usize| {
                let place = (at_pixel + position / depth) * pixel + group * depth + position % depth;
                i32::from(input[place]) * i32::from(at(group, output, position))
            };
            let sum: i32 = (0..positions).map(product).sum();
            prop_assert_eq!(*found, sum as f32 + 0.5);
        }
    }

    /// Depthwise sums are exact too, and quantised outputs are the nearest whole numbers within the bounds.
    #[test]
    fn depthwise_sums_are_exact(
        height in 1_usize..=4, width in 1_usize..=9, channels in 1_usize..=19, kernel in (1_usize..=5, 1_usize..=6),
        stride in 1_usize..=3, dilation in 1_usize..=2, quantized in any::<bool>(), seed in any::<u64>(),
    ) {
        let pixel = channels.next_multiple_of(8);
        let line = ((width - 1) * stride + (kernel.1 - 1) * dilation + 1) * pixel;
        let rows = (height - 1) * stride + (kernel.0 - 1) * dilation + 1;
        let input = bytes(seed, rows * line, -127);
        let weight = bytes(seed ^ 1, channels * kernel.0 * kernel.1, -127);
        let at = |channel: usize, row: usize, column: usize| weight[(channel * kernel.0 + row) * kernel.1 + column];
        let scale = 0.003;
        let job = QuantizedDepthwise {
            batch: 1, height, width, channels,
            kernel: [kernel.0, kernel.1],
            input: PixelSteps { first: 0, column: stride * pixel, row: stride * line, image: 0 },
            tap: [dilation * line, dilation * pixel],
            output: PixelSteps { first: 0, column: pixel, row: width * pixel, image: 0 },
            weight: pack_depthwise(channels, [kernel.0, kernel.1], at),
            scale: vec![if quantized { scale } else { 1.0 }; pixel],
            bias: vec![0.0; pixel],
            rescaling: Rescaling::new(Finish::Relu, quantized.then_some(1.0), 1.0),
        };
        let memory = filled(input.len(), &input);
        let mut output = Aligned::zeros(height * width * pixel + 4);
        depthwise(&job, &memory, &mut output, Crew::ALONE);
        for index in 0..height * width * channels {
            let (row, column, channel) = (index / channels / width, index / channels % width, index % channels);
            let mut sum = 0;
            for tap_row in 0..kernel.0 {
                for tap in 0..kernel.1 {
                    let from = (row * stride + tap_row * dilation) * line + (column * stride + tap * dilation) * pixel;
                    sum += i32::from(input[from + channel]) * i32::from(at(channel, tap_row, tap));
                }
            }
            let place = (row * width + column) * pixel + channel;
            if quantized {
                let expected = (sum as f32 * scale).round_ties_even().clamp(0.0, 127.0);
                prop_assert_eq!(f32::from(as_bytes(&output)[place]), expected);
            } else {
                prop_assert_eq!(output[place], (sum as f32).max(0.0));
            }
        }
    }
}

/// The size that the page tells: one byte for each weight, four for each bias.
#[test]
fn weights_of_the_first_networks_take_a_quarter() {
    for (id, weights, biases) in [("seed_separable", 11_268, 80), ("seed_standard", 11_708, 67)] {
        let Some(preset) = presets::find(id) else { panic!("no preset {id}") };
        let weight_bytes = |numbers: Numbers| {
            let options = PlanOptions { numbers, ..PlanOptions::default() };
            let plan = Plan::new(&preset.network(), &WeightSource::Seeded(Seeding::default()), &options);
            plan.expect("a plan").steps().iter().map(|step| step.weight_bytes).sum::<u64>()
        };
        println!("{id}: {} of {}", weight_bytes(Numbers::Int8), weight_bytes(Numbers::F32));
        assert_eq!(weight_bytes(Numbers::Int8), weights + 4 * biases, "{id}");
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
