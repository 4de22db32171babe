//! Which tensors a layer has, in registration order, and how they are filled from a seed.

use super::LARGEST_TENSOR;
use crate::engine::error::EngineError;
use crate::engine::weights::{Rule, TensorRule};
use crate::model::{Dims, Node};
use crate::shape::{Fill, parameter_tensors};

/// The parameters and float buffers of a node whose first input has these sizes (batch first).
///
/// # Errors
/// Where they are more values than [`LARGEST_TENSOR`] in all.
pub(super) fn tensors(node: &Node, input: Option<&Dims>) -> Result<Vec<TensorRule>, EngineError> {
    let mut fan_in = None;
    let mut tensors = Vec::new();
    let parameters = parameter_tensors(&node.layer, input);
    let elements =
        parameters.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.elements().unwrap_or(u64::MAX)));
    if elements > LARGEST_TENSOR {
        let node = node.name.clone();
        return Err(EngineError::TooLarge { node, what: "its parameters", elements, limit: LARGEST_TENSOR });
    }
    for tensor in parameters.iter() {
        // Fits, as the sum does.
        let length = tensor.elements().unwrap_or(0) as usize;
        let rule = match tensor.fill {
            Fill::Weight => {
                let own = length / tensor.shape.first().map_or(1, |&first| (first as usize).max(1));
                // A bias is filled like the weight before it.
                Rule::Uniform { fan_in: *fan_in.get_or_insert(own) }
            }
            Fill::Gamma | Fill::RunningVariance => Rule::Scale,
            Fill::Beta | Fill::RunningMean => Rule::Shift,
            Fill::Slope => Rule::Slope,
            Fill::Counter => continue,
        };
        tensors.push(TensorRule { name: tensor.name, length, rule, is_buffer: tensor.fill.is_buffer() });
    }
    Ok(tensors)
}
