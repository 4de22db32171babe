//! A network as operations of Keras, in the order in which they run.

use crate::model::Dims;

use super::function::Function;

/// Operations over tensors, each written once; for a batch of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The sizes of each tensor in Keras's order, the batch first; the network's input is the first tensor.
    pub tensors: Vec<Dims>,
    /// In the order in which they run: none reads a tensor that a later one writes.
    pub operations: Vec<Operation>,
    /// The tensor that leaves.
    pub output: usize,
    /// For each operation the name of its layer: empty where it has no weights.
    pub layers: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The row that it is of, by index.
    pub row: usize,
    /// What it computes, with its sizes.
    pub function: Function,
    /// Tensors.
    pub inputs: Vec<usize>,
    /// The tensor that it writes.
    pub output: usize,
    /// The operation above, by index, whose weights it uses again: a module called twice.
    pub shared_with: Option<usize>,
}

/// How the axes of a tensor stand to PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As PyTorch's.
    Plain,
    /// Dimension 1, the channels, behind all others: `[N, H, W, C]`, `[N, L, C]`.
    Last,
    /// `[N, F]`, the features flattened as `[H, W, C]` where PyTorch has them as `[C, H, W]`: the sizes in PyTorch's
    /// order. A line `[C, L]` is `[C, 1, L]`.
    Pixels([u64; 3]),
}

impl Program {
    /// How many operations read a tensor, and whether it is the output.
    pub fn readers(&self, tensor: usize) -> usize {
        self.operations.iter().map(|operation| operation.inputs.iter().filter(|&&input| input == tensor).count()).sum()
    }

    /// Takes an operation out that nothing reads any more.
    pub fn remove(&mut self, index: usize) {
        self.operations.remove(index);
        self.layers.remove(index);
        let shared = self.operations.iter_mut().filter_map(|operation| operation.shared_with.as_mut());
        shared.filter(|shared| **shared > index).for_each(|shared| *shared -= 1);
    }
}

impl Order {
    /// The dimension of PyTorch's that each axis holds.
    pub fn axes(self, rank: usize) -> Vec<usize> {
        match self {
            Self::Last if rank > 2 => std::iter::once(0).chain(2..rank).chain([1]).collect(),
            Self::Last | Self::Plain | Self::Pixels(_) => (0..rank).collect(),
        }
    }

    /// The axis that holds a dimension of PyTorch's.
    pub fn axis(self, dimension: usize, rank: usize) -> usize {
        self.axes(rank).iter().position(|&held| held == dimension).unwrap_or(dimension)
    }

    /// Sizes in PyTorch's order as they stand in this one.
    pub fn sizes(self, dims: &Dims) -> Dims {
        let sizes: Vec<u64> = self.axes(dims.rank()).iter().map(|&axis| dims.get(axis).copied().unwrap_or(1)).collect();
        Dims::new(&sizes).unwrap_or_default()
    }
}
