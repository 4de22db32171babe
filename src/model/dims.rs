//! Sizes of tensors.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use thiserror::Error;

/// The most dimensions a tensor can have here.
pub const MAX_RANK: usize = 8;

/// The sizes of a tensor, outermost first: `[N, C, H, W]`, `[N, F]`.
///
/// A network's own input has no batch dimension: `[C, H, W]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dims {
    rank: u8,
    sizes: [u64; MAX_RANK],
}

/// Why a text or a list of sizes is not the shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the message says it")]
pub enum DimsError {
    #[error("a shape has 1 to {MAX_RANK} sizes, not {0}")]
    Rank(usize),
    #[error("\"{0}\" is not a size: sizes are whole numbers from 1, written like 3x224x224")]
    Size(String),
}

impl Dims {
    /// `None` where there are more than [`MAX_RANK`] sizes.
    pub fn new(sizes: &[u64]) -> Option<Self> {
        let mut dims = Self { rank: u8::try_from(sizes.len()).ok()?, sizes: [0; MAX_RANK] };
        dims.sizes.get_mut(..sizes.len())?.copy_from_slice(sizes);
        Some(dims)
    }

    /// Outermost first.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes[..usize::from(self.rank)]
    }

    /// Outermost first; their number stays.
    pub fn sizes_mut(&mut self) -> &mut [u64] {
        &mut self.sizes[..usize::from(self.rank)]
    }

    /// How many sizes there are: 0 for a single number.
    pub fn rank(&self) -> usize {
        usize::from(self.rank)
    }

    /// The number of elements; `None` where it does not fit PyTorch's 63 bits.
    pub fn elements(&self) -> Option<u64> {
        let product = self.sizes().iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
        (product <= i64::MAX as u64).then_some(product)
    }

    /// These sizes behind a batch dimension; `None` at [`MAX_RANK`].
    pub fn with_batch(&self, batch: u64) -> Option<Self> {
        let mut sizes = [batch; MAX_RANK];
        let rank = self.rank() + 1;
        sizes.get_mut(1..rank)?.copy_from_slice(self.sizes());
        Self::new(&sizes[..rank])
    }

    /// The sizes of one sample: all but the first.
    pub fn without_batch(&self) -> Self {
        Self::new(self.sizes().get(1..).unwrap_or_default()).unwrap_or_default()
    }
}

impl Deref for Dims {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        self.sizes()
    }
}

/// `1x1x150`.
impl fmt::Display for Dims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, size) in self.sizes().iter().enumerate() {
            let separator = if index == 0 { "" } else { "x" };
            write!(formatter, "{separator}{size}")?;
        }
        Ok(())
    }
}

/// `[1, 1, 150]`.
impl fmt::Debug for Dims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sizes().fmt(formatter)
    }
}

/// Reads `1x1x150`, `1, 1, 150`, `(1, 1, 150)`, `1 × 1 × 150`.
impl FromStr for Dims {
    type Err = DimsError;

    fn from_str(text: &str) -> Result<Self, DimsError> {
        let inner = text.trim().trim_matches(['(', ')', '[', ']']);
        let mut sizes = Vec::new();
        for part in inner.split(['x', 'X', '×', ',', '*']) {
            let part = part.trim();
            let size = part.parse().ok().filter(|&size: &u64| size >= 1);
            sizes.push(size.ok_or_else(|| DimsError::Size(part.to_string()))?);
        }
        Self::new(&sizes).filter(|dims| dims.rank() >= 1).ok_or(DimsError::Rank(sizes.len()))
    }
}
