//! Model files: what a file is, by its content, and what is in it.
//!
//! Readers take bytes that anyone may have made: each has its bounds written down, and refuses with the place, the field and
//! the rule ([`FileProblem`]).

mod kind;
mod notebook;
pub mod onnx;
pub mod onnx_write;
mod own;
mod problem;
mod protobuf;
pub mod tflite;
pub mod weights;

pub use kind::{Kind, kind};
pub use notebook::code_cells;
pub use own::{Own, OwnDesign, own};
pub use problem::FileProblem;
