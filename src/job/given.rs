//! Weights that came from a file, as the page hands them to its workers.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use crate::engine::{Seeding, WeightSource, all_tensors};
use crate::model::Network;

/// The numbers of those rows of a network that a file gave; all others are seeded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GivenWeights {
    /// In the order of the network's.
    pub rows: Vec<GivenRow>,
    /// 32-bit floats, the low byte first.
    pub numbers: Bytes,
}

/// The tensors of one row, in the order weight, bias, running mean, running variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenRow {
    /// Its index among the network's rows.
    pub row: u32,
    /// `None`: the file has none for this one.
    pub tensors: Vec<Option<GivenTensor>>,
}

/// Where a tensor's numbers are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenTensor {
    /// Its sizes, in PyTorch's order.
    pub dims: Vec<u64>,
    /// Floats before its first one.
    pub start: u64,
}

impl GivenWeights {
    /// The floats of a tensor; `None` where they are not all there.
    pub fn floats(&self, tensor: &GivenTensor) -> Option<Vec<f32>> {
        let count = tensor.dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
        let place = |floats: u64| usize::try_from(floats.checked_mul(4)?).ok();
        let bytes = self.numbers.as_slice().get(place(tensor.start)?..place(tensor.start.checked_add(count)?)?)?;
        Some(bytes.chunks_exact(4).filter_map(|bytes| bytes.first_chunk().copied()).map(f32::from_le_bytes).collect())
    }

    /// All weights of a network: the given ones in place of the seeded. What has other sizes than the network's stays out.
    ///
    /// # Errors
    /// Names the first row without a shape.
    pub fn source(&self, network: &Network, seeding: Seeding) -> Result<WeightSource, String> {
        let seeded = WeightSource::Seeded(seeding);
        if self.rows.is_empty() {
            return Ok(seeded);
        }
        let mut all = all_tensors(network, &seeded).map_err(|error| error.to_string())?;
        for row in &self.rows {
            let own = network.nodes.get(row.row as usize).and_then(|node| all.get_mut(&node.id));
            for (own, given) in own.into_iter().flatten().zip(&row.tensors) {
                if let Some(floats) = given.as_ref().and_then(|given| self.floats(given))
                    && floats.len() == own.len()
                {
                    *own = floats;
                }
            }
        }
        Ok(WeightSource::Given(all))
    }
}
