//! The cost model against PyTorch's numbers.

mod golden_conventions;
mod golden_counts;
mod golden_presets;
mod properties;
mod published;
