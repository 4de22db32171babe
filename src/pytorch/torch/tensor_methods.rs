//! Shapes of tensors, and functions that only change them.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::fold::axis;
use super::tensor::{Tensor, TensorSource};
use super::{Arguments, Machine, Value};
use crate::model::{self, Dims, Layer};

/// So many parts of an `unbind` are rows.
const MOST_UNBOUND: u64 = 64;

impl Machine {
    pub(crate) fn tensor_attribute(&mut self, tensor: &Rc<Tensor>, name: &str) -> Run<Option<Value>> {
        let object = Value::Tensor(tensor.clone());
        Ok(Some(match name {
            "shape" => match &tensor.dims {
                Some(dims) => Value::sizes(dims),
                None => Value::unknown("a shape"),
            },
            "ndim" => tensor.dims.map_or_else(|| Value::unknown("a rank"), |dims| Value::Int(dims.rank() as i128)),
            "data" | "grad" | "real" => object,
            "T" | "mT" => return self.tensor_function("t", Arguments::positional(vec![object]), true).map(Some),
            "device" | "dtype" | "layout" => Value::unknown(name),
            "requires_grad" | "training" | "is_cuda" | "is_mps" | "is_quantized" | "is_sparse" | "is_nested" => {
                Value::Bool(false)
            }
            _ => Value::Bound(Rc::new((object, Rc::from(name)))),
        }))
    }

    /// Functions that change the shape only.
    pub(crate) fn shape_function(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Option<Value>> {
        let input = std::slice::from_ref(tensor);
        Ok(Some(match name {
            "size" => match (&tensor.dims, rest.get(0, "dim").and_then(Value::as_i64)) {
                (Some(dims), None) => Value::sizes(dims),
                (Some(dims), Some(dim)) => {
                    let at = if dim < 0 { dim + dims.rank() as i64 } else { dim };
                    match usize::try_from(at).ok().and_then(|at| dims.get(at)) {
                        Some(&size) => Value::Int(i128::from(size)),
                        None => {
                            let error =
                                crate::shape::ShapeError::DimensionOutOfRange { rank: dims.rank(), dimension: dim };
                            self.error(ProblemKind::Shape, "IndexError", error.to_string())?
                        }
                    }
                }
                (None, _) => Value::unknown("a size"),
            },
            "dim" | "ndimension" => {
                tensor.dims.map_or_else(|| Value::unknown("a rank"), |dims| Value::Int(dims.rank() as i128))
            }
            "numel" | "nelement" => match tensor.dims.and_then(|dims| dims.elements()) {
                Some(elements) => Value::Int(i128::from(elements)),
                None => Value::unknown("a number of elements"),
            },
            "view" | "reshape" => {
                let shape = self.shape_arguments(rest, "shape")?;
                if let Some(shape) = shape.as_ref().filter(|_| name == "view")
                    && let Some(error) = self.view_error(tensor, shape)?
                {
                    return Ok(Some(error));
                }
                match shape {
                    Some(shape) => {
                        let shape = self.without_batch(tensor, shape);
                        self.apply(name, Layer::View(model::View { shape }), input)?
                    }
                    None => self.unsupported(name, input, None)?,
                }
            }
            "view_as" | "reshape_as" => {
                let dims = rest.get(0, "other").and_then(|other| other.as_tensor()?.dims);
                self.viewed(name, tensor, dims)?
            }
            "squeeze" => {
                let dims = self.squeezed(tensor, rest)?;
                self.viewed(name, tensor, dims)?
            }
            "unsqueeze" => {
                let dim = rest.get(0, "dim").and_then(Value::as_i64);
                let dims = tensor.dims.zip(dim).and_then(|(dims, dim)| {
                    let at = usize::try_from(if dim < 0 { dim + dims.rank() as i64 + 1 } else { dim }).ok()?;
                    let mut sizes = dims.sizes().to_vec();
                    (at <= sizes.len()).then(|| sizes.insert(at, 1))?;
                    Dims::new(&sizes)
                });
                self.viewed(name, tensor, dims)?
            }
            "unflatten" => {
                let (dim, shape) = (rest.get(0, "dim").and_then(Value::as_i64), rest.get(1, "sizes").cloned());
                let shape: Option<Vec<i64>> = match shape {
                    Some(shape) => self.items(&shape)?.iter().map(Value::as_i64).collect(),
                    None => None,
                };
                let dims = tensor.dims.zip(dim).zip(shape).and_then(|((dims, dim), shape)| {
                    let at = usize::try_from(if dim < 0 { dim + dims.rank() as i64 } else { dim }).ok()?;
                    let known: i64 =
                        shape.iter().filter(|&&size| size > 0).try_fold(1_i64, |a, &b| a.checked_mul(b))?;
                    let whole = i64::try_from(*dims.get(at)?).ok()?;
                    let mut sizes = dims.sizes().to_vec();
                    let shape: Option<Vec<u64>> = shape
                        .iter()
                        .map(|&size| u64::try_from(if size == -1 { whole / known.max(1) } else { size }).ok())
                        .collect();
                    sizes.splice(at..=at, shape?);
                    Dims::new(&sizes)
                });
                self.viewed(name, tensor, dims)?
            }
            "permute" => match self.shape_arguments(rest, "dims")? {
                Some(dims) => self.apply(name, Layer::Permute(model::Permute { dims }), input)?,
                None => self.unsupported(name, input, None)?,
            },
            "t" => self.apply(name, Layer::Transpose(model::Transpose { dim0: 0, dim1: 1 }), input)?,
            "mean" => {
                let (dim, keepdim) = self.reduction(rest)?;
                match dim {
                    Some(dim) => self.apply(name, Layer::Mean(model::Mean { dim, keepdim }), input)?,
                    None => self.unsupported(name, input, None)?,
                }
            }
            "sum" | "amax" | "amin" | "std" | "var" | "norm" | "vector_norm" | "prod" | "logsumexp" | "nansum"
            | "count_nonzero" | "all" | "any"
                if !(matches!(name, "all" | "any") && tensor.numbers.is_some()) =>
            {
                let (dim, keepdim) = self.reduction(&without_order(name, rest))?;
                let dims = match dim {
                    Some(dim) => self.output_dims(&Layer::Mean(model::Mean { dim, keepdim }), input, None)?,
                    None => None,
                };
                self.figured(name, input, dims, 0)?
            }
            "max" | "min" | "median" | "mode" | "kthvalue" | "topk" | "cummax" | "cummin"
                if rest.get(0, "other").is_none_or(|other| other.as_tensor().is_none()) =>
            {
                self.largest(name, tensor, rest)?
            }
            "expand" | "expand_as" | "broadcast_to" => self.expanded(name, tensor, rest)?,
            "repeat" | "tile" => {
                let times = self.shape_arguments(rest, "repeats")?;
                let dims = tensor.dims.zip(times).and_then(|(dims, times)| {
                    let missing = times.len().checked_sub(dims.rank())?;
                    let sizes: Option<Vec<u64>> = times
                        .iter()
                        .enumerate()
                        .map(|(index, &times)| {
                            let size = if index < missing { 1 } else { dims[index - missing] };
                            size.checked_mul(u64::try_from(times).ok()?)
                        })
                        .collect();
                    Dims::new(&sizes?).filter(|dims| dims.elements().is_some())
                });
                self.figured(name, input, dims, 0)?
            }
            "chunk" | "split" | "tensor_split" | "unbind" => self.parts(name, tensor, rest)?,
            "narrow" => {
                let numbers: Option<Vec<i64>> = rest.positional.iter().map(Value::as_i64).collect();
                match numbers.as_deref() {
                    Some(&[dim, start, length]) => {
                        let end = start.checked_add(length);
                        self.apply(name, Layer::Slice(model::Slice { start, end, dim }), input)?
                    }
                    _ => self.unsupported(name, input, None)?,
                }
            }
            _ => return self.shape_rule(name, tensor, rest),
        }))
    }

    /// The largest, and where they are: two values by their names, or by their places.
    fn largest(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let input = std::slice::from_ref(tensor);
        let counted = matches!(name, "topk" | "kthvalue");
        let dim = if counted { rest.get(1, "dim") } else { rest.get(0, "dim").or_else(|| rest.keyword("axis")) };
        let dim = dim.cloned();
        if dim.is_none() && matches!(name, "max" | "min" | "median") {
            return self.figured(name, input, Some(Dims::default()), 0);
        }
        let at = tensor.dims.and_then(|dims| {
            let dim = dim.as_ref().map_or(Some(-1), Value::as_i64)?;
            axis(dim, dims.rank())
        });
        let keep = if name == "kthvalue" { rest.get(2, "keepdim") } else { rest.get(1, "keepdim") };
        let keep = match keep.cloned() {
            Some(keep) => self.truth(&keep)?.unwrap_or(false),
            None => false,
        };
        let dims = tensor.dims.zip(at).and_then(|(dims, at)| {
            let mut sizes = dims.sizes().to_vec();
            match name {
                "topk" => *sizes.get_mut(at)? = u64::try_from(rest.get(0, "k")?.as_i64()?).ok()?,
                "cummax" | "cummin" => {}
                _ if keep => *sizes.get_mut(at)? = 1,
                _ => drop(sizes.remove(at)),
            }
            Dims::new(&sizes)
        });
        let values = self.figured(name, input, dims, 0)?;
        let places = Value::Tensor(Tensor::made(dims));
        let tuple = self.new_tuple(vec![values.clone(), places.clone()])?;
        self.named(tuple, [("values", values), ("indices", places)])
    }

    /// The same elements in a shape that is known.
    /// A row's leading 1 stands for the batch. Of a tensor that has none, as a parameter, the sizes are said in full.
    fn without_batch(&self, tensor: &Tensor, shape: Vec<i64>) -> Vec<i64> {
        let (Some(dims), Some(trace)) = (tensor.dims, &self.host.trace) else { return shape };
        let batch = trace.input.and_then(|input| input.first().copied());
        let own = matches!(tensor.source, TensorSource::Parameter(_)) || dims.first().copied() != batch;
        let known: i64 = shape.iter().filter(|&&size| size > 0).fold(1, |product, &size| product.saturating_mul(size));
        let elements = dims.elements().and_then(|elements| i64::try_from(elements).ok());
        match (elements, shape.iter().filter(|&&size| size == -1).count()) {
            (Some(elements), 1) if own && shape[0] == 1 && elements % known == 0 => {
                shape.into_iter().map(|size| if size == -1 { elements / known } else { size }).collect()
            }
            _ => shape,
        }
    }

    pub(crate) fn viewed(&mut self, name: &str, tensor: &Rc<Tensor>, dims: Option<Dims>) -> Run<Value> {
        match dims {
            Some(dims) if dims.rank() >= 1 => {
                let shape = dims.sizes().iter().map(|&size| size as i64).collect();
                self.apply(name, Layer::View(model::View { shape }), std::slice::from_ref(tensor))
            }
            dims => self.figured(name, std::slice::from_ref(tensor), dims, 0),
        }
    }

    fn squeezed(&mut self, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Option<Dims>> {
        let Some(dims) = tensor.dims else { return Ok(None) };
        let over = match rest.get(0, "dim") {
            None => None,
            Some(Value::Tuple(_) | Value::List(_)) => {
                let value = rest.get(0, "dim").cloned().unwrap_or(Value::None);
                let Some(list) = self.items(&value)?.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>() else {
                    return Ok(None);
                };
                Some(list)
            }
            Some(one) => match one.as_i64() {
                Some(dim) => Some(vec![dim]),
                None => return Ok(None),
            },
        };
        let rank = dims.rank() as i64;
        let goes = |at: usize| match &over {
            None => true,
            Some(over) => over.iter().any(|&dim| (if dim < 0 { dim + rank } else { dim }) == at as i64),
        };
        let kept: Vec<u64> = dims
            .sizes()
            .iter()
            .enumerate()
            .filter(|&(at, &size)| size != 1 || !goes(at))
            .map(|(_, &size)| size)
            .collect();
        Ok(Dims::new(&kept))
    }

    /// Sizes given one by one or as a list.
    pub(crate) fn shape_arguments(&mut self, rest: &Arguments, name: &str) -> Run<Option<Vec<i64>>> {
        let values = match (rest.positional.as_slice(), rest.keyword(name).or_else(|| rest.keyword("size"))) {
            ([], Some(value)) => self.items(&value.clone())?,
            ([one @ (Value::Tuple(_) | Value::List(_))], _) => self.items(&one.clone())?,
            (many, _) => many.to_vec(),
        };
        // PyTorch refuses floats, but what `c / 2` means is clear.
        Ok(values
            .iter()
            .map(|value| match value {
                Value::Float(float) if float.fract() == 0.0 => Some(*float as i64),
                value => value.as_i64(),
            })
            .collect())
    }

    /// Over which dimensions, and whether they stay with size 1.
    pub(crate) fn reduction(&mut self, rest: &Arguments) -> Run<(Option<Vec<i64>>, bool)> {
        let dim = rest.get(0, "dim").or_else(|| rest.keyword("axis")).cloned();
        let keepdim = rest.get(1, "keepdim").or_else(|| rest.keyword("keepdims")).cloned();
        let keepdim = match keepdim {
            Some(value) => self.truth(&value)?.unwrap_or(false),
            None => false,
        };
        let dim = match dim {
            None | Some(Value::None) => Some(Vec::new()),
            Some(list @ (Value::Tuple(_) | Value::List(_))) => self.items(&list)?.iter().map(Value::as_i64).collect(),
            Some(one) => one.as_i64().map(|dim| vec![dim]),
        };
        Ok((dim, keepdim))
    }

    /// The elements repeated to a larger shape, which broadcasting does by itself where it matters.
    fn expanded(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let dims = if name == "expand_as" {
            rest.get(0, "other").and_then(|other| other.as_tensor()?.dims)
        } else {
            let shape = self.shape_arguments(rest, "size")?;
            tensor.dims.zip(shape).and_then(|(dims, shape)| {
                let missing = shape.len().checked_sub(dims.rank())?;
                let sizes: Option<Vec<u64>> = shape
                    .iter()
                    .enumerate()
                    .map(|(index, &size)| match (size, index.checked_sub(missing)) {
                        (-1, Some(at)) => Some(dims[at]),
                        (size, _) => u64::try_from(size).ok(),
                    })
                    .collect();
                Dims::new(&sizes?)
            })
        };
        if self.host.trace.is_none() || !Self::flows(tensor) {
            return Ok(Value::Tensor(Tensor::made(dims)));
        }
        self.record(name, std::slice::from_ref(tensor), dims, None);
        let original = match &tensor.source {
            TensorSource::Expanded(original) => original.clone(),
            _ => self.settled(tensor)?,
        };
        let source = TensorSource::Expanded(original);
        Ok(Value::Tensor(Rc::new(Tensor { dims, source, numbers: None })))
    }

    fn parts(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        let dim = rest.get(1, "dim").and_then(Value::as_i64).unwrap_or(0);
        let dim = if name == "unbind" { rest.get(0, "dim").and_then(Value::as_i64).unwrap_or(0) } else { dim };
        let size = tensor.dims.and_then(|dims| {
            let at = if dim < 0 { dim + dims.rank() as i64 } else { dim };
            dims.get(usize::try_from(at).ok()?).copied()
        });
        let (Some(dims), Some(size)) = (tensor.dims, size) else {
            return self.unsupported(name, std::slice::from_ref(tensor), None);
        };
        let mut parts = Vec::new();
        if name == "unbind" && size <= MOST_UNBOUND {
            let whole = Value::Slice(Rc::new([Value::None, Value::None, Value::None]));
            let at = usize::try_from(if dim < 0 { dim + dims.rank() as i64 } else { dim }).unwrap_or(0);
            for index in 0..size {
                let mut indices = vec![whole.clone(); at];
                indices.push(Value::Int(i128::from(index)));
                parts.push(self.tensor_item(tensor, &Value::tuple(indices))?);
            }
            return self.new_tuple(parts);
        }
        let first = rest.positional.first().or_else(|| {
            ["chunks", "split_size_or_sections", "split_size", "indices_or_sections"]
                .iter()
                .find_map(|name| rest.keyword(name))
        });
        let bounds: Option<Vec<(u64, u64)>> = match (name, first.cloned()) {
            ("chunk" | "tensor_split", Some(Value::Int(chunks))) if (1..=4096).contains(&chunks) => {
                let each = size.div_ceil(chunks as u64).max(1);
                Some((0..size.div_ceil(each)).map(|at| (at * each, ((at + 1) * each).min(size))).collect())
            }
            ("split", Some(Value::Int(each))) if each >= 1 && i128::from(size) / each <= 4096 => {
                let each = u64::try_from(each).unwrap_or(u64::MAX);
                Some((0..size.div_ceil(each)).map(|at| (at * each, ((at + 1) * each).min(size))).collect())
            }
            ("split", Some(list @ (Value::Tuple(_) | Value::List(_)))) => {
                let sizes: Option<Vec<u64>> = self
                    .items(&list)?
                    .iter()
                    .map(|value| value.as_int().and_then(|int| u64::try_from(int).ok()))
                    .collect();
                let mut start = 0_u64;
                sizes.and_then(|sizes| {
                    let bounds: Option<Vec<(u64, u64)>> = sizes
                        .into_iter()
                        .map(|size| {
                            let from = start;
                            start = start.checked_add(size)?;
                            Some((from, start))
                        })
                        .collect();
                    bounds.filter(|_| start == size)
                })
            }
            _ => None,
        };
        let Some(bounds) = bounds else { return self.unsupported(name, std::slice::from_ref(tensor), None) };
        self.record(name, std::slice::from_ref(tensor), Some(dims), None);
        let chunks = first.and_then(Value::as_i64).unwrap_or(bounds.len() as i64);
        for (index, (start, end)) in bounds.into_iter().enumerate() {
            let (layer, stem): (Layer, _) = if name == "chunk" {
                (Layer::Chunk(model::Chunk { chunks, index: index as i64, dim }), "chunk")
            } else {
                let end = (end != size).then_some(end as i64);
                (Layer::Slice(model::Slice { start: start as i64, end, dim }), "slice")
            };
            let part = crate::shape::output(&layer, &[dims]).ok();
            let part = self.pending(stem, layer, tensor, part)?;
            parts.push(part);
        }
        self.new_tuple(parts)
    }
}

/// Without what stands before the dimensions: the order of a norm, whether a variance is corrected.
fn without_order(name: &str, rest: &Arguments) -> Arguments {
    let mut rest = rest.clone();
    match name {
        "norm" | "vector_norm" if !rest.positional.is_empty() => drop(rest.positional.remove(0)),
        "std" | "var" => {
            if matches!(rest.positional.first(), Some(Value::Bool(_))) {
                rest.positional.clear();
            } else if matches!(rest.positional.get(1), Some(Value::Bool(_))) {
                rest.positional.remove(1);
            }
        }
        _ => {}
    }
    rest
}
