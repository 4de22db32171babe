//! One layer as a counter sees it.

use crate::cost::site::Site;
use crate::model::{Call, Layer};

/// What a layer adds to the plain count, and why.
pub(super) struct Entry {
    pub(super) reason: &'static str,
    pub(super) fault: bool,
    pub(super) amount: i128,
    pub(super) rows: u32,
}

/// A layer as a tool sees it, and what it adds.
pub(super) struct Row<'a> {
    pub(super) site: &'a Site<'a>,
    pub(super) call: Call,
    /// The plain MACs.
    pub(super) macs: i128,
    pub(super) entries: Vec<Entry>,
    pub(super) fraction: f64,
}

impl Row<'_> {
    /// A choice of the tool.
    pub(super) fn add(&mut self, reason: &'static str, amount: i128) {
        self.entries.push(Entry { reason, fault: false, amount, rows: 1 });
    }

    /// A mistake of the tool.
    pub(super) fn fault(&mut self, reason: &'static str, amount: i128) {
        self.entries.push(Entry { reason, fault: true, amount, rows: 1 });
    }

    /// The elements of the input.
    pub(super) fn x(&self) -> i128 {
        product(self.site.input())
    }

    /// The elements of the output.
    pub(super) fn y(&self) -> i128 {
        product(&self.site.output)
    }

    /// A size of the input, counted from the front; 1 where there is no such dimension.
    pub(super) fn size(&self, index: usize) -> i128 {
        self.site.input().get(index).map_or(1, |&size| i128::from(size))
    }

    /// The groups of a convolution; 1 where there are none.
    pub(super) fn groups(&self) -> i128 {
        let conv = self.site.layer.convolution();
        conv.and_then(|conv| conv.channels(self.site.input())).map_or(1, |channels| i128::from(channels.groups))
    }

    /// The taps of a convolution's kernel; 1 where there are none.
    pub(super) fn kernel(&self) -> i128 {
        let kernel = self.site.layer.convolution().map(|conv| conv.kernel);
        kernel.map_or(1, |kernel| kernel.sizes().fold(1, |taps: i128, (_, size)| taps.saturating_mul(i128::from(size))))
    }

    /// The outputs that a bias is added to; 0 where there is none.
    pub(super) fn biased(&self) -> i128 {
        let bias = match (self.site.layer.convolution(), self.site.layer) {
            (Some(conv), _) => conv.bias,
            (None, Layer::Linear(layer)) => layer.bias,
            (None, _) => false,
        };
        if bias { self.y() } else { 0 }
    }

    /// A norm with a learned scale; `None` where the layer is no norm.
    pub(super) fn affine(&self) -> Option<bool> {
        match self.site.layer {
            Layer::BatchNorm2d(layer) => Some(layer.affine),
            Layer::BatchNorm1d(layer) => Some(layer.affine),
            Layer::GroupNorm(layer) => Some(layer.affine),
            Layer::LayerNorm(layer) => Some(layer.elementwise_affine),
            Layer::LayerNorm2d(layer) => Some(layer.elementwise_affine),
            Layer::InstanceNorm2d(layer) => Some(layer.affine),
            Layer::InstanceNorm1d(layer) => Some(layer.affine),
            _ => None,
        }
    }

    /// A batch norm that takes the batch's own statistics, as it has no others.
    pub(super) fn uses_batch_statistics(&self) -> bool {
        match self.site.layer {
            Layer::BatchNorm2d(layer) => !layer.track_running_stats,
            Layer::BatchNorm1d(layer) => !layer.track_running_stats,
            _ => false,
        }
    }
}

/// The products, sums and the pool that `F.local_response_norm` is made of, as the tools see them that replace
/// `torch.Tensor.mul`, `add` and `F.avg_pool3d`: 3 for each element, and the pool's input, padded along the channels.
pub(super) fn local_response_operations(row: &Row, size: i64) -> i128 {
    let channels = row.size(1).max(1);
    let padded = row.x() / channels * (channels + i128::from(size.max(1)) - 1);
    (3 * row.x()).saturating_add(padded)
}

pub(super) fn product(sizes: &[u64]) -> i128 {
    sizes.iter().fold(1, |product: i128, &size| product.saturating_mul(i128::from(size)))
}
