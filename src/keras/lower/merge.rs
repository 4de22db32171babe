//! Several tensors.

use crate::keras::function::Function;
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;

use super::{Lowering, Value};

impl Lowering<'_> {
    /// A sum or a product, broadcast between tensors of one rank.
    pub(super) fn merge(&mut self, function: Function, inputs: &[Value]) -> Result<Value, Unsayable> {
        let &[one, other] = inputs else { return Err(Unsayable::NoShape) };
        let ranks = (self.dims(one).rank(), self.dims(other).rank());
        if ranks.0 != ranks.1 {
            return Err(Unsayable::Broadcast(ranks.0, ranks.1));
        }
        let values = self.in_one_order(inputs)?;
        let order = values.first().map_or(Order::Plain, |value| value.order);
        self.push(function, &values, order)
    }

    pub(super) fn concatenate(&mut self, dim: i64, inputs: &[Value]) -> Result<Value, Unsayable> {
        let values = self.in_one_order(inputs)?;
        let &first = values.first().ok_or(Unsayable::NoShape)?;
        let rank = self.dims(first).rank();
        let dimension = self.dimension(dim, rank)?;
        // Keras wants two at least.
        if values.len() == 1 {
            return Ok(first);
        }
        let order = first.order;
        self.push(Function::Concatenate { axis: order.axis(dimension, rank) }, &values, order)
    }

    /// A dimension counted from the front that is not the batch.
    pub(super) fn dimension(&self, dim: i64, rank: usize) -> Result<usize, Unsayable> {
        let dimension = if dim < 0 { dim.saturating_add(rank as i64) } else { dim };
        match usize::try_from(dimension) {
            Ok(0) => Err(Unsayable::Batch),
            Ok(dimension) if dimension < rank => Ok(dimension),
            _ => Err(Unsayable::NoShape),
        }
    }

    /// Channels last where one of them has them so.
    fn in_one_order(&mut self, inputs: &[Value]) -> Result<Vec<Value>, Unsayable> {
        let first = inputs.first().map_or(Order::Plain, |value| value.order);
        if inputs.iter().all(|value| value.order == first) && !matches!(first, Order::Pixels(_)) {
            return Ok(inputs.to_vec());
        }
        let last = inputs.iter().any(|value| value.order == Order::Last);
        inputs.iter().map(|&value| if last { self.last(value) } else { self.plain(value) }).collect()
    }
}
