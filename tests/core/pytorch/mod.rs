//! Import of PyTorch source.

pub mod every_layer;
mod exceptions;
mod export;
mod golden_sources;
mod hostile;
mod hostile_names;
mod mistakes;
mod published;
mod rows;
mod snippets;
