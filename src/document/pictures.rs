//! The charts of the two designs that are compared, or of the only one.

use crate::chart::{ChartSide, Picture, Scale, macs_by_layer, memory_over_depth, params_by_layer, rows_of_one};
use crate::compare::AlignedRow;
use crate::page::derived::Derived;

/// Bars for at most so many rows; the smallest become one.
const MOST_BARS: usize = 24;

/// What a chart shows over the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverLayers {
    /// Parameters of each.
    Params,
    /// Multiply-accumulates of each.
    Macs,
    /// Bytes of activations alive at each, every layer with an output of its own.
    Memory,
}

impl OverLayers {
    /// As they stand below each other.
    pub const ALL: [Self; 3] = [Self::Params, Self::Macs, Self::Memory];

    /// The chart, bars on this scale; `None` without a design.
    pub fn picture(self, derived: &Derived, scale: Scale) -> Option<Picture> {
        let side = |index: usize| {
            let design = derived.designs.get(index)?;
            Some(ChartSide { name: &design.name, color: index, network: design.network(), report: &design.report })
        };
        let picture = match (derived.pair, &derived.comparison) {
            (Some((left, right)), Some(comparison)) => {
                self.of_sides(&side(left)?, side(right).as_ref(), &comparison.rows)
            }
            _ => {
                let only = side(0)?;
                self.of_sides(&only, None, &rows_of_one(only.network))
            }
        };
        Some(picture.scaled(scale))
    }

    fn of_sides(self, left: &ChartSide, right: Option<&ChartSide>, rows: &[AlignedRow]) -> Picture {
        match self {
            Self::Params => Picture::Bars(params_by_layer(left, right, rows).shortened(MOST_BARS)),
            Self::Macs => Picture::Bars(macs_by_layer(left, right, rows).shortened(MOST_BARS)),
            Self::Memory => Picture::Depth(memory_over_depth(left, right, rows, |memory| &memory.out_of_place)),
        }
    }
}
