//! Import of PyTorch source.

mod export;
mod golden_sources;
mod hostile;
mod mistakes;
mod snippets;
