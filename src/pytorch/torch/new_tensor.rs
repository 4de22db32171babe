//! Tensors that the text makes of numbers.

use super::super::python::Run;
use super::array::{Array, MOST_NUMBERS};
use super::tensor::Tensor;
use super::{Arguments, Machine, Value};
use crate::model::{Dims, MAX_RANK};

/// Larger tensors of one number have a shape alone.
const MOST_FILLED: usize = 4096;

impl Machine {
    /// `torch.randn(1, 3, 32, 32)`.
    pub(crate) fn made_tensor(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let sizes = match name {
            "randint" | "normal" => {
                let list = arguments.all().find(|value| matches!(value, Value::Tuple(_) | Value::List(_))).cloned();
                match list {
                    Some(list) => self.items(&list)?.iter().map(Value::as_i64).collect(),
                    None => None,
                }
            }
            "full" => match arguments.get(0, "size").cloned() {
                Some(list) => self.items(&list)?.iter().map(Value::as_i64).collect(),
                None => None,
            },
            _ => self.shape_arguments(arguments, "size")?,
        };
        let sizes: Option<Vec<u64>> =
            sizes.and_then(|sizes| sizes.iter().map(|&size| u64::try_from(size).ok()).collect());
        let dims = sizes.and_then(|sizes| Dims::new(&sizes)).filter(|dims| dims.elements().is_some());
        if let Some(dims) = dims.filter(|dims| dims.rank() >= 2) {
            self.host.made_inputs.push((dims, self.line));
            self.allocate(4)?;
        }
        let value = match name {
            "zeros" => Some(0.0),
            "ones" => Some(1.0),
            "full" => arguments.get(1, "fill_value").and_then(Value::as_float),
            _ => None,
        };
        let array = value.zip(dims).and_then(|(value, dims)| Array::filled(dims.sizes(), value, false));
        match array.filter(|array| array.values.len() <= MOST_FILLED) {
            Some(array) => self.constant(array),
            None => Ok(Value::Tensor(Tensor::made(dims))),
        }
    }

    /// `np.random.normal(0, 1, (16, 100))`, `np.random.rand(2, 3)`.
    pub(crate) fn random_array(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let sizes = match name {
            "rand" | "randn" => arguments.positional.iter().map(Value::as_i64).collect(),
            "random" | "random_sample" => self.shape_arguments(arguments, "size")?,
            _ => match arguments.keyword("size").or_else(|| arguments.positional.get(2)).cloned() {
                Some(Value::Int(one)) => i64::try_from(one).ok().map(|one| vec![one]),
                Some(list @ (Value::Tuple(_) | Value::List(_))) => {
                    self.items(&list)?.iter().map(Value::as_i64).collect()
                }
                _ => None,
            },
        };
        let sizes: Option<Vec<u64>> =
            sizes.and_then(|sizes: Vec<i64>| sizes.iter().map(|&size| u64::try_from(size).ok()).collect());
        match sizes {
            Some(sizes) => Ok(Value::Tensor(Tensor::made(Dims::new(&sizes).filter(|dims| dims.elements().is_some())))),
            None => Ok(Value::unknown(name)),
        }
    }

    pub(crate) fn listed_tensor(&mut self, value: Option<&Value>) -> Run<Value> {
        let Some(value) = value.cloned() else { return Ok(Value::unknown("a tensor")) };
        if matches!(value, Value::Tensor(_)) {
            return Ok(value);
        }
        if let Some(array) = self.array_of(&value)? {
            return self.constant(array);
        }
        let mut sizes = Vec::new();
        let mut level = value;
        while matches!(level, Value::List(_) | Value::Tuple(_)) && sizes.len() < MAX_RANK {
            let items = self.items(&level)?;
            sizes.push(items.len() as u64);
            match items.into_iter().next() {
                Some(first) => level = first,
                None => break,
            }
        }
        Ok(Value::Tensor(Tensor::made(Dims::new(&sizes).filter(|dims| dims.rank() >= 1))))
    }

    pub(crate) fn counted_tensor(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let given = |place: usize, names: &[&str]| {
            let keyword = || names.iter().find_map(|name| arguments.keyword(name));
            arguments.positional.get(place).or_else(keyword).and_then(Value::as_float)
        };
        let whole = arguments.all().all(|value| !matches!(value, Value::Float(_)));
        let (first, second, third) =
            (given(0, &["start"]), given(1, &["end", "stop"]), given(2, &["step", "steps", "num"]));
        let (start, step, count) = match (name, first, second, third) {
            ("linspace", Some(start), Some(stop), count) => {
                let count = count.unwrap_or(50.0);
                (start, if count > 1.0 { (stop - start) / (count - 1.0) } else { 0.0 }, count)
            }
            ("arange", None, Some(stop), _) | ("arange", Some(stop), None, None) => (0.0, 1.0, stop.ceil()),
            ("arange", Some(start), Some(stop), None) => (start, 1.0, (stop - start).ceil()),
            ("arange", Some(start), Some(stop), Some(step)) if step != 0.0 => {
                (start, step, ((stop - start) / step).ceil())
            }
            ("eye", Some(n), ..) if (1.0..1e6).contains(&n) => {
                return Ok(Value::Tensor(Tensor::made(Dims::new(&[n as u64, n as u64]))));
            }
            _ => return Ok(Value::unknown(name)),
        };
        let count = count.max(0.0);
        if count > MOST_NUMBERS as f64 || count.is_nan() {
            return Ok(Value::Tensor(Tensor::made(Dims::new(&[count as u64]).filter(|_| count < 1e15))));
        }
        self.work(count as usize / 8)?;
        let values: Vec<f64> = (0..count as u64).map(|index| start + step * index as f64).collect();
        match Array::new(&[count as u64], values, whole && name == "arange") {
            Some(array) => self.constant(array),
            None => Ok(Value::unknown(name)),
        }
    }
}
