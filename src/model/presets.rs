//! Networks that people know.

use super::{Channels, Conv2d, Dims, Flatten, Kind, Layer, Linear, Network, Padding, Pair};

/// The question's standard network, for 1 x 1 x 150: three times convolution, batch norm, ReLU and pool, then two
/// linear layers. 11,831 parameters.
pub fn seed_standard() -> Network {
    let mut layers: Vec<Layer> = Vec::new();
    for out_channels in [4, 8, 16] {
        let conv = Conv2d {
            out_channels: Channels::Count(out_channels),
            kernel_size: Pair::square(2),
            padding: Padding::Explicit(Pair::square(1)),
            ..Conv2d::default()
        };
        layers.extend([conv.into(), Kind::BatchNorm2d.layer(), Kind::ReLU.layer(), Kind::MaxPool2d.layer()]);
    }
    layers.extend([
        Flatten::default().into(),
        Linear { out_features: 36, ..Linear::default() }.into(),
        Kind::ReLU.layer(),
        Linear { out_features: 3, ..Linear::default() }.into(),
    ]);
    let input = Dims::new(&[1, 1, 150]).unwrap_or_default();
    Network::chain_of("Net", input, layers)
}
