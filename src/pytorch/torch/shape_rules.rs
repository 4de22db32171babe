//! Functions that pick, repeat and compare elements: their shapes, by PyTorch's rules. None multiplies matrices.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::python::Run;
use super::fold::axis;
use super::tensor::Tensor;
use super::{Arguments, Instance, Machine, Value};
use crate::model::{self, Dims, Layer, Value as Plain};

impl Machine {
    /// What such a function gives; `None`: it is another one.
    pub(crate) fn shape_rule(&mut self, name: &str, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Option<Value>> {
        let input = std::slice::from_ref(tensor);
        let int = |place: usize, name: &str| rest.get(place, name).and_then(Value::as_i64);
        let other = |place: usize, name: &str| rest.get(place, name).and_then(|value| value.as_tensor()?.dims);
        let rank = tensor.dims.map_or(0, |dims| dims.rank());
        let changed = |at: Option<usize>, size: Option<u64>| {
            let mut dims = tensor.dims?;
            *dims.sizes_mut().get_mut(at?)? = size?;
            Some(dims)
        };
        let dims = match name {
            "movedim" | "moveaxis" => {
                let (from, to) = (rest.get(0, "source").cloned(), rest.get(1, "destination").cloned());
                return match self.moved(rank, from.as_ref(), to.as_ref())? {
                    Some(dims) => self.apply(name, Layer::Permute(model::Permute { dims }), input).map(Some),
                    None => self.unsupported(name, input, None).map(Some),
                };
            }
            "select" => {
                let at = int(0, "dim").and_then(|dim| axis(dim, rank));
                let Some(at) = at else { return self.unsupported(name, input, None).map(Some) };
                let whole = Value::Slice(Rc::new([Value::None, Value::None, Value::None]));
                let mut index = vec![whole; at];
                index.push(rest.get(1, "index").cloned().unwrap_or(Value::None));
                return self.tensor_item(tensor, &Value::tuple(index)).map(Some);
            }
            "index_select" => {
                let at = int(0, "dim").and_then(|dim| axis(dim, rank));
                changed(at, other(1, "index").and_then(|dims| dims.elements()))
            }
            "gather" | "take_along_dim" => other(1, "index").or_else(|| other(0, "indices")),
            "repeat_interleave" => {
                let at = rest.get(1, "dim").and_then(Value::as_i64).and_then(|dim| axis(dim, rank));
                let size = at.and_then(|at| tensor.dims?.get(at)?.checked_mul(u64::try_from(int(0, "repeats")?).ok()?));
                changed(at, size)
            }
            // Of a tensor: windows along one dimension.
            "unfold" => {
                let at = int(0, "dimension").and_then(|dim| axis(dim, rank));
                at.zip(int(1, "size"))
                    .zip(int(2, "step"))
                    .and_then(|((at, size), step)| windows(tensor.dims?, at, size, step))
            }
            "diagonal" => {
                let at = |place, name: &str, default| axis(int(place, name).unwrap_or(default), rank);
                let offset = int(0, "offset").unwrap_or(0).unsigned_abs();
                tensor.dims.zip(at(1, "dim1", 0).zip(at(2, "dim2", 1))).and_then(|(dims, (one, two))| {
                    let length = dims[one].min(dims[two]).checked_sub(offset)?;
                    let kept = (0..rank).filter(|&axis| axis != one && axis != two).map(|axis| dims[axis]);
                    Dims::new(&kept.chain([length]).collect::<Vec<_>>())
                })
            }
            "diag" | "diag_embed" if rank == 1 || name == "diag_embed" => tensor.dims.and_then(|dims| {
                let mut sizes = dims.sizes().to_vec();
                sizes.push(*dims.last()?);
                Dims::new(&sizes)
            }),
            "outer" | "ger" => {
                tensor.dims.zip(other(0, "vec2")).and_then(|(one, two)| Dims::new(&[*one.first()?, *two.first()?]))
            }
            "one_hot" => tensor.dims.and_then(|dims| {
                let mut sizes = dims.sizes().to_vec();
                sizes.push(u64::try_from(int(0, "num_classes")?).ok()?);
                Dims::new(&sizes)
            }),
            "cosine_similarity" | "pairwise_distance" => {
                let dim = int(1, "dim").filter(|_| name == "cosine_similarity");
                let at = axis(dim.unwrap_or(if name == "cosine_similarity" { 1 } else { -1 }), rank);
                tensor.dims.zip(at).and_then(|(dims, at)| {
                    let mut sizes = dims.sizes().to_vec();
                    sizes.remove(at);
                    Dims::new(&sizes)
                })
            }
            "grid_sample" => tensor.dims.zip(other(0, "grid")).and_then(|(dims, grid)| {
                let mut sizes = dims.sizes()[..2.min(rank)].to_vec();
                sizes.extend(grid.sizes().get(1..grid.rank().checked_sub(1)?)?);
                Dims::new(&sizes)
            }),
            "mse_loss"
            | "l1_loss"
            | "smooth_l1_loss"
            | "cross_entropy"
            | "nll_loss"
            | "binary_cross_entropy"
            | "binary_cross_entropy_with_logits"
            | "kl_div"
            | "huber_loss" => Some(Dims::default()),
            "embedding" => {
                return self.embedded(tensor, rest).map(Some);
            }
            _ => return Ok(None),
        };
        let mut inputs = vec![tensor.clone()];
        inputs.extend(rest.all().filter_map(Value::as_tensor).cloned());
        self.figured(name, &inputs, dims, 0).map(Some)
    }

    /// What a spectrogram gives of sound: the frequencies, and the frames over time.
    pub(crate) fn spectrogram(&mut self, arguments: &Arguments) -> Run<Value> {
        let [Value::Tensor(sound), frequencies, frames] = arguments.positional.as_slice() else {
            return Ok(Value::unknown("a spectrogram"));
        };
        let sizes = [frequencies, frames].map(|size| size.as_int().and_then(|size| u64::try_from(size).ok()));
        let dims = sound.dims.and_then(|dims| {
            let (_, leading) = dims.sizes().split_last()?;
            let mut all = leading.to_vec();
            for size in sizes {
                all.push(size?);
            }
            Dims::new(&all)
        });
        self.figured("spectrogram", std::slice::from_ref(sound), dims, 0)
    }

    /// `F.embedding(input, weight)`.
    fn embedded(&mut self, tensor: &Rc<Tensor>, rest: &Arguments) -> Run<Value> {
        // One of them is the table: the second one.
        let table = rest.get(0, "weight").and_then(Value::as_tensor).cloned();
        let dims = tensor.dims.zip(table.as_ref().and_then(|table| table.dims)).and_then(|(dims, table)| {
            let mut sizes = dims.sizes().to_vec();
            sizes.push(*table.last()?);
            Dims::new(&sizes)
        });
        let inputs: Vec<Rc<Tensor>> = std::iter::once(tensor.clone()).chain(table).collect();
        self.figured("embedding", &inputs, dims, 0)
    }

    /// The order of dimensions that `movedim` makes.
    fn moved(&mut self, rank: usize, from: Option<&Value>, to: Option<&Value>) -> Run<Option<Vec<i64>>> {
        let mut places = Vec::new();
        for side in [from, to] {
            let dims = match side {
                Some(list @ (Value::List(_) | Value::Tuple(_))) => self.items(list)?,
                Some(one) => vec![one.clone()],
                None => return Ok(None),
            };
            let dims: Option<Vec<usize>> =
                dims.iter().map(|dim| dim.as_i64().and_then(|dim| axis(dim, rank))).collect();
            let Some(dims) = dims else { return Ok(None) };
            places.push(dims);
        }
        let [from, to] = places.as_slice() else { return Ok(None) };
        let mut rest = (0..rank).filter(|axis| !from.contains(axis));
        let order = (0..rank).map(|place| match to.iter().position(|&to| to == place) {
            Some(at) => from.get(at).copied(),
            None => rest.next(),
        });
        let order: Option<Vec<usize>> = order.collect();
        Ok(order.map(|order| order.into_iter().map(|axis| axis as i64).collect()))
    }

    /// A tuple whose items have names, too.
    pub(crate) fn named<const N: usize>(&mut self, tuple: Value, names: [(&str, Value); N]) -> Run<Value> {
        self.allocate(8 + N)?;
        let attributes: HashMap<_, _> = names.into_iter().map(|(name, value)| (Rc::from(name), value)).collect();
        let line = self.line;
        self.heap.instances.push(Instance { class: None, attributes, module: None, inner: Some(tuple), line });
        Ok(Value::Instance(self.heap.instances.len() - 1))
    }
}

/// `x.unfold(dim, size, step)`: windows along a dimension, their elements behind the others.
fn windows(dims: Dims, at: usize, size: i64, step: i64) -> Option<Dims> {
    let (size, step) = (u64::try_from(size).ok()?, u64::try_from(step).ok().filter(|&step| step >= 1)?);
    let mut sizes = dims.sizes().to_vec();
    sizes[at] = sizes[at].checked_sub(size)? / step + 1;
    sizes.push(size);
    Dims::new(&sizes)
}

/// The output of a resizing to a size, or by a factor, along all dimensions behind the channels.
pub(crate) fn resized(dims: &Dims, size: Option<&Plain>, factor: Option<&Plain>) -> Option<Dims> {
    let count = dims.rank().checked_sub(2).filter(|&count| count >= 1)?;
    let each = |value: &Plain| -> Option<Vec<f64>> {
        let number = |value: &Plain| match value {
            Plain::Int(int) => Some(*int as f64),
            Plain::Float(float) => Some(*float),
            _ => None,
        };
        match value {
            Plain::List(items) if items.len() == count => items.iter().map(number).collect(),
            Plain::List(items) if items.len() == 1 => Some(vec![number(items.first()?)?; count]),
            Plain::List(_) => None,
            one => Some(vec![number(one)?; count]),
        }
    };
    let given = |value: Option<&Plain>| value.filter(|value| **value != Plain::None).map(each);
    let mut output = *dims;
    let (to, by) = (given(size), given(factor));
    for (place, size) in output.sizes_mut().iter_mut().skip(2).enumerate() {
        let grown = match (&to, &by) {
            (Some(to), _) => to.as_ref()?[place],
            (None, Some(by)) => (*size as f64 * by.as_ref()?[place]).floor(),
            (None, None) => return None,
        };
        if !(1.0..=1e15).contains(&grown) {
            return None;
        }
        *size = grown as u64;
    }
    Some(output)
}
