//! The cost model against PyTorch's numbers.

mod golden_counts;
