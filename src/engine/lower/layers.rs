//! Every kind of layer, once.

use super::{Lowering, channel_planes, dimension, planes, row_major_strides};
use crate::engine::error::EngineError;
use crate::engine::graph::TensorId;
use crate::engine::kernels::activation::Activation;
use crate::engine::kernels::geometry::Axis;
use crate::engine::kernels::reference::combine::Combination;
use crate::engine::kernels::reference::rearrange::Fill;
use crate::engine::operation::{Broadcast, Gather, Operation};
use crate::model::{
    AvgPool2d, Conv2d, ConvTranspose2d, GeluApproximate, InstanceNorm2d, Kind, Layer, MaxPool2d, Scalar,
    ScalarOperation,
};
use crate::shape::{chunk_range, slice_range, softmax_dimension};

impl Lowering<'_> {
    /// Appends the operations of one layer and gives its output.
    pub(super) fn layer(
        &mut self,
        layer: &Layer,
        inputs: &[TensorId],
        dims: Vec<usize>,
    ) -> Result<TensorId, EngineError> {
        let Some(&input) = inputs.first() else {
            return match layer {
                Layer::Parameter(_) => {
                    let values = self.parameters()?.weight;
                    Ok(self.push(Operation::Constant(values), &[], dims))
                }
                other => Err(self.unsupported(other.kind().class())),
            };
        };
        let from = self.graph.dims(input).to_vec();
        let operation = match layer {
            Layer::Conv2d(conv) => return self.convolution(conv, input, dims),
            Layer::ConvTranspose2d(conv) => self.transposed_convolution(conv, &from, &dims)?,
            Layer::Conv1d(conv) => return self.over_rows(&Conv2d::from(conv).into(), input, dims),
            Layer::ConvTranspose1d(conv) => return self.over_rows(&ConvTranspose2d::from(conv).into(), input, dims),
            Layer::MaxPool1d(pool) => return self.over_rows(&MaxPool2d::from(pool).into(), input, dims),
            Layer::AvgPool1d(pool) => return self.over_rows(&AvgPool2d::from(pool).into(), input, dims),
            // Their sizes are all that the same pools over maps are asked for.
            Layer::AdaptiveAvgPool1d(_) => return self.over_rows(&Kind::AdaptiveAvgPool2d.layer(), input, dims),
            Layer::AdaptiveMaxPool1d(_) => return self.over_rows(&Kind::AdaptiveMaxPool2d.layer(), input, dims),
            Layer::InstanceNorm1d(norm) => return self.over_rows(&InstanceNorm2d::from(norm).into(), input, dims),
            Layer::Linear(linear) => {
                let features = [from.last().copied().unwrap_or(1), linear.out_features as usize];
                Operation::Linear(features, self.parameters()?)
            }
            Layer::MaxPool2d(pool) => self.max_pool(pool, &from, &dims)?,
            Layer::AvgPool2d(pool) => self.average_pool(pool, &from, &dims)?,
            Layer::AdaptiveAvgPool2d(_) => Operation::AdaptiveAveragePool(planes(&from), planes(&dims)),
            Layer::AdaptiveMaxPool2d(_) => Operation::AdaptiveMaxPool(planes(&from), planes(&dims)),
            Layer::Mean(mean) => return Ok(self.mean(&mean.dim, input, dims)),
            Layer::BatchNorm2d(norm) => {
                return self.batch_norm(norm.eps, norm.track_running_stats, channel_planes(&from), input);
            }
            Layer::BatchNorm1d(norm) => {
                return self.batch_norm(norm.eps, norm.track_running_stats, channel_planes(&from), input);
            }
            Layer::InstanceNorm2d(norm) if norm.track_running_stats => {
                return self.batch_norm(norm.eps, true, planes(&from), input);
            }
            Layer::InstanceNorm2d(norm) => {
                self.channel_groups_norm(norm.eps, planes(&from).channels, &planes(&from))?
            }
            Layer::GroupNorm(norm) => {
                self.channel_groups_norm(norm.eps, norm.num_groups as usize, &channel_planes(&from))?
            }
            Layer::LayerNorm(norm) => self.layer_norm(norm, &from)?,
            Layer::LayerNorm2d(norm) => Operation::AxisNorm(Axis::of(&from, 1), norm.eps, self.parameters()?),
            Layer::LocalResponseNorm(norm) => self.local_response_norm(norm, &from)?,
            Layer::PReLU(_) => {
                let slopes = self.parameters()?.weight;
                Operation::ScaleNegatives(channel_planes(&from), slopes)
            }
            Layer::Softmax(softmax) => Operation::Softmax(softmax_axis(softmax.dim, &from)),
            Layer::LogSoftmax(softmax) => Operation::LogSoftmax(softmax_axis(softmax.dim, &from)),
            Layer::Dropout(_)
            | Layer::Dropout2d(_)
            | Layer::AlphaDropout(_)
            | Layer::StochasticDepth(_)
            | Layer::Identity(_)
            | Layer::Flatten(_)
            | Layer::View(_)
            | Layer::Contiguous(_) => Operation::Alias,
            Layer::Transpose(transpose) => {
                let mut strides = row_major_strides(&from);
                strides.swap(dimension(transpose.dim0, from.len()), dimension(transpose.dim1, from.len()));
                Operation::Gather(Gather { dims: dims.clone(), offset: 0, strides })
            }
            Layer::Permute(permute) => {
                let strides = row_major_strides(&from);
                let strides = permute.dims.iter().map(|&dim| strides[dimension(dim, from.len())]).collect();
                Operation::Gather(Gather { dims: dims.clone(), offset: 0, strides })
            }
            Layer::Chunk(chunk) => {
                let dim = dimension(chunk.dim, from.len());
                let range = chunk_range(from[dim] as u64, chunk.chunks.max(1) as u64, chunk.index);
                slice(&from, &dims, dim, range.map_or(0, |(start, _)| start as usize))
            }
            Layer::Slice(range) => {
                let dim = dimension(range.dim, from.len());
                slice(&from, &dims, dim, slice_range(range, from[dim] as u64).0 as usize)
            }
            Layer::ChannelShuffle(shuffle) => super::spatial::channel_shuffle(shuffle.groups as usize, &from),
            Layer::PixelShuffle(shuffle) => super::spatial::pixel_shuffle(shuffle.upscale_factor as usize, &dims),
            Layer::PixelUnshuffle(shuffle) => super::spatial::pixel_unshuffle(shuffle.downscale_factor as usize, &from),
            Layer::Upsample(upsample) => super::spatial::upsample(upsample, &from, &dims),
            Layer::ZeroPad2d(pad) => self.pad(pad.padding, Fill::Constant(0.0), &from, &dims)?,
            Layer::ConstantPad2d(pad) => self.pad(pad.padding, Fill::Constant(pad.value as f32), &from, &dims)?,
            Layer::ReflectionPad2d(pad) => self.pad(pad.padding, Fill::Reflect, &from, &dims)?,
            Layer::ReplicationPad2d(pad) => self.pad(pad.padding, Fill::Replicate, &from, &dims)?,
            Layer::Add(_) => self.broadcast(Combination::Add, inputs, &dims)?,
            Layer::Mul(_) => self.broadcast(Combination::Multiply, inputs, &dims)?,
            Layer::Cat(cat) => {
                let dim = dimension(cat.dim, dims.len());
                let firsts = inputs.iter().scan(0, |next, &input| {
                    let first = *next;
                    *next += self.graph.dims(input)[dim];
                    Some(first)
                });
                Operation::Concatenate(Axis::of(&dims, dim), firsts.collect())
            }
            Layer::ReLU(_) => Operation::Activate(Activation::Relu),
            Layer::ReLU6(_) => Operation::Activate(Activation::Clamp { low: 0.0, high: 6.0 }),
            Layer::Hardtanh(hard) => {
                Operation::Activate(Activation::Clamp { low: hard.min_val as f32, high: hard.max_val as f32 })
            }
            Layer::LeakyReLU(leaky) => {
                Operation::Activate(Activation::LeakyRelu { slope: leaky.negative_slope as f32 })
            }
            Layer::ELU(elu) => Operation::Activate(Activation::Elu { alpha: elu.alpha as f32 }),
            Layer::SELU(_) => Operation::Activate(Activation::Selu),
            Layer::CELU(celu) => Operation::Activate(Activation::Celu { alpha: celu.alpha as f32 }),
            Layer::SiLU(_) => Operation::Activate(Activation::Silu),
            Layer::GELU(gelu) => Operation::Activate(match gelu.approximate {
                GeluApproximate::None => Activation::Gelu,
                GeluApproximate::Tanh => Activation::GeluTanh,
            }),
            Layer::Mish(_) => Operation::Activate(Activation::Mish),
            Layer::Hardswish(_) => Operation::Activate(Activation::Hardswish),
            Layer::Hardsigmoid(_) => Operation::Activate(Activation::Hardsigmoid),
            Layer::Sigmoid(_) => Operation::Activate(Activation::Sigmoid),
            Layer::LogSigmoid(_) => Operation::Activate(Activation::LogSigmoid),
            Layer::Tanh(_) => Operation::Activate(Activation::Tanh),
            Layer::Softplus(plus) => {
                Operation::Activate(Activation::Softplus { beta: plus.beta as f32, threshold: plus.threshold as f32 })
            }
            Layer::Softsign(_) => Operation::Activate(Activation::Softsign),
            Layer::Scalar(scalar) => Operation::Activate(scaling(scalar)),
            Layer::Parameter(_) => return Err(self.unsupported(layer.kind().class())),
            Layer::Unsupported(unknown) => return Err(self.unsupported(&unknown.class)),
        };
        Ok(self.push(operation, inputs, dims))
    }

    /// A layer over lines `[N, C, L]` (or `[C, L]`) as the one over maps of one row that does the same.
    fn over_rows(&mut self, layer: &Layer, input: TensorId, dims: Vec<usize>) -> Result<TensorId, EngineError> {
        let one_row = |lines: &[usize]| {
            let mut map = lines.to_vec();
            map.insert(map.len().saturating_sub(1), 1);
            map
        };
        let (from, to) = (one_row(self.graph.dims(input)), one_row(&dims));
        let map = self.push(Operation::Alias, &[input], from);
        let output = self.layer(layer, &[map], to)?;
        Ok(self.push(Operation::Alias, &[output], dims))
    }

    /// The mean over dimensions, the innermost first; neighbouring dimensions at once.
    fn mean(&mut self, over: &[i64], input: TensorId, dims: Vec<usize>) -> TensorId {
        let mut sizes = self.graph.dims(input).to_vec();
        let is_over = |at: &usize| over.is_empty() || over.iter().any(|&dim| dimension(dim, sizes.len()) == *at);
        let mut over: Vec<usize> = (0..sizes.len()).filter(is_over).collect();
        if let (&[batch, channels, _, _], &[2, 3]) = (sizes.as_slice(), over.as_slice()) {
            let to = [batch, channels, 1, 1];
            let pool = Operation::AdaptiveAveragePool(planes(&sizes), planes(&to));
            let tensor = self.push(pool, &[input], to.to_vec());
            return self.push(Operation::Alias, &[tensor], dims);
        }
        let mut tensor = input;
        while let Some(last) = over.pop() {
            let mut first = last;
            while over.last().is_some_and(|&above| above + 1 == first) {
                first -= 1;
                over.pop();
            }
            let inner = sizes[last + 1..].iter().product();
            let axis =
                Axis { outer: sizes[..first].iter().product(), length: sizes[first..=last].iter().product(), inner };
            sizes[first..=last].fill(1);
            tensor = self.push(Operation::Mean(axis), &[tensor], sizes.clone());
        }
        self.push(Operation::Alias, &[tensor], dims)
    }

    fn broadcast(
        &self,
        combination: Combination,
        inputs: &[TensorId],
        dims: &[usize],
    ) -> Result<Operation, EngineError> {
        let &[a, b] = inputs else {
            let class = match combination {
                Combination::Add => Kind::Add.class(),
                Combination::Multiply => Kind::Mul.class(),
            };
            return Err(self.unsupported(class));
        };
        let strides = [a, b].map(|tensor| {
            let sizes = self.graph.dims(tensor);
            let missing = dims.len() - sizes.len();
            let own = row_major_strides(sizes);
            (0..dims.len())
                .map(|dim| if dim < missing || sizes[dim - missing] == 1 { 0 } else { own[dim - missing] })
                .collect()
        });
        Ok(Operation::Broadcast(Broadcast { combination, dims: dims.to_vec(), strides }))
    }
}

fn scaling(scalar: &Scalar) -> Activation {
    let (scale, shift) = match scalar.operation {
        ScalarOperation::Add => (1.0, scalar.value),
        ScalarOperation::Sub => (1.0, -scalar.value),
        ScalarOperation::Mul => (scalar.value, 0.0),
        ScalarOperation::Div => (1.0 / scalar.value, 0.0),
    };
    Activation::Scale { scale: scale as f32, shift: shift as f32 }
}

/// The axis of a softmax; a number is one by itself.
fn softmax_axis(dim: Option<i64>, dims: &[usize]) -> Axis {
    let one = Axis { outer: 1, length: 1, inner: 1 };
    softmax_dimension(dim, dims.len()).map_or(one, |dim| Axis::of(dims, dim))
}

fn slice(from: &[usize], to: &[usize], dim: usize, start: usize) -> Operation {
    let strides = row_major_strides(from);
    Operation::Gather(Gather { dims: to.to_vec(), offset: start * strides[dim], strides })
}
