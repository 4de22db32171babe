//! A network's operations with all numbers in them, as a plan would run them: for whoever writes them as code.

use super::error::EngineError;
use super::fast::{Quantization, quantized};
use super::graph::{Graph, GraphNode};
use super::lower::lower;
use super::plan::Numbers;
use super::weights::WeightSource;
use super::{fuse, ranges};

pub(crate) use quantized::QuantizedWeights;

/// A graph after fusing; in 8 bits also what quantised numbers stand for.
pub(crate) struct Resolved {
    pub graph: Graph,
    pub quantization: Option<Quantization>,
}

impl Resolved {
    /// Of one sample.
    ///
    /// # Errors
    /// Where a plan has one.
    pub(crate) fn of(
        network: &crate::model::Network,
        weights: &WeightSource,
        numbers: Numbers,
    ) -> Result<Self, EngineError> {
        let mut graph = lower(network, weights, 1)?;
        fuse::remove_aliases(&mut graph);
        fuse::fuse(&mut graph);
        let quantization = match numbers {
            Numbers::F32 => None,
            Numbers::Int8 => Some(Quantization::of(&graph, &ranges::largest_magnitudes(&graph, weights)?)),
        };
        Ok(Self { graph, quantization })
    }

    /// Whether a node multiplies quantised numbers.
    pub(crate) fn is_quantized(&self, node: &GraphNode) -> bool {
        self.quantization.is_some() && quantized::can_quantize(node)
    }
}
