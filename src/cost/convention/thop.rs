//! thop 0.1.1.post2209072238, `thop/vision/basic_hooks.py` and `calc_func.py`: hooks on modules.

use super::row::Row;
use crate::cost::operation::softmax_length;
use crate::model::{Call, Layer, UpsampleMode};

pub(super) fn count(row: &mut Row) -> Result<(), &'static str> {
    let (x, y) = (row.x(), row.y());
    if row.call == Call::Function {
        let macs = row.macs;
        row.fault("functions are not seen", -macs);
        return Ok(());
    }
    match row.site.layer {
        Layer::Conv2d(_) | Layer::Conv1d(_) => {
            let counted = by_output(row);
            row.fault("without a batch dimension it takes the height for the channels", counted - row.macs);
        }
        Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_) => {
            let counted = by_output(row);
            row.fault("transposed convolutions are counted on the size of the output", counted - row.macs);
        }
        Layer::BatchNorm2d(_) | Layer::BatchNorm1d(_) => match row.affine() {
            Some(true) => row.add("batch norm at 4 an element", 4 * x),
            _ => row.add("batch norm without scale at 2 an element", 2 * x),
        },
        Layer::LayerNorm(_) | Layer::InstanceNorm2d(_) | Layer::InstanceNorm1d(_) => match row.affine() {
            Some(true) => row.add("layer and instance norm at 4 an element", 4 * x),
            _ => row.add("layer and instance norm without scale at 2 an element", 2 * x),
        },
        Layer::AvgPool2d(_) | Layer::AvgPool1d(_) => row.add("average pools at 1 an output", y),
        Layer::AdaptiveAvgPool2d(_) | Layer::AdaptiveAvgPool1d(_) => {
            let counted = adaptive(row);
            row.add("adaptive average pools at their window + 1 an output", counted);
        }
        Layer::PReLU(_) => row.add("PReLU at 1 an element", x),
        Layer::Softmax(layer) => {
            let Some(dim) = layer.dim else { return Err("Softmax without a dimension") };
            let length = i128::from(softmax_length(row.site.input(), Some(dim)).max(1));
            row.add("softmax at 3n - 1 a row of n", x / length * (3 * length - 1));
        }
        Layer::Upsample(layer) => match layer.mode {
            UpsampleMode::Nearest => row.add("nearest upsampling at 1 an output", y),
            UpsampleMode::Bilinear => row.add("bilinear upsampling at 11 an output", 11 * y),
        },
        _ => {}
    }
    Ok(())
}

/// The output's elements, times the second size of the input by groups, times the kernel.
fn by_output(row: &Row) -> i128 {
    row.y().saturating_mul(row.size(1) / row.groups().max(1)).saturating_mul(row.kernel())
}

/// From the third dimension on; in f64, as there.
fn adaptive(row: &Row) -> i128 {
    let sizes = row.site.input().iter().zip(row.site.output.iter()).skip(2);
    let window: f64 = sizes.map(|(&input, &output)| input as f64 / output as f64).product();
    ((window + 1.0) * row.y() as f64) as i128
}
