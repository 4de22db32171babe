//! Windows in a machine's own numbers: what a layer says of one fits 64 bits, what a browser counts in are 32.

use super::Lowering;
use crate::engine::error::EngineError;
use crate::engine::kernels::geometry::Window;

/// The longest way of a window, in pixels: what 32 bits hold with a sign.
const LONGEST_WAY: u64 = i32::MAX as u64;

/// A window along one dimension, as a layer has it; one that the layer's shape was found for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along {
    /// Of what the window slides over.
    pub size: usize,
    pub kernel: i64,
    pub stride: i64,
    pub dilation: i64,
    /// Padding before and after.
    pub padding: [i64; 2],
}

impl Along {
    /// From the first pixel to the last one, padding included, or of the window itself, whichever is longer.
    fn way(&self) -> u64 {
        let padding: i128 = self.padding.iter().map(|&side| i128::from(side.max(0))).sum();
        let padded = self.size as i128 + padding;
        let extent = i128::from(self.kernel.max(1) - 1) * i128::from(self.dilation) + 1;
        u64::try_from(padded.max(extent)).unwrap_or(u64::MAX)
    }
}

impl Lowering<'_> {
    /// A window over [vertical, horizontal].
    ///
    /// # Errors
    /// Where it goes further than [`LONGEST_WAY`].
    pub(super) fn window(&self, along: [Along; 2]) -> Result<Window, EngineError> {
        let longest = along.iter().map(Along::way).max().unwrap_or(0);
        if longest > LONGEST_WAY {
            let node = self.name.clone();
            return Err(EngineError::Window { node, length: longest, limit: LONGEST_WAY });
        }
        // A step that is longer than the way is never made, so that it may as well be shorter.
        let number = |value: i64| value.clamp(0, LONGEST_WAY as i64) as usize;
        Ok(Window {
            kernel: along.map(|along| number(along.kernel)),
            stride: along.map(|along| number(along.stride)),
            dilation: along.map(|along| number(along.dilation)),
            padding: along.map(|along| number(along.padding[0])),
        })
    }
}
