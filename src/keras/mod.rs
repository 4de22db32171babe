//! A network in Keras: the same parameters, shapes and outputs, images as `[N, H, W, C]`.
//!
//! [`lower()`] gives the operations in Keras's order of axes; [`export()`] writes them as code, and the device module
//! follows what a converter makes of them, so that the figures are of the code. What Keras cannot say is an error that
//! names the row: nothing is left out, no argument is dropped.

mod code;
mod function;
mod lower;
mod problem;
mod program;

pub use code::export;
pub use function::{Activation, Fill, Function, Resize, Window};
pub use lower::lower;
pub use problem::{KerasProblem, Unsayable};
pub use program::{Operation, Order, Program};
