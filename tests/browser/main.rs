//! Tests of what only a browser has, run in Chromium by `make test-browser`.
#![cfg(target_family = "wasm")]

use convscope::decimal;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// In a browser, its own number functions write and read floats: as the standard library does.
#[wasm_bindgen_test]
fn floats_are_the_standard_librarys() {
    let mut bits: u64 = 1;
    let mut floats = vec![0.0, -0.0, 1e-5, 0.1, 2.0, -1.5, 1e15, 1e16, 1e21, 5e-324, f64::MAX];
    for _ in 0..20_000 {
        // Knuth's MMIX generator.
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let float = f64::from_bits(bits);
        floats.extend(float.is_finite().then_some(float));
        floats.push((bits >> 44) as f64 / 1e3);
    }
    for float in floats {
        let (exponential, debug) = (decimal::scientific(float), decimal::shortest(float));
        // Of two shortest texts a browser may take the other: see `decimal`.
        assert_eq!(exponential.len(), format!("{float:e}").len(), "{exponential}");
        assert_eq!(debug.len(), format!("{float:?}").len(), "{debug}");
        for text in [exponential, debug] {
            assert_eq!(decimal::parse(&text).map(f64::to_bits), Some(float.to_bits()), "{text}");
        }
        // Halves are rounded otherwise.
        if float.abs() < 1e15 && float != 0.0 && (float * 20.0).fract() != 0.0 {
            assert_eq!(decimal::fixed(float, 1), format!("{float:.1}"));
        }
    }
}

/// `std::time::Instant` panics here; the clock that runs are timed with must not, and must move on.
#[wasm_bindgen_test]
fn the_clock_moves_on() {
    let start = web_time::Instant::now();
    while start.elapsed().is_zero() {}
}
