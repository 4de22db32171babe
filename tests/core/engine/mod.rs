//! The forward pass.

mod agreement;
mod forward;
mod kernels;
mod quantized;
mod threads;

use proptest::prelude::ProptestConfig;

/// So many cases; one under Miri, which is thousands of times slower.
fn cases(count: u32) -> ProptestConfig {
    if cfg!(miri) {
        return ProptestConfig { cases: 1, failure_persistence: None, ..ProptestConfig::default() };
    }
    ProptestConfig::with_cases(count)
}

/// The largest size of a random shape, and what it is under Miri.
fn up_to(size: u64, under_miri: u64) -> u64 {
    if cfg!(miri) { under_miri } else { size }
}
