use convscope::cost::{NumberType, Settings, analyze};
use convscope::device::{Basis, Int8Ram, PLANNED, RamBand};
use convscope::model::Network;
use convscope::pytorch::{Options, import};

use crate::golden::Failures;

use super::networks::{ds_cnn, mobilenet_v1, mobilenet_v2, resnet8, squeezenet};

fn ram(network: &Network) -> Int8Ram {
    let report = analyze(network, &Settings { number_type: NumberType::Int8, ..Settings::default() });
    Int8Ram::of(network, &report).expect("all shapes are known")
}

fn build(name: &str) -> Network {
    match name {
        "MobileNetV1 0.25-224 (1000)" => mobilenet_v1(0.25, 224, 1000),
        "MobileNetV1 0.5-224 (1000)" => mobilenet_v1(0.5, 224, 1000),
        "MobileNetV1 1.0-224 (1000)" => mobilenet_v1(1.0, 224, 1000),
        "MobileNetV1 0.25-96 (5)" => mobilenet_v1(0.25, 96, 5),
        "MobileNetV2 0.35-128 (5)" => mobilenet_v2(0.35, 128, 5),
        "MobileNetV2 0.35-224 (1000)" => mobilenet_v2(0.35, 224, 1000),
        "MobileNetV2 1.0-224 (1000)" => mobilenet_v2(1.0, 224, 1000),
        "MobileNetV2 1.4-224 (1000)" => mobilenet_v2(1.4, 224, 1000),
        "ResNet-8 32 (10)" => resnet8(),
        "SqueezeNet1.1-128 (5)" => squeezenet(128, 5),
        "SqueezeNet1.1-224 (5)" => squeezenet(224, 5),
        _ => panic!("no network {name}"),
    }
}

#[test]
fn planned_arenas_are_those_of_the_networks() {
    let mut failures = Failures::default();
    for planned in PLANNED {
        let arena = ram(&build(planned.network)).plain;
        failures.check(arena == planned.arena, || {
            format!("{}: {arena}, ST {} times", planned.network, planned.published_kib * 1024.0 / arena as f64)
        });
    }
    failures.finish();
}

#[test]
fn the_band_is_what_st_published() {
    let band = RamBand::of_published();
    assert!(band.low < 1.0 && band.high > 1.0 && band.networks == PLANNED.len());
}

/// Visual wake words: with a float input the quantising step alone takes 138,240 bytes (MLTK measured the same head).
/// Keyword spotting: 16,000 bytes; ResNet-8: 49,152. Both pad as TensorFlow does.
#[test]
fn arenas_are_those_of_mltk() {
    assert_eq!(ram(&mobilenet_v1(0.25, 96, 2)).with_float_input, 138_240);
    let with_same = |network: &Network| match ram(network).basis {
        Basis::Runtime { with_same, .. } => with_same,
        Basis::Tensors(why) => panic!("{why}"),
    };
    assert_eq!(ram(&ds_cnn()).arena, 16_000);
    assert_eq!(with_same(&resnet8()), Some(49_152));
}

/// The network of a `nn.Sequential`.
fn sequential(layers: &str, input: &str) -> Network {
    let text = format!("import torch.nn as nn\nmodel = nn.Sequential({layers})\n");
    let found = import(&text, &Options { input: Some(input.parse().expect("a shape")) });
    found.models.into_iter().next().unwrap_or_else(|| panic!("{layers}: {:?}", found.problems)).network
}

/// The heads that tflite-micro 0.dev20261023182759 recorded.
#[test]
fn heads_of_single_layers() {
    let conv = "nn.Conv2d(3, 8, 3, padding=1)";
    let behind = |layer: &str| format!("{conv}, {layer}");
    let separable = format!(
        "{conv}, nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.Conv2d(8, 16, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)"
    );
    let flattened = "nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(2048, 10)";
    let pooled = "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)";
    let rows = [
        (behind("nn.ReLU()"), "3x16x16", 2_816),
        (behind("nn.ReLU6()"), "3x16x16", 2_816),
        (behind("nn.Hardswish()"), "3x16x16", 4_096),
        (behind("nn.Sigmoid()"), "3x16x16", 4_096),
        (behind("nn.LeakyReLU()"), "3x16x16", 4_096),
        (behind("nn.PReLU()"), "3x16x16", 4_096),
        (behind("nn.Tanh()"), "3x16x16", 4_096),
        (behind("nn.Hardsigmoid()"), "3x16x16", 4_096),
        (behind("nn.SiLU()"), "3x16x16", 6_144),
        (behind("nn.ELU()"), "3x16x16", 16_384),
        (behind("nn.GroupNorm(2, 8)"), "3x16x16", 18_448),
        (flattened.to_string(), "1x16x16", 4_096),
        (pooled.to_string(), "64x16x16", 16_736),
        (separable.clone(), "3x32x32", 17_440),
        (separable, "3x33x33", 12_000),
        (behind("nn.ConvTranspose2d(8, 8, 2, stride=2)"), "3x16x16", 43_008),
    ];
    let mut failures = Failures::default();
    for (layers, input, head) in rows {
        let ram = ram(&sequential(&layers, input));
        let by_rules = matches!(ram.basis, Basis::Runtime { .. });
        failures.check(by_rules && ram.arena == head, || format!("{layers} on {input}: {ram:?}, recorded {head}"));
    }
    failures.finish();
    let gelu = ram(&sequential(&behind("nn.GELU()"), "3x16x16"));
    assert!(matches!(&gelu.basis, Basis::Tensors(why) if why.contains("no int8 kernel for GELU")), "{gelu:?}");
    // TensorFlow's own padding is the way out on even maps.
    let even = ram(&sequential("nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, stride=2, padding=1)", "3x32x32"));
    assert!(matches!(even.basis, Basis::Runtime { with_same: Some(bytes), .. } if bytes < even.arena), "{even:?}");
}

/// Whoever edits a long network does not wait for its conversion.
#[test]
fn long_networks_are_planned_without_the_conversion() {
    let input = convscope::model::Dims::new(&[4, 8, 8]).expect("three sizes");
    let layers = std::iter::repeat_n(convscope::model::Kind::ReLU.layer(), 1_001);
    let long = ram(&Network::chain_of("long", input, layers));
    assert!(matches!(&long.basis, Basis::Tensors(why) if why.contains("1000 rows")), "{long:?}");
    assert_eq!(long.arena, long.plain);
}
