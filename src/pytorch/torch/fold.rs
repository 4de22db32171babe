//! Functions of constants: a text's own arithmetic with NumPy and with small tensors.

use std::rc::Rc;

use super::array::{self, Array, MOST_NUMBERS};
use super::tensor::{Tensor, TensorSource};
use super::{Arguments, Machine, Value};
use crate::pytorch::python::Run;

/// Whose function it is: they differ in what some of them give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Torch,
    Numpy,
}

impl Machine {
    /// A constant: a number, a tensor of known numbers, or such in lists.
    pub(crate) fn array_of(&mut self, value: &Value) -> Run<Option<Array>> {
        Ok(match value {
            Value::Bool(boolean) => Some(Array::number(f64::from(u8::from(*boolean)), true)),
            Value::Int(int) => Some(Array::number(*int as f64, true)),
            Value::Float(float) => Some(Array::number(*float, false)),
            Value::Tensor(tensor) if tensor.source == TensorSource::Made => {
                let numbers = tensor.numbers.as_deref().cloned();
                self.work(numbers.as_ref().map_or(0, |numbers| numbers.values.len() / 8))?;
                numbers
            }
            Value::List(_) | Value::Tuple(_) | Value::Range(_) => {
                let items = self.items(value)?;
                self.deeper()?;
                let mut arrays = Vec::with_capacity(items.len());
                for item in &items {
                    match self.array_of(item)? {
                        Some(array) => arrays.push(array),
                        None => break,
                    }
                }
                self.shallower();
                if arrays.len() < items.len() { None } else { stacked(&arrays, 0) }
            }
            _ => None,
        })
    }

    /// The same numbers as a tensor.
    pub(crate) fn constant(&mut self, array: Array) -> Run<Value> {
        self.allocate(2 + array.values.len() / 4)?;
        self.work(array.values.len() / 8)?;
        Ok(Value::Tensor(Tensor::of(array)))
    }

    fn constant_or(&mut self, array: Option<Array>) -> Run<Option<Value>> {
        match array {
            Some(array) => self.constant(array).map(Some),
            None => Ok(None),
        }
    }

    /// What a function gives of constants; `None`: it is none that is computed here.
    pub(crate) fn folded(&mut self, name: &str, arguments: &Arguments, dialect: Dialect) -> Run<Option<Value>> {
        let first = ["input", "x", "a", "x1", "arr", "tensors", "arrays"];
        let first = arguments.positional.first().or_else(|| first.iter().find_map(|name| arguments.keyword(name)));
        let Some(first) = first.cloned() else { return Ok(None) };
        if matches!(name, "cat" | "concat" | "concatenate" | "stack" | "hstack" | "vstack" | "meshgrid") {
            return self.joined(name, &first, arguments, dialect);
        }
        let other = arguments.positional.get(1).or_else(|| arguments.keyword("other")).cloned();
        let is_constant = |value: &Value| match value {
            Value::Tensor(tensor) => tensor.source == TensorSource::Made && tensor.numbers.is_some(),
            _ => false,
        };
        let either = is_constant(&first) || other.as_ref().is_some_and(is_constant);
        if !(either || (dialect == Dialect::Numpy && matches!(first, Value::List(_) | Value::Tuple(_)))) {
            return Ok(None);
        }
        let Some(one) = self.array_of(&first)? else { return Ok(None) };
        if let (Some(function), Some(other)) = (array::binary(name), &other) {
            let Some(other) = self.array_of(other)? else { return Ok(None) };
            let whole = one.whole && other.whole && array::keeps_whole(name);
            return self.constant_or(one.zip(&other, whole, function));
        }
        if matches!(name, "round" | "around") && other.is_some() {
            let digits = other.as_ref().and_then(Value::as_i64).unwrap_or(0).clamp(-30, 30);
            let scale = 10_f64.powi(digits as i32);
            return self.constant(one.map(one.whole, |value| array::round(value * scale) / scale)).map(Some);
        }
        if let Some(function) = array::unary(name) {
            let whole = one.whole && array::stays_whole(name);
            return self.constant(one.map(whole, function)).map(Some);
        }
        if let Some(array) = self.reshaped(name, &one, arguments)? {
            return self.constant_or(array);
        }
        self.reduced(name, one, arguments, dialect)
    }

    /// Lists of constants as one.
    fn joined(&mut self, name: &str, list: &Value, arguments: &Arguments, dialect: Dialect) -> Run<Option<Value>> {
        let many = name == "meshgrid" && !matches!(list, Value::List(_) | Value::Tuple(_));
        let items = if many { arguments.positional.clone() } else { self.items(list)? };
        let mut arrays = Vec::with_capacity(items.len());
        for item in &items {
            let constant = matches!(item, Value::Tensor(_)) || dialect == Dialect::Numpy;
            match self.array_of(item)? {
                Some(array) if constant => arrays.push(array),
                _ => return Ok(None),
            }
        }
        let Some(rank) = arrays.first().map(|array| array.dims.rank()) else { return Ok(None) };
        let dim = arguments.get(1, "dim").or_else(|| arguments.keyword("axis")).and_then(Value::as_i64);
        if name == "meshgrid" {
            let by_columns = match arguments.keyword("indexing") {
                Some(Value::Text(text)) => &**text == "xy",
                _ => dialect == Dialect::Numpy,
            };
            return self.grid(&arrays, by_columns);
        }
        let array = match name {
            "stack" => axis(dim.unwrap_or(0), rank + 1).and_then(|axis| stacked(&arrays, axis)),
            "hstack" => Array::cat(&arrays, usize::from(rank > 1)),
            "vstack" if rank == 1 => stacked(&arrays, 0),
            _ if rank == 0 => None,
            _ => axis(dim.unwrap_or(0), rank).and_then(|axis| Array::cat(&arrays, axis)),
        };
        self.constant_or(array)
    }

    fn grid(&mut self, lines: &[Array], by_columns: bool) -> Run<Option<Value>> {
        let mut order: Vec<usize> = (0..lines.len()).collect();
        if by_columns && order.len() >= 2 {
            order.swap(0, 1);
        }
        let sizes: Vec<u64> = order.iter().map(|&at| lines[at].values.len() as u64).collect();
        let mut grids = Vec::with_capacity(lines.len());
        for (at, line) in lines.iter().enumerate() {
            let mut shape = vec![1; lines.len()];
            let place = order.iter().position(|&other| other == at).unwrap_or(at);
            shape[place] = line.values.len() as u64;
            let Some(grid) = line.reshape(&shape).and_then(|line| line.expand(&sizes)) else { return Ok(None) };
            grids.push(self.constant(grid)?);
        }
        self.new_tuple(grids).map(Some)
    }

    /// The same numbers in another shape or order; the inner `None`: it cannot be.
    fn reshaped(&mut self, name: &str, one: &Array, arguments: &Arguments) -> Run<Option<Option<Array>>> {
        let rest = arguments.rest();
        let rank = one.dims.rank();
        let number =
            |place: usize, name: &str| rest.get(place, name).or_else(|| rest.keyword("axis")).and_then(Value::as_i64);
        Ok(Some(match name {
            "astype" | "type" | "to" | "int" | "long" | "float" | "double" | "half" | "int32" | "int64" | "float32"
            | "float64" | "asarray" | "array" | "tensor" | "as_tensor" | "from_numpy" | "numpy" | "cpu" | "copy"
            | "clone" | "detach" | "contiguous" | "item_array" => {
                let kind = rest.positional.first().or_else(|| rest.keyword("dtype"));
                let kind = match kind {
                    Some(Value::Library(path)) => path.rsplit('.').next().unwrap_or_default().to_string(),
                    Some(Value::Unknown(unknown)) => unknown.words.to_string(),
                    Some(Value::Text(text)) => text.to_string(),
                    _ => name.to_string(),
                };
                Some(match kind.trim_end_matches(['0', '1', '2', '3', '4', '6', '8']) {
                    "int" | "long" | "uint" | "short" => one.map(true, f64::trunc),
                    "float" | "double" | "half" => one.map(false, |value| value),
                    _ => one.clone(),
                })
            }
            "reshape" | "view" => {
                let Some(shape) = self.shape_arguments(&rest, "shape")? else { return Ok(Some(None)) };
                let known: i64 = shape.iter().filter(|&&size| size > 0).fold(1, |a, &b| a.saturating_mul(b));
                let count = one.values.len() as i64;
                let sizes = shape.iter().map(|&size| if size < 0 { count / known.max(1) } else { size });
                let sizes: Option<Vec<u64>> = sizes.map(|size| u64::try_from(size).ok()).collect();
                sizes.and_then(|sizes| one.reshape(&sizes))
            }
            "ravel" => one.reshape(&[one.values.len() as u64]),
            "flatten" => {
                let from = axis(number(0, "start_dim").unwrap_or(0), rank).unwrap_or(0);
                let mut sizes = one.dims.sizes()[..from].to_vec();
                sizes.push(one.dims.sizes()[from..].iter().product());
                one.reshape(&sizes)
            }
            "squeeze" => {
                let only = number(0, "dim").and_then(|dim| axis(dim, rank));
                let sizes = one.dims.iter().enumerate();
                let sizes = sizes.filter(|&(at, &size)| size != 1 || only.is_some_and(|only| only != at));
                one.reshape(&sizes.map(|(_, &size)| size).collect::<Vec<_>>())
            }
            "unsqueeze" | "expand_dims" => {
                let Some(at) = number(0, "dim").and_then(|dim| axis(dim, rank + 1)) else { return Ok(Some(None)) };
                let mut sizes = one.dims.sizes().to_vec();
                sizes.insert(at, 1);
                one.reshape(&sizes)
            }
            "permute" | "transpose" | "swapaxes" | "t" => {
                let dims = self.shape_arguments(&rest, "dims")?.unwrap_or_default();
                let mut order: Vec<usize> = (0..rank).collect();
                match *dims.as_slice() {
                    [] => order.reverse(),
                    [a, b] if name != "permute" => match (axis(a, rank), axis(b, rank)) {
                        (Some(a), Some(b)) => order.swap(a, b),
                        _ => return Ok(Some(None)),
                    },
                    _ => order = dims.iter().filter_map(|&dim| axis(dim, rank)).collect(),
                }
                one.permute(&order).filter(|array| array.dims.rank() == rank)
            }
            "expand" | "broadcast_to" => {
                let sizes = self.shape_arguments(&rest, "size")?.unwrap_or_default();
                let missing = sizes.len().saturating_sub(rank);
                let sizes: Option<Vec<u64>> = sizes
                    .iter()
                    .enumerate()
                    .map(|(at, &size)| match (u64::try_from(size), at.checked_sub(missing)) {
                        (Ok(size), _) => Some(size),
                        (Err(_), Some(at)) => one.dims.get(at).copied(),
                        (Err(_), None) => None,
                    })
                    .collect();
                sizes.and_then(|sizes| one.expand(&sizes))
            }
            "clip" | "clamp" => {
                let bound = |place, names: [&str; 2]| {
                    let value = rest.get(place, names[0]).or_else(|| rest.keyword(names[1]));
                    value.and_then(Value::as_float)
                };
                let (low, high) = (bound(0, ["min", "a_min"]), bound(1, ["max", "a_max"]));
                let clip = |value: f64| value.max(low.unwrap_or(f64::NEG_INFINITY)).min(high.unwrap_or(f64::INFINITY));
                Some(one.map(one.whole, clip))
            }
            "flip" => {
                let Some(at) = number(0, "dims").and_then(|dim| axis(dim, rank)) else { return Ok(Some(None)) };
                one.slice(at, &(0..one.dims[at] as usize).rev().collect::<Vec<_>>())
            }
            "diff" if rank > 0 => {
                let at = rank - 1;
                let length = one.dims[at] as usize;
                let (later, before) = (
                    one.slice(at, &(1..length).collect::<Vec<_>>()),
                    (0..length.saturating_sub(1)).collect::<Vec<_>>(),
                );
                later.and_then(|later| later.zip(&one.slice(at, &before)?, one.whole, |a, b| a - b))
            }
            "cumsum" | "cumprod" if rank > 0 => {
                let at = axis(number(0, "dim").unwrap_or(0), rank).unwrap_or(0);
                if name == "cumsum" { one.running(at, |a, b| a + b) } else { one.running(at, |a, b| a * b) }
            }
            _ => return Ok(None),
        }))
    }

    /// Sums and the like, and what gives Python's own values.
    fn reduced(&mut self, name: &str, one: Array, arguments: &Arguments, dialect: Dialect) -> Run<Option<Value>> {
        let rank = one.dims.rank();
        let rest = arguments.rest();
        let function: fn(&[f64]) -> f64 = match name {
            "sum" => |row| row.iter().sum(),
            "prod" => |row| row.iter().product(),
            "mean" => |row| row.iter().sum::<f64>() / row.len() as f64,
            "max" | "amax" => |row| row.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            "min" | "amin" => |row| row.iter().copied().fold(f64::INFINITY, f64::min),
            "any" => |row| f64::from(u8::from(row.iter().any(|&value| value != 0.0))),
            "all" => |row| f64::from(u8::from(row.iter().all(|&value| value != 0.0))),
            "argmax" => |row| extreme(row, |a, b| a > b),
            "argmin" => |row| extreme(row, |a, b| a < b),
            "tolist" => return self.listed(&one).map(Some),
            "item" if one.values.len() == 1 => return Ok(Some(number(one.values[0], one.whole))),
            "unique" => return self.unique(&one, &rest),
            "sort" if dialect == Dialect::Numpy && rank == 1 => {
                let mut sorted = one;
                sorted.values.sort_by(f64::total_cmp);
                return self.constant(sorted).map(Some);
            }
            "diag" if rank == 1 => {
                let count = one.values.len();
                let mut values = vec![0.0; count.saturating_mul(count).min(MOST_NUMBERS as usize)];
                for (at, &value) in one.values.iter().enumerate() {
                    if let Some(place) = values.get_mut(at.saturating_mul(count + 1)) {
                        *place = value;
                    }
                }
                return self.constant_or(Array::new(&[count as u64, count as u64], values, one.whole));
            }
            _ => return Ok(None),
        };
        let dim = rest.get(0, "dim").or_else(|| rest.keyword("axis")).cloned();
        let keep = match rest.get(1, "keepdim").or_else(|| rest.keyword("keepdims")).cloned() {
            Some(keep) => self.truth(&keep)?.unwrap_or(false),
            None => false,
        };
        let axes: Option<Vec<usize>> = match &dim {
            None | Some(Value::None) => Some((0..rank).collect()),
            Some(Value::Tuple(_) | Value::List(_)) => {
                let dims = self.items(dim.as_ref().unwrap_or(&Value::None))?;
                dims.iter().map(|dim| dim.as_i64().and_then(|dim| axis(dim, rank))).collect()
            }
            Some(one) => one.as_i64().and_then(|dim| axis(dim, rank)).map(|axis| vec![axis]),
        };
        let Some(mut reduced) = axes.and_then(|axes| one.reduce(&axes, keep, function)) else { return Ok(None) };
        reduced.whole = match name {
            "mean" => false,
            "any" | "all" | "argmax" | "argmin" => true,
            _ => one.whole,
        };
        let value = self.constant(reduced)?;
        if dialect == Dialect::Torch && matches!(name, "max" | "min") && dim.is_some() {
            return self.new_tuple(vec![value, Value::unknown("indices")]).map(Some);
        }
        Ok(Some(value))
    }

    /// The numbers in lists, as `tolist` gives them.
    fn listed(&mut self, array: &Array) -> Run<Value> {
        let Some((&length, rest)) = array.dims.sizes().split_first() else {
            return Ok(array.values.first().map_or(Value::None, |&value| number(value, array.whole)));
        };
        let part = array.values.len().checked_div(length as usize).unwrap_or(0);
        let mut items = Vec::with_capacity(length as usize);
        for values in array.values.chunks(part.max(1)) {
            match Array::new(rest, values.to_vec(), array.whole) {
                Some(part) => {
                    self.deeper()?;
                    items.push(self.listed(&part)?);
                    self.shallower();
                }
                None => return Ok(Value::unknown("a list")),
            }
        }
        self.new_list(items)
    }

    /// `np.unique`: in order, and how often each is there.
    fn unique(&mut self, array: &Array, rest: &Arguments) -> Run<Option<Value>> {
        let mut sorted = array.values.clone();
        sorted.sort_by(f64::total_cmp);
        let mut found: Vec<(f64, f64)> = Vec::new();
        for value in sorted {
            match found.last_mut() {
                Some((last, count)) if *last == value => *count += 1.0,
                _ => found.push((value, 1.0)),
            }
        }
        let sizes = [found.len() as u64];
        let values = Array::new(&sizes, found.iter().map(|(value, _)| *value).collect(), array.whole);
        let counts = Array::new(&sizes, found.iter().map(|(_, count)| *count).collect(), true);
        let (Some(values), Some(counts)) = (values, counts) else { return Ok(None) };
        let values = self.constant(values)?;
        let with = |name: &str| rest.keyword(name).is_some_and(|value| matches!(value, Value::Bool(true)));
        if !with("return_counts") {
            return Ok((!with("return_index") && !with("return_inverse")).then_some(values));
        }
        let counts = self.constant(counts)?;
        self.new_tuple(vec![values, counts]).map(Some)
    }
}

/// A number as Python has it.
pub(crate) fn number(value: f64, whole: bool) -> Value {
    if whole && value.fract() == 0.0 && value.abs() < 1e18 { Value::Int(value as i128) } else { Value::Float(value) }
}

fn extreme(row: &[f64], better: fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for (at, &value) in row.iter().enumerate() {
        if better(value, row[best]) {
            best = at;
        }
    }
    best as f64
}

fn stacked(arrays: &[Array], axis: usize) -> Option<Array> {
    let lifted: Option<Vec<Array>> = arrays
        .iter()
        .map(|array| {
            let mut sizes = array.dims.sizes().to_vec();
            (axis <= sizes.len() && array.dims == arrays[0].dims).then(|| sizes.insert(axis, 1))?;
            array.reshape(&sizes)
        })
        .collect();
    match lifted? {
        empty if empty.is_empty() => Array::new(&[0], Vec::new(), true),
        lifted => Array::cat(&lifted, axis),
    }
}

/// A dimension counted from the front.
pub(crate) fn axis(dim: i64, rank: usize) -> Option<usize> {
    usize::try_from(if dim < 0 { dim + rank as i64 } else { dim }).ok().filter(|&axis| axis < rank)
}

/// Numbers of a tensor that nothing computes: it is as it was made.
pub(crate) fn known(tensor: &Tensor) -> Option<&Rc<Array>> {
    tensor.numbers.as_ref().filter(|_| tensor.source == TensorSource::Made)
}
