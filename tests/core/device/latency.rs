use convscope::cost::{Settings, analyze};
use convscope::device::{Bound, CALIBRATIONS, Fitted, Latency, LeftOut, Standing, Workload, by_id};
use convscope::model::Network;

use crate::golden::Failures;
use crate::rewrite::seed;

use super::networks::{autoencoder, ds_cnn, mobilenet_v1, mobilenet_v2, resnet8, squeezenet};

fn workload(network: &Network) -> Workload {
    Workload::of(network, &analyze(network, &Settings::default())).expect("all layers are known")
}

/// `MobileNetV2 0.35-224 (1000)`: family, width, side, classes.
fn build(name: &str) -> Network {
    match name {
        "Autoencoder 640 (AD)" => return autoencoder(),
        "DS-CNN 49x10 (KWS)" => return ds_cnn(),
        "MobileNetV1 0.25-96 (VWW)" => return mobilenet_v1(0.25, 96, 2),
        name if name.starts_with("ResNet-8") => return resnet8(),
        _ => {}
    }
    let numbers: Vec<f64> = name.split([' ', '-', '(', ')']).filter_map(|part| part.parse().ok()).collect();
    match (name.split([' ', '-']).next(), numbers.as_slice()) {
        (Some("MobileNetV1"), &[width, side, classes]) => mobilenet_v1(width, side as u64, classes as i64),
        (Some("MobileNetV2"), &[width, side, classes]) => mobilenet_v2(width, side as u64, classes as i64),
        (Some("SqueezeNet1.1"), &[side, classes]) => squeezenet(side as u64, classes as i64),
        _ => panic!("no network {name}"),
    }
}

#[test]
fn workloads_are_those_of_the_networks() {
    let mut failures = Failures::default();
    for calibration in CALIBRATIONS {
        for timing in calibration.timings {
            let found = workload(&build(timing.network));
            failures.check(found == timing.workload, || format!("{}: {found:?}", timing.network));
        }
    }
    failures.finish();
}

fn fitted(device: &str) -> &'static Fitted {
    Fitted::on(device).next().expect("timings")
}

fn rounded(value: f64, digits: i32) -> f64 {
    (value * 10_f64.powi(digits)).round() / 10_f64.powi(digits)
}

/// Thirteen timings of four families: coefficients, and errors for what was left out.
#[test]
fn the_model_of_the_cortex_m7_and_its_held_out_error() {
    let fitted = fitted("stm32h747");
    assert_eq!(fitted.cycles.map(|cycles| rounded(cycles, 3)), [0.765, 0.974, 0.0, 25.943]);
    let percent = |error: f64| rounded(error * 100.0, 1);
    assert_eq!(fitted.held_out.left_out, LeftOut::Family);
    assert_eq!((percent(fitted.held_out.mean), percent(fitted.held_out.largest)), (4.6, 14.6));
    let by_network = Fitted::held_out(fitted.calibration, LeftOut::Network);
    assert_eq!((percent(by_network.mean), percent(by_network.largest)), (4.2, 14.1));
}

#[test]
fn every_band_holds_the_timings_it_was_made_of() {
    for fitted in Fitted::all() {
        assert!(fitted.held_out.largest > 0.0 && fitted.held_out.largest < 1.0, "{:?}", fitted.held_out);
        for timing in fitted.calibration.timings {
            let estimate = fitted.estimate(&timing.workload);
            assert_eq!(estimate.standing, Standing::Within, "{}", timing.network);
            // The error of a fit is at most that of predicting what was left out.
            let held = estimate.milliseconds / timing.milliseconds;
            assert!((held - 1.0).abs() <= fitted.held_out.largest, "{}: {held}", timing.network);
        }
    }
}

/// The forum's pair: fewer MACs, more outputs, slower; and an extrapolation, as no small network was timed.
#[test]
fn golden_the_trap_of_the_seed() {
    let (standard, separable) = (seed("standard"), seed("separable"));
    let fitted = fitted("stm32h747");
    let (standard, separable) = (workload(&standard), workload(&separable));
    assert!(separable.macs() < standard.macs() && separable.outputs > standard.outputs);
    let (before, after) = (fitted.estimate(&standard), fitted.estimate(&separable));
    assert!(after.milliseconds > before.milliseconds);
    for estimate in [before, after] {
        assert!(
            matches!(&estimate.standing, Standing::Extrapolated(why) if why.contains("fewer MACs than the smallest"))
        );
        assert!(estimate.low < estimate.milliseconds && estimate.milliseconds < estimate.high);
    }
}

#[test]
fn without_evidence_there_is_no_figure() {
    let network = seed("standard");
    let report = analyze(&network, &Settings::default());
    let on = |id: &str| Latency::on(by_id(id).expect("in the catalogue"), &network, &report);
    assert!(matches!(on("pi-4"), Latency::Refused(why) if why.contains("No published timings")));
    assert!(matches!(on("stm32l4r5"), Latency::Estimated(estimates) if estimates.len() == 4));
    // The maker's peaks give a floor.
    let Latency::AtLeast { milliseconds } = on("a100") else { panic!("a roofline") };
    assert!(milliseconds > 0.0 && milliseconds < 1e-3);
    let mut broken = network.clone();
    broken.input = convscope::model::Dims::new(&[1, 1, 1]).expect("three sizes");
    let broken_report = analyze(&broken, &Settings::default());
    let refused = Latency::on(by_id("stm32h747").expect("in the catalogue"), &broken, &broken_report);
    assert!(matches!(refused, Latency::Refused(why) if why.contains("Not all layers")));
}

/// Depthwise layers write much for what they compute, wide convolutions compute much for what they write.
#[test]
fn layers_wait_for_memory_or_for_arithmetic() {
    let network = mobilenet_v1(1.0, 224, 1000);
    let report = analyze(&network, &Settings::default());
    let fitted = fitted("stm32h747");
    let bound = |name: &str| {
        let row = network.nodes.iter().position(|node| node.name == name).expect("a row");
        fitted.of_row(&network, &report, row).map(|(_, bound)| bound)
    };
    assert_eq!(bound("conv2d3"), Some(Bound::Memory));
    assert_eq!(bound("conv2d78"), Some(Bound::Compute));
    assert_eq!(bound("relu2"), None);
    let total: f64 = (0..network.nodes.len())
        .filter_map(|row| fitted.of_row(&network, &report, row))
        .map(|(milliseconds, _)| milliseconds)
        .sum();
    let whole = fitted.milliseconds(&workload(&network));
    assert!((total / whole - 1.0).abs() < 1e-9, "{total} {whole}");
}
