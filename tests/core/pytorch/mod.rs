//! Import of PyTorch source.

mod golden_sources;
mod hostile;
