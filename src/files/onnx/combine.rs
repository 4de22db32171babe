//! Sums, products, concatenations, and parts of tensors.

use super::constant::Constant;
use super::graph::{Data, Rows, Unknown};
use super::message::Node;
use super::names;
use super::shape::broadcast;
use crate::model::{Add, Cat, Chunk, Layer, Mul, Scalar, ScalarOperation, Slice};

impl<'a> Rows<'a, '_> {
    /// `Add`, `Sub`, `Mul`, `Div` of tensors, or with a number.
    pub(super) fn arithmetic(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let operation = match node.operator.as_str() {
            "Add" => ScalarOperation::Add,
            "Sub" => ScalarOperation::Sub,
            "Mul" => ScalarOperation::Mul,
            _ => ScalarOperation::Div,
        };
        let name = names::of(node, None);
        for (place, other) in [(1, 0), (0, 1)] {
            let is_commutative = matches!(operation, ScalarOperation::Add | ScalarOperation::Mul);
            let number =
                self.constant(node, place).filter(|constant| constant.elements() == 1).and_then(Constant::number);
            let Some(value) = number.filter(|_| place == 1 || is_commutative) else { continue };
            let input = self.input(node, other)?;
            return self.push(Scalar { operation, value }, &name, &[input], Vec::new());
        }
        let (one, other) = (self.input(node, 0)?, self.input(node, 1)?);
        let layer: Layer = match operation {
            ScalarOperation::Add => Add {}.into(),
            ScalarOperation::Mul => Mul {}.into(),
            // Nothing else takes the difference of two tensors, and nothing is rounded otherwise.
            ScalarOperation::Sub => {
                let minus = Scalar { operation: ScalarOperation::Mul, value: -1.0 };
                let other = self.push(minus, &format!("{name}.minus"), &[other], Vec::new())?;
                return self.push(Add {}, &name, &[one, other], Vec::new());
            }
            ScalarOperation::Div => {
                let dims = broadcast(&one.dims, &other.dims).ok_or("its sizes do not go together")?;
                return self.push_free(node, &[one, other], &dims);
            }
        };
        self.push(layer, &name, &[one, other], Vec::new())
    }

    pub(super) fn concat(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let inputs: Vec<Data> =
            (0..node.inputs.len()).map(|place| self.input(node, place)).collect::<Result<_, _>>()?;
        let dim = node.integer("axis").unwrap_or(1);
        let rank = inputs.first().map_or(0, |input| input.dims.rank()) as i64;
        let dim = if dim < 0 { dim + rank } else { dim };
        self.push(Cat { dim }, &names::of(node, None), &inputs, Vec::new())
    }

    /// A row for each part that is read.
    pub(super) fn split(&mut self, node: &Node<'a>) -> Result<(), Unknown> {
        let input = self.input(node, 0)?;
        let rank = input.dims.rank() as i64;
        let dim = node.integer("axis").unwrap_or(0);
        let dim = if dim < 0 { dim + rank } else { dim };
        let size = usize::try_from(dim)
            .ok()
            .and_then(|dim| input.dims.get(dim).copied())
            .ok_or("its axis is none of the input's")?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let count = i64::try_from(node.outputs.len()).unwrap_or(i64::MAX).max(1);
        let given = match self.has(node, 1) {
            true => {
                Some(self.constant(node, 1).and_then(Constant::integers).ok_or("its parts are computed as it runs")?)
            }
            false => Some(node.integers("split").to_vec()).filter(|sizes| !sizes.is_empty()),
        };
        let even = size.div_euclid(count) + i64::from(size % count != 0);
        let sizes = given.unwrap_or_else(|| (0..count).map(|index| even.min(size - index * even).max(0)).collect());
        let is_chunks = sizes.len() as i64 == count
            && sizes.iter().enumerate().all(|(index, &part)| part == even.min(size - index as i64 * even));
        let name = names::of(node, None);
        let mut start = 0_i64;
        for (index, output) in node.outputs.iter().enumerate() {
            let part = sizes.get(index).copied().unwrap_or(0);
            let end = start.checked_add(part).ok_or("its parts do not fit 63 bits")?;
            if self.readers.contains_key(output.as_str()) || self.outputs.contains(output.as_str()) {
                let layer: Layer = match is_chunks {
                    true => Chunk { chunks: count, index: index as i64, dim }.into(),
                    false => Slice { start, end: Some(end), dim }.into(),
                };
                let data = self.push(layer, &name, &[input], Vec::new())?;
                self.data.insert(output.clone(), data);
            }
            start = end;
        }
        Ok(())
    }

    /// A row for each axis that is cut.
    pub(super) fn slice(&mut self, node: &Node<'a>) -> Result<Data, Unknown> {
        let mut data = self.input(node, 0)?;
        let list = |place: usize, name: &str| match self.has(node, place) {
            true => self
                .constant(node, place)
                .and_then(Constant::integers)
                .ok_or_else(|| "its bounds are computed as it runs".to_string()),
            false => Ok(node.integers(name).to_vec()),
        };
        let (starts, ends, axes, steps) = (list(1, "starts")?, list(2, "ends")?, list(3, "axes")?, list(4, "steps")?);
        let name = names::of(node, None);
        for (index, (&start, &end)) in starts.iter().zip(&ends).enumerate() {
            let axis = axes.get(index).copied().unwrap_or(index as i64);
            let axis = if axis < 0 { axis + data.dims.rank() as i64 } else { axis };
            let size = usize::try_from(axis)
                .ok()
                .and_then(|axis| data.dims.get(axis).copied())
                .ok_or("its axis is none of the input's")?;
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            let clamp = |at: i64| (if at < 0 { at.saturating_add(size) } else { at }).clamp(0, size);
            let step = steps.get(index).copied().unwrap_or(1);
            let (start, end) = (clamp(start), clamp(end));
            if step != 1 {
                if step < 1 {
                    return Err(format!("a step of {step} is not known here"));
                }
                let mut dims = data.dims.to_vec();
                dims[axis as usize] = u64::try_from((end - start).max(0)).unwrap_or(0).div_ceil(step.unsigned_abs());
                data = self.push_free(node, &[data], &dims)?;
            } else if (start, end) != (0, size) {
                let end = Some(end).filter(|end| *end != size);
                data = self.push(Slice { start, end, dim: axis }, &name, &[data], Vec::new())?;
            }
        }
        Ok(data)
    }
}
