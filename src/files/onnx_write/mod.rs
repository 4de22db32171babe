//! A network as one ONNX file: opset 18, IR version 8, weights inside, a batch of one.

mod graph;
mod layer;
mod message;
mod norm;
mod rows;

use thiserror::Error;

use super::weights::NodeWeights;
use crate::model::Network;
use message::Writer;

/// The opset that is written.
const OPSET: i64 = 18;
/// The IR version that came with it.
const IR_VERSION: i64 = 8;
/// A message of protocol buffers has at most so many bytes.
const MOST_BYTES: usize = i32::MAX as usize;

/// Why a network is not written.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum OnnxProblem {
    #[error("{name} ({class}) is not written as ONNX: {reason}")]
    Row { name: String, class: &'static str, reason: &'static str },
    #[error("{name}: its weights do not fit its sizes")]
    Weights { name: String },
    #[error("the file would have more than 2 GiB, which ONNX keeps in files of their own")]
    TooLong,
}

/// The bytes of the file. `weights` has the tensors of each node's module under the node that calls it first.
///
/// # Errors
/// Names the first row that opset 18 has no operators for, or that has no shape.
pub fn write(network: &Network, weights: &NodeWeights) -> Result<Vec<u8>, OnnxProblem> {
    let graph = rows::graph(network, weights)?.bytes();
    let mut opset = Writer::default();
    opset.bytes(1, b"");
    opset.integer(2, OPSET);
    let mut model = Writer::default();
    model.integer(1, IR_VERSION);
    model.bytes(2, b"convscope");
    model.bytes(7, &graph);
    model.bytes(8, &opset.0);
    if model.0.len() > MOST_BYTES { Err(OnnxProblem::TooLong) } else { Ok(model.0) }
}
