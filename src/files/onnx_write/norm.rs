//! Norms, which want a weight and a bias where PyTorch's have none.

use super::graph::{Graph, Row, Written};
use super::message::Value::{Float, Integer};
use crate::shape::parameter_tensors;

pub(super) fn batch_norm(graph: &mut Graph, row: &Row, eps: f64, affine: bool) -> Written {
    let channels = row.output.get(1).copied().unwrap_or(1);
    let mut inputs = row.inputs.clone();
    let first = match affine {
        true => {
            inputs.push(graph.parameter(row, "weight", 0, &[channels])?);
            inputs.push(graph.parameter(row, "bias", 1, &[channels])?);
            2
        }
        false => {
            inputs.push(graph.floats(row, "ones", (&[channels], &vec![1.0; channels as usize])));
            inputs.push(graph.floats(row, "zeros", (&[channels], &vec![0.0; channels as usize])));
            0
        }
    };
    inputs.push(graph.parameter(row, "running_mean", first, &[channels])?);
    inputs.push(graph.parameter(row, "running_var", first + 1, &[channels])?);
    Ok(graph.node("BatchNormalization", row, &inputs, &[("epsilon", Float(eps))]))
}

pub(super) fn instance_norm(graph: &mut Graph, row: &Row, eps: f64, affine: bool) -> Written {
    let channels = row.output.get(1).copied().unwrap_or(1);
    let mut inputs = row.inputs.clone();
    if affine {
        inputs.push(graph.parameter(row, "weight", 0, &[channels])?);
        inputs.push(graph.parameter(row, "bias", 1, &[channels])?);
    } else {
        inputs.push(graph.floats(row, "ones", (&[channels], &vec![1.0; channels as usize])));
        inputs.push(graph.floats(row, "zeros", (&[channels], &vec![0.0; channels as usize])));
    }
    Ok(graph.node("InstanceNormalization", row, &inputs, &[("epsilon", Float(eps))]))
}

pub(super) fn layer_norm(
    graph: &mut Graph,
    row: &Row,
    input: String,
    (eps, dims): (f64, i64),
    affine: bool,
) -> Written {
    let tensors = parameter_tensors(&row.node.layer, row.dims.first());
    let mut inputs = vec![input];
    for (place, tensor) in tensors.iter().enumerate() {
        inputs.push(graph.parameter(row, tensor.name, place, &tensor.shape)?);
    }
    if !affine {
        let shape: Vec<u64> =
            row.output.iter().skip(row.output.rank().saturating_sub(dims as usize)).copied().collect();
        let count: u64 = shape.iter().product();
        inputs.push(graph.floats(row, "ones", (&shape, &vec![1.0; count as usize])));
    }
    Ok(graph.node("LayerNormalization", row, &inputs, &[("axis", Integer(-dims)), ("epsilon", Float(eps))]))
}
