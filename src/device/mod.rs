//! Devices a network may have to fit: their limits, how many bytes it takes there, and how long it runs, each figure
//! with its source and, where it is an estimate, with the band that the evidence gives.

mod catalogue;
mod fit;
mod flash;
mod latency;
mod ram;
mod roofline;
mod saved;
mod source;
pub mod tflite;
mod timings;
mod workload;

pub use catalogue::{CATALOGUE, Class, Device, by_id, find, own_id};
pub use fit::{Fit, Verdict};
pub use flash::{CODE_FLASH_KIB, Int8Flash, QuantisedSizes, quantised_sizes};
pub use latency::{Estimate, Fitted, HeldOut, Latency, LeftOut, Standing};
pub use ram::{Basis, Int8Ram, RUNTIME_RAM_KIB, RamBand, int8_arena};
pub use roofline::{Bound, Roofline};
pub use saved::{SavedSizes, saved_sizes};
pub use source::{Figure, Source};
pub use timings::{PLANNED, Planned, Stack, TIMINGS, Terms, Timing, Timings};
pub use workload::Workload;
