//! Operators over tensors.

use super::operator::Operator;

/// A network's operators while the converter changes them.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub tensors: Vec<Tensor>,
    pub nodes: Vec<Node>,
    pub output: usize,
}

/// What an operator reads and writes, without what is constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The batch first.
    pub shape: Vec<u64>,
    /// 32-bit floats; else int8.
    pub float: bool,
}

/// An operator.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub operator: Operator,
    pub inputs: Vec<usize>,
    pub output: usize,
    pub constants: Vec<Constant>,
    /// The activation that became part of it.
    pub fused: Option<Operator>,
    /// Rows and columns of zeros before and behind count as its input.
    pub padded: bool,
    /// It drops a dimension that was put in for an operator over maps.
    pub squeezes: bool,
}

/// What is stored with the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub kind: ConstantKind,
    pub elements: u64,
    /// What it holds, where that follows from the network: two of the same are stored once.
    pub holds: Holds,
}

/// What a constant holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    /// Something of its own.
    Own,
    /// The weights of a layer that is called again, by the operation that called it first, and the place among its weights.
    Layer(usize, usize),
    Integers(Vec<u64>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantKind {
    /// A byte each, a scale for each output channel.
    Weight,
    /// Four bytes each.
    Bias,
    /// A byte each, one scale.
    Number,
    /// Sizes, axes, places: four bytes each.
    Int32,
}

/// What the converter leaves: operators in the order in which they run.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted {
    /// Also the constants.
    pub tensors: Vec<Tensor>,
    /// Each after those whose tensors it reads.
    pub operations: Vec<Operation>,
    /// The tensor that comes in is the first; this one leaves.
    pub output: usize,
}

/// One operator in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub operator: Operator,
    pub inputs: Vec<usize>,
    pub output: usize,
    pub constants: Vec<Constant>,
}

impl Tensor {
    pub fn int8(shape: &[u64]) -> Self {
        Self { shape: shape.to_vec(), float: false }
    }

    pub fn elements(&self) -> u64 {
        self.shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size))
    }

    pub fn bytes(&self) -> u64 {
        self.elements().saturating_mul(if self.float { 4 } else { 1 })
    }
}

impl Constant {
    pub fn bytes(&self) -> u64 {
        let each = match self.kind {
            ConstantKind::Weight | ConstantKind::Number => 1,
            ConstantKind::Bias | ConstantKind::Int32 => 4,
        };
        self.elements.saturating_mul(each)
    }
}

impl Graph {
    pub(super) fn tensor(&mut self, tensor: Tensor) -> usize {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }

    /// Adds an operator that writes a new tensor, and gives that.
    pub(super) fn push(
        &mut self,
        operator: Operator,
        inputs: &[usize],
        output: Tensor,
        constants: Vec<Constant>,
    ) -> usize {
        let output = self.tensor(output);
        let inputs = inputs.to_vec();
        self.nodes.push(Node { operator, inputs, output, constants, fused: None, padded: false, squeezes: false });
        output
    }

    /// Puts an operator of one input and no constants at a place.
    pub(super) fn insert(&mut self, place: usize, operator: Operator, input: usize, output: usize) {
        let node = Node {
            operator,
            inputs: vec![input],
            output,
            constants: Vec::new(),
            fused: None,
            padded: false,
            squeezes: false,
        };
        self.nodes.insert(place.min(self.nodes.len()), node);
    }

    /// The operators that read a tensor, by index.
    pub(super) fn readers(&self, tensor: usize) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&node| self.nodes[node].inputs.contains(&tensor)).collect()
    }

    /// The one operator that reads a tensor, once, where it is not the output.
    pub(super) fn only_reader(&self, tensor: usize) -> Option<usize> {
        let readers = self.readers(tensor);
        let &[reader] = readers.as_slice() else { return None };
        let once = self.nodes[reader].inputs.iter().filter(|&&input| input == tensor).count() == 1;
        (once && tensor != self.output).then_some(reader)
    }

    /// The operator that writes a tensor.
    pub(super) fn writer(&self, tensor: usize) -> Option<usize> {
        self.nodes.iter().position(|node| node.output == tensor)
    }

    /// Takes an operator out; what read its output reads another tensor.
    pub(super) fn bypass(&mut self, node: usize, instead: usize) {
        let gone = self.nodes.remove(node);
        for node in &mut self.nodes {
            node.inputs.iter_mut().filter(|input| **input == gone.output).for_each(|input| *input = instead);
        }
        if self.output == gone.output {
            self.output = instead;
        }
    }

    /// Tensors in the order in which they are written, the input first.
    pub(super) fn finish(self) -> Converted {
        let mut place = vec![0; self.tensors.len()];
        let mut tensors = vec![self.tensors.first().cloned().unwrap_or_else(|| Tensor::int8(&[1]))];
        for node in &self.nodes {
            place[node.output] = tensors.len();
            tensors.push(self.tensors[node.output].clone());
        }
        let operations = self.nodes.into_iter().map(|node| Operation {
            operator: node.operator,
            inputs: node.inputs.iter().map(|&input| place[input]).collect(),
            output: place[node.output],
            constants: node.constants,
        });
        Converted { operations: operations.collect(), tensors, output: place[self.output] }
    }
}

impl Converted {
    /// All constants, each once.
    pub fn constants(&self) -> Vec<&Constant> {
        let mut all: Vec<&Constant> = Vec::new();
        for constant in self.operations.iter().flat_map(|operation| &operation.constants) {
            if constant.holds == Holds::Own || !all.contains(&constant) {
                all.push(constant);
            }
        }
        all
    }

    /// Bytes of the file's buffers: weights, biases, and the numbers that operators are given.
    pub fn constant_bytes(&self) -> u64 {
        self.constants().iter().fold(0, |sum: u64, constant| sum.saturating_add(constant.bytes()))
    }

    /// The bytes of the file, as an estimate: what is not constant goes with the operators, the constants, and the scales
    /// of each channel. Fitted to the tuning half of the oracle's networks.
    pub fn file_bytes(&self) -> u64 {
        let constants = self.constants();
        let mut kinds: Vec<Operator> = self.operations.iter().map(|operation| operation.operator).collect();
        kinds.sort_unstable_by_key(|operator| operator.name());
        kinds.dedup();
        let counts =
            [(699, 1), (182, self.operations.len()), (124, constants.len()), (204, self.affine()), (27, kinds.len())];
        let fixed: u64 = counts.iter().map(|&(bytes, count)| bytes * count as u64).sum();
        fixed.saturating_add(self.channels().saturating_mul(28)).saturating_add(self.constant_bytes())
    }

    /// The arena's tail on a host of 64 bits, as an estimate: what the runtime keeps of tensors and operators. A
    /// microcontroller's pointers are half as long. Fitted to the tuning half of the oracle's networks.
    pub fn tail_bytes(&self) -> u64 {
        let tensors = self.tensors.len() + self.constants().len();
        let counts = [(689, 1), (98, self.operations.len()), (36, tensors), (55, self.affine())];
        let fixed: u64 = counts.iter().map(|&(bytes, count)| bytes * count as u64).sum();
        fixed.saturating_add(self.channels().saturating_mul(37) / 5)
    }

    fn affine(&self) -> usize {
        self.operations.iter().filter(|operation| operation.operator.is_affine()).count()
    }

    /// Output channels of all weights.
    fn channels(&self) -> u64 {
        let biases = self.constants();
        let biases = biases.iter().filter(|constant| constant.kind == ConstantKind::Bias);
        biases.map(|constant| constant.elements).fold(0, u64::saturating_add)
    }

    /// The operators that TensorFlow Lite Micro has no int8 kernel for.
    pub fn missing(&self) -> Vec<Operator> {
        let mut missing: Vec<Operator> = Vec::new();
        for operation in self.operations.iter().filter(|operation| operation.operator.is_missing()) {
            if !missing.contains(&operation.operator) {
                missing.push(operation.operator);
            }
        }
        missing
    }
}
