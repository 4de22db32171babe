//! torchinfo 1.8.0, `layer_info.py`: the parameters of modules times sizes of their output.

use super::row::{Row, product};
use crate::cost::Count;
use crate::cost::parameter::params;
use crate::model::{Call, Layer};
use crate::shape::parameter_tensors;

pub(super) fn count(row: &mut Row) {
    if row.call == Call::Function {
        let macs = row.macs;
        row.fault("functions are not seen", -macs);
        return;
    }
    let output = &row.site.output;
    let first = output.first().map_or(1, |&size| i128::from(size));
    let pixels = product(output.get(2..).unwrap_or_default());
    let tensors = parameter_tensors(row.site.layer, row.site.inputs.first());
    let kind = row.site.layer.kind();
    let all = i128::from(params::<Count>(&tensors, kind).0.unwrap_or(u64::MAX));
    let bias = tensors.iter().find(|tensor| tensor.name == "bias").and_then(|tensor| tensor.elements());
    let bias = i128::from(bias.unwrap_or(0));
    match row.site.layer {
        Layer::Conv2d(_) | Layer::Conv1d(_) => {
            let times = first.saturating_mul(pixels);
            row.fault(
                "without a batch dimension it takes the channels for samples",
                (all - bias).saturating_mul(times) - row.macs,
            );
            row.add("bias at 1 an output", bias.saturating_mul(times));
        }
        Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_) => {
            let times = first.saturating_mul(pixels);
            row.fault(
                "transposed convolutions are counted on the size of the output",
                (all - bias).saturating_mul(times) - row.macs,
            );
            row.add("bias at 1 an output", bias.saturating_mul(times));
        }
        Layer::Linear(_) => {
            row.fault(
                "products count by the first dimension of their output only",
                (all - bias).saturating_mul(first) - row.macs,
            );
            row.add("bias at 1 an output", bias.saturating_mul(first));
        }
        Layer::PReLU(_) => row.add("PReLU at its parameters, once a sample", all.saturating_mul(first)),
        Layer::BatchNorm2d(_)
        | Layer::BatchNorm1d(_)
        | Layer::GroupNorm(_)
        | Layer::LayerNorm(_)
        | Layer::LayerNorm2d(_)
        | Layer::InstanceNorm2d(_)
        | Layer::InstanceNorm1d(_) => row.add("norms at their parameters, once a sample", all.saturating_mul(first)),
        _ => {}
    }
}
