//! What is taken of a tensor by an index or a loop.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::super::python::containers::slice_indices;
use super::array::Array;
use super::fold;
use super::tensor::{Tensor, TensorSource};
use super::{Machine, Value};
use crate::model::{self, Dims, Layer};

impl Machine {
    /// The tensor that a loop over the first dimension sees.
    pub(crate) fn tensor_items(&mut self, tensor: &Rc<Tensor>) -> Run<Option<Vec<Value>>> {
        let Some(dims) = tensor.dims.filter(|dims| dims.rank() >= 1) else { return Ok(None) };
        let count = usize::try_from(dims[0]).unwrap_or(usize::MAX);
        self.allocate(count.saturating_mul(4))?;
        let mut items = Vec::with_capacity(count);
        for index in 0..count {
            items.push(self.tensor_item(tensor, &Value::Int(index as i128))?);
        }
        Ok(Some(items))
    }

    /// `x[0]`, `x[:, :c]`, `x[..., ::2]`.
    pub(crate) fn tensor_item(&mut self, tensor: &Rc<Tensor>, index: &Value) -> Run<Value> {
        if let Some(array) = fold::known(tensor) {
            let array = array.clone();
            if let Some(item) = self.constant_item(&array, index)? {
                return Ok(item);
            }
        }
        let parts: Vec<Value> = match index {
            Value::Tuple(parts) => parts.to_vec(),
            one => vec![one.clone()],
        };
        let Some(dims) = tensor.dims else { return self.part(tensor, None, Vec::new()) };
        let named = parts.iter().filter(|part| !matches!(part, Value::Ellipsis | Value::None)).count();
        let mut sizes = Vec::new();
        let mut slices = Vec::new();
        // Every element of a range, and no dimension less or more.
        let mut plain = true;
        let mut same_rank = true;
        // Of the rows and columns of an image, every how manieth is taken.
        let mut stride = model::Pair::square(1);
        let mut at = 0;
        for part in &parts {
            match part {
                Value::Ellipsis => {
                    let skipped = dims.rank().saturating_sub(named);
                    sizes.extend(dims.sizes().iter().skip(at).take(skipped));
                    at += skipped;
                }
                Value::None => {
                    sizes.push(1);
                    same_rank = false;
                }
                Value::Slice(bounds) => {
                    let Some(&size) = dims.get(at) else { return self.too_many_indices(dims.rank()) };
                    if size > 100_000_000 {
                        return self.part(tensor, None, Vec::new());
                    }
                    let unknown = bounds.iter().any(|bound| !matches!(bound, Value::None) && bound.as_int().is_none());
                    if unknown {
                        return self.part(tensor, None, Vec::new());
                    }
                    let step = bounds[2].as_i64().unwrap_or(1);
                    let picked = if step == 1 {
                        slice_length(bounds, size)
                    } else {
                        slice_indices(bounds, size as usize).len() as u64
                    };
                    match (dims.rank(), at) {
                        (4, 2) if step > 0 => stride.height = step,
                        (4, 3) if step > 0 => stride.width = step,
                        _ => plain &= step == 1,
                    }
                    if slice_length(bounds, size) != size {
                        let start = bounds[0].as_i64().unwrap_or(0);
                        slices.push((at as i64, start, bounds[1].as_i64()));
                    }
                    sizes.push(picked);
                    at += 1;
                }
                Value::Tensor(_) | Value::List(_) if part.as_i64().is_none() || matches!(part, Value::List(_)) => {
                    return self.gathered(tensor, &parts, named);
                }
                _ => {
                    let Some(&size) = dims.get(at) else { return self.too_many_indices(dims.rank()) };
                    if let Some(index) = part.as_i64() {
                        if i128::from(index) >= i128::from(size) || i128::from(index) < -i128::from(size) {
                            let message = format!("index {index} is out of bounds for dimension {at} with size {size}");
                            return self.error(ProblemKind::Shape, "IndexError", message);
                        }
                        if size > 1 {
                            let end = if index == -1 { None } else { Some(index + 1) };
                            slices.push((at as i64, index, end));
                        }
                    } else {
                        return self.part(tensor, None, Vec::new());
                    }
                    same_rank = false;
                    at += 1;
                }
            }
        }
        sizes.extend(dims.sizes().iter().skip(at));
        let output = Dims::new(&sizes);
        let strided = stride != model::Pair::square(1);
        if !plain || (!same_rank && (strided || sizes.is_empty() || output.is_none())) {
            return self.part(tensor, output, Vec::new());
        }
        if strided {
            return self.every_other(tensor, slices, stride);
        }
        if same_rank {
            return self.part(tensor, output, slices);
        }
        if self.host.trace.is_none() || !Self::flows(tensor) {
            return Ok(Value::Tensor(Tensor::made(output)));
        }
        // Dimensions that go or come are a view of what the slices leave.
        let sliced = self.sliced(tensor, slices)?;
        let shape = sizes.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect();
        let item = self.silently("view", Layer::View(model::View { shape }), &[sliced])?;
        let node = match &item.source {
            TensorSource::Node(node) => Some(*node),
            _ => None,
        };
        self.record("getitem", std::slice::from_ref(tensor), item.dims, node);
        Ok(Value::Tensor(item))
    }

    /// What tensors of whole numbers pick: their own shape in the place of the first of them.
    fn gathered(&mut self, tensor: &Rc<Tensor>, parts: &[Value], named: usize) -> Run<Value> {
        let Some(dims) = tensor.dims else { return self.part(tensor, None, Vec::new()) };
        let mut sizes: Vec<u64> = Vec::new();
        let mut picked: Option<(usize, Dims)> = None;
        let mut inputs = vec![tensor.clone()];
        let mut at = 0;
        for part in parts {
            match part {
                Value::Ellipsis => {
                    let skipped = dims.rank().saturating_sub(named);
                    sizes.extend(dims.iter().skip(at).take(skipped));
                    at += skipped;
                    continue;
                }
                Value::None => {
                    sizes.push(1);
                    continue;
                }
                _ => {}
            }
            let Some(&size) = dims.get(at) else { return self.too_many_indices(dims.rank()) };
            at += 1;
            let places = match part {
                Value::Slice(bounds) => {
                    let unknown = bounds.iter().any(|bound| !matches!(bound, Value::None) && bound.as_int().is_none());
                    if unknown || size > 1_000_000 {
                        return self.part(tensor, None, Vec::new());
                    }
                    sizes.push(slice_indices(bounds, size as usize).len() as u64);
                    continue;
                }
                Value::List(list) => Dims::new(&[self.heap.lists[*list].len() as u64]),
                // What is computed may be a mask, which picks as many as it holds.
                Value::Tensor(index) if !Self::flows(index) || index.source == TensorSource::Input => {
                    inputs.push(index.clone());
                    index.dims
                }
                Value::Int(_) | Value::Bool(_) => Some(Dims::default()),
                _ => None,
            };
            let Some(places) = places else { return self.part(tensor, None, Vec::new()) };
            picked = match picked {
                None => Some((sizes.len(), places)),
                Some((place, before)) => {
                    let pair = [before, places];
                    let Ok(both) = crate::shape::output(&Layer::Add(model::Add {}), &pair) else {
                        return self.part(tensor, None, Vec::new());
                    };
                    Some((place, both))
                }
            };
        }
        sizes.extend(dims.iter().skip(at));
        if let Some((place, places)) = picked {
            sizes.splice(place..place, places.iter().copied());
        }
        self.figured("getitem", &inputs, Dims::new(&sizes), 0)
    }

    /// Elements of a constant; `None`: they are not picked here.
    fn constant_item(&mut self, array: &Array, index: &Value) -> Run<Option<Value>> {
        let parts: Vec<Value> = match index {
            Value::Tuple(parts) => parts.to_vec(),
            one => vec![one.clone()],
        };
        let named = parts.iter().filter(|part| !matches!(part, Value::Ellipsis | Value::None)).count();
        let mut array = array.clone();
        let mut at = 0;
        for part in &parts {
            match part {
                Value::Ellipsis => at += array.dims.rank().saturating_sub(at + named_behind(&parts, part, named)),
                Value::None => {
                    let mut sizes = array.dims.sizes().to_vec();
                    sizes.insert(at.min(sizes.len()), 1);
                    let Some(more) = array.reshape(&sizes) else { return Ok(None) };
                    array = more;
                    at += 1;
                }
                Value::Slice(bounds) => {
                    let Some(&size) = array.dims.get(at) else { return Ok(None) };
                    let Some(less) = array.slice(at, &slice_indices(bounds, size as usize)) else { return Ok(None) };
                    array = less;
                    at += 1;
                }
                one => {
                    let (Some(&size), Some(index)) = (array.dims.get(at), one.as_i64()) else { return Ok(None) };
                    let wrapped = if index < 0 { index + size as i64 } else { index };
                    let Some(place) = usize::try_from(wrapped).ok().filter(|&place| (place as u64) < size) else {
                        return Ok(None);
                    };
                    let mut sizes = array.dims.sizes().to_vec();
                    let Some(row) = array.slice(at, &[place]) else { return Ok(None) };
                    sizes.remove(at);
                    let Some(row) = row.reshape(&sizes) else { return Ok(None) };
                    array = row;
                }
            }
        }
        self.constant(array).map(Some)
    }

    fn too_many_indices(&mut self, rank: usize) -> Run<Value> {
        let message = format!("too many indices for tensor of dimension {rank}");
        self.error(ProblemKind::Shape, "IndexError", message)
    }

    /// Part of a tensor: slices where it is made of those, else of unknown cost.
    fn part(&mut self, tensor: &Rc<Tensor>, dims: Option<Dims>, slices: Vec<(i64, i64, Option<i64>)>) -> Run<Value> {
        if dims.is_some() && dims == tensor.dims {
            self.record("getitem", std::slice::from_ref(tensor), dims, None);
            return Ok(Value::Tensor(tensor.clone()));
        }
        if slices.is_empty() {
            return self.figured("getitem", std::slice::from_ref(tensor), dims, 0);
        }
        if self.host.trace.is_none() || !Self::flows(tensor) {
            return Ok(Value::Tensor(Tensor::made(dims)));
        }
        let last = self.sliced(tensor, slices)?;
        let node = match &last.source {
            TensorSource::Node(node) => Some(*node),
            _ => None,
        };
        self.record("getitem", std::slice::from_ref(tensor), last.dims, node);
        Ok(Value::Tensor(last))
    }

    /// `x[:, :, ::2, 1::2]`: what the slices leave, and of each window of one pixel its largest.
    fn every_other(
        &mut self,
        tensor: &Rc<Tensor>,
        slices: Vec<(i64, i64, Option<i64>)>,
        stride: model::Pair,
    ) -> Run<Value> {
        let pool = model::MaxPool2d {
            kernel_size: model::Pair::square(1),
            stride: Some(stride),
            ..model::MaxPool2d::default()
        };
        let sliced = self.sliced(tensor, slices)?;
        let item = self.silently("slice", Layer::MaxPool2d(pool), &[sliced])?;
        let node = match &item.source {
            TensorSource::Node(node) => Some(*node),
            _ => None,
        };
        self.record("getitem", std::slice::from_ref(tensor), item.dims, node);
        Ok(Value::Tensor(item))
    }

    /// One slice after another: dimension, start, end.
    fn sliced(&mut self, tensor: &Rc<Tensor>, slices: Vec<(i64, i64, Option<i64>)>) -> Run<Rc<Tensor>> {
        let mut last = tensor.clone();
        for (dim, start, end) in slices {
            last = self.silently("slice", Layer::Slice(model::Slice { start, end, dim }), &[last])?;
        }
        Ok(last)
    }
}

fn slice_length(bounds: &[Value; 3], size: u64) -> u64 {
    let size = i128::from(size);
    let bound = |value: &Value, default: i128| match value.as_int() {
        None => default,
        Some(at) => (if at < 0 { at + size } else { at }).clamp(0, size),
    };
    (bound(&bounds[1], size) - bound(&bounds[0], 0)).max(0) as u64
}

/// How many of an index's parts behind `...` take a dimension each.
fn named_behind(parts: &[Value], dots: &Value, named: usize) -> usize {
    let place = parts.iter().position(|part| std::ptr::eq(part, dots)).unwrap_or(0);
    let before = parts[..place].iter().filter(|part| !matches!(part, Value::Ellipsis | Value::None)).count();
    named.saturating_sub(before)
}
