//! Names of rows from the converter's names of tensors: `model/conv2d_1/Relu;model/conv2d_1/BiasAdd;...`.

/// What the last part of a name is where a layer has weights.
const WEIGHTED: &[&str] = &[
    "convolution",
    "Conv2D",
    "Conv1D",
    "depthwise",
    "DepthwiseConv2D",
    "conv_transpose",
    "conv2d_transpose",
    "MatMul",
    "BiasAdd",
    "kernel",
];
/// What stands around layers.
const OUTSIDE: &[&str] =
    &["StatefulPartitionedCall", "PartitionedCall", "functional", "model", "sequential", "serving_default", "arith."];

/// The name of a layer with weights, of the names of its weight and its output.
pub(super) fn of_weighted(weight: &str, output: &str) -> Option<String> {
    let parts = || weight.split(';').chain(output.split(';'));
    let weighted = parts().find(|part| {
        let last = part.rsplit('/').next().unwrap_or_default();
        WEIGHTED.iter().any(|word| last.trim_end_matches(|letter: char| letter.is_ascii_digit()) == *word)
    });
    weighted.into_iter().chain(parts()).find_map(module)
}

/// The name of any other, of its output's.
pub(super) fn of_output(output: &str) -> Option<String> {
    output.split(';').find_map(module)
}

/// `functional_1/stem_1/convolution` is `stem_1`.
fn module(path: &str) -> Option<String> {
    let (folders, _) = path.rsplit_once('/')?;
    let is_inside = |part: &&str| !part.is_empty() && !OUTSIDE.iter().any(|outside| part.starts_with(outside));
    let name = folders.split('/').filter(is_inside).collect::<Vec<_>>().join(".");
    (!name.is_empty()).then_some(name)
}
