//! TensorFlow Lite files of convolutional networks, as Keras's converter and others write them, floats and 8 bits.
//!
//! Maps are turned to PyTorch's order, channels first: `[N, H, W, C]` is `[N, C, H, W]` here, and where a file reads a map's
//! numbers in its own order there is a row that turns it back. 8-bit numbers are those that they stand for.

mod arena;
mod arranged;
mod build;
mod codes;
mod flatbuffer;
mod layout;
mod message;
mod names;
mod operators;
mod options;
mod walk;
mod weighted;

use super::onnx::{GraphNetwork, NetworkOptions, Remark, read_graph};
use super::problem::FileProblem;
use build::Build;
use message::Graph;

/// The network of a .tflite file.
///
/// # Errors
/// Where the bytes are no such file, or it has no input or no operator. What is not known of single operators is a row of
/// unknown cost.
pub fn read<'a>(bytes: &'a [u8], options: &NetworkOptions) -> Result<GraphNetwork<'a>, FileProblem> {
    let graph = Graph::read(bytes)?;
    let mut remarks = Vec::new();
    let quantised = graph.tensors.iter().filter(|tensor| tensor.data.is_none() && tensor.is_quantised()).count();
    if quantised > 0 {
        let message = format!(
            "{quantised} of its tensors are 8 bits (or 16): the rows are of the numbers they stand for, and a run computes with floats. Flash and RAM in int8 are figures of their own."
        );
        remarks.push(Remark { rule: "quantised", is_warning: false, message });
    }
    if let Some(head) = arena::head(&graph) {
        let message = format!(
            "As it is, TensorFlow Lite Micro's arena holds {head} bytes of tensors and scratch, and the file takes {} bytes of flash.",
            bytes.len()
        );
        remarks.push(Remark { rule: "arena", is_warning: false, message });
    }
    if graph.subgraphs > 1 {
        let message = format!("It has {} subgraphs; the first one is the network.", graph.subgraphs);
        remarks.push(Remark { rule: "outputs", is_warning: true, message });
    }
    let built = Build::new(&graph).built(&mut remarks)?;
    read_graph(&built.graph, built.constants, options, remarks)
}

/// The head of TensorFlow Lite Micro's arena for an 8-bit file as it is: bytes of tensors and of the kernels' scratch, as
/// its planner lays them out. `None` where the file is not one of 8-bit numbers throughout, or an operator's scratch is not
/// known.
///
/// # Errors
/// Where the bytes are no such file.
pub fn arena_head(bytes: &[u8]) -> Result<Option<u64>, FileProblem> {
    Graph::read(bytes).map(|graph| arena::head(&graph))
}
