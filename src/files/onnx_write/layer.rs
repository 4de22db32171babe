//! Each layer as operators of opset 18.

use super::OnnxProblem;
use super::graph::{Graph, Row, Written};
use super::message::Value;
use super::message::Value::{Float, Integer, Integers, Text};
use super::norm::{batch_norm, instance_norm, layer_norm};
use crate::model::{Dims, Layer, PaddingMode, ScalarOperation, Sides, UpsampleMode};
use crate::shape::parameter_tensors;

/// Writes a row; gives the name of its output.
pub(super) fn write(graph: &mut Graph, row: &Row) -> Written {
    let refuse =
        |reason| OnnxProblem::Row { name: row.node.name.clone(), class: row.node.layer.kind().class(), reason };
    let plain = |graph: &mut Graph, operator: &str, attributes: &[(&str, Value)]| {
        Ok(graph.node(operator, row, &row.inputs, attributes))
    };
    let one = || row.inputs.first().cloned().unwrap_or_default();
    let sizes = |dims: &Dims| -> Vec<i64> { dims.iter().map(|&size| size as i64).collect() };
    let rank = row.dims.first().map_or(0, Dims::rank);
    let from_front = |dim: i64| if dim < 0 { dim + rank as i64 } else { dim };
    match &row.node.layer {
        Layer::Conv2d(conv) if conv.padding_mode != PaddingMode::Zeros => {
            Err(refuse("its padding is no zeros; use a padding layer before it"))
        }
        Layer::Conv1d(conv) if conv.padding_mode != PaddingMode::Zeros => {
            Err(refuse("its padding is no zeros; use a padding layer before it"))
        }
        Layer::Conv2d(_) | Layer::Conv1d(_) | Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_) => {
            convolution(graph, row)
        }
        Layer::Linear(linear) => {
            let features = row.dims[0].last().copied().unwrap_or(1);
            let out = row.output.last().copied().unwrap_or(1);
            let weight = graph.parameter(row, "weight", 0, &[out, features])?;
            let bias = if linear.bias { Some(graph.parameter(row, "bias", 1, &[out])?) } else { None };
            if rank == 2 {
                let inputs: Vec<String> = [one(), weight].into_iter().chain(bias).collect();
                return Ok(graph.node("Gemm", row, &inputs, &[("transB", Integer(1))]));
            }
            let turned = graph.node("Transpose", row, &[weight], &[("perm", Integers(vec![1, 0]))]);
            let product = graph.node("MatMul", row, &[one(), turned], &[]);
            Ok(match bias {
                Some(bias) => graph.node("Add", row, &[product, bias], &[]),
                None => product,
            })
        }
        Layer::MaxPool2d(pool) => {
            let pair = |pair: crate::model::Pair| vec![pair.height, pair.width];
            let stride = pair(pool.stride.unwrap_or(pool.kernel_size));
            let pads = [pair(pool.padding), pair(pool.padding)].concat();
            let window = (pair(pool.kernel_size), stride, pads, pool.ceil_mode);
            plain(graph, "MaxPool", &[&pooled(window)[..], &[("dilations", Integers(pair(pool.dilation)))]].concat())
        }
        Layer::MaxPool1d(pool) => {
            let window = (
                vec![pool.kernel_size],
                vec![pool.stride.unwrap_or(pool.kernel_size)],
                vec![pool.padding; 2],
                pool.ceil_mode,
            );
            plain(graph, "MaxPool", &[&pooled(window)[..], &[("dilations", Integers(vec![pool.dilation]))]].concat())
        }
        Layer::AvgPool2d(pool) if pool.divisor_override.is_none() => {
            let pair = |pair: crate::model::Pair| vec![pair.height, pair.width];
            let pads = [pair(pool.padding), pair(pool.padding)].concat();
            let window = (pair(pool.kernel_size), pair(pool.stride.unwrap_or(pool.kernel_size)), pads, pool.ceil_mode);
            plain(
                graph,
                "AveragePool",
                &[&pooled(window)[..], &[("count_include_pad", Integer(i64::from(pool.count_include_pad)))]].concat(),
            )
        }
        Layer::AvgPool1d(pool) => {
            let window = (
                vec![pool.kernel_size],
                vec![pool.stride.unwrap_or(pool.kernel_size)],
                vec![pool.padding; 2],
                pool.ceil_mode,
            );
            plain(
                graph,
                "AveragePool",
                &[&pooled(window)[..], &[("count_include_pad", Integer(i64::from(pool.count_include_pad)))]].concat(),
            )
        }
        Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::AdaptiveMaxPool1d(_) => adaptive(graph, row)
            .ok_or_else(|| refuse("its windows are of different sizes; choose sizes that divide the map's")),
        Layer::Mean(mean) => {
            let axes = graph.integers(row, "axes", &mean.dim);
            Ok(graph.node("ReduceMean", row, &[one(), axes], &[("keepdims", Integer(i64::from(mean.keepdim)))]))
        }
        Layer::BatchNorm2d(norm) if norm.track_running_stats => batch_norm(graph, row, norm.eps, norm.affine),
        Layer::BatchNorm1d(norm) if norm.track_running_stats => batch_norm(graph, row, norm.eps, norm.affine),
        Layer::InstanceNorm2d(norm) if !norm.track_running_stats => instance_norm(graph, row, norm.eps, norm.affine),
        Layer::InstanceNorm1d(norm) if !norm.track_running_stats => instance_norm(graph, row, norm.eps, norm.affine),
        Layer::GroupNorm(norm) => {
            let groups = norm.num_groups;
            let shape = graph.integers(row, "groups", &[0, groups, -1]);
            let parts = graph.node("Reshape", row, &[one(), shape], &[]);
            let (ones, zeros) = (vec![1.0; groups as usize], vec![0.0; groups as usize]);
            let scale = graph.floats(row, "ones", (&[groups as u64], &ones));
            let shift = graph.floats(row, "zeros", (&[groups as u64], &zeros));
            let normed =
                graph.node("InstanceNormalization", row, &[parts, scale, shift], &[("epsilon", Float(norm.eps))]);
            let shape = graph.integers(row, "shape", &sizes(&row.output));
            let whole = graph.node("Reshape", row, &[normed, shape], &[]);
            if !norm.affine {
                return Ok(whole);
            }
            let mut by_channel = vec![1; rank - 1];
            by_channel[0] = row.output[1] as i64;
            let shape = graph.integers(row, "channels", &by_channel);
            let mut turned = Vec::new();
            for (place, name) in ["weight", "bias"].into_iter().enumerate() {
                let parameter = graph.parameter(row, name, place, &[row.output[1]])?;
                turned.push(graph.node("Reshape", row, &[parameter, shape.clone()], &[]));
            }
            let scaled = graph.node("Mul", row, &[whole, turned[0].clone()], &[]);
            Ok(graph.node("Add", row, &[scaled, turned[1].clone()], &[]))
        }
        Layer::LayerNorm(norm) => {
            layer_norm(graph, row, one(), (norm.eps, norm.normalized_dims), norm.elementwise_affine)
        }
        Layer::LayerNorm2d(norm) => {
            let last = graph.node("Transpose", row, &[one()], &[("perm", Integers(vec![0, 2, 3, 1]))]);
            let normed = layer_norm(graph, row, last, (norm.eps, 1), norm.elementwise_affine)?;
            Ok(graph.node("Transpose", row, &[normed], &[("perm", Integers(vec![0, 3, 1, 2]))]))
        }
        Layer::LocalResponseNorm(norm) => {
            let attributes = [
                ("size", Integer(norm.size)),
                ("alpha", Float(norm.alpha)),
                ("beta", Float(norm.beta)),
                ("bias", Float(norm.k)),
            ];
            plain(graph, "LRN", &attributes)
        }
        Layer::ReLU(_) => plain(graph, "Relu", &[]),
        Layer::ReLU6(_) => clip(graph, row, 0.0, 6.0),
        Layer::Hardtanh(layer) => clip(graph, row, layer.min_val, layer.max_val),
        Layer::LeakyReLU(layer) => plain(graph, "LeakyRelu", &[("alpha", Float(layer.negative_slope))]),
        Layer::PReLU(_) => {
            let tensors = parameter_tensors(&row.node.layer, row.dims.first());
            let count = tensors.iter().next().and_then(|tensor| tensor.elements()).unwrap_or(1);
            let slope = graph.parameter(row, "weight", 0, &[count])?;
            let mut by_channel = vec![1; rank.saturating_sub(1)];
            if let Some(first) = by_channel.first_mut() {
                *first = count as i64;
            }
            let shape = graph.integers(row, "channels", &by_channel);
            let slope = graph.node("Reshape", row, &[slope, shape], &[]);
            Ok(graph.node("PRelu", row, &[one(), slope], &[]))
        }
        Layer::ELU(layer) => plain(graph, "Elu", &[("alpha", Float(layer.alpha))]),
        Layer::SELU(_) => plain(graph, "Selu", &[]),
        Layer::CELU(layer) => plain(graph, "Celu", &[("alpha", Float(layer.alpha))]),
        Layer::SiLU(_) => {
            let gate = graph.node("Sigmoid", row, &[one()], &[]);
            Ok(graph.node("Mul", row, &[one(), gate], &[]))
        }
        Layer::GELU(layer) if layer.approximate == crate::model::GeluApproximate::None => {
            let number = |graph: &mut Graph, name: &str, number: f32| graph.floats(row, name, (&[], &[number]));
            let (root, unit, half) = (
                number(graph, "root", std::f32::consts::SQRT_2),
                number(graph, "one", 1.0),
                number(graph, "half", 0.5),
            );
            let scaled = graph.node("Div", row, &[one(), root], &[]);
            let erf = graph.node("Erf", row, &[scaled], &[]);
            let sum = graph.node("Add", row, &[erf, unit], &[]);
            let product = graph.node("Mul", row, &[one(), sum], &[]);
            Ok(graph.node("Mul", row, &[product, half], &[]))
        }
        Layer::Mish(_) => plain(graph, "Mish", &[]),
        Layer::Hardswish(_) => plain(graph, "HardSwish", &[]),
        Layer::Hardsigmoid(_) => plain(graph, "HardSigmoid", &[("alpha", Float(1.0 / 6.0)), ("beta", Float(0.5))]),
        Layer::Sigmoid(_) => plain(graph, "Sigmoid", &[]),
        Layer::LogSigmoid(_) => {
            let gate = graph.node("Sigmoid", row, &[one()], &[]);
            Ok(graph.node("Log", row, &[gate], &[]))
        }
        Layer::Tanh(_) => plain(graph, "Tanh", &[]),
        Layer::Softplus(layer) if layer.beta == 1.0 => plain(graph, "Softplus", &[]),
        Layer::Softsign(_) => plain(graph, "Softsign", &[]),
        Layer::Softmax(layer) => plain(graph, "Softmax", &[("axis", Integer(softmax_axis(layer.dim, rank)))]),
        Layer::LogSoftmax(layer) => plain(graph, "LogSoftmax", &[("axis", Integer(softmax_axis(layer.dim, rank)))]),
        Layer::Dropout(_)
        | Layer::Dropout2d(_)
        | Layer::AlphaDropout(_)
        | Layer::StochasticDepth(_)
        | Layer::Identity(_)
        | Layer::Contiguous(_) => Ok(one()),
        Layer::Flatten(_) | Layer::View(_) => {
            let shape = graph.integers(row, "shape", &sizes(&row.output));
            Ok(graph.node("Reshape", row, &[one(), shape], &[]))
        }
        Layer::Transpose(layer) => {
            let mut perm: Vec<i64> = (0..rank as i64).collect();
            perm.swap(from_front(layer.dim0) as usize, from_front(layer.dim1) as usize);
            plain(graph, "Transpose", &[("perm", Integers(perm))])
        }
        Layer::Permute(layer) => {
            let perm = layer.dims.iter().map(|&dim| from_front(dim)).collect();
            plain(graph, "Transpose", &[("perm", Integers(perm))])
        }
        Layer::Chunk(layer) => {
            let dim = from_front(layer.dim) as usize;
            let size = row.dims[0][dim] as i64;
            let part = size.div_euclid(layer.chunks) + i64::from(size % layer.chunks != 0);
            let start = part * from_chunk(layer.index, layer.chunks);
            slice(graph, row, (start, start + row.output[dim] as i64), dim)
        }
        Layer::Slice(layer) => {
            let dim = from_front(layer.dim) as usize;
            let size = row.dims[0][dim] as i64;
            let start = (if layer.start < 0 { layer.start + size } else { layer.start }).clamp(0, size);
            slice(graph, row, (start, start + row.output[dim] as i64), dim)
        }
        Layer::ChannelShuffle(layer) if rank == 4 => {
            let [batch, channels, height, width] = [0, 1, 2, 3].map(|at: usize| row.output[at] as i64);
            let parts = graph.integers(row, "groups", &[batch, layer.groups, channels / layer.groups, height, width]);
            let parts = graph.node("Reshape", row, &[one(), parts], &[]);
            let swapped = graph.node("Transpose", row, &[parts], &[("perm", Integers(vec![0, 2, 1, 3, 4]))]);
            let shape = graph.integers(row, "shape", &sizes(&row.output));
            Ok(graph.node("Reshape", row, &[swapped, shape], &[]))
        }
        Layer::PixelShuffle(layer) if rank == 4 => {
            plain(graph, "DepthToSpace", &[("blocksize", Integer(layer.upscale_factor)), ("mode", Text("CRD"))])
        }
        Layer::PixelUnshuffle(layer) if rank == 4 => {
            let factor = layer.downscale_factor;
            let [batch, channels, height, width] = [0, 1, 2, 3].map(|at: usize| row.dims[0][at] as i64);
            let parts =
                graph.integers(row, "parts", &[batch, channels, height / factor, factor, width / factor, factor]);
            let parts = graph.node("Reshape", row, &[one(), parts], &[]);
            let swapped = graph.node("Transpose", row, &[parts], &[("perm", Integers(vec![0, 1, 3, 5, 2, 4]))]);
            let shape = graph.integers(row, "shape", &sizes(&row.output));
            Ok(graph.node("Reshape", row, &[swapped, shape], &[]))
        }
        Layer::Upsample(layer) if rank == 4 => {
            let to = graph.integers(row, "sizes", &sizes(&row.output));
            let mode = match (layer.mode, layer.align_corners) {
                (UpsampleMode::Nearest, _) => ["nearest", "asymmetric"],
                (UpsampleMode::Bilinear, Some(true)) => ["linear", "align_corners"],
                (UpsampleMode::Bilinear, _) => ["linear", "pytorch_half_pixel"],
            };
            let attributes = [
                ("mode", Text(mode[0])),
                ("coordinate_transformation_mode", Text(mode[1])),
                ("nearest_mode", Text("floor")),
            ];
            let is_whole = [2, 3].iter().all(|&at| row.output[at].is_multiple_of(row.dims[0][at]));
            if !is_whole && layer.scale_factor.is_some() {
                return Err(refuse("its factors are no whole ones; give the size"));
            }
            Ok(graph.node("Resize", row, &[one(), String::new(), String::new(), to], &attributes))
        }
        Layer::ZeroPad2d(layer) => pad(graph, row, (layer.padding, "constant", 0.0)),
        Layer::ConstantPad2d(layer) => pad(graph, row, (layer.padding, "constant", layer.value)),
        Layer::ReflectionPad2d(layer) => pad(graph, row, (layer.padding, "reflect", 0.0)),
        Layer::ReplicationPad2d(layer) => pad(graph, row, (layer.padding, "edge", 0.0)),
        Layer::Add(_) => plain(graph, "Add", &[]),
        Layer::Mul(_) => plain(graph, "Mul", &[]),
        Layer::Cat(layer) => plain(graph, "Concat", &[("axis", Integer(from_front(layer.dim)))]),
        Layer::Parameter(_) => graph.parameter(row, "", 0, &row.output),
        Layer::Scalar(layer) => {
            let number = graph.floats(row, "value", (&[], &[layer.value as f32]));
            let operator = match layer.operation {
                ScalarOperation::Add => "Add",
                ScalarOperation::Sub => "Sub",
                ScalarOperation::Mul => "Mul",
                ScalarOperation::Div => "Div",
            };
            Ok(graph.node(operator, row, &[one(), number], &[]))
        }
        Layer::Unsupported(_) => Err(refuse("what it computes is not known here")),
        _ => Err(refuse("opset 18 has no operators for it in this form")),
    }
}

const fn from_chunk(index: i64, chunks: i64) -> i64 {
    if index < 0 { index + chunks } else { index }
}

/// PyTorch's choice where no dimension is given.
fn softmax_axis(dim: Option<i64>, rank: usize) -> i64 {
    dim.unwrap_or(if matches!(rank, 0 | 1 | 3) { 0 } else { 1 })
}

fn pooled((kernel, stride, pads, ceil): (Vec<i64>, Vec<i64>, Vec<i64>, bool)) -> Vec<(&'static str, Value)> {
    vec![
        ("kernel_shape", Integers(kernel)),
        ("strides", Integers(stride)),
        ("pads", Integers(pads)),
        ("ceil_mode", Integer(i64::from(ceil))),
    ]
}

fn convolution(graph: &mut Graph, row: &Row) -> Written {
    let tensors = parameter_tensors(&row.node.layer, row.dims.first());
    let mut inputs = row.inputs.clone();
    for (place, tensor) in tensors.iter().enumerate() {
        inputs.push(graph.parameter(row, tensor.name, place, &tensor.shape)?);
    }
    let groups = |weight: Option<u64>| {
        let channels = row.dims[0].get(row.dims[0].rank().saturating_sub(
            if matches!(row.node.layer, Layer::Conv1d(_) | Layer::ConvTranspose1d(_)) { 2 } else { 3 },
        ));
        channels.copied().zip(weight).and_then(|(channels, weight)| channels.checked_div(weight)).unwrap_or(1) as i64
    };
    let weight = tensors.iter().next().map(|tensor| tensor.shape).unwrap_or_default();
    let kernel: Vec<i64> = weight.iter().skip(2).map(|&size| size as i64).collect();
    let pair = |pair: crate::model::Pair| vec![pair.height, pair.width];
    let both = |pads: Vec<i64>| [pads.clone(), pads].concat();
    let same = |dilation: &[i64]| {
        let totals: Vec<i64> = kernel.iter().zip(dilation).map(|(size, dilation)| dilation * (size - 1)).collect();
        let before: Vec<i64> = totals.iter().map(|total| total / 2).collect();
        let after = totals.iter().map(|total| total - total / 2).collect();
        [before, after].concat()
    };
    let rank = kernel.len();
    let mut attributes = vec![("kernel_shape", Integers(kernel.clone()))];
    let (operator, stride, dilation, pads, group) = match &row.node.layer {
        Layer::Conv2d(conv) => {
            let pads = match conv.padding {
                crate::model::Padding::Explicit(pads) => both(pair(pads)),
                crate::model::Padding::Same => same(&pair(conv.dilation)),
                crate::model::Padding::Valid => vec![0; 4],
            };
            ("Conv", pair(conv.stride), pair(conv.dilation), pads, groups(weight.get(1).copied()))
        }
        Layer::Conv1d(conv) => {
            let pads = match conv.padding {
                crate::model::LinePadding::Explicit(pads) => vec![pads; 2],
                crate::model::LinePadding::Same => same(&[conv.dilation]),
                crate::model::LinePadding::Valid => vec![0; 2],
            };
            ("Conv", vec![conv.stride], vec![conv.dilation], pads, groups(weight.get(1).copied()))
        }
        Layer::ConvTranspose2d(conv) => {
            attributes.push(("output_padding", Integers(pair(conv.output_padding))));
            let out = row.output[1].checked_div(weight.get(1).copied().unwrap_or(1)).unwrap_or(1);
            ("ConvTranspose", pair(conv.stride), pair(conv.dilation), both(pair(conv.padding)), out as i64)
        }
        Layer::ConvTranspose1d(conv) => {
            attributes.push(("output_padding", Integers(vec![conv.output_padding])));
            let out = row.output[1].checked_div(weight.get(1).copied().unwrap_or(1)).unwrap_or(1);
            ("ConvTranspose", vec![conv.stride], vec![conv.dilation], vec![conv.padding; 2], out as i64)
        }
        _ => ("Conv", vec![1; rank], vec![1; rank], vec![0; 2 * rank], 1),
    };
    attributes.extend([
        ("strides", Integers(stride)),
        ("dilations", Integers(dilation)),
        ("pads", Integers(pads)),
        ("group", Integer(group)),
    ]);
    Ok(graph.node(operator, row, &inputs, &attributes))
}

/// Windows of one size: a pool of a stride. `None` where they are not.
fn adaptive(graph: &mut Graph, row: &Row) -> Option<String> {
    let is_max = matches!(row.node.layer, Layer::AdaptiveMaxPool2d(_) | Layer::AdaptiveMaxPool1d(_));
    let (from, to) = (row.dims.first()?.get(2..)?, row.output.get(2..)?);
    if to.iter().all(|size| *size == 1) {
        return Some(graph.node(if is_max { "GlobalMaxPool" } else { "GlobalAveragePool" }, row, &row.inputs, &[]));
    }
    if from.iter().zip(to).any(|(from, to)| !from.is_multiple_of(*to)) {
        return None;
    }
    let kernel: Vec<i64> = from.iter().zip(to).map(|(from, to)| (from / to) as i64).collect();
    let window = (kernel.clone(), kernel.clone(), vec![0; 2 * kernel.len()], false);
    Some(graph.node(if is_max { "MaxPool" } else { "AveragePool" }, row, &row.inputs, &pooled(window)))
}

fn clip(graph: &mut Graph, row: &Row, low: f64, high: f64) -> Written {
    let low = graph.floats(row, "min", (&[], &[low as f32]));
    let high = graph.floats(row, "max", (&[], &[high as f32]));
    let inputs: Vec<String> = row.inputs.iter().cloned().chain([low, high]).collect();
    Ok(graph.node("Clip", row, &inputs, &[]))
}

fn slice(graph: &mut Graph, row: &Row, (start, end): (i64, i64), dim: usize) -> Written {
    let [start, end, axis] =
        [("start", start), ("end", end), ("axis", dim as i64)].map(|(name, value)| graph.integers(row, name, &[value]));
    let inputs: Vec<String> = row.inputs.iter().cloned().chain([start, end, axis]).collect();
    Ok(graph.node("Slice", row, &inputs, &[]))
}

fn pad(graph: &mut Graph, row: &Row, (sides, mode, value): (Sides, &'static str, f64)) -> Written {
    let outer = vec![0; row.output.rank().saturating_sub(2)];
    let pads = [&outer[..], &[sides.top, sides.left], &outer, &[sides.bottom, sides.right]].concat();
    let pads = graph.integers(row, "pads", &pads);
    let mut inputs: Vec<String> = row.inputs.iter().cloned().chain([pads]).collect();
    if mode == "constant" {
        inputs.push(graph.floats(row, "value", (&[], &[value as f32])));
    }
    Ok(graph.node("Pad", row, &inputs, &[("mode", Text(mode))]))
}
