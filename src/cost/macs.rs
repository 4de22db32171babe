//! Multiply-accumulates.

use crate::model::Layer;

use super::formula::Expression;
use super::site::{Side, Site, elements};

/// Multiply-accumulates of convolutions and matrix products, bias not counted, taps on padding counted:
///
/// - Conv2d: `N * C_out * H_out * W_out * C_in / groups * kernel height * kernel width`
/// - ConvTranspose2d: `N * C_in * H_in * W_in * C_out / groups * kernel height * kernel width`
/// - Linear: `elements of the output * in_features`
/// - every other layer: 0
pub(super) fn macs<E: Expression>(site: &Site) -> E {
    match site.layer {
        Layer::Conv2d(_) => elements::<E>(&site.output, Side::Out) * taps(site),
        Layer::ConvTranspose2d(_) => elements::<E>(site.input(), Side::In) * taps(site),
        Layer::Linear(_) => elements::<E>(&site.output, Side::Out) * taps(site),
        _ => E::constant(0),
    }
}

/// What each output of a convolution or matrix product sums up (for a transposed convolution: what each input
/// contributes to). Zero where a layer has no weights of this sort.
pub(super) fn taps<E: Expression>(site: &Site) -> E {
    let channels = |from_end: usize| site.input().rank().checked_sub(from_end).map_or(0, |index| site.input()[index]);
    let (name, conv, kernel) = match site.layer {
        Layer::Conv2d(layer) => ("in_channels", layer.channels(channels(3)), layer.kernel_size),
        Layer::ConvTranspose2d(layer) => ("out_channels", layer.channels(channels(3)), layer.kernel_size),
        Layer::Linear(_) => return E::named("in_features", channels(1)),
        _ => return E::constant(0),
    };
    let Ok(conv) = conv else { return E::constant(0) };
    let across = if name == "in_channels" { conv.input } else { conv.output };
    let per_group = match conv.groups {
        1 => E::named(name, across),
        groups => E::named(name, across) / E::named("groups", groups),
    };
    let size = |size: i64| u64::try_from(size).unwrap_or(0);
    per_group * E::named("kernel height", size(kernel.height)) * E::named("kernel width", size(kernel.width))
}
