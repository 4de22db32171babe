use convscope::device::{Int8Ram, PLANNED, RamBand};
use convscope::model::Network;

use crate::golden::Failures;

use super::networks::{ds_cnn, mobilenet_v1, mobilenet_v2, resnet8, squeezenet};

fn ram(network: &Network) -> Int8Ram {
    Int8Ram::of(network).expect("all shapes are known")
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
        let arena = ram(&build(planned.network)).arena;
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
/// Keyword spotting: 16,000 bytes; ResNet-8: 49,152.
#[test]
fn arenas_are_tensorflow_lite_micros() {
    let wake_words = ram(&mobilenet_v1(0.25, 96, 2));
    assert_eq!(wake_words.with_float_input, 138_240);
    assert!(wake_words.arena < 70_000);
    assert_eq!(ram(&ds_cnn()).arena, 16_000);
    assert_eq!(ram(&resnet8()).arena, 49_152);
}
