//! Import of PyTorch source.

mod cases;
mod corpus;
pub mod every_layer;
mod exceptions;
mod export;
mod golden_sources;
mod hostile;
mod hostile_names;
mod mistakes;
mod operations;
mod printed;
mod published;
mod rows;
mod several_files;
mod snippets;
mod unknown;
