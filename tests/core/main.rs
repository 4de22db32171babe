//! The native tests of the core, one binary.

mod engine;
mod golden;
mod random;
mod rewrite;
mod shape;
