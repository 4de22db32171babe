//! ONNX files of convolutional networks, opsets 7 to 24, as PyTorch's two exporters, tf2onnx, Keras and onnxslim write them.
//!
//! [`read`] gives rows of `torch.nn` and says what the exporter folded. What is not known is a row of unknown cost. Costs need
//! the `.onnx` alone: numbers that are in a file beside it are only fetched by [`GraphNetwork::weights`].

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
mod values;

pub use constant::half;
pub(super) use constant::{Change, Constant, Constants, Numbers, Stored, small_numbers_of};
pub(super) use message::{Attribute, Graph, Node, Tensor, ValueInfo};
pub(super) use read::read_graph;
pub use read::{GraphNetwork, NetworkOptions, Remark, beside, read};
