//! fvcore 0.1.5.post20221221, `fvcore/nn/flop_count.py` and `jit_handles.py`: operators of a trace.

use super::row::Row;
use crate::model::{Conv2d, Layer, Padding, PaddingMode, UpsampleMode};

pub(super) fn count(row: &mut Row) -> Result<(), &'static str> {
    let (x, y) = (row.x(), row.y());
    match row.site.layer {
        Layer::Conv2d(_) | Layer::Conv1d(_) => {
            let conv = Conv2d::of(row.site.layer).unwrap_or_default();
            let is_text = matches!(conv.padding, Padding::Same | Padding::Valid);
            // Padding of another mode is done before, and the operator is given none.
            if is_text && conv.padding_mode == PaddingMode::Zeros {
                let macs = row.macs;
                row.fault("convolutions whose padding is a text, 'same' or 'valid', count nothing", -macs);
            }
        }
        Layer::BatchNorm2d(_) | Layer::BatchNorm1d(_) => match (row.uses_batch_statistics(), row.affine()) {
            (false, Some(true)) => row.add("batch norm at 2 an element", 2 * x),
            (false, _) => row.add("batch norm without scale at 1 an element", x),
            (true, Some(true)) => row.add("batch norm by the batch's own statistics at 5 an element", 5 * x),
            (true, _) => row.add("batch norm by the batch's own statistics, without scale, at 4 an element", 4 * x),
        },
        Layer::GroupNorm(_)
        | Layer::LayerNorm(_)
        | Layer::LayerNorm2d(_)
        | Layer::InstanceNorm2d(_)
        | Layer::InstanceNorm1d(_) => {
            if !(2..=5).contains(&row.site.input().rank()) {
                return Err("it takes norms of 2 to 5 dimensions only");
            }
            if row.affine() == Some(true) {
                row.add("other norms at 5 an element", 5 * x);
            } else {
                row.add("other norms without scale at 4 an element", 4 * x);
            }
        }
        Layer::AdaptiveAvgPool2d(_) => row.add("adaptive average pools at 1 an input", x),
        Layer::Upsample(layer) => match layer.mode {
            UpsampleMode::Nearest => row.add("nearest upsampling at 1 an output", y),
            UpsampleMode::Bilinear => row.add("bilinear upsampling at 4 an output", 4 * y),
        },
        _ => {}
    }
    Ok(())
}
