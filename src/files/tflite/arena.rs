//! What an 8-bit file takes of a microcontroller's memory, by its own tensors and the order of its operators.

use super::codes::name;
use super::message::{Graph, Operator, Tensor};
use crate::lifetime::arena::{self, Interval};

/// Where tensors begin, in bytes.
const ALIGNMENT: u64 = 16;
/// Planning takes time with the square of what is planned; no microcontroller's network has as much.
const MOST_INTERVALS: usize = 8_192;
/// Operators whose kernels ask for nothing beside their tensors, or for what [`scratch`] says.
const SURE: &[&str] = &[
    "ABS",
    "ADD",
    "AVERAGE_POOL_2D",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "DEQUANTIZE",
    "DIV",
    "ELU",
    "FULLY_CONNECTED",
    "HARD_SWISH",
    "LEAKY_RELU",
    "LOGISTIC",
    "LOG_SOFTMAX",
    "MAXIMUM",
    "MAX_POOL_2D",
    "MEAN",
    "MINIMUM",
    "MIRROR_PAD",
    "MUL",
    "PAD",
    "PADV2",
    "PRELU",
    "QUANTIZE",
    "REDUCE_MAX",
    "RELU",
    "RELU6",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR",
    "SOFTMAX",
    "STRIDED_SLICE",
    "SUB",
    "TANH",
    "TRANSPOSE",
    "TRANSPOSE_CONV",
];

/// The head of TensorFlow Lite Micro's arena: bytes of tensors and kernels' scratch, as its planner lays them out. `None`
/// where the file is not one of 8-bit numbers throughout, has an operator whose scratch is not known, or is
/// far beyond a microcontroller.
pub(super) fn head(graph: &Graph<'_>) -> Option<u64> {
    let is_sure = |operator: &Operator| SURE.contains(&name(operator));
    let ends = graph.inputs.iter().chain(&graph.outputs);
    if ends.clone().any(|&tensor| width(&graph.tensors[tensor]) != Some(1)) || !graph.operators.iter().all(is_sure) {
        return None;
    }
    // One step before the first operator, in which only the input is there.
    let last_step = u32::try_from(graph.operators.len()).ok()?;
    let mut lives: Vec<Option<(u32, u32)>> = vec![None; graph.tensors.len()];
    for &input in &graph.inputs {
        lives[input] = Some((0, 0));
    }
    for (step, operator) in (1_u32..).zip(&graph.operators) {
        for &output in &operator.outputs {
            let (first, _) = lives[output].unwrap_or((step, step));
            lives[output] = Some((first, step));
        }
        for &input in operator.inputs.iter().flatten() {
            if graph.tensors[input].data.is_none() {
                let (first, _) = lives[input]?;
                lives[input] = Some((first, step));
            }
        }
    }
    for &output in &graph.outputs {
        let (first, _) = lives[output]?;
        lives[output] = Some((first, last_step));
    }
    let mut intervals = Vec::new();
    for (tensor, life) in graph.tensors.iter().zip(&lives) {
        let Some((first, last)) = *life else { continue };
        intervals.push(Interval { size: bytes(tensor)?, first, last });
    }
    for (step, operator) in (1_u32..).zip(&graph.operators) {
        let scratch = scratch(graph, operator)?;
        intervals.extend(scratch.into_iter().map(|size| Interval { size, first: step, last: step }));
    }
    if intervals.len() > MOST_INTERVALS {
        return None;
    }
    // The planner takes the last of equal ones first.
    intervals.reverse();
    Some(arena::plan(&intervals, ALIGNMENT)?.total)
}

/// Bytes of one number; `None` where they are not whole.
fn width(tensor: &Tensor<'_>) -> Option<u64> {
    match tensor.kind {
        0 | 2 | 15 => Some(4),
        1 | 7 | 16 | 18 => Some(2),
        3 | 6 | 9 => Some(1),
        4 | 10 => Some(8),
        _ => None,
    }
}

fn elements(tensor: &Tensor<'_>) -> Option<u64> {
    tensor.dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))
}

fn bytes(tensor: &Tensor<'_>) -> Option<u64> {
    elements(tensor)?.checked_mul(width(tensor)?)
}

/// What a kernel asks for besides its tensors, in bytes: the same rules as for networks that are converted
/// (`device::tflite`).
fn scratch(graph: &Graph<'_>, operator: &Operator<'_>) -> Option<Vec<u64>> {
    let input = |place: usize| operator.inputs.get(place).copied().flatten().map(|input| &graph.tensors[input]);
    let output = &graph.tensors[*operator.outputs.first()?];
    let rank = input(0).map_or(0, |input| input.dims.len() as u64);
    let axes = || input(1).and_then(elements);
    let sums = || elements(output)?.checked_mul(4);
    Some(match name(operator) {
        // reduce_common.cc: sums of 32 bits, the place in the input, the axes.
        "MEAN" => vec![sums()?, rank * 4, axes()?.checked_mul(4)?],
        "REDUCE_MAX" => vec![rank * 4, axes()?.checked_mul(4)?],
        // transpose_conv.cc: the output in 32 bits.
        "TRANSPOSE_CONV" => vec![sums()?],
        // mirror_pad.cc: products of the sizes of both sides.
        "MIRROR_PAD" => vec![rank * 4, rank * 4],
        _ => Vec::new(),
    })
}
