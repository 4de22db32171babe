//! Tests of what only a browser has, run in Chromium by `make test-browser`.
#![cfg(target_family = "wasm")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// `std::time::Instant` panics here; the clock that runs are timed with must not, and must move on.
#[wasm_bindgen_test]
fn the_clock_moves_on() {
    let start = web_time::Instant::now();
    while start.elapsed().is_zero() {}
}
