use convscope::cost::{Settings, analyze};
use convscope::device::{
    Bound, CATALOGUE, Class, Fitted, Latency, LeftOut, Standing, TIMINGS, Terms, Workload, by_id, called, matrix,
    nearest, pooled_errors,
};
use convscope::model::Network;

use crate::golden::Failures;
use crate::rewrite::seed;

use super::networks::{autoencoder, ds_cnn, mobilenet_v1, mobilenet_v2, resnet8, squeezenet, tinymaix_cifar};

fn workload(network: &Network) -> Workload {
    Workload::of(network, &analyze(network, &Settings::default())).expect("all layers are known")
}

/// `MobileNetV2 0.35-224 (1000)`: family, width, side, classes.
fn build(name: &str) -> Network {
    match name {
        "Autoencoder 640 (AD)" => return autoencoder(),
        "DS-CNN 49x10 (KWS)" => return ds_cnn(),
        "MobileNetV1 0.25-96 (VWW)" => return mobilenet_v1(0.25, 96, 2),
        "MobileNetV1 0.25-96 grey (person)" => {
            let mut network = mobilenet_v1(0.25, 96, 2);
            network.input.sizes_mut()[0] = 1;
            return network;
        }
        "TinyMaix cifar 32 (10)" => return tinymaix_cifar(),
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
    for timings in TIMINGS {
        for timing in timings.runs {
            // What of it is of Linears is not written out there.
            let found = Workload { linear_macs: 0, ..workload(&build(timing.network)) };
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
    let by_network = Fitted::held_out(fitted.timings, LeftOut::Network);
    assert_eq!((percent(by_network.mean), percent(by_network.largest)), (4.2, 14.1));
}

#[test]
fn every_band_holds_the_timings_it_was_made_of() {
    for fitted in Fitted::all() {
        assert!(fitted.held_out.largest > 0.0, "{:?}", fitted.held_out);
        for timing in fitted.timings.runs {
            let estimate = fitted.estimate(&timing.workload);
            assert_eq!(estimate.standing, Standing::Within, "{}", timing.network);
            // The error of a fit is at most that of predicting what was left out.
            let held = estimate.milliseconds / timing.milliseconds;
            // Of a clock that the device does not run at, only what the stack takes is known.
            let clocks = fitted.timings.clock as f64 / fitted.timings.shown_clock as f64;
            assert!((held / clocks - 1.0).abs() <= fitted.held_out.largest, "{}: {held}", timing.network);
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
    assert!(matches!(on("pi-4"), Latency::Refused(why) if why.contains("No published timing")));
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

/// Each run of each device in turn, by what is left: the band holds nine of ten, and is the device's own.
#[test]
fn bands_hold_nine_of_ten_of_what_was_left_out() {
    let mut pooled = Vec::new();
    for fitted in Fitted::all() {
        let held = fitted.held_out;
        println!(
            "{:<14} {:<44} {} runs, off by {:>3.0} % on average, band {:>3.0} %, at most {:>3.0} %",
            fitted.timings.device,
            fitted.timings.stack.name,
            fitted.timings.runs.len(),
            held.mean * 100.0,
            held.band * 100.0,
            held.largest * 100.0,
        );
        assert!(held.mean <= held.band && held.band <= held.largest, "{held:?}");
        // Fewer than ten have no tenth to leave out.
        assert!(fitted.timings.runs.len() >= 10 || held.band == held.largest, "{held:?}");
        if fitted.timings.terms == Terms::Pooled {
            pooled.push(held.mean);
        }
    }
    assert_eq!(pooled.len(), 12);
    let mean = pooled.iter().sum::<f64>() / pooled.len() as f64;
    println!("TinyMaix, a run left out on each of {} devices: off by {:.0} % on average", pooled.len(), mean * 100.0);
    assert!(mean < 0.3, "{mean}");
    for network in ["MobileNetV1 0.25-128 (1000)", "MobileNetV1 0.25-96 (VWW)", "TinyMaix cifar 32 (10)"] {
        let errors = pooled_errors(network);
        let mean = errors.iter().map(|(_, error)| error.abs()).sum::<f64>() / errors.len() as f64;
        println!("TinyMaix, {network} left out everywhere: off by {:.0} % on average", mean * 100.0);
        assert!(errors.len() >= 10);
    }
}

/// The boards that people own have timings; the overclocked ones are told at their own clock.
#[test]
fn the_boards_that_people_own_have_times() {
    let network = mobilenet_v1(0.25, 96, 2);
    let report = analyze(&network, &Settings::default());
    for id in ["nano-33-ble", "pico", "esp32", "esp32-s3", "esp32-c3", "stm32f411"] {
        let device = by_id(id).expect("in the catalogue");
        let Latency::Estimated(estimates) = Latency::on(device, &network, &report) else { panic!("{id} has no times") };
        assert!(estimates.iter().all(|(_, estimate)| estimate.low < estimate.milliseconds), "{id}");
    }
    let pico = fitted("pico");
    let measured = 716.0 * 280.0 / 133.0;
    let told = pico.estimate(&workload(&network)).milliseconds;
    assert!((told / measured - 1.0).abs() < pico.held_out.largest, "{told} {measured}");
    // By its own operators a Linear takes the ESP32 three times as long as a convolution.
    let esp32 = fitted("esp32");
    let autoencoder = workload(&autoencoder());
    assert_eq!(autoencoder.linear_macs, 264_192);
    assert!((esp32.milliseconds(&autoencoder) / 49.290 - 1.0).abs() < 0.02);
}

#[test]
fn devices_are_found_by_chip_and_board() {
    let found = |text: &str| called(text).map(|device| device.id).collect::<Vec<_>>();
    for (text, id) in [
        ("nRF52840", "nano-33-ble"),
        ("Nicla", "stm32h747"),
        ("pico", "pico"),
        ("RP2040", "pico"),
        ("esp32-s3", "esp32-s3"),
        ("ESP32 S3", "esp32-s3"),
        ("F411", "stm32f411"),
        ("black pill", "stm32f411"),
        ("Portenta", "stm32h747"),
    ] {
        assert!(found(text).contains(&id), "{text}: {:?}", found(text));
    }
    assert!(found("").is_empty() && found("no such chip").is_empty());
}

/// Only when asked for, and named for what it is.
#[test]
fn a_device_without_timings_has_a_nearest() {
    let network = mobilenet_v1(0.25, 96, 2);
    let report = analyze(&network, &Settings::default());
    let of = |id: &str| nearest(by_id(id).expect("in the catalogue"), &network, &report);
    assert_eq!(of("stm32l4r5"), None);
    let scaled = of("stm32h743").expect("other devices have a Cortex-M7");
    assert_eq!(scaled.from.id, "stm32h747");
    let own = fitted("stm32h747").estimate(&workload(&network));
    // Timed at 400 MHz, told for 480.
    assert!((scaled.unverified[0].1.milliseconds / own.milliseconds * 1.2 - 1.0).abs() < 1e-9);
    let timed = |device: &&convscope::device::Device| Fitted::on(device.id).next().is_some() || of(device.id).is_some();
    let without: Vec<&str> = CATALOGUE
        .iter()
        .filter(|device| device.class == Class::Microcontroller && !timed(device))
        .map(|device| device.id)
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn designs_against_devices() {
    let (small, large) = (ds_cnn(), mobilenet_v1(1.0, 224, 1000));
    let devices: Vec<_> = ["nano-33-ble", "esp32", "stm32h743"].map(|id| by_id(id).expect("in the catalogue")).into();
    let cells = matrix(&[&small, &large], &devices);
    assert_eq!((cells.len(), cells[0].len()), (2, 3));
    let cell = |design: usize, device: usize| cells[design][device].as_ref().expect("all is known");
    assert!(cell(0, 0).fit.fits() && !cell(1, 0).fit.fits());
    assert!(cell(0, 0).time.is_some() && cell(0, 1).time.is_some() && cell(0, 2).time.is_none());
}
