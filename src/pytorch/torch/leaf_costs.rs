//! Multiply-accumulates of the classes of `torch.nn` that the model does not have.

use super::leaf_shapes::{each, flag, gates, size};
use super::module_state::Leaf;
use super::signature::dimensions;
use crate::model::Dims;

/// Of one call; `None`: not known. Sums of windows and functions of elements have none.
pub(crate) fn macs(class: &str, leaf: &Leaf, inputs: &[Dims], output: &Dims) -> Option<u64> {
    let input = inputs.first()?;
    let product = |sizes: &[u64]| sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
    match class {
        "Conv3d" | "ConvTranspose3d" => {
            let groups = size(leaf, "groups").unwrap_or(1).max(1);
            let (places, across) = match class {
                "Conv3d" => (output, size(leaf, "in_channels")?),
                _ => (input, size(leaf, "out_channels")?),
            };
            let kernel: Option<Vec<u64>> = each(leaf, "kernel_size", dimensions(class))?
                .into_iter()
                .map(|size| u64::try_from(size).ok())
                .collect();
            places.elements()?.checked_mul(product(&kernel?)?)?.checked_mul(across / groups)
        }
        "LSTM" | "GRU" | "RNN" => recurrent(class, leaf, input),
        "LSTMCell" | "GRUCell" | "RNNCell" => {
            let hidden = size(leaf, "hidden_size")?;
            let samples = input.elements()?.checked_div(*input.last()?)?;
            let columns = size(leaf, "input_size")?.checked_add(hidden)?;
            product(&[samples, gates(class), hidden, columns])
        }
        "MultiheadAttention" => {
            let width = size(leaf, "embed_dim")?;
            let key = inputs.get(1).unwrap_or(input);
            let value = inputs.get(2).unwrap_or(key);
            let batch_first = flag(leaf, "batch_first", false);
            let length = |dims: &Dims| match (dims.rank(), batch_first) {
                (2, _) => Some((1, dims[0])),
                (3, true) => Some((dims[0], dims[1])),
                (3, false) => Some((dims[1], dims[0])),
                _ => None,
            };
            let ((samples, queries), (_, keys)) = (length(input)?, length(key)?);
            let extra = u64::from(flag(leaf, "add_bias_kv", false)) + u64::from(flag(leaf, "add_zero_attn", false));
            let projected = product(&[samples, queries, width, width])?
                .checked_mul(2)?
                .checked_add(product(&[samples, keys, width, *key.last()?])?)?
                .checked_add(product(&[samples, keys, width, *value.last()?])?)?;
            product(&[2, samples, queries, keys.checked_add(extra)?, width])?.checked_add(projected)
        }
        "Bilinear" => product(&[output.elements()?, size(leaf, "in1_features")?, size(leaf, "in2_features")?]),
        _ => Some(0),
    }
}

/// Each step of each layer and direction multiplies what comes in and the state before, and projects the new one.
fn recurrent(class: &str, leaf: &Leaf, input: &Dims) -> Option<u64> {
    let features = *input.last()?;
    let steps = input.elements()?.checked_div(features)?;
    let hidden = size(leaf, "hidden_size")?;
    let directions = if flag(leaf, "bidirectional", false) { 2 } else { 1 };
    let projected = size(leaf, "proj_size").filter(|&size| size > 0 && class == "LSTM");
    let state = projected.unwrap_or(hidden);
    let mut sum = 0_u64;
    for layer in 0..size(leaf, "num_layers").unwrap_or(1).min(1000) {
        let columns = if layer == 0 { features } else { state.checked_mul(directions)? };
        let rows = gates(class).checked_mul(hidden)?;
        let step = rows.checked_mul(columns.checked_add(state)?)?;
        let step = step.checked_add(projected.unwrap_or(0).checked_mul(hidden)?)?;
        sum = sum.checked_add(step.checked_mul(directions)?)?;
    }
    sum.checked_mul(steps)
}
