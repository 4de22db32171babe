//! What is true of a kind of layer, whatever its arguments. The table in `layer.rs` wants it of every kind.

/// What is true of every layer of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Inputs, the learned tensors aside.
    pub arity: Arity,
    /// What it is spoken of together with.
    pub sort: Sort,
    /// Whether it writes, in a run without training.
    pub flow: Flow,
    /// What follows for its channels from the input's.
    pub channels: ChannelFlow,
    /// Whether it can have tensors of its own.
    pub learns: Learns,
    /// `None` where PyTorch wants nothing of the input's sizes.
    pub inferred: Option<InferredArgument>,
}

/// How many inputs a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "numbers")]
pub enum Arity {
    Zero,
    One,
    Two,
    OneOrMore,
}

/// Layers that are spoken of together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sort {
    /// Multiplies a window of each group of channels with weights.
    Convolution,
    /// Multiplies the last dimension with weights.
    MatrixProduct,
    /// One value of several, without weights.
    Pool,
    /// By mean and variance, or by a sum of squares.
    Norm,
    /// One element in, one element out.
    Activation,
    /// Of a row of elements at once.
    Softmax,
    /// Does nothing when a trained network runs.
    Regularizer,
    /// The same elements in another shape or order, or some of them.
    Rearrangement,
    /// A map of another size.
    Resizing,
    /// Of several tensors, or with a number.
    Combination,
    /// A learned tensor by itself.
    Parameter,
    /// No kind of its own.
    Unknown,
}

/// What becomes of a layer's data when a trained network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// A tensor of its own is written.
    Writes,
    /// From each element and constants alone: may be written over the input, where nothing reads that later.
    InPlace,
    /// Nothing is written: the output is the input, or a view of it.
    Views,
    /// Nothing flows in or is written: a bare parameter.
    Holds,
}

/// Where the channels (dimension 1) of a layer's output come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelFlow {
    /// Each from the input's of its number, or as many at least.
    Kept,
    /// The layer has a number of its own.
    Made,
    /// They follow from the input's sizes otherwise.
    Rearranged,
}

/// Whether a layer has tensors of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Learns {
    /// Never, whatever its arguments.
    Nothing,
    /// Parameters or buffers, for some arguments.
    Parameters,
}

/// The argument that PyTorch wants and that is inferred here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InferredArgument {
    /// PyTorch's: `in_channels`, `num_features`.
    pub name: &'static str,
    /// Its place among the positional arguments.
    pub position: usize,
}

pub(super) const fn infers(name: &'static str, position: usize) -> Option<InferredArgument> {
    Some(InferredArgument { name, position })
}

pub(super) const CONVOLUTION: Facts = Facts {
    arity: Arity::One,
    sort: Sort::Convolution,
    flow: Flow::Writes,
    channels: ChannelFlow::Made,
    learns: Learns::Parameters,
    inferred: infers("in_channels", 0),
};

pub(super) const MATRIX_PRODUCT: Facts =
    Facts { sort: Sort::MatrixProduct, inferred: infers("in_features", 0), ..CONVOLUTION };

pub(super) const POOL: Facts = Facts {
    arity: Arity::One,
    sort: Sort::Pool,
    flow: Flow::Writes,
    channels: ChannelFlow::Kept,
    learns: Learns::Nothing,
    inferred: None,
};

/// By statistics of each group of elements.
pub(super) const NORM: Facts = Facts { sort: Sort::Norm, learns: Learns::Parameters, ..POOL };

/// By running statistics: a scale and a shift of each channel.
pub(super) const BATCH_NORM: Facts = Facts { flow: Flow::InPlace, inferred: infers("num_features", 0), ..NORM };

pub(super) const ACTIVATION: Facts = Facts { sort: Sort::Activation, flow: Flow::InPlace, ..POOL };

pub(super) const SOFTMAX: Facts = Facts { sort: Sort::Softmax, ..POOL };

pub(super) const REGULARIZER: Facts = Facts { sort: Sort::Regularizer, flow: Flow::Views, ..POOL };

/// The same data, seen otherwise.
pub(super) const VIEW: Facts = Facts { flow: Flow::Views, ..COPY };

/// Data in another order.
pub(super) const COPY: Facts = Facts { sort: Sort::Rearrangement, channels: ChannelFlow::Rearranged, ..POOL };

pub(super) const RESIZING: Facts = Facts { sort: Sort::Resizing, ..POOL };

pub(super) const COMBINATION: Facts = Facts { arity: Arity::Two, sort: Sort::Combination, ..POOL };

pub(super) const PARAMETER: Facts = Facts {
    arity: Arity::Zero,
    sort: Sort::Parameter,
    flow: Flow::Holds,
    channels: ChannelFlow::Rearranged,
    learns: Learns::Parameters,
    inferred: None,
};

pub(super) const UNKNOWN: Facts =
    Facts { arity: Arity::OneOrMore, sort: Sort::Unknown, flow: Flow::Writes, ..PARAMETER };
