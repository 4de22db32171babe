//! ptflops 0.7.5, `pytorch_ops.py` (hooks on modules, and functions it replaces) and `aten_ops.py` (operators).

use super::row::{Row, local_response_operations, product};
use crate::model::{Call, Kind, Layer, Upsample};

/// The `pytorch` backend. What hooks count is divided by the samples, what functions count is not.
pub(super) fn count_modules(row: &mut Row, samples: i128) {
    // Amounts are in parts of `samples`: of hooks as they are, of the plain count and of functions times it.
    row.add("counted for one sample", row.macs - row.macs.saturating_mul(samples));
    if row.call == Call::Module {
        hooks(row);
    } else {
        let macs = row.macs;
        row.fault("convolutions and products that are functions are not seen", -macs);
    }
    functions(row, samples);
}

fn hooks(row: &mut Row) {
    let (x, y) = (row.x(), row.y());
    match row.site.layer {
        Layer::Conv2d(_) | Layer::Conv1d(_) => convolution(row, &product(row.site.output.get(2..).unwrap_or_default())),
        Layer::ConvTranspose2d(_) | Layer::ConvTranspose1d(_) => {
            convolution(row, &product(row.site.input().get(2..).unwrap_or_default()))
        }
        Layer::Linear(_) => row.add("bias at 1 an output", row.biased()),
        Layer::ReLU(_) | Layer::ReLU6(_) | Layer::LeakyReLU(_) | Layer::PReLU(_) | Layer::ELU(_) | Layer::GELU(_) => {
            row.add("activations at 1 an element", y)
        }
        Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::MaxPool1d(_)
        | Layer::AvgPool1d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool1d(_) => {
            row.add("pools at 1 an input", x);
        }
        Layer::BatchNorm2d(_)
        | Layer::BatchNorm1d(_)
        | Layer::InstanceNorm2d(_)
        | Layer::InstanceNorm1d(_)
        | Layer::GroupNorm(_) => match row.affine() {
            Some(true) => row.add("norms at 2 an element", 2 * x),
            _ => row.add("norms without scale at 1 an element", x),
        },
        Layer::LayerNorm(_) => row.add("layer norm at 1 an element", x),
        // It takes the first sample for all of them.
        Layer::Upsample(_) => row.add("upsampling at 1 an output of the first sample", y / row.size(0).max(1)),
        _ => {}
    }
}

/// By the first size, the pixels from the third dimension on, and all weights.
fn convolution(row: &mut Row, pixels: &i128) {
    let weights = weights(row);
    let counted = row.size(0).saturating_mul(*pixels).saturating_mul(weights);
    row.fault("without a batch dimension it takes the channels for samples", counted - row.macs);
    if row.biased() > 0 {
        let behind_first = product(row.site.output.get(1..).unwrap_or_default());
        row.add("bias at 1 an output", row.size(0).saturating_mul(behind_first));
    }
}

fn weights(row: &Row) -> i128 {
    let conv = row.site.layer.convolution();
    let channels = conv.and_then(|conv| conv.channels(row.site.input()));
    let per_pixel =
        channels.map_or(0, |conv| i128::from(conv.input).saturating_mul(i128::from(conv.output / conv.groups)));
    per_pixel.saturating_mul(row.kernel())
}

/// Functions that are replaced by ones that count; most modules call them, and are counted twice.
fn functions(row: &mut Row, samples: i128) {
    let x = row.x().saturating_mul(samples);
    let kind = row.site.layer.kind();
    let hooked = row.call == Call::Module && matches!(kind, Kind::ReLU | Kind::PReLU | Kind::ELU | Kind::GELU);
    match row.site.layer {
        Layer::ReLU(_) | Layer::PReLU(_) | Layer::ELU(_) | Layer::GELU(_) if hooked => {
            row.fault("activations a second time, as functions", x);
        }
        Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::MaxPool1d(_)
        | Layer::AvgPool1d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool1d(_)
            if row.call == Call::Module =>
        {
            row.fault("pools a second time, as functions", x);
        }
        Layer::ReLU(_) | Layer::PReLU(_) | Layer::ELU(_) | Layer::GELU(_) | Layer::SiLU(_) | Layer::Softmax(_) => {
            row.add("activations that are functions, at 1 an element", x);
        }
        // The module calls `F.hardtanh`.
        Layer::ReLU6(_) if row.call == Call::Function => {
            row.add("activations that are functions, at 1 an element", x);
        }
        Layer::MaxPool2d(_)
        | Layer::AvgPool2d(_)
        | Layer::AdaptiveAvgPool2d(_)
        | Layer::AdaptiveMaxPool2d(_)
        | Layer::MaxPool1d(_)
        | Layer::AvgPool1d(_)
        | Layer::AdaptiveAvgPool1d(_)
        | Layer::AdaptiveMaxPool1d(_) => {
            row.add("pools that are functions, at 1 an input", x);
        }
        Layer::Upsample(layer) => interpolate(row, layer, samples),
        Layer::LocalResponseNorm(layer) => {
            let counted = local_response_operations(row, layer.size).saturating_mul(samples);
            row.add("the operations of local response norm", counted);
        }
        _ => {}
    }
}

fn interpolate(row: &mut Row, layer: &Upsample, samples: i128) {
    let reason = "upsampling a second time, as a function";
    match layer.scale_factor {
        None => row.fault(reason, row.y().saturating_mul(samples)),
        Some(factor) if factor.height == factor.width => {
            let counted = row.x() as f64 * factor.height * factor.width;
            row.fault(reason, (counted.floor() as i128).saturating_mul(samples));
            row.fraction += counted.fract();
        }
        // The product of the factors, each cut down to a whole number.
        Some(factor) => {
            let factors = (factor.height.trunc() * factor.width.trunc()) as i128;
            row.fault(reason, row.x().saturating_mul(factors).saturating_mul(samples));
        }
    }
}

/// The `aten` backend: convolutions and matrix products, with their bias.
pub(super) fn count_operators(row: &mut Row) {
    row.add("bias at 1 an output", row.biased());
}
