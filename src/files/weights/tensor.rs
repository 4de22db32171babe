//! One tensor of a file.

use super::super::problem::FileProblem;
use crate::files::onnx::half;

/// A tensor by name, its numbers where they are in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor<'a> {
    /// PyTorch's: `layer1.0.conv1.weight`.
    pub name: String,
    /// No sizes at all for a single number.
    pub dims: Vec<u64>,
    /// How its bytes are read.
    pub kind: NumberKind,
    /// From the tensor's first number on.
    pub bytes: &'a [u8],
    /// Numbers from one element to the next along each dimension; row by row where there are none.
    pub strides: Option<Vec<u64>>,
}

/// What numbers a tensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "names of number types")]
pub enum NumberKind {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    /// 8-bit floats and whatever else is not computed with; of so many bytes.
    Other(u8),
}

impl NumberKind {
    /// Of one number.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::Other(bytes) => bytes as u64,
        }
    }
}

/// The most numbers that one tensor is read with.
const MOST_NUMBERS: u64 = 1 << 31;

impl NamedTensor<'_> {
    /// The number of elements; `None` where it does not fit 63 bits.
    pub fn elements(&self) -> Option<u64> {
        let product = self.dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
        (product <= i64::MAX as u64).then_some(product)
    }

    /// The numbers in order, as 32-bit floats.
    ///
    /// # Errors
    /// Where they are none that are computed with, or lie outside of the file.
    pub fn floats(&self) -> Result<Vec<f32>, FileProblem> {
        let refuse = |rule: &str| FileProblem::of(format!("tensor {}", self.name), rule);
        let count =
            self.elements().filter(|&count| count <= MOST_NUMBERS).ok_or_else(|| refuse("it has too many numbers"))?;
        if let NumberKind::Other(_) = self.kind {
            return Err(refuse("its kind of numbers is not read"));
        }
        let width = self.kind.bytes() as usize;
        let at = |place: u64| -> Option<f32> {
            let start = usize::try_from(place).ok()?.checked_mul(width)?;
            self.number(self.bytes.get(start..start.checked_add(width)?)?)
        };
        let outside = || refuse("its numbers end outside of the file");
        let Some(strides) = &self.strides else {
            let all = self.bytes.get(..(count as usize).saturating_mul(width)).ok_or_else(outside)?;
            return Ok(all.chunks_exact(width).filter_map(|bytes| self.number(bytes)).collect());
        };
        // The last number is inside, so that all of them are.
        let last = self
            .dims
            .iter()
            .zip(strides)
            .try_fold(0_u64, |sum, (&size, &stride)| sum.checked_add(size.saturating_sub(1).checked_mul(stride)?));
        if count > 0 && last.and_then(at).is_none() {
            return Err(outside());
        }
        let mut floats = Vec::with_capacity(count.min(1 << 24) as usize);
        let mut index = vec![0_u64; self.dims.len()];
        for _ in 0..count {
            let place = index.iter().zip(strides).map(|(at, stride)| at * stride).sum();
            floats.push(at(place).ok_or_else(outside)?);
            for dim in (0..index.len()).rev() {
                index[dim] += 1;
                if index[dim] < self.dims[dim] {
                    break;
                }
                index[dim] = 0;
            }
        }
        Ok(floats)
    }

    fn number(&self, bytes: &[u8]) -> Option<f32> {
        fn of<const LENGTH: usize>(bytes: &[u8]) -> Option<[u8; LENGTH]> {
            bytes.first_chunk().copied()
        }
        Some(match self.kind {
            NumberKind::F64 => f64::from_le_bytes(of(bytes)?) as f32,
            NumberKind::F32 => f32::from_le_bytes(of(bytes)?),
            NumberKind::F16 => half(u16::from_le_bytes(of(bytes)?)),
            NumberKind::Bf16 => f32::from_bits(u32::from(u16::from_le_bytes(of(bytes)?)) << 16),
            NumberKind::I64 => i64::from_le_bytes(of(bytes)?) as f32,
            NumberKind::I32 => i32::from_le_bytes(of(bytes)?) as f32,
            NumberKind::I16 => f32::from(i16::from_le_bytes(of(bytes)?)),
            NumberKind::I8 => f32::from(bytes.first()?.cast_signed()),
            NumberKind::U8 | NumberKind::Bool => f32::from(*bytes.first()?),
            NumberKind::Other(_) => return None,
        })
    }
}
