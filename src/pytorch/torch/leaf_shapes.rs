//! Parameters and output shapes of the classes of `torch.nn` that the model does not have.

use super::module_state::{Leaf, plain_argument};
use super::shape_rules::resized;
use super::signature::dimensions;
use crate::model::{Argument, Dims, Value as Plain};

fn int(leaf: &Leaf, name: &str) -> Option<i64> {
    plain_argument(leaf, name).and_then(i64::from_value)
}

pub(crate) fn size(leaf: &Leaf, name: &str) -> Option<u64> {
    int(leaf, name).and_then(|int| u64::try_from(int).ok())
}

pub(crate) fn flag(leaf: &Leaf, name: &str, default: bool) -> bool {
    plain_argument(leaf, name).and_then(bool::from_value).unwrap_or(default)
}

/// One number for each of the dimensions that a kernel has.
pub(crate) fn each(leaf: &Leaf, name: &str, dimensions: usize) -> Option<Vec<i64>> {
    match plain_argument(leaf, name)? {
        Plain::Int(one) => Some(vec![*one; dimensions]),
        Plain::List(items) if items.len() == dimensions => items.iter().map(i64::from_value).collect(),
        Plain::List(items) if items.len() == 1 => Some(vec![i64::from_value(&items[0])?; dimensions]),
        _ => None,
    }
}

/// So many times its hidden size a recurrent layer computes at each step.
pub(crate) fn gates(class: &str) -> u64 {
    match class {
        "LSTM" | "LSTMCell" => 4,
        "GRU" | "GRUCell" => 3,
        _ => 1,
    }
}

/// Name, sizes (`None`: not known), whether it is a buffer. `None`: nothing is known of the class.
pub(crate) fn tensors(class: &str, leaf: &Leaf) -> Option<Vec<(&'static str, Option<Dims>, bool)>> {
    let mut tensors = Vec::new();
    let mut push = |name: &'static str, sizes: Option<Vec<u64>>, is_buffer: bool| {
        tensors.push((name, sizes.and_then(|sizes| Dims::new(&sizes)), is_buffer));
    };
    match class {
        "Conv1d" | "Conv3d" | "ConvTranspose1d" | "ConvTranspose3d" | "DeformConv2d" => {
            let (input, output) = (size(leaf, "in_channels"), size(leaf, "out_channels"));
            let groups = size(leaf, "groups").unwrap_or(1).max(1);
            let kernel = each(leaf, "kernel_size", dimensions(class));
            let shape = input.zip(output).zip(kernel).map(|((input, output), kernel)| {
                let (first, second) = if class.contains("Transpose") { (input, output) } else { (output, input) };
                let mut shape = vec![first, second / groups];
                shape.extend(kernel.into_iter().map(|size| u64::try_from(size).unwrap_or(0)));
                shape
            });
            push("weight", shape, false);
            if flag(leaf, "bias", true) {
                push("bias", output.map(|output| vec![output]), false);
            }
        }
        "BatchNorm3d" | "InstanceNorm1d" | "InstanceNorm3d" => {
            let batch = class == "BatchNorm3d";
            let features = size(leaf, "num_features").map(|features| vec![features]);
            if flag(leaf, "affine", batch) {
                push("weight", features.clone(), false);
                push("bias", features.clone(), false);
            }
            if flag(leaf, "track_running_stats", batch) {
                push("running_mean", features.clone(), true);
                push("running_var", features, true);
                push("num_batches_tracked", Some(Vec::new()), true);
            }
        }
        "RMSNorm" => {
            let shape = match plain_argument(leaf, "normalized_shape") {
                Some(Plain::List(items)) => {
                    items.iter().map(|item| i64::from_value(item).and_then(|int| u64::try_from(int).ok())).collect()
                }
                _ => size(leaf, "normalized_shape").map(|size| vec![size]),
            };
            if flag(leaf, "elementwise_affine", true) {
                push("weight", shape, false);
            }
        }
        "Embedding" | "EmbeddingBag" => {
            push(
                "weight",
                size(leaf, "num_embeddings").zip(size(leaf, "embedding_dim")).map(|(n, d)| vec![n, d]),
                false,
            );
        }
        "LSTM" | "GRU" | "RNN" => {
            let (input, hidden) = (size(leaf, "input_size"), size(leaf, "hidden_size"));
            let layers = size(leaf, "num_layers").unwrap_or(1).min(1000);
            let directions = if flag(leaf, "bidirectional", false) { 2 } else { 1 };
            let projected = size(leaf, "proj_size").filter(|&size| size > 0 && class == "LSTM");
            let state = projected.or(hidden);
            for layer in 0..layers {
                for _ in 0..directions {
                    let rows = hidden.and_then(|hidden| hidden.checked_mul(gates(class)));
                    let columns =
                        if layer == 0 { input } else { state.and_then(|state| state.checked_mul(directions)) };
                    push("weight_ih", rows.zip(columns).map(|(rows, columns)| vec![rows, columns]), false);
                    push("weight_hh", rows.zip(state).map(|(rows, state)| vec![rows, state]), false);
                    if flag(leaf, "bias", true) {
                        push("bias_ih", rows.map(|rows| vec![rows]), false);
                        push("bias_hh", rows.map(|rows| vec![rows]), false);
                    }
                    if projected.is_some() {
                        push("weight_hr", projected.zip(hidden).map(|(state, hidden)| vec![state, hidden]), false);
                    }
                }
            }
        }
        "MultiheadAttention" => {
            let width = size(leaf, "embed_dim");
            let wide = width.and_then(|width| width.checked_mul(3));
            let [keys, values] = ["kdim", "vdim"].map(|name| size(leaf, name).or(width));
            if [keys, values] == [width; 2] {
                push("in_proj_weight", wide.zip(width).map(|(wide, width)| vec![wide, width]), false);
            } else {
                for (name, columns) in [("q_proj_weight", width), ("k_proj_weight", keys), ("v_proj_weight", values)] {
                    push(name, width.zip(columns).map(|(width, columns)| vec![width, columns]), false);
                }
            }
            if flag(leaf, "add_bias_kv", false) {
                push("bias_k", width.map(|width| vec![1, 1, width]), false);
                push("bias_v", width.map(|width| vec![1, 1, width]), false);
            }
            if flag(leaf, "bias", true) {
                push("in_proj_bias", wide.map(|wide| vec![wide]), false);
            }
            push("out_proj.weight", width.map(|width| vec![width, width]), false);
            if flag(leaf, "bias", true) {
                push("out_proj.bias", width.map(|width| vec![width]), false);
            }
        }
        "LSTMCell" | "GRUCell" | "RNNCell" => {
            let (input, hidden) = (size(leaf, "input_size"), size(leaf, "hidden_size"));
            let rows = hidden.and_then(|hidden| hidden.checked_mul(gates(class)));
            push("weight_ih", rows.zip(input).map(|(rows, input)| vec![rows, input]), false);
            push("weight_hh", rows.zip(hidden).map(|(rows, hidden)| vec![rows, hidden]), false);
            if flag(leaf, "bias", true) {
                push("bias_ih", rows.map(|rows| vec![rows]), false);
                push("bias_hh", rows.map(|rows| vec![rows]), false);
            }
        }
        "Bilinear" => {
            let (one, other, output) =
                (size(leaf, "in1_features"), size(leaf, "in2_features"), size(leaf, "out_features"));
            push("weight", output.zip(one.zip(other)).map(|(output, (one, other))| vec![output, one, other]), false);
            if flag(leaf, "bias", true) {
                push("bias", output.map(|output| vec![output]), false);
            }
        }
        _ => return super::signature::is_known_leaf(class).then_some(tensors),
    }
    Some(tensors)
}

/// The shape of the output, where the class has one of its own. With the batch.
pub(crate) fn output(class: &str, leaf: &Leaf, input: Option<&Dims>) -> Option<Dims> {
    let input = input?;
    let mut sizes = input.sizes().to_vec();
    match class {
        "Conv1d" | "Conv3d" | "DeformConv2d" | "MaxPool1d" | "MaxPool3d" | "AvgPool1d" | "AvgPool3d" | "LPPool1d"
        | "LPPool2d" | "LPPool3d" => {
            let count = dimensions(class);
            let kernel = each(leaf, "kernel_size", count)?;
            let pool = class.contains("Pool");
            let stride =
                each(leaf, "stride", count).unwrap_or_else(|| if pool { kernel.clone() } else { vec![1; count] });
            let padding = each(leaf, "padding", count).unwrap_or_else(|| vec![0; count]);
            let dilation = each(leaf, "dilation", count).unwrap_or_else(|| vec![1; count]);
            let same = matches!(plain_argument(leaf, "padding"), Some(Plain::Text(text)) if text == "same");
            let ceil = pool && flag(leaf, "ceil_mode", false);
            let start = sizes.len().checked_sub(count).filter(|&start| start >= 1)?;
            for index in (0..count).filter(|_| !same) {
                let at = i128::from(sizes[start + index]);
                let reach = i128::from(dilation[index]) * (i128::from(kernel[index]) - 1) + 1;
                let padding = i128::from(padding[index]);
                let span = at + 2 * padding - reach;
                let stride = i128::from(stride[index]);
                if span < 0 || stride < 1 {
                    return None;
                }
                let mut windows = if ceil { (span + stride - 1) / stride } else { span / stride } + 1;
                // The last window starts within the input or the padding before it.
                if ceil && (windows - 1) * stride >= at + padding {
                    windows -= 1;
                }
                sizes[start + index] = u64::try_from(windows).ok()?;
            }
            if !pool {
                sizes[start - 1] = size(leaf, "out_channels")?;
            }
        }
        "ConvTranspose1d" | "ConvTranspose3d" => {
            let count = dimensions(class);
            let kernel = each(leaf, "kernel_size", count)?;
            let stride = each(leaf, "stride", count).unwrap_or_else(|| vec![1; count]);
            let padding = each(leaf, "padding", count).unwrap_or_else(|| vec![0; count]);
            let extra = each(leaf, "output_padding", count).unwrap_or_else(|| vec![0; count]);
            let dilation = each(leaf, "dilation", count).unwrap_or_else(|| vec![1; count]);
            let start = sizes.len().checked_sub(count).filter(|&start| start >= 1)?;
            for index in 0..count {
                let at = (i128::from(sizes[start + index]) - 1) * i128::from(stride[index])
                    - 2 * i128::from(padding[index])
                    + i128::from(dilation[index]) * (i128::from(kernel[index]) - 1)
                    + 1
                    + i128::from(extra[index]);
                sizes[start + index] = u64::try_from(at).ok()?;
            }
            sizes[start - 1] = size(leaf, "out_channels")?;
        }
        "AdaptiveAvgPool1d" | "AdaptiveMaxPool1d" => *sizes.last_mut()? = size(leaf, "output_size")?,
        "AdaptiveAvgPool3d" | "AdaptiveMaxPool3d" => {
            let start = sizes.len().checked_sub(3)?;
            let output = match plain_argument(leaf, "output_size")? {
                Plain::List(items) if items.len() == 3 => items.clone(),
                one => vec![one.clone(); 3],
            };
            // None keeps the size.
            for (index, output) in output.iter().enumerate().filter(|(_, output)| **output != Plain::None) {
                sizes[start + index] = i64::from_value(output).and_then(|size| u64::try_from(size).ok())?;
            }
        }
        _ if class.contains("Pad") => {
            let dimensions = class.strip_suffix('d').and_then(|class| class.chars().last()?.to_digit(10))? as usize;
            let sides = each(leaf, "padding", 2 * dimensions)?;
            // The last dimension's come first.
            for (size, pair) in sizes.iter_mut().rev().zip(sides.chunks(2)) {
                let grown = i128::from(*size) + i128::from(pair[0]) + i128::from(pair[1]);
                *size = u64::try_from(grown).ok()?;
            }
        }
        "BatchNorm3d" | "InstanceNorm1d" | "InstanceNorm3d" | "RMSNorm" | "MultiheadAttention" | "Softmax2d"
        | "Softmin" | "Softshrink" | "Hardshrink" | "Tanhshrink" | "Threshold" | "RReLU" | "CrossMapLRN2d" => {}
        "Embedding" => sizes.push(size(leaf, "embedding_dim")?),
        "LSTM" | "GRU" | "RNN" => {
            let directions = if flag(leaf, "bidirectional", false) { 2 } else { 1 };
            let projected = size(leaf, "proj_size").filter(|&size| size > 0 && class == "LSTM");
            if !matches!(sizes.len(), 2 | 3) || sizes.last() != size(leaf, "input_size").as_ref() {
                return None;
            }
            *sizes.last_mut()? = projected.or(size(leaf, "hidden_size"))?.checked_mul(directions)?;
        }
        "Upsample" => {
            return resized(input, plain_argument(leaf, "size"), plain_argument(leaf, "scale_factor"));
        }
        "Unfold" => {
            let windows = unfolded(leaf, sizes.get(2..4)?)?;
            let kernel = each(leaf, "kernel_size", 2)?;
            let taps = u64::try_from(kernel[0].checked_mul(kernel[1])?).ok()?;
            sizes = vec![sizes[0], sizes[1].checked_mul(taps)?, windows];
        }
        "Fold" => {
            let output = each(leaf, "output_size", 2)?;
            let kernel = each(leaf, "kernel_size", 2)?;
            let taps = u64::try_from(kernel[0].checked_mul(kernel[1])?).ok().filter(|&taps| taps >= 1)?;
            let to: Option<Vec<u64>> = output.iter().map(|&size| u64::try_from(size).ok()).collect();
            let to = to?;
            if sizes.len() != 3 || sizes[1] % taps != 0 || unfolded(leaf, &to)? != sizes[2] {
                return None;
            }
            sizes = vec![sizes[0], sizes[1] / taps, to[0], to[1]];
        }
        "MaxUnpool1d" | "MaxUnpool2d" | "MaxUnpool3d" => {
            let count = dimensions(class);
            let kernel = each(leaf, "kernel_size", count)?;
            let stride = each(leaf, "stride", count).unwrap_or_else(|| kernel.clone());
            let padding = each(leaf, "padding", count).unwrap_or_else(|| vec![0; count]);
            let start = sizes.len().checked_sub(count).filter(|&start| start >= 1)?;
            for index in 0..count {
                let grown = (i128::from(sizes[start + index]) - 1) * i128::from(stride[index])
                    - 2 * i128::from(padding[index])
                    + i128::from(kernel[index]);
                sizes[start + index] = u64::try_from(grown).ok()?;
            }
        }
        "LSTMCell" | "GRUCell" | "RNNCell" => *sizes.last_mut()? = size(leaf, "hidden_size")?,
        "CosineSimilarity" | "PairwiseDistance" => {
            let dim = int(leaf, "dim").unwrap_or(1);
            let at = if class == "PairwiseDistance" {
                sizes.len().checked_sub(1)?
            } else {
                super::fold::axis(dim, sizes.len())?
            };
            sizes.remove(at);
        }
        "Bilinear" => *sizes.last_mut()? = size(leaf, "out_features")?,
        "GLU" => {
            let dim = int(leaf, "dim").unwrap_or(-1);
            let at = if dim < 0 { dim + sizes.len() as i64 } else { dim };
            let size = sizes.get_mut(usize::try_from(at).ok()?)?;
            *size /= 2;
        }
        "Unflatten" => {
            let dim = int(leaf, "dim")?;
            let at = usize::try_from(if dim < 0 { dim + sizes.len() as i64 } else { dim }).ok()?;
            let shape = Vec::<i64>::from_value(plain_argument(leaf, "unflattened_size")?)?;
            let known: i128 = shape
                .iter()
                .filter(|&&size| size > 0)
                .map(|&size| i128::from(size))
                .try_fold(1_i128, |a, b| a.checked_mul(b))?;
            let whole = i128::from(*sizes.get(at)?);
            let inserted: Option<Vec<u64>> = shape
                .iter()
                .map(
                    |&size| {
                        if size == -1 { u64::try_from(whole / known.max(1)).ok() } else { u64::try_from(size).ok() }
                    },
                )
                .collect();
            sizes.splice(at..=at, inserted?);
        }
        _ => return None,
    }
    Dims::new(&sizes).filter(|dims| dims.elements().is_some())
}

/// How many windows of an image of these sides an `Unfold` sees.
fn unfolded(leaf: &Leaf, sides: &[u64]) -> Option<u64> {
    let kernel = each(leaf, "kernel_size", 2)?;
    let argument = |name: &str, default: i64| each(leaf, name, 2).unwrap_or_else(|| vec![default; 2]);
    let (stride, padding, dilation) = (argument("stride", 1), argument("padding", 0), argument("dilation", 1));
    let mut windows = 1_u64;
    for (index, &side) in sides.iter().enumerate().take(2) {
        let reach = i128::from(dilation[index]) * (i128::from(kernel[index]) - 1) + 1;
        let span = i128::from(side) + 2 * i128::from(padding[index]) - reach;
        if span < 0 || stride[index] < 1 {
            return None;
        }
        windows = windows.checked_mul(u64::try_from(span / i128::from(stride[index]) + 1).ok()?)?;
    }
    Some(windows)
}

/// The sizes of a layer's weight, and the arguments that they come from; `None`: a layer of another kind.
pub(crate) fn weight_sizes(class: &str, given: &[(&'static str, Plain)]) -> Option<(Vec<i64>, Vec<&'static str>)> {
    let sizes = |name: &str| match given.iter().find(|(other, _)| *other == name).map(|(_, value)| value) {
        Some(Plain::Int(int)) => Some(vec![*int]),
        Some(Plain::List(items)) => items.iter().map(i64::from_value).collect(),
        _ => None,
    };
    let one = |name: &str| sizes(name).filter(|sizes| sizes.len() == 1).map(|sizes| sizes[0]);
    match class {
        "Linear" => Some((vec![one("out_features")?, one("in_features")?], vec!["out_features", "in_features"])),
        "Conv2d" | "ConvTranspose2d" => {
            let groups = one("groups").unwrap_or(1);
            let mut kernel = sizes("kernel_size")?;
            if let [side] = *kernel {
                kernel.push(side);
            }
            let (input, output) = (one("in_channels")?, one("out_channels")?);
            let (first, second, names) = match class {
                "Conv2d" => (output, input, ["out_channels", "in_channels"]),
                _ => (input, output, ["in_channels", "out_channels"]),
            };
            let mut all = vec![first, second.checked_div(groups)?];
            all.extend(kernel);
            Some((all, vec![names[0], names[1], "kernel_size", "kernel_size"]))
        }
        "BatchNorm1d" | "BatchNorm2d" | "BatchNorm3d" => Some((vec![one("num_features")?], vec!["num_features"])),
        _ => None,
    }
}
