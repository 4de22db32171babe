//! What TensorFlow Lite's converter makes of a network's Keras code, and what TensorFlow Lite Micro then takes: the
//! operators after fusing, the tensors with their lifetimes, the kernels' scratch, and the arena's head as its planner
//! lays it out.
//!
//! For a batch of one, int8 in and out, the reference kernels. The rules were found with the oracle in `tests/oracle`
//! (keras 3.15.1, tensorflow 2.21.0, tflite-micro 0.dev20261023182759), on half of its networks; the other half tells
//! how far they hold: `tests/core/device/oracle.rs`.

mod expand;
mod expand_norm;
mod expansion;
mod fuse;
mod graph;
mod operator;
mod order;
mod plan;

use crate::keras::Program;

pub use graph::Converted;
pub use operator::Operator;
pub use plan::Head;

/// The operators of a program after conversion.
pub fn convert(program: &Program) -> Converted {
    let mut graph = expand::expand(program, &order::order(program, &program.layers));
    fuse::fuse(&mut graph);
    fuse::requantise(&mut graph);
    graph.finish()
}
