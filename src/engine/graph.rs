//! A network as operations over numbered tensors.

use super::kernels::activation::Activation;
use super::operation::Operation;

/// A tensor of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TensorId(pub usize);

/// Operations in execution order. Tensor 0 is the input.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    /// The sizes of every tensor, the batch first.
    pub tensors: Vec<Vec<usize>>,
    pub nodes: Vec<GraphNode>,
    pub output: TensorId,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct GraphNode {
    pub operation: Operation,
    pub inputs: Vec<TensorId>,
    pub output: TensorId,
    /// Added to the result, of the same sizes.
    pub residual: Option<TensorId>,
    /// Applied to the result last.
    pub activation: Activation,
    /// Indices of the network's nodes it does the work of.
    pub covers: Vec<usize>,
}

impl Graph {
    pub(crate) const INPUT: TensorId = TensorId(0);

    /// A graph that only has an input.
    pub(crate) fn new(input: Vec<usize>) -> Self {
        Self { tensors: vec![input], nodes: Vec::new(), output: Self::INPUT }
    }

    /// Appends an operation and gives the tensor it makes.
    pub(crate) fn push(
        &mut self,
        operation: Operation,
        inputs: &[TensorId],
        dims: Vec<usize>,
        source: usize,
    ) -> TensorId {
        let output = TensorId(self.tensors.len());
        self.tensors.push(dims);
        self.nodes.push(GraphNode {
            operation,
            inputs: inputs.to_vec(),
            output,
            residual: None,
            activation: Activation::Identity,
            covers: vec![source],
        });
        self.output = output;
        output
    }

    pub(crate) fn dims(&self, tensor: TensorId) -> &[usize] {
        &self.tensors[tensor.0]
    }

    pub(crate) fn elements(&self, tensor: TensorId) -> usize {
        self.dims(tensor).iter().product()
    }
}

impl GraphNode {
    /// Bytes of the inputs, the weights and the output.
    pub(crate) fn bytes(&self, graph: &Graph) -> u64 {
        let read: usize = self.inputs.iter().chain(&self.residual).map(|&input| graph.elements(input)).sum();
        let values = read + graph.elements(self.output) + self.operation.parameter_count();
        (values * size_of::<f32>()) as u64
    }
}
