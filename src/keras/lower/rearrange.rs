//! The same elements in another shape or order, or some of them.

use crate::keras::function::Function;
use crate::keras::problem::Unsayable;
use crate::keras::program::Order;
use crate::model::{Channels, Chunk, Dims, Kind, Layer, Slice, Tap, Transpose};
use crate::shape::{chunk_range, slice_range};

use super::{Lowering, Value};

fn dims(sizes: &[u64]) -> Result<Dims, Unsayable> {
    Dims::new(sizes).ok_or(Unsayable::TooLarge)
}

impl Lowering<'_> {
    /// A view to the shape that PyTorch gives. A map becomes features in the order of its own pixels where only matrix
    /// products read them, since those have a weight for each.
    pub(super) fn reshape(&mut self, input: Value) -> Result<Value, Unsayable> {
        let target = self.output_dims()?;
        let (stored, pytorch) = (self.dims(input), self.pytorch_dims(input));
        if target.first() != Some(&1) || stored.first() != Some(&1) || target.rank() < 2 {
            return Err(Unsayable::Batch);
        }
        if target == pytorch && !matches!(input.order, Order::Pixels(_)) {
            return Ok(input);
        }
        // PyTorch's sizes as channels and what is behind them.
        let (channels, rest) = match input.order {
            Order::Plain => return self.push(Function::Reshape(target), &[input], Order::Plain),
            Order::Last => (stored[stored.rank() - 1], pytorch.get(2..).unwrap_or_default().to_vec()),
            Order::Pixels([channels, height, width]) => (channels, vec![height, width]),
        };
        let pixels: u64 = rest.iter().product();
        if channels == 1 || pixels == 1 {
            let flat = if target.rank() == 2 { Function::Flatten } else { Function::Reshape(target) };
            return self.push(flat, &[input], Order::Plain);
        }
        if target[1] == channels && target.rank() > 2 {
            return self.push(Function::Reshape(Order::Last.sizes(&target)), &[input], Order::Last);
        }
        if target.rank() == 2 && self.only_products_read(self.row) {
            let sizes = match rest[..] {
                [length] => Some([channels, 1, length]),
                [height, width] => Some([channels, height, width]),
                _ => None,
            };
            match (sizes, input.order) {
                (Some(sizes), Order::Pixels(_)) => return Ok(Value { order: Order::Pixels(sizes), ..input }),
                (Some(sizes), _) => return self.push(Function::Flatten, &[input], Order::Pixels(sizes)),
                (None, _) => {}
            }
        }
        let plain = self.plain(input)?;
        self.push(Function::Reshape(target), &[plain], Order::Plain)
    }

    /// Whether only Linears read a row, if through layers that treat all features alike.
    fn only_products_read(&self, row: usize) -> bool {
        let mut readers = (row + 1..self.network.nodes.len())
            .filter(|&reader| self.wiring.taps(reader).contains(&Tap::Node(row)))
            .peekable();
        readers.peek().is_some()
            && row + 1 < self.network.nodes.len()
            && readers.all(|reader| match &self.network.nodes[reader].layer {
                Layer::Linear(_) => true,
                Layer::PReLU(relu) => relu.num_parameters == Channels::Count(1) && self.only_products_read(reader),
                layer => {
                    let alike = layer.kind().sort() == crate::model::Sort::Activation
                        || matches!(
                            layer.kind(),
                            Kind::Dropout | Kind::AlphaDropout | Kind::Identity | Kind::Contiguous
                        );
                    alike && self.only_products_read(reader)
                }
            })
    }

    pub(super) fn transpose(&mut self, transpose: &Transpose, input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        let (one, other) = (self.dimension(transpose.dim0, rank)?, self.dimension(transpose.dim1, rank)?);
        let mut order: Vec<i64> = (0..rank as i64).collect();
        order.swap(one, other);
        self.permute(&order, input)
    }

    /// Nothing moves where the axes stand as wanted already, in PyTorch's order or with the channels last.
    pub(super) fn permute(&mut self, order: &[i64], input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        if order.len() != rank || order.first().is_none_or(|&first| first != 0 && first != -(rank as i64)) {
            return Err(Unsayable::Batch);
        }
        let x = if matches!(input.order, Order::Pixels(_)) { self.plain(input)? } else { input };
        let old: Vec<usize> =
            order.iter().map(|&dim| if dim < 0 { dim.saturating_add(rank as i64) } else { dim } as usize).collect();
        let moves = |to: Order| -> Vec<usize> {
            let axes = to.axes(rank);
            axes.iter().map(|&new| x.order.axis(old.get(new).copied().unwrap_or(0), rank)).collect()
        };
        let still: Vec<usize> = (0..rank).collect();
        let wanted = super::order_of_rank(rank, self.over_lines);
        for to in [wanted, Order::Plain, Order::Last] {
            if moves(to) == still {
                return Ok(Value { order: to, ..x });
            }
        }
        self.push(Function::Permute(moves(wanted)), &[x], wanted)
    }

    pub(super) fn chunk(&mut self, chunk: &Chunk, input: Value) -> Result<Value, Unsayable> {
        let pytorch = self.pytorch_dims(input);
        let dimension = self.dimension(chunk.dim, pytorch.rank())?;
        let chunks = u64::try_from(chunk.chunks).map_err(|_| Unsayable::NoShape)?;
        let range = chunk_range(pytorch[dimension], chunks, chunk.index).map_err(|_| Unsayable::NoShape)?;
        self.part(dimension, range, input)
    }

    pub(super) fn slice(&mut self, slice: &Slice, input: Value) -> Result<Value, Unsayable> {
        let pytorch = self.pytorch_dims(input);
        let dimension = self.dimension(slice.dim, pytorch.rank())?;
        self.part(dimension, slice_range(slice, pytorch[dimension]), input)
    }

    fn part(&mut self, dimension: usize, (start, end): (u64, u64), input: Value) -> Result<Value, Unsayable> {
        let x = if matches!(input.order, Order::Pixels(_)) { self.plain(input)? } else { input };
        let axis = x.order.axis(dimension, self.dims(x).rank());
        if (start, end) == (0, self.dims(x)[axis]) {
            return Ok(x);
        }
        self.push(Function::Slice { axis, start, end }, &[x], x.order)
    }

    pub(super) fn channel_shuffle(&mut self, groups: i64, input: Value) -> Result<Value, Unsayable> {
        let rank = self.dims(input).rank();
        let x = if rank < 3 { self.plain(input)? } else { self.last(input)? };
        let sizes = self.dims(x);
        let channels = sizes[sizes.rank() - 1];
        let groups = u64::try_from(groups).ok().filter(|&groups| groups > 0).ok_or(Unsayable::NoShape)?;
        let pixels = sizes.elements().ok_or(Unsayable::TooLarge)? / channels;
        let divided =
            self.push(Function::Reshape(dims(&[1, pixels, groups, channels / groups])?), &[x], Order::Plain)?;
        let moved = self.push(Function::Permute(vec![0, 1, 3, 2]), &[divided], Order::Plain)?;
        self.push(Function::Reshape(sizes), &[moved], x.order)
    }

    /// Channel `c r^2 + i r + j` goes to row `h r + i`, column `w r + j` of channel `c`. In two steps, as runtimes move
    /// five axes at most.
    pub(super) fn pixel_shuffle(&mut self, factor: i64, input: Value) -> Result<Value, Unsayable> {
        let x = self.map(input, false)?;
        let r = u64::try_from(factor).ok().filter(|&factor| factor > 0).ok_or(Unsayable::NoShape)?;
        let (sizes, [height, width]) = (self.dims(x), self.pixels(x, false));
        let channels = sizes[3] / (r * r);
        let apart = self.push(Function::Reshape(dims(&[1, height * width, channels, r * r])?), &[x], Order::Plain)?;
        let inner = self.push(Function::Permute(vec![0, 1, 3, 2]), &[apart], Order::Plain)?;
        let rows = self.push(Function::Reshape(dims(&[1, height, width, r, r * channels])?), &[inner], Order::Plain)?;
        let rows = self.push(Function::Permute(vec![0, 1, 3, 2, 4]), &[rows], Order::Plain)?;
        self.push(Function::Reshape(dims(&[1, height * r, width * r, channels])?), &[rows], Order::Last)
    }

    /// The way back of [`Self::pixel_shuffle`].
    pub(super) fn pixel_unshuffle(&mut self, factor: i64, input: Value) -> Result<Value, Unsayable> {
        let x = self.map(input, false)?;
        let r = u64::try_from(factor).ok().filter(|&factor| factor > 0).ok_or(Unsayable::NoShape)?;
        let (sizes, [height, width]) = (self.dims(x), self.pixels(x, false));
        let (channels, height, width) = (sizes[3], height / r, width / r);
        let rows = self.push(Function::Reshape(dims(&[1, height, r, width, r * channels])?), &[x], Order::Plain)?;
        let rows = self.push(Function::Permute(vec![0, 1, 3, 2, 4]), &[rows], Order::Plain)?;
        let inner =
            self.push(Function::Reshape(dims(&[1, height * width, r * r, channels])?), &[rows], Order::Plain)?;
        let inner = self.push(Function::Permute(vec![0, 1, 3, 2]), &[inner], Order::Plain)?;
        self.push(Function::Reshape(dims(&[1, height, width, channels * r * r])?), &[inner], Order::Last)
    }
}
