use convscope::cost::{Settings, analyze};
use convscope::device::{CATALOGUE, Fit, Int8Flash, Latency, QuantisedSizes, quantised_sizes, saved_sizes};
use convscope::model::{Channels, Conv2d, Dims, Kind, Layer, Linear, Network, PReLU, Padding, Pair};
use convscope::rewrite::{HiddenLayers, PooledHead, Rewrite, apply};

use crate::golden::{self, Failures};
use crate::rewrite::seed;

use super::networks::{mobilenet_v1, mobilenet_v2, resnet8, squeezenet};

fn flash(network: &Network) -> Int8Flash {
    Int8Flash::of(network, &analyze(network, &Settings::default()))
}

/// KiB as ST's cards print them: up to two decimals.
fn kib(bytes: u64) -> String {
    let text = format!("{:.2}", bytes as f64 / 1024.0);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// STM32 model zoo, "Weights Flash" of the int8 networks.
#[test]
fn flash_is_sts_to_the_printed_digit() {
    let rows = [
        (mobilenet_v1(0.25, 224, 1000), "467.33"),
        (mobilenet_v1(0.5, 224, 1000), "1314"),
        (mobilenet_v1(1.0, 224, 1000), "4157.09"),
        (mobilenet_v1(0.25, 224, 5), "214.69"),
        (mobilenet_v1(0.5, 224, 5), "812.61"),
        (mobilenet_v1(0.25, 96, 5), "214.69"),
        (mobilenet_v2(0.35, 128, 5), "406.86"),
        (mobilenet_v2(0.35, 224, 1000), "1654.5"),
        (mobilenet_v2(1.0, 224, 1000), "3458.97"),
        (mobilenet_v2(1.4, 224, 1000), "6015.34"),
        (resnet8(), "76.9"),
        (squeezenet(128, 5), "716.71"),
    ];
    let mut failures = Failures::default();
    for (network, published) in rows {
        let flash = flash(&network);
        failures.check(flash.is_exact() && kib(flash.bytes()) == published, || {
            format!("{} {}: {} KiB, ST {published}", network.name, network.input, kib(flash.bytes()))
        });
    }
    failures.finish();
}

#[test]
fn golden_bytes_in_pytorchs_number_types() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let report = analyze(&network, &Settings::default());
        let QuantisedSizes {
            float32,
            float32_with_buffers,
            float16,
            dynamic_int8,
            static_int8,
            static_int8_with_scales,
            int4: _,
        } = quantised_sizes(&network, &report);
        let published = &file["quantisation"][which]["formula_bytes"];
        for (key, bytes) in [
            ("float32_params", float32),
            ("float32_params_and_float_buffers", float32_with_buffers),
            ("dynamic_int8_linear", dynamic_int8),
            ("static_int8_fused_weights_only", static_int8),
            ("static_int8_fused_int32_bias_per_channel_f32_scale", static_int8_with_scales),
        ] {
            failures.equal(&format!("{which} {key}"), Some(bytes), published[key].as_u64());
        }
        failures.equal(&format!("{which} f16"), float16, float32 / 2);
    }
    failures.finish();
}

/// The files that PyTorch wrote, to the byte.
#[test]
fn golden_bytes_of_saved_files() {
    let file = golden::read("transforms.json");
    let mut failures = Failures::default();
    for which in ["standard", "separable"] {
        let network = seed(which);
        let saved = saved_sizes(&network, &analyze(&network, &Settings::default()));
        let expected = &file["quantisation"][which];
        let written = |form: &str, key: &str| expected[form][key].as_u64();
        failures.equal(&format!("{which} float"), saved.float32, written("dynamic", "float_state_dict_bytes_saved"));
        failures.equal(&format!("{which} dynamic"), saved.dynamic_int8, written("dynamic", "state_dict_bytes_saved"));
        failures.equal(&format!("{which} static"), saved.static_int8, written("static", "state_dict_bytes_saved"));
    }
    failures.finish();
}

/// 828 and 440 bytes with a pooled head, whether folded before or not.
#[test]
fn golden_flash_of_the_pooled_heads() {
    let pooled = Rewrite::PooledHead(PooledHead { size: 1, hidden: HiddenLayers::Drop });
    for (which, bytes) in [("standard", 828), ("separable", 440)] {
        let network = seed(which);
        let pooled = apply(&network, &pooled).network;
        assert_eq!(flash(&pooled).bytes(), bytes);
        assert_eq!(flash(&apply(&pooled, &Rewrite::FoldBatchNorm).network).bytes(), bytes);
    }
}

/// Sums of what just fits 63 bits end at the largest number; they never start from zero again.
#[test]
fn sizes_of_the_largest_networks_do_not_wrap() {
    let huge = |input: u64, layers: &[Layer]| {
        Network::chain_of("case", Dims::new(&[input, 1, 1]).expect("three sizes"), layers.iter().cloned())
    };
    let linear = |out_features| Layer::from(Linear { out_features, bias: true });
    let prelu = Layer::from(PReLU { num_parameters: Channels::TimesInput(1) });
    let wide = Conv2d {
        kernel_size: Pair::square(1 << 32),
        padding: Padding::Explicit(Pair::square(1 << 32)),
        ..Conv2d::default()
    };
    let wide = Layer::from(Conv2d { stride: Pair::square(1 << 33), ..wide });
    for network in [
        huge(1 << 62, &[prelu.clone(), prelu]),
        huge(1 << 62, &[Kind::BatchNorm2d.layer(), Kind::GroupNorm.layer(), Kind::BatchNorm2d.layer()]),
        huge(1 << 40, &[Kind::Flatten.layer(), linear(1 << 62)]),
        huge(1 << 20, &[Kind::Flatten.layer(), linear(1 << 42), linear(1 << 20), linear(1 << 42)]),
        huge(1, &[wide]),
    ] {
        let report = analyze(&network, &Settings::default());
        let (params, flash) = (report.totals.figures.params().0, Int8Flash::of(&network, &report));
        let sizes = quantised_sizes(&network, &report);
        assert!(sizes.float32 >= params && sizes.float32_with_buffers >= sizes.float32, "{sizes:?}");
        assert!(sizes.dynamic_int8 >= params && sizes.static_int8_with_scales >= flash.bytes(), "{sizes:?}");
        assert!(flash.bytes() >= flash.weights.max(flash.others), "{flash:?}");
        for device in CATALOGUE {
            let fits = Fit::of(device, &network).is_some_and(|fit| fit.fits());
            assert!(!fits || params < device.ram.value, "{}", device.name);
            // It may refuse, but it ends.
            let _ = Latency::on(device, &network, &report);
        }
    }
}

/// What does not fold is a byte each; a module that is called twice is stored with each batch norm behind it.
#[test]
fn flash_of_what_does_not_fold() {
    let chain = |layers: &[Layer]| {
        Network::chain_of("case", Dims::new(&[3, 8, 8]).expect("three sizes"), layers.iter().cloned())
    };
    let conv = || Layer::from(Conv2d { out_channels: Channels::Count(8), ..Conv2d::default() });
    let slopes = Layer::from(PReLU { num_parameters: Channels::TimesInput(1) });
    assert_eq!(flash(&chain(&[conv(), slopes])).bytes(), 216 + 32 + 8);
    assert_eq!(flash(&chain(&[conv(), Kind::ReLU.layer(), Kind::BatchNorm2d.layer()])).bytes(), 216 + 32 + 16);
    // Conv2d(4, 4, 3), bn1, the same convolution, bn2: 144 weights and 4 biases, twice.
    let same = || {
        let padding = Padding::Explicit(Pair::square(1));
        Layer::from(Conv2d { out_channels: Channels::Count(4), padding, ..Conv2d::default() })
    };
    let rows =
        [("conv", same()), ("bn1", Kind::BatchNorm2d.layer()), ("conv", same()), ("bn2", Kind::BatchNorm2d.layer())];
    let rows = rows.map(|(name, layer)| (name.to_string(), layer));
    let twice = Network::chain("case", Dims::new(&[4, 8, 8]).expect("three sizes"), rows);
    assert_eq!(flash(&twice).bytes(), 2 * (144 + 16));
    let rows = [("conv", same()), ("relu", Kind::ReLU.layer()), ("conv", same())];
    let rows = rows.map(|(name, layer)| (name.to_string(), layer));
    let once = Network::chain("case", Dims::new(&[4, 8, 8]).expect("three sizes"), rows);
    assert_eq!(flash(&once).bytes(), 144 + 16);
}
