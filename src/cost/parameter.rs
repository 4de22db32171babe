//! Parameters and buffers, and their bytes.

use crate::model::{Kind, MAX_RANK, Sort};
use crate::shape::{Direction, ParameterTensor, ParameterTensors};

use super::formula::Expression;

/// How numbers are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NumberType {
    /// IEEE 754, 4 bytes.
    #[default]
    F32,
    /// IEEE 754, 2 bytes.
    F16,
    /// The upper half of [`NumberType::F32`], 2 bytes.
    Bf16,
    /// Weights in 8 bits, biases in 32, activations in 8.
    Int8,
    /// Weights in 4 bits (two in a byte, each tensor in whole bytes), biases in 32, activations in 8.
    Int4,
}

impl NumberType {
    /// From the widest to the narrowest.
    pub const ALL: &'static [Self] = &[Self::F32, Self::F16, Self::Bf16, Self::Int8, Self::Int4];

    /// `f32`, `f16`, `bf16`, `int8`, `int4`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// Bytes of one element of a tensor that flows through the network.
    pub const fn activation_bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Int8 | Self::Int4 => 1,
        }
    }

    const fn weight_bits(self) -> u64 {
        match self {
            Self::F32 => 32,
            Self::F16 | Self::Bf16 => 16,
            Self::Int8 => 8,
            Self::Int4 => 4,
        }
    }

    const fn bias_bits(self) -> u64 {
        match self {
            Self::F32 | Self::Int8 | Self::Int4 => 32,
            Self::F16 | Self::Bf16 => 16,
        }
    }
}

/// The elements of all parameters.
pub(super) fn params<E: Expression>(tensors: &ParameterTensors, kind: Kind) -> E {
    sum(tensors, |tensor| !tensor.fill.is_buffer(), |tensor| elements(tensor, kind))
}

/// The elements of all buffers.
pub(super) fn buffers<E: Expression>(tensors: &ParameterTensors, kind: Kind) -> E {
    sum(tensors, |tensor| tensor.fill.is_buffer(), |tensor| elements(tensor, kind))
}

/// The bytes of all parameters.
pub(super) fn bytes<E: Expression>(tensors: &ParameterTensors, kind: Kind, number_type: NumberType) -> E {
    let bytes = |tensor: &ParameterTensor| {
        let bits = if tensor.name == "bias" { number_type.bias_bits() } else { number_type.weight_bits() };
        match bits {
            4 => (elements::<E>(tensor, kind) + E::constant(1)) / E::constant(2),
            8 => elements::<E>(tensor, kind),
            bits => elements::<E>(tensor, kind) * E::named("bytes a number", bits / 8),
        }
    };
    sum(tensors, |tensor| !tensor.fill.is_buffer(), bytes)
}

fn sum<E: Expression>(
    tensors: &ParameterTensors,
    counts: impl Fn(&ParameterTensor) -> bool,
    term: impl Fn(&ParameterTensor) -> E,
) -> E {
    let mut terms = tensors.iter().filter(|tensor| counts(tensor)).map(term);
    let first = terms.next().unwrap_or_else(|| E::constant(0));
    terms.fold(first, |sum, term| sum + term)
}

/// The product of a tensor's sizes, of a weight with what it reads first: `8 * 16 * 2 * 2`.
fn elements<E: Expression>(tensor: &ParameterTensor, kind: Kind) -> E {
    let convolution = kind.layer().convolution().filter(|_| tensor.shape.rank() >= 2);
    let mut names = ["size"; MAX_RANK];
    let own = match kind.sort() {
        Sort::Convolution => "out_channels",
        Sort::MatrixProduct => "out_features",
        // What PyTorch calls the sizes of norms: the same for all their tensors.
        Sort::Norm => match kind.inferred_argument() {
            Some(argument) if argument.name != "normalized_shape" => argument.name,
            Some(_) if kind == Kind::LayerNorm2d => "num_channels",
            Some(_) | None => "size",
        },
        Sort::Activation => "num_parameters",
        Sort::Pool
        | Sort::Softmax
        | Sort::Regularizer
        | Sort::Rearrangement
        | Sort::Resizing
        | Sort::Combination
        | Sort::Parameter
        | Sort::Unknown => "size",
    };
    names[0] = own;
    match convolution.map(|conv| (conv.direction, conv.kernel)) {
        Some((direction, kernel)) => {
            names[..2].copy_from_slice(&match direction {
                Direction::Plain => ["out_channels", "in_channels / groups"],
                Direction::Transposed => ["in_channels", "out_channels / groups"],
            });
            kernel.sizes().zip(&mut names[2..]).for_each(|((size, _), name)| *name = size);
        }
        None if kind.sort() == Sort::MatrixProduct => names[1] = "in_features",
        None => {}
    }
    let size = |axis: usize| E::named(names[axis], tensor.shape[axis]);
    let reads_first = tensor.shape.rank() >= 2
        && (kind.sort() == Sort::MatrixProduct || convolution.is_some_and(|conv| conv.direction == Direction::Plain));
    let (first, second) = if reads_first { (1, 0) } else { (0, 1) };
    match tensor.shape.rank() {
        0 => E::constant(1),
        1 => size(0),
        rank => (2..rank).fold(size(first) * size(second), |product, axis| product * size(axis)),
    }
}
