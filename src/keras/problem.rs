//! Why a network cannot be said in Keras.

use thiserror::Error;

/// The row that stops the export, and why.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{name} ({class}) has no equal in Keras: {reason}.")]
#[expect(missing_docs, reason = "the message says it")]
pub struct KerasProblem {
    /// The row's index.
    pub row: usize,
    pub name: String,
    pub class: String,
    pub reason: Unsayable,
}

/// What Keras cannot say, and the way out.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum Unsayable {
    #[error("it has no shape here; mend the row first")]
    NoShape,
    #[error("what it computes is not known here")]
    Unknown,
    #[error("no Keras layer computes it")]
    NoLayer,
    #[error("a bare parameter is no layer of a functional model; put it into one, or fold it into a norm or a bias")]
    Parameter,
    #[error("it works along the batch, which a Keras model leaves open")]
    Batch,
    #[error("a Keras model takes a batch first, and this row takes its first size for channels")]
    Rank,
    #[error("a Keras convolution has a stride or a dilation, not both; leave one of them at 1")]
    StrideWithDilation,
    #[error("a transposed convolution of Keras has no groups; use groups=1, or an upsampling and a convolution")]
    TransposedGroups,
    #[error("no converter takes a dilated transposed convolution of Keras; use dilation=1")]
    TransposedDilation,
    #[error("Keras wants an output padding below the stride; choose another output_padding")]
    OutputPadding,
    #[error("pooling has no dilation in Keras; use dilation=1")]
    DilatedPool,
    #[error("it norms by the statistics of each batch, also in evaluation; use track_running_stats=True")]
    BatchStatistics,
    #[error("a running instance norm is not in Keras; use track_running_stats=False, or a batch norm")]
    RunningInstanceNorm,
    #[error("momentum=None averages over all batches, Keras over the latest; give a momentum")]
    CumulativeMomentum,
    #[error("Keras has no align_corners; leave it out")]
    AlignCorners,
    #[error("the factor does not give whole sizes, and is used as it is; give size=({0}, {1}) in its place")]
    UnevenFactor(u64, u64),
    #[error("tensors of {0} and {1} dimensions are not broadcast to one another here; give them the same rank")]
    Broadcast(usize, usize),
    #[error("Keras would give {keras:?}, and PyTorch gives {pytorch:?}")]
    Shape { keras: Vec<u64>, pytorch: Vec<u64> },
    #[error("a size does not fit")]
    TooLarge,
}
