//! ONNX files of convolutional networks, opsets 7 to 24, as PyTorch's two exporters, tf2onnx, Keras and onnxslim write them.
//!
//! [`read`] gives rows of `torch.nn` and says what the exporter folded. What is not known is a row of unknown cost. Costs need
//! the `.onnx` alone: numbers that are in a file beside it are only fetched by [`OnnxNetwork::weights`].

mod activation;
mod arrange;
mod combine;
mod constant;
mod convolve;
mod graph;
mod message;
mod names;
mod operators;
mod pattern;
mod pool;
mod read;
mod shape;

pub use constant::half;
pub use read::{OnnxNetwork, OnnxOptions, Remark, beside, read};
