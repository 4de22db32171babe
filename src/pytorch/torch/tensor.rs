//! Tensors: their shape, and where they come from.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::array::Array;
use crate::model::{Dims, Layer, NodeId};
use crate::pytorch::python::Id;

/// A tensor: its shape, where it comes from, and its numbers where they are few and known.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// `None`: not known.
    pub dims: Option<Dims>,
    pub source: TensorSource,
    /// Of this shape.
    pub numbers: Option<Rc<Array>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TensorSource {
    /// Made by the code: `torch.zeros(...)`.
    Made,
    Input,
    Node(NodeId),
    /// A parameter or buffer.
    Parameter(Id),
    /// A view that becomes a node when it is used: one part of a chunk.
    Pending(Rc<PendingNode>),
    /// What a recurrent layer gives besides its output.
    State(Rc<RecurrentState>),
    /// Another tensor's elements, repeated to a larger shape.
    Expanded(Rc<Tensor>),
}

#[derive(Debug)]
pub(crate) struct PendingNode {
    pub layer: Layer,
    pub name: &'static str,
    pub input: Rc<Tensor>,
    pub made: Cell<Option<NodeId>>,
}

impl PartialEq for PendingNode {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        self.dims == other.dims && self.source == other.source
    }
}

/// A state, `h_n` or `c_n`, `[num_layers * directions, N, H]`: rows of the network only where it is used.
#[derive(Debug)]
pub(crate) struct RecurrentState {
    pub name: &'static str,
    /// What the layer gives: `[N, L, directions * H]`, or `[L, N, directions * H]`.
    pub output: Rc<Tensor>,
    pub batch_first: bool,
    pub layers: u64,
    pub directions: u64,
    pub hidden: u64,
    pub made: RefCell<Option<Rc<Tensor>>>,
}

impl PartialEq for RecurrentState {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl RecurrentState {
    /// The row that gives it, where it was used.
    pub(crate) fn row(&self) -> Option<NodeId> {
        match self.made.borrow().as_ref()?.source {
            TensorSource::Node(node) => Some(node),
            _ => None,
        }
    }
}

/// A parameter or buffer of a module.
#[derive(Clone, Debug)]
pub(crate) struct ParameterData {
    /// `None`: its size is not known.
    pub dims: Option<Dims>,
    pub trainable: bool,
    pub is_buffer: bool,
    /// Of a buffer that the text fills.
    pub numbers: Option<Rc<Array>>,
}

impl Tensor {
    pub(crate) fn made(dims: Option<Dims>) -> Rc<Self> {
        Rc::new(Self { dims, source: TensorSource::Made, numbers: None })
    }

    /// A constant.
    pub(crate) fn of(array: Array) -> Rc<Self> {
        Rc::new(Self { dims: Some(array.dims), source: TensorSource::Made, numbers: Some(Rc::new(array)) })
    }

    /// A single number that the code knows.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self.numbers.as_deref()?.values.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }
}
