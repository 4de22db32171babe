//! How a tensor's elements lie in memory, as far as it is sure: `view` takes no tensor whose dimensions do not lie
//! behind each other.

use super::tensor::{Tensor, TensorSource};
use super::trace::Trace;
use super::{Machine, Value};
use crate::model::{Dims, Inputs, Kind, Layer, Sort, Source};
use crate::pytorch::problem::ProblemKind;
use crate::pytorch::python::Run;

/// Rows that are looked at behind each other.
const DEEPEST: usize = 40;

/// PyTorch's words for a view that cannot be.
const NOT_COMPATIBLE: &str = "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.";

impl Machine {
    /// Whether a tensor's elements surely lie in the order of its dimensions.
    pub(crate) fn lies_in_order(&self, tensor: &Tensor) -> bool {
        let Some((dims, strides)) = tensor.dims.zip(self.host.trace.as_ref().and_then(|trace| strides(trace, tensor)))
        else {
            return self.host.trace.is_none();
        };
        let expected = in_order(&dims);
        dims.iter().zip(strides.iter().zip(&expected)).all(|(&size, (found, expected))| size == 1 || found == expected)
    }

    /// The error of a `view` of a tensor that surely does not lie as it would have to.
    pub(crate) fn view_error(&mut self, tensor: &Tensor, shape: &[i64]) -> Run<Option<Value>> {
        let Some(dims) = tensor.dims else { return Ok(None) };
        let Some(trace) = &self.host.trace else { return Ok(None) };
        let Some(strides) = strides(trace, tensor) else { return Ok(None) };
        let known: i64 = shape.iter().filter(|&&size| size > 0).fold(1, |product, &size| product.saturating_mul(size));
        let whole = dims.elements().and_then(|elements| i64::try_from(elements).ok()).unwrap_or(0);
        let sizes: Option<Vec<u64>> = shape
            .iter()
            .map(|&size| u64::try_from(if size < 0 { whole.checked_div(known)? } else { size }).ok())
            .collect();
        let Some(sizes) = sizes.filter(|sizes| Dims::new(sizes).and_then(|dims| dims.elements()) == Some(whole as u64))
        else {
            return Ok(None);
        };
        if view_strides(&dims, &strides, &sizes).is_some() {
            return Ok(None);
        }
        self.error(ProblemKind::Shape, "RuntimeError", NOT_COMPATIBLE.to_string()).map(Some)
    }
}

/// The steps between neighbours of each dimension; `None`: not sure.
fn strides(trace: &Trace, tensor: &Tensor) -> Option<Vec<u64>> {
    match &tensor.source {
        TensorSource::Input | TensorSource::Parameter(_) => tensor.dims.map(|dims| in_order(&dims)),
        TensorSource::Node(id) => of_source(trace, Source::Node(*id), DEEPEST),
        TensorSource::Pending(pending) => changed(&pending.layer, &strides(trace, &pending.input)?),
        TensorSource::Made | TensorSource::State(_) | TensorSource::Expanded(_) => None,
    }
}

fn of_source(trace: &Trace, source: Source, depth: usize) -> Option<Vec<u64>> {
    let Source::Node(id) = source else { return trace.input.map(|dims| in_order(&dims)) };
    let depth = depth.checked_sub(1)?;
    let index = id.0 as usize;
    let node = trace.nodes.get(index).filter(|node| node.id == id)?;
    let dims = trace.shape(id)?;
    let sources = match &node.inputs {
        Inputs::Above => vec![index.checked_sub(1).map_or(Source::Input, |above| Source::Node(trace.nodes[above].id))],
        Inputs::From(sources) => sources.clone(),
    };
    let first = || of_source(trace, *sources.first()?, depth);
    match node.layer.kind() {
        Kind::Linear | Kind::Contiguous | Kind::Parameter => Some(in_order(&dims)),
        Kind::Conv2d | Kind::Conv1d => {
            // One whose channels lie last gives such a one again.
            let input = *sources.first()?;
            is_in_order(trace, input, depth).then(|| in_order(&dims))
        }
        Kind::View => {
            // A reshape that is no view copies.
            let view = view_strides(&shape(trace, *sources.first()?)?, &first()?, &dims);
            Some(view.unwrap_or_else(|| in_order(&dims)))
        }
        Kind::Transpose | Kind::Permute | Kind::Slice | Kind::Chunk => changed(&node.layer, &first()?),
        kind if kind.sort() == Sort::Regularizer => first(),
        Kind::Unsupported => {
            let Layer::Unsupported(layer) = &node.layer else { return None };
            let copies = matches!(layer.class.as_str(), "matmul" | "stack" | "repeat" | "sum");
            copies.then(|| in_order(&dims))
        }
        // What is computed lies as its inputs do.
        _ => sources.iter().all(|&source| is_in_order(trace, source, depth)).then(|| in_order(&dims)),
    }
}

fn shape(trace: &Trace, source: Source) -> Option<Dims> {
    match source {
        Source::Input => trace.input,
        Source::Node(id) => trace.shape(id),
    }
}

fn is_in_order(trace: &Trace, source: Source, depth: usize) -> bool {
    let Some(dims) = shape(trace, source) else { return false };
    let Some(strides) = of_source(trace, source, depth) else { return false };
    let expected = in_order(&dims);
    dims.iter().zip(strides.iter().zip(&expected)).all(|(&size, (found, expected))| size == 1 || found == expected)
}

fn in_order(dims: &Dims) -> Vec<u64> {
    let mut strides = vec![1_u64; dims.rank()];
    for axis in (1..dims.rank()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(dims[axis]);
    }
    strides
}

/// The strides behind a layer that only looks at its input otherwise.
fn changed(layer: &Layer, strides: &[u64]) -> Option<Vec<u64>> {
    let at = |dim: i64| super::fold::axis(dim, strides.len());
    match layer {
        Layer::Transpose(layer) => {
            let mut swapped = strides.to_vec();
            swapped.swap(at(layer.dim0)?, at(layer.dim1)?);
            Some(swapped)
        }
        Layer::Permute(layer) => layer.dims.iter().map(|&dim| Some(strides[at(dim)?])).collect(),
        Layer::Slice(_) | Layer::Chunk(_) => Some(strides.to_vec()),
        _ => None,
    }
}

/// The strides of a view of these sizes; `None`: there is none. As `computeStride` of aten/src/ATen/TensorUtils.cpp.
fn view_strides(dims: &Dims, strides: &[u64], sizes: &[u64]) -> Option<Vec<u64>> {
    if strides.len() != dims.rank() {
        return None;
    }
    let Some(&last) = strides.last() else { return Some(vec![1; sizes.len()]) };
    let mut view = vec![1_u64; sizes.len()];
    let mut place = sizes.len();
    let (mut base, mut elements, mut viewed) = (last, 1_u64, 1_u64);
    for axis in (0..dims.rank()).rev() {
        elements = elements.saturating_mul(dims[axis]);
        let ends = axis == 0 || (dims[axis - 1] != 1 && strides[axis - 1] != elements.saturating_mul(base));
        if !ends {
            continue;
        }
        while place > 0 && (viewed < elements || sizes[place - 1] == 1) {
            view[place - 1] = viewed.saturating_mul(base);
            viewed = viewed.saturating_mul(sizes[place - 1]);
            place -= 1;
        }
        if viewed != elements {
            return None;
        }
        if axis > 0 {
            (base, elements, viewed) = (strides[axis - 1], 1, 1);
        }
    }
    (place == 0).then_some(view)
}
