//! Multiply-accumulates.

use crate::model::{Layer, Sort};
use crate::shape::{Convolution, Direction, samples};

use super::formula::{Count, Expression};
use super::site::{Side, Site, elements};

/// The multiply-accumulates of a layer; `None` where they do not fit 64 bits.
pub fn multiply_accumulates(site: &Site) -> Option<u64> {
    macs::<Count>(site).0
}

/// Multiply-accumulates of convolutions and matrix products, bias not counted, taps on padding counted:
///
/// - Conv2d: `N * C_out * H_out * W_out * C_in / groups * kernel height * kernel width`
/// - ConvTranspose2d: `N * C_in * H_in * W_in * C_out / groups * kernel height * kernel width`
/// - Linear: `elements of the output * in_features`
/// - a layer without a kind of its own: those that are given of it
/// - every other layer: 0
pub(super) fn macs<E: Expression>(site: &Site) -> E {
    if let Layer::Unsupported(layer) = site.layer {
        let given = layer.macs.and_then(|macs| u64::try_from(macs).ok()).unwrap_or(0);
        let times = if given > 0 { samples(layer, site.input()).unwrap_or(0) } else { 1 };
        return if times == 1 { E::constant(given) } else { E::named("N", times) * E::constant(given) };
    }
    match site.layer.kind().sort() {
        Sort::Convolution => {
            let Some(conv) = site.layer.convolution() else { return E::constant(0) };
            let places = match conv.direction {
                Direction::Plain => elements(&site.output, Side::Out),
                Direction::Transposed => elements::<E>(site.input(), Side::In),
            };
            places * taps(&conv, site)
        }
        Sort::MatrixProduct => {
            let features = site.input().last().copied().unwrap_or(0);
            elements::<E>(&site.output, Side::Out) * E::named("in_features", features)
        }
        Sort::Pool
        | Sort::Norm
        | Sort::Activation
        | Sort::Softmax
        | Sort::Regularizer
        | Sort::Rearrangement
        | Sort::Resizing
        | Sort::Combination
        | Sort::Parameter
        | Sort::Unknown => E::constant(0),
    }
}

/// What each output of a convolution sums up; of a transposed one, what each input contributes to.
fn taps<E: Expression>(conv: &Convolution, site: &Site) -> E {
    let Some(channels) = conv.channels(site.input()) else { return E::constant(0) };
    let across = match conv.direction {
        Direction::Plain => E::named("in_channels", channels.input),
        Direction::Transposed => E::named("out_channels", channels.output),
    };
    let per_group = match channels.groups {
        1 => across,
        groups => across / E::named("groups", groups),
    };
    conv.kernel.sizes().fold(per_group, |taps, (name, size)| taps * E::named(name, size))
}
