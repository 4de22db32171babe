//! Norms.

use crate::keras::function::Function;
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{BatchNorm2d, Layer};

use super::{Lowering, Value};

impl Lowering<'_> {
    pub(super) fn norm(&mut self, layer: &Layer, input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        match layer {
            Layer::BatchNorm2d(norm) => {
                let x = self.map(input, false)?;
                self.batch_norm(norm, x)
            }
            Layer::BatchNorm1d(norm) => {
                let x = self.channels(input)?;
                let (eps, momentum, affine) = (norm.eps, norm.momentum, norm.affine);
                self.batch_norm(
                    &BatchNorm2d { eps, momentum, affine, track_running_stats: norm.track_running_stats },
                    x,
                )
            }
            Layer::GroupNorm(norm) => {
                let x = self.channels(input)?;
                let (axis, groups) = (x.order.axis(1, rank), u64::try_from(norm.num_groups).ok());
                self.push(Function::GroupNorm { axis, groups, eps: norm.eps, affine: norm.affine }, &[x], x.order)
            }
            Layer::InstanceNorm2d(norm) => {
                let x = self.map(input, false)?;
                self.instance_norm(norm.eps, norm.affine, norm.track_running_stats, x)
            }
            Layer::InstanceNorm1d(norm) => {
                let x = self.map(input, true)?;
                self.instance_norm(norm.eps, norm.affine, norm.track_running_stats, x)
            }
            Layer::LayerNorm(norm) => {
                let count = usize::try_from(norm.normalized_dims).map_err(|_| Unsayable::NoShape)?;
                let first = rank.checked_sub(count).filter(|&first| first > 0).ok_or(Unsayable::Batch)?;
                let x = if matches!(input.order, Order::Pixels(_)) { self.plain(input)? } else { input };
                let mut axes: Vec<usize> = (first..rank).map(|dimension| x.order.axis(dimension, rank)).collect();
                axes.sort_unstable();
                let (scale, center) = (norm.elementwise_affine, norm.elementwise_affine && norm.bias);
                self.push(Function::LayerNorm { axes, eps: norm.eps, scale, center }, &[x], x.order)
            }
            Layer::LayerNorm2d(norm) => {
                let x = self.map(input, false)?;
                let (scale, center) = (norm.elementwise_affine, norm.elementwise_affine && norm.bias);
                self.push(Function::LayerNorm { axes: vec![3], eps: norm.eps, scale, center }, &[x], x.order)
            }
            _ => Err(Unsayable::NoLayer),
        }
    }

    /// A tensor with an axis of channels.
    fn channels(&mut self, input: Value) -> Result<Value, Unsayable> {
        if self.dims(input).rank() < 2 {
            return Err(Unsayable::Rank);
        }
        match input.order {
            Order::Pixels(_) => self.plain(input),
            Order::Plain | Order::Last => Ok(input),
        }
    }

    fn batch_norm(&mut self, norm: &BatchNorm2d, x: Value) -> Result<Value, Unsayable> {
        if !norm.track_running_stats {
            return Err(Unsayable::BatchStatistics);
        }
        let momentum = norm.momentum.ok_or(Unsayable::CumulativeMomentum)?;
        let axis = x.order.axis(1, self.dims(x).rank());
        self.push(
            Function::BatchNorm { axis, eps: norm.eps, momentum: 1.0 - momentum, affine: norm.affine },
            &[x],
            x.order,
        )
    }

    fn instance_norm(&mut self, eps: f64, affine: bool, tracks: bool, x: Value) -> Result<Value, Unsayable> {
        if tracks {
            return Err(Unsayable::RunningInstanceNorm);
        }
        let axis = self.dims(x).rank() - 1;
        self.push(Function::GroupNorm { axis, groups: None, eps, affine }, &[x], x.order)
    }
}
