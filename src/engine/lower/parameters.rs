//! Which tensors a layer has, in registration order, and how they are filled from a seed.

use crate::engine::weights::{Rule, TensorRule};
use crate::model::{Dims, Layer};
use crate::shape::{Fill, parameter_tensors};

/// The parameters and float buffers of a layer whose first input has these sizes (batch first).
pub fn tensors(layer: &Layer, input: Option<&Dims>) -> Vec<TensorRule> {
    let mut fan_in = None;
    let mut tensors = Vec::new();
    for tensor in parameter_tensors(layer, input).iter() {
        let length = tensor.elements().unwrap_or(u64::MAX) as usize;
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
    tensors
}
