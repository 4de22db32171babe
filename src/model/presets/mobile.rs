//! MobileNets, EfficientNet and ShuffleNet.

use super::Scale;
use super::sketch::{
    Sketch, adaptive_average_pool, conv, depthwise, divisible_by_8, dropout, in_place, linear, max_pool, relu,
};
use crate::model::{
    BatchNorm2d, ChannelShuffle, Chunk, Flatten, Kind, Layer, Mean, Network, Sigmoid, Source, StochasticDepth,
};

/// How the blocks of a MobileNetV1 are made (arXiv 1704.04861).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MobileNetV1 {
    /// As in table 1: depthwise and pointwise convolutions.
    Separable,
    /// Without the five blocks of 512 channels at 14 x 14 (table 5).
    Shallow,
    /// A full 3x3 convolution instead of each separable block (table 4).
    Conv,
}

impl MobileNetV1 {
    /// Channels and stride of each block.
    const BLOCKS: [(u64, i64); 13] = [
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (512, 1),
        (1024, 2),
        (1024, 1),
    ];

    /// Modules are named in torchvision's way: `features.1.3`.
    pub fn network(self, name: &str, scale: Scale) -> Network {
        let wide = |channels: u64| (channels as f64 * scale.width) as u64;
        let mut sketch = Sketch::new(name, &[3, scale.resolution, scale.resolution]);
        sketch.conv_norm("features.0", 0, conv(wide(32), 3).stride(2).pad(1).without_bias(), Some(relu().into()));
        let left_out = |block: (u64, i64)| self == Self::Shallow && block == (512, 1);
        let blocks = Self::BLOCKS.into_iter().filter(|&block| !left_out(block));
        for (index, (channels, stride)) in blocks.enumerate() {
            let name = format!("features.{}", index + 1);
            match self {
                Self::Conv => {
                    let full = conv(wide(channels), 3).stride(stride).pad(1).without_bias();
                    sketch.conv_norm(&name, 0, full, Some(relu().into()));
                }
                Self::Separable | Self::Shallow => {
                    let filter = depthwise(3).stride(stride).pad(1).without_bias();
                    sketch.conv_norm(&name, 0, filter, Some(relu().into()));
                    sketch.conv_norm(&name, 3, conv(wide(channels), 1).without_bias(), Some(relu().into()));
                }
            }
        }
        sketch.add("pool", adaptive_average_pool(1));
        sketch.add("flatten", Flatten::default());
        sketch.add("fc", linear(scale.classes));
        sketch.finish()
    }
}

/// arXiv 1801.04381.
pub(super) fn mobilenet_v2(scale: Scale) -> Network {
    // Expansion, channels, blocks, stride of the first.
    const STAGES: [(u64, u64, usize, i64); 7] =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];
    let wide = |channels: u64| divisible_by_8(channels as f64 * scale.width);
    let relu6 = || Some(in_place(Kind::ReLU6));
    let mut sketch = Sketch::new("MobileNetV2", &[3, scale.resolution, scale.resolution]);
    sketch.conv_norm("features.0", 0, conv(wide(32), 3).stride(2).pad(1).without_bias(), relu6());
    let (mut index, mut channels) = (1, wide(32));
    for (expansion, stage_channels, blocks, first_stride) in STAGES {
        for block in 0..blocks {
            let stride = if block == 0 { first_stride } else { 1 };
            let output = wide(stage_channels);
            let name = format!("features.{index}.conv");
            let top = sketch.last();
            let mut part = 0;
            if expansion != 1 {
                let expand = conv(expansion * channels, 1).without_bias();
                sketch.conv_norm(&format!("{name}.{part}"), 0, expand, relu6());
                part += 1;
            }
            let filter = depthwise(3).stride(stride).pad(1).without_bias();
            sketch.conv_norm(&format!("{name}.{part}"), 0, filter, relu6());
            let narrow = sketch.conv_norm(&name, part + 1, conv(output, 1).without_bias(), None);
            if stride == 1 && channels == output {
                sketch.join(crate::model::Add {}, &[top, narrow]);
            }
            channels = output;
            index += 1;
        }
    }
    let last = divisible_by_8(1280.0 * scale.width.max(1.0));
    sketch.conv_norm("features.18", 0, conv(last, 1).without_bias(), relu6());
    sketch.call("adaptive_avg_pool2d", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("classifier.0", dropout(0.2));
    sketch.add("classifier.1", linear(scale.classes));
    sketch.finish()
}

/// An inverted residual: expand, filter, squeeze and excite, project.
struct Inverted {
    kernel: i64,
    stride: i64,
    expanded: u64,
    output: u64,
    /// Channels between the two products of squeeze-and-excite.
    squeezed: Option<u64>,
    activation: Kind,
    squeeze_activation: Kind,
    gate: Kind,
    eps: f64,
    /// torchvision's stochastic depth, which does nothing in a trained network.
    stochastic_depth: bool,
}

impl Inverted {
    fn add(&self, sketch: &mut Sketch, name: &str, input: u64) {
        let top = sketch.last();
        let block = |part: usize| format!("{name}.block.{part}");
        let norm = || BatchNorm2d { eps: self.eps, ..BatchNorm2d::default() };
        let mut part = 0;
        if self.expanded != input {
            sketch.add(&format!("{}.0", block(part)), conv(self.expanded, 1).without_bias());
            sketch.add(&format!("{}.1", block(part)), norm());
            sketch.add(&format!("{}.2", block(part)), in_place(self.activation));
            part += 1;
        }
        let filter = depthwise(self.kernel).stride(self.stride).pad(self.kernel / 2).without_bias();
        sketch.add(&format!("{}.0", block(part)), filter);
        sketch.add(&format!("{}.1", block(part)), norm());
        sketch.add(&format!("{}.2", block(part)), in_place(self.activation));
        part += 1;
        if let Some(squeezed) = self.squeezed {
            self.squeeze(sketch, &block(part), squeezed);
            part += 1;
        }
        sketch.add(&format!("{}.0", block(part)), conv(self.output, 1).without_bias());
        sketch.add(&format!("{}.1", block(part)), norm());
        if self.stride == 1 && input == self.output {
            if self.stochastic_depth {
                sketch.add(&format!("{name}.stochastic_depth"), StochasticDepth::default());
            }
            sketch.sum(top);
        }
    }

    fn squeeze(&self, sketch: &mut Sketch, name: &str, squeezed: u64) {
        let input = sketch.last();
        sketch.add(&format!("{name}.avgpool"), adaptive_average_pool(1));
        sketch.add(&format!("{name}.fc1"), conv(squeezed, 1));
        sketch.add(&format!("{name}.activation"), in_place(self.squeeze_activation));
        sketch.add(&format!("{name}.fc2"), conv(self.expanded, 1));
        let gate: Layer = if self.gate == Kind::Sigmoid { Sigmoid::default().into() } else { self.gate.layer() };
        sketch.add(&format!("{name}.scale_activation"), gate);
        sketch.scale(input);
    }
}

/// arXiv 1905.02244, the small one.
pub(super) fn mobilenet_v3_small(scale: Scale) -> Network {
    // Kernel, expanded and output channels, squeeze-and-excite, Hardswish, stride.
    const BLOCKS: [(i64, u64, u64, bool, bool, i64); 11] = [
        (3, 16, 16, true, false, 2),
        (3, 72, 24, false, false, 2),
        (3, 88, 24, false, false, 1),
        (5, 96, 40, true, true, 2),
        (5, 240, 40, true, true, 1),
        (5, 240, 40, true, true, 1),
        (5, 120, 48, true, true, 1),
        (5, 144, 48, true, true, 1),
        (5, 288, 96, true, true, 2),
        (5, 576, 96, true, true, 1),
        (5, 576, 96, true, true, 1),
    ];
    const EPS: f64 = 0.001;
    let wide = |channels: u64| divisible_by_8(channels as f64 * scale.width);
    let mut sketch = Sketch::new("MobileNetV3-small", &[3, scale.resolution, scale.resolution]);
    let first_and_last = |sketch: &mut Sketch, name: &str, layer: crate::model::Conv2d| {
        sketch.add(&format!("{name}.0"), layer.without_bias());
        sketch.add(&format!("{name}.1"), BatchNorm2d { eps: EPS, ..BatchNorm2d::default() });
        sketch.add(&format!("{name}.2"), in_place(Kind::Hardswish));
    };
    first_and_last(&mut sketch, "features.0", conv(wide(16), 3).stride(2).pad(1));
    let mut channels = wide(16);
    for (index, (kernel, expanded, output, excite, hardswish, stride)) in BLOCKS.into_iter().enumerate() {
        let (expanded, output) = (wide(expanded), wide(output));
        let block = Inverted {
            kernel,
            stride,
            expanded,
            output,
            squeezed: excite.then(|| divisible_by_8(expanded as f64 / 4.0)),
            activation: if hardswish { Kind::Hardswish } else { Kind::ReLU },
            squeeze_activation: Kind::ReLU,
            gate: Kind::Hardsigmoid,
            eps: EPS,
            stochastic_depth: false,
        };
        block.add(&mut sketch, &format!("features.{}", index + 1), channels);
        channels = output;
    }
    first_and_last(&mut sketch, "features.12", conv(6 * channels, 1));
    sketch.add("avgpool", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("classifier.0", linear(wide(1024)));
    sketch.add("classifier.1", in_place(Kind::Hardswish));
    sketch.add("classifier.2", dropout(0.2));
    sketch.add("classifier.3", linear(scale.classes));
    sketch.finish()
}

/// arXiv 1905.11946, the smallest.
pub(super) fn efficientnet_b0(scale: Scale) -> Network {
    // Expansion, kernel, stride, output channels, blocks.
    const STAGES: [(u64, i64, i64, u64, usize); 7] = [
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ];
    let wide = |channels: u64| divisible_by_8(channels as f64 * scale.width);
    let silu = || Some(in_place(Kind::SiLU));
    let mut sketch = Sketch::new("EfficientNet-B0", &[3, scale.resolution, scale.resolution]);
    sketch.conv_norm("features.0", 0, conv(wide(32), 3).stride(2).pad(1).without_bias(), silu());
    let mut channels = wide(32);
    for (stage, (expansion, kernel, first_stride, stage_channels, blocks)) in STAGES.into_iter().enumerate() {
        for block in 0..blocks {
            let output = wide(stage_channels);
            let inverted = Inverted {
                kernel,
                stride: if block == 0 { first_stride } else { 1 },
                expanded: if expansion == 1 { channels } else { divisible_by_8((expansion * channels) as f64) },
                output,
                squeezed: Some((channels / 4).max(1)),
                activation: Kind::SiLU,
                squeeze_activation: Kind::SiLU,
                gate: Kind::Sigmoid,
                eps: 1e-5,
                stochastic_depth: true,
            };
            inverted.add(&mut sketch, &format!("features.{}.{block}", stage + 1), channels);
            channels = output;
        }
    }
    sketch.conv_norm("features.8", 0, conv(4 * channels, 1).without_bias(), silu());
    sketch.add("avgpool", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("classifier.0", dropout(0.2));
    sketch.add("classifier.1", linear(scale.classes));
    sketch.finish()
}

/// arXiv 1807.11164: the widths are 0.5, 1, 1.5 and 2.
pub(super) fn shufflenet_v2(scale: Scale) -> Network {
    let stages: [u64; 4] = match scale.width {
        width if width < 0.75 => [48, 96, 192, 1024],
        width if width < 1.25 => [116, 232, 464, 1024],
        width if width < 1.75 => [176, 352, 704, 1024],
        _ => [244, 488, 976, 2048],
    };
    let mut sketch = Sketch::new("ShuffleNetV2", &[3, scale.resolution, scale.resolution]);
    sketch.conv_norm("conv1", 0, conv(24, 3).stride(2).pad(1).without_bias(), Some(relu().into()));
    sketch.add("maxpool", max_pool(3, 2, 1, false));
    for (stage, (blocks, channels)) in [4, 8, 4].into_iter().zip(stages).enumerate() {
        for block in 0..blocks {
            shuffle_unit(&mut sketch, &format!("stage{}.{block}", stage + 2), channels / 2, block == 0);
        }
    }
    sketch.conv_norm("conv5", 0, conv(stages[3], 1).without_bias(), Some(relu().into()));
    sketch.call("mean", Mean { dim: vec![2, 3], keepdim: false });
    sketch.add("fc", linear(scale.classes));
    sketch.finish()
}

/// One half stays as it is (or, where the unit halves the map, is filtered as well), the other goes through; then
/// the channels of both are shuffled.
fn shuffle_unit(sketch: &mut Sketch, name: &str, channels: u64, halves_map: bool) {
    let input = sketch.last();
    let stride = if halves_map { 2 } else { 1 };
    let filter = || depthwise(3).stride(stride).pad(1).without_bias();
    let pointwise = || conv(channels, 1).without_bias();
    let (kept, taken): (Source, Source) = if halves_map {
        sketch.conv_norm(&format!("{name}.branch1"), 0, filter(), None);
        (sketch.conv_norm(&format!("{name}.branch1"), 2, pointwise(), Some(relu().into())), input)
    } else {
        let part = |index| Chunk { chunks: 2, dim: 1, index };
        let kept = sketch.join(part(0), &[input]);
        (kept, sketch.join(part(1), &[input]))
    };
    sketch.from(taken).conv_norm(&format!("{name}.branch2"), 0, pointwise(), Some(relu().into()));
    sketch.conv_norm(&format!("{name}.branch2"), 3, filter(), None);
    let through = sketch.conv_norm(&format!("{name}.branch2"), 5, pointwise(), Some(relu().into()));
    sketch.concat(&[kept, through]);
    let joined = sketch.last();
    sketch.join(ChannelShuffle { groups: 2 }, &[joined]);
}
