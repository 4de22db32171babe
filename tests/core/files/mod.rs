//! Model files: what exporters write, read and run.

mod hostile;
mod kinds;
mod onnx;
mod weights;
