//! In which order samples come.

use super::random::Generator;

/// The orders of `DataLoader(..., shuffle=True)`, one for each epoch.
///
/// Every epoch draws two numbers of 64 bits from the global generator: a base seed for workers, even where there are none,
/// and the seed of the permutation's own generator.
pub fn next_epoch(global: &mut Generator, samples: usize) -> Vec<u32> {
    let _base_seed = global.next_i64();
    let seed = global.next_i64();
    Generator::new(seed as u64).permutation(samples)
}
