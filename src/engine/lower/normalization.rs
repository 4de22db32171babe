//! Norms: those by stored statistics become a scale and a shift of each channel.

use super::spatial::channel_planes;
use super::{LARGEST_TENSOR, Lowering, row_major_strides};
use crate::engine::error::EngineError;
use crate::engine::graph::TensorId;
use crate::engine::kernels::geometry::Planes;
use crate::engine::kernels::reference::normalization::{GroupNorm, LocalResponse, Scaling};
use crate::engine::operation::{Gather, Operation, Parameters};
use crate::model::{LayerNorm, LocalResponseNorm};

impl Lowering<'_> {
    /// `(x - mean) / sqrt(variance + eps) * weight + bias` by running statistics, or by the batch's own without them.
    pub(super) fn batch_norm(
        &mut self,
        epsilon: f64,
        running: bool,
        planes: Planes,
        input: TensorId,
    ) -> Result<TensorId, EngineError> {
        let dims = self.graph.dims(input).to_vec();
        let mut tensors = self.tensors()?;
        let statistics = if running && tensors.len() >= 2 { tensors.split_off(tensors.len() - 2) } else { Vec::new() };
        let mut tensors = tensors.into_iter();
        let weight = tensors.next().unwrap_or_else(|| vec![1.0; planes.channels]);
        let bias = tensors.next().unwrap_or_else(|| vec![0.0; planes.channels]);
        if let [means, variances] = statistics.as_slice() {
            let parameters = scale_and_shift(&weight, &bias, means, variances, epsilon);
            return Ok(self.push(Operation::ScaleChannels(planes, parameters), &[input], dims));
        }
        let normalized = self.batch_statistics_norm(&planes, epsilon, input, &dims);
        Ok(self.push(Operation::ScaleChannels(planes, Parameters { weight, bias }), &[normalized], dims))
    }

    /// Mean 0 and variance 1 for each channel over the whole batch: [N, C, A] to [C, N, A] and back.
    fn batch_statistics_norm(&mut self, planes: &Planes, epsilon: f64, input: TensorId, dims: &[usize]) -> TensorId {
        let (batch, channels, area) = (planes.batch, planes.channels, planes.area());
        let swap = |from: [usize; 3]| {
            let strides = row_major_strides(&from);
            let strides = vec![strides[1], strides[0], strides[2]];
            Operation::Gather(Gather { dims: vec![from[1], from[0], from[2]], offset: 0, strides })
        };
        let swapped = vec![channels, batch, area];
        let by_channel = self.push(swap([batch, channels, area]), &[input], swapped.clone());
        let norm = GroupNorm { length: batch * area, epsilon, scaling: Scaling::Plain };
        let normalized = self.push(Operation::GroupNorm(norm, Parameters::default()), &[by_channel], swapped);
        self.push(swap([channels, batch, area]), &[normalized], dims.to_vec())
    }

    /// Each sample's channels in `groups` groups.
    pub(super) fn channel_groups_norm(
        &self,
        epsilon: f64,
        groups: usize,
        planes: &Planes,
    ) -> Result<Operation, EngineError> {
        let (channels, area) = (planes.channels, planes.area());
        let scaling = Scaling::PerChannel { channels, area };
        let norm = GroupNorm { length: channels / groups.max(1) * area, epsilon, scaling };
        Ok(Operation::GroupNorm(norm, self.parameters()?))
    }

    pub(super) fn layer_norm(&self, norm: &LayerNorm, dims: &[usize]) -> Result<Operation, EngineError> {
        let first = dims.len().saturating_sub(norm.normalized_dims.max(0) as usize);
        let length = dims[first..].iter().product();
        let norm = GroupNorm { length, epsilon: norm.eps, scaling: Scaling::PerElement };
        Ok(Operation::GroupNorm(norm, self.parameters()?))
    }

    pub(super) fn local_response_norm(
        &self,
        norm: &LocalResponseNorm,
        dims: &[usize],
    ) -> Result<Operation, EngineError> {
        let size = u32::try_from(norm.size.max(1)).ok().filter(|&size| u64::from(size) <= LARGEST_TENSOR);
        let size = size.ok_or_else(|| {
            let (node, argument, limit) = (self.name.clone(), "its size", LARGEST_TENSOR);
            EngineError::Argument { node, argument, found: norm.size, limit }
        })?;
        let norm = LocalResponse { size: size as usize, alpha: norm.alpha, beta: norm.beta, k: norm.k };
        Ok(Operation::LocalResponseNorm(channel_planes(dims), norm))
    }
}

/// `scale = weight / sqrt(variance + eps)`, `shift = bias - mean * scale`.
fn scale_and_shift(weight: &[f32], bias: &[f32], means: &[f32], variances: &[f32], epsilon: f64) -> Parameters {
    let scale = |channel: usize| f64::from(weight[channel]) / (f64::from(variances[channel]) + epsilon).sqrt();
    let shift = |channel: usize| f64::from(bias[channel]) - f64::from(means[channel]) * scale(channel);
    let channels = 0..weight.len();
    Parameters {
        weight: channels.clone().map(|channel| scale(channel) as f32).collect(),
        bias: channels.map(|channel| shift(channel) as f32).collect(),
    }
}
