//! Tensors that the text makes of numbers.

use std::rc::Rc;

use super::super::python::Run;
use super::tensor::{Tensor, TensorSource};
use super::{Arguments, Machine, Value};
use crate::model::Dims;

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
        let numbers = match (name, dims.and_then(|dims| dims.elements())) {
            ("zeros", Some(count)) if count <= 64 => Some(Rc::from(vec![0.0; count as usize])),
            ("ones", Some(count)) if count <= 64 => Some(Rc::from(vec![1.0; count as usize])),
            _ => None,
        };
        Ok(Value::Tensor(Rc::new(Tensor { dims, source: TensorSource::Made, numbers })))
    }

    pub(crate) fn listed_tensor(&mut self, value: Option<&Value>) -> Run<Value> {
        let Some(value) = value.cloned() else { return Ok(Value::unknown("a tensor")) };
        if let Some(number) = value.as_float() {
            return Ok(Value::Tensor(Tensor::number(number)));
        }
        if matches!(value, Value::Tensor(_)) {
            return Ok(value);
        }
        let mut sizes = Vec::new();
        let mut level = value;
        while matches!(level, Value::List(_) | Value::Tuple(_)) && sizes.len() < 6 {
            let items = self.items(&level)?;
            sizes.push(items.len() as u64);
            if sizes.len() == 1 {
                let numbers: Option<Vec<f64>> = items.iter().map(Value::as_float).collect();
                if let Some(numbers) = numbers {
                    return Ok(Value::Tensor(Tensor::numbers(numbers)));
                }
            }
            match items.into_iter().next() {
                Some(first) => level = first,
                None => break,
            }
        }
        Ok(Value::Tensor(Tensor::made(Dims::new(&sizes).filter(|dims| dims.rank() >= 1))))
    }

    pub(crate) fn counted_tensor(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let numbers: Vec<f64> = arguments.positional.iter().filter_map(Value::as_float).collect();
        let count_given = arguments.keyword("steps").and_then(Value::as_float);
        let (start, step, count) = match (name, numbers.as_slice()) {
            ("linspace", &[start, stop, ..]) => {
                let count = numbers.get(2).copied().or(count_given).unwrap_or(100.0);
                (start, if count > 1.0 { (stop - start) / (count - 1.0) } else { 0.0 }, count)
            }
            ("arange", &[stop]) => (0.0, 1.0, stop.ceil()),
            ("arange", &[start, stop]) => (start, 1.0, (stop - start).ceil()),
            ("arange", &[start, stop, step]) if step != 0.0 => (start, step, ((stop - start) / step).ceil()),
            ("eye", &[n, ..]) if (1.0..1e6).contains(&n) => {
                return Ok(Value::Tensor(Tensor::made(Dims::new(&[n as u64, n as u64]))));
            }
            _ => return Ok(Value::unknown(name)),
        };
        if !(0.0..=10_000.0).contains(&count) {
            return Ok(Value::unknown(name));
        }
        self.allocate(count as usize)?;
        Ok(Value::Tensor(Tensor::numbers((0..count as u64).map(|index| start + step * index as f64).collect())))
    }
}
