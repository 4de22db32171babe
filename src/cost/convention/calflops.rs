//! calflops 0.3.2, `pytorch_ops.py`: functions replaced by ones that count; modules call them.

use super::Unit;
use super::row::{Row, local_response_operations};
use crate::model::{Call, Conv2d, ConvTranspose2d, Layer, Padding, PaddingMode, Upsample};

pub(super) fn count(row: &mut Row, unit: Unit) -> Result<(), &'static str> {
    match row.site.layer {
        Layer::Conv2d(layer) => return convolution(row, (layer, 2), unit),
        Layer::Conv1d(layer) => return convolution(row, (&layer.into(), 1), unit),
        Layer::ConvTranspose2d(layer) => {
            transposed(row, (layer, 2), unit);
            return Ok(());
        }
        Layer::ConvTranspose1d(layer) => {
            transposed(row, (&layer.into(), 1), unit);
            return Ok(());
        }
        // Fails whatever is asked for.
        Layer::Upsample(layer) => {
            let counted = upsample(row, layer)?;
            if unit == Unit::Flops {
                row.fault("upsampling, not by its output", counted);
            }
            return Ok(());
        }
        _ => {}
    }
    if unit == Unit::Flops {
        elementwise(row);
    }
    Ok(())
}

/// What only FLOPs count.
fn elementwise(row: &mut Row) {
    let x = row.x();
    match row.site.layer {
        Layer::ReLU(_)
        | Layer::LeakyReLU(_)
        | Layer::PReLU(_)
        | Layer::ELU(_)
        | Layer::GELU(_)
        | Layer::SiLU(_)
        | Layer::Softmax(_) => row.add("activations at 1 an element", x),
        // The module calls `F.hardtanh`.
        Layer::ReLU6(_) if row.call == Call::Function => row.add("activations at 1 an element", x),
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
        | Layer::InstanceNorm1d(_) => match row.affine() {
            Some(true) => row.add("other norms at 5 an element", 5 * x),
            _ => row.add("other norms without scale at 4 an element", 4 * x),
        },
        Layer::LocalResponseNorm(layer) => {
            let counted = local_response_operations(row, layer.size);
            row.add("the operations of local response norm", counted);
        }
        _ => {}
    }
}

/// The size of a convolution's output in one dimension, by Python's division.
fn along(size: i128, kernel: i64, stride: i64, padding: i64, dilation: i64) -> i128 {
    let reach = i128::from(dilation) * (i128::from(kernel) - 1) + 1;
    (size + 2 * i128::from(padding) - reach).div_euclid(i128::from(stride.max(1))) + 1
}

/// Over so many dimensions, of lines as over maps of one row.
fn convolution(row: &mut Row, (layer, spatial): (&Conv2d, usize), unit: Unit) -> Result<(), &'static str> {
    let channels = row.site.layer.convolution().and_then(|conv| conv.channels(row.site.input()));
    let Some(conv) = channels else { return Ok(()) };
    let sides = layer.padding_sides();
    let is_padded_before = layer.padding_mode != PaddingMode::Zeros;
    let mut input: Vec<i128> = row.site.input().iter().map(|&size| i128::from(size)).collect();
    let rank = input.len();
    if is_padded_before {
        let padding =
            [i128::from(sides.top) + i128::from(sides.bottom), i128::from(sides.left) + i128::from(sides.right)];
        input[rank - spatial..].iter_mut().zip(&padding[2 - spatial..]).for_each(|(size, padding)| *size += padding);
    }
    if input[1] != i128::from(conv.input) {
        return Err("a convolution without a batch dimension");
    }
    let padding = match layer.padding {
        _ if is_padded_before => [0, 0],
        Padding::Explicit(pair) => [pair.height, pair.width],
        Padding::Same => [sides.top, sides.left],
        Padding::Valid => [0, 0],
    };
    let (kernel, stride, dilation) = (layer.kernel_size, layer.stride, layer.dilation);
    let windows = [
        (kernel.height, stride.height, padding[0], dilation.height),
        (kernel.width, stride.width, padding[1], dilation.width),
    ];
    let pixels = input[2..]
        .iter()
        .zip(&windows[2 - spatial..])
        .map(|(&size, &(kernel, stride, padding, dilation))| along(size, kernel, stride, padding, dilation));
    let active = pixels.fold(input[0], i128::saturating_mul);
    let kernel = i128::from(kernel.height) * i128::from(kernel.width);
    let weights = kernel.saturating_mul(input[1]).saturating_mul(i128::from(conv.output / conv.groups));
    let macs = weights.saturating_mul(active);
    let reason = if matches!(layer.padding, Padding::Same) && rank == spatial + 2 {
        "padding 'same' with an even kernel is taken to give one row and column less"
    } else {
        "without a batch dimension it takes the height for the channels"
    };
    add_products(row, macs, unit, reason);
    if unit == Unit::Flops && layer.bias {
        row.add("bias at 1 an output", i128::from(conv.output).saturating_mul(active));
    }
    Ok(())
}

fn transposed(row: &mut Row, (layer, spatial): (&ConvTranspose2d, usize), unit: Unit) {
    let channels = row.site.layer.convolution().and_then(|conv| conv.channels(row.site.input()));
    let Some(conv) = channels else { return };
    let input: Vec<i128> = row.site.input().iter().map(|&size| i128::from(size)).collect();
    let per_group = i128::from(conv.output / conv.groups);
    let kernel = i128::from(layer.kernel_size.height) * i128::from(layer.kernel_size.width);
    let weights = kernel.saturating_mul(input[1]).saturating_mul(per_group / i128::from(conv.groups));
    let active = input[2..].iter().fold(input[0], |product, &size| product.saturating_mul(size));
    add_products(
        row,
        weights.saturating_mul(active),
        unit,
        "transposed convolutions are divided by their groups twice",
    );
    if unit == Unit::Flops && layer.bias {
        let windows = [
            (layer.kernel_size.height, layer.stride.height, layer.padding.height, layer.dilation.height),
            (layer.kernel_size.width, layer.stride.width, layer.padding.width, layer.dilation.width),
        ];
        let pixels = input[2..]
            .iter()
            .zip(&windows[2 - spatial..])
            .map(|(&size, &(kernel, stride, padding, dilation))| along(size, kernel, stride, padding, dilation));
        let outputs = pixels.fold(per_group.saturating_mul(input[0]), i128::saturating_mul);
        row.fault("bias of transposed convolutions on the output of a plain one", outputs);
    }
}

fn add_products(row: &mut Row, macs: i128, unit: Unit, reason: &'static str) {
    let times = match unit {
        Unit::Macs => 1,
        Unit::Flops => 2,
    };
    row.fault(reason, times * (macs - row.macs));
}

fn upsample(row: &Row, layer: &Upsample) -> Result<i128, &'static str> {
    match (layer.size, layer.scale_factor) {
        (Some(size), _) if size.single => Ok(i128::from(size.height)),
        (Some(size), _) => Ok(i128::from(size.height).saturating_mul(i128::from(size.width))),
        (None, Some(factor)) if factor.height == factor.width => {
            let power = factor.height.powf(row.size(0) as f64);
            if power.is_finite() { Ok(row.x()) } else { Err("the power of an upsampling's factor is too large") }
        }
        (None, Some(_)) if row.size(0) == 2 => Ok(row.x()),
        (None, _) => Err("an upsampling by two factors"),
    }
}
