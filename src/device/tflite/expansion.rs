//! A function of Keras on its way to operators, and the constants that operators are given.

use super::graph::{Constant, ConstantKind, Graph, Holds, Tensor};
use super::operator::Operator;

/// One function on its way.
pub(super) struct Expansion<'a> {
    pub graph: &'a mut Graph,
    /// What Keras says comes out.
    pub output: Tensor,
    /// Only a rectifier reads it.
    pub rectified_next: bool,
    /// The operation that called the layer first.
    pub layer: usize,
}

/// Whole numbers that an operator is given.
pub(super) fn int32(values: &[u64]) -> Constant {
    let holds = Holds::Integers(values.to_vec());
    Constant { kind: ConstantKind::Int32, elements: values.len() as u64, holds }
}

/// Quantised numbers.
pub(super) fn number(elements: u64) -> Constant {
    Constant { kind: ConstantKind::Number, elements, holds: Holds::Own }
}

impl Expansion<'_> {
    pub(super) fn shape(&self, tensor: usize) -> &[u64] {
        &self.graph.tensors[tensor].shape
    }

    /// The operator that gives what Keras says.
    pub(super) fn out(&mut self, operator: Operator, inputs: &[usize], constants: Vec<Constant>) -> usize {
        self.graph.push(operator, inputs, self.output.clone(), constants)
    }

    /// An operator of the input's shape.
    pub(super) fn same(&mut self, operator: Operator, inputs: &[usize], constants: Vec<Constant>) -> usize {
        let tensor = self.graph.tensors[inputs[0]].clone();
        self.graph.push(operator, inputs, tensor, constants)
    }

    /// An operator without an int8 kernel runs in floats; gives its float output.
    pub(super) fn through_floats(&mut self, x: usize, operator: Operator) -> usize {
        let float = Tensor { float: true, ..self.graph.tensors[x].clone() };
        let input = self.graph.push(Operator::Dequantize, &[x], float.clone(), Vec::new());
        self.graph.push(operator, &[input], float, Vec::new())
    }
}
