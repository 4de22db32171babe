//! Devices a network may have to fit: their limits, how many bytes it takes there, and how long it runs, each figure
//! with its source and, where it is an estimate, with the band that the evidence gives.

mod board;
mod catalogue;
mod devices;
mod fit;
mod flash;
mod latency;
mod least_squares;
mod matrix;
mod nearest;
mod pool;
mod ram;
mod roofline;
mod saved;
mod source;
pub mod tflite;
mod timings;
mod workload;

pub use board::{Class, Device};
pub use catalogue::{by_id, called, find, own_id};
pub use devices::CATALOGUE;
pub use fit::{Fit, Verdict};
pub use flash::{CODE_FLASH_KIB, Int8Flash, QuantisedSizes, quantised_sizes};
pub use latency::{Estimate, Fitted, HeldOut, Latency, LeftOut, Standing};
pub use matrix::{Cell, matrix};
pub use nearest::{Nearest, nearest};
pub use pool::pooled_errors;
pub use ram::{Basis, Int8Ram, RUNTIME_RAM_KIB, RamBand, int8_arena};
pub use roofline::{Bound, Roofline};
pub use saved::{SavedSizes, saved_sizes};
pub use source::{Figure, Source};
pub use timings::{PLANNED, Planned, Stack, TIMINGS, Terms, Timing, Timings};
pub use workload::Workload;
