//! The native tests of the core, one binary.

mod golden;
mod shape;
