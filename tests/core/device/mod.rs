//! Devices: flash, RAM, latency and limits against published figures.

mod flash;
mod latency;
pub mod networks;
#[cfg(feature = "python")]
mod oracle;
mod ram;

use convscope::device::{CATALOGUE, Device, Fit, TIMINGS, Verdict, by_id, find, own_id};
use convscope::model::Network;

use crate::rewrite::seed;

#[test]
fn every_device_has_its_sources() {
    let mut ids: Vec<&str> = CATALOGUE.iter().map(|device| device.id).collect();
    assert!(ids.len() >= 15);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CATALOGUE.len());
    for device in CATALOGUE {
        for figure in [device.clock, device.flash, device.ram] {
            assert!(figure.value > 0 && figure.source.address.starts_with("https://"), "{}", device.name);
            assert!(!figure.source.title.is_empty(), "{}", device.name);
        }
    }
    assert!(TIMINGS.iter().all(|timings| by_id(timings.device).is_some()));
}

fn fit(device: &Device, network: &Network) -> Fit {
    Fit::of(device, network).expect("all shapes are known")
}

#[test]
fn golden_seed_fits_the_nano() {
    let (standard, nano) = (seed("standard"), by_id("nano-33-ble").expect("a device of the catalogue"));
    let fits = fit(nano, &standard);
    assert_eq!((fits.weights, fits.weights_exact), (11_976, true));
    assert!(matches!((fits.flash, fits.ram), (Verdict::Fits { .. }, Verdict::Fits { .. })));
    // Behind a limit of 11,975 bytes, one byte is missing.
    let small = fit(&Device::own(11_975, 1 << 20), &standard);
    assert_eq!(small.flash, Verdict::TooLarge { missing: 1 });
    assert!(!small.fits());
}

/// What is planned here, and no tighter plan of somebody else, decides.
#[test]
fn a_plan_larger_than_the_ram_does_not_fit() {
    let standard = seed("standard");
    let at = |ram: u64| fit(&Device::own(1 << 20, ram), &standard);
    let planned = at(1 << 20).tensors;
    assert!(at(1 << 20).tensors_low < planned);
    assert_eq!((at(planned).ram, at(planned).fits()), (Verdict::Tight { free: 0 }, true));
    assert_eq!((at(planned - 1).ram, at(planned - 1).fits()), (Verdict::TooLarge { missing: 1 }, false));
    assert_eq!(at(planned + 100).ram, Verdict::Tight { free: 100 });
}

#[test]
fn ones_own_device_is_found_by_its_limits() {
    assert_eq!(find(&own_id(11_975, 1 << 20)), Some(Device::own(11_975, 1 << 20)));
    assert_eq!(find("pico").map(|device| device.name), Some("Raspberry Pi Pico"));
    assert_eq!((find("own-1"), find("own-x-1"), find("")), (None, None, None));
}

#[test]
fn a_large_network_does_not_fit_a_small_device() {
    let network = networks::mobilenet_v1(1.0, 224, 1000);
    let nano = by_id("nano-33-ble").expect("in the catalogue");
    let fits = fit(nano, &network);
    assert!(matches!(fits.flash, Verdict::TooLarge { .. }) && matches!(fits.ram, Verdict::TooLarge { .. }));
    let pi = by_id("pi-4").expect("in the catalogue");
    assert!(fit(pi, &network).fits());
}
