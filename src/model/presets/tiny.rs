//! The seed's pair, LeNet-5, and the networks of MLPerf Tiny and keyword spotting.

use super::Scale;
use super::sketch::{Sketch, adaptive_average_pool, conv, depthwise, dropout, linear};
use crate::model::{
    AdaptiveAvgPool1d, AvgPool2d, BatchNorm1d, BatchNorm2d, Channels, Conv1d, Conv2d, Dims, Flatten, Kind, Layer,
    LogSoftmax, MaxPool1d, Network, Padding, Pair, Permute, ReLU, Sides, Softmax, Tanh, ZeroPad2d,
};

/// The question's standard network, for 1 x 1 x 150: three times convolution, batch norm, ReLU and pool, then two
/// linear layers. 11,831 parameters.
pub fn seed_standard() -> Network {
    seed("Net", |channels| vec![conv(channels, 2).pad(1)])
}

/// The same with each convolution split into a depthwise and a pointwise one. 11,404 parameters.
pub fn seed_separable() -> Network {
    seed("SeparableNet", |channels| vec![depthwise(2).pad(1), conv(channels, 1)])
}

fn seed(name: &str, convs: impl Fn(u64) -> Vec<Conv2d>) -> Network {
    let mut layers: Vec<Layer> = Vec::new();
    for channels in [4, 8, 16] {
        layers.extend(convs(channels).into_iter().map(Layer::from));
        layers.extend([Kind::BatchNorm2d.layer(), Kind::ReLU.layer(), Kind::MaxPool2d.layer()]);
    }
    layers.extend([Kind::Flatten.layer(), linear(36).into(), Kind::ReLU.layer(), linear(3).into()]);
    Network::chain_of(name, Dims::new(&[1, 8, 150]).unwrap_or_default(), layers)
}

/// With plain average pools and the second convolution fully connected, as it is built today.
pub(super) fn lenet5(scale: Scale) -> Network {
    let mut sketch = Sketch::new("LeNet-5", &[1, scale.resolution, scale.resolution]);
    for (block, channels) in [(1, 6), (2, 16)] {
        sketch.add(&format!("conv{block}"), conv(channels, 5));
        sketch.add(&format!("tanh{block}"), Tanh::default());
        sketch.add(&format!("pool{block}"), AvgPool2d::default());
    }
    sketch.add("flatten", Flatten::default());
    sketch.add("fc1", linear(120));
    sketch.add("tanh3", Tanh::default());
    sketch.add("fc2", linear(84));
    sketch.add("tanh4", Tanh::default());
    sketch.add("fc3", linear(scale.classes));
    sketch.finish()
}

/// MLPerf Tiny's image classification: a ResNet with one block at each of three widths.
pub(super) fn resnet8(scale: Scale) -> Network {
    let mut sketch = Sketch::new("ResNet-8", &[3, scale.resolution, scale.resolution]);
    sketch.add("conv", conv(16, 3).pad(1));
    sketch.add("bn", BatchNorm2d::default());
    let mut top = sketch.add("relu", ReLU::default());
    for (block, channels, stride) in [(1, 16, 1), (2, 32, 2), (3, 64, 2)] {
        let name = |layer: &str| format!("layer{block}.{layer}");
        sketch.add(&name("conv1"), conv(channels, 3).stride(stride).pad(1));
        sketch.add(&name("bn1"), BatchNorm2d::default());
        sketch.add(&name("relu1"), ReLU::default());
        sketch.add(&name("conv2"), conv(channels, 3).pad(1));
        let main = sketch.add(&name("bn2"), BatchNorm2d::default());
        if stride != 1 {
            top = sketch.from(top).add(&name("shortcut"), conv(channels, 1).stride(stride));
        }
        sketch.from(main).sum(top);
        top = sketch.add(&name("relu2"), ReLU::default());
    }
    sketch.add("pool", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("fc", linear(scale.classes));
    sketch.add("softmax", Softmax { dim: Some(1) });
    sketch.finish()
}

/// MLPerf Tiny's keyword spotting and Hello Edge's family: one full convolution, then separable ones.
pub struct DsCnn {
    /// Of every convolution.
    pub channels: u64,
    /// Of the first convolution, over time and frequency.
    pub first_kernel: Pair,
    /// Of the first convolution.
    pub first_stride: Pair,
    /// The stride of the first separable block.
    pub second_stride: Pair,
    /// Separable ones, behind the first convolution.
    pub blocks: usize,
}

impl DsCnn {
    /// The small one of Hello Edge (arXiv 1711.07128).
    pub const SMALL: Self = Self {
        channels: 64,
        first_kernel: Pair::new(10, 4),
        first_stride: Pair::new(2, 2),
        second_stride: Pair::new(1, 1),
        blocks: 4,
    };
    /// The medium one of Hello Edge.
    pub const MEDIUM: Self = Self {
        channels: 172,
        first_kernel: Pair::new(10, 4),
        first_stride: Pair::new(2, 1),
        second_stride: Pair::new(2, 2),
        blocks: 4,
    };
    /// The large one of Hello Edge.
    pub const LARGE: Self = Self {
        channels: 276,
        first_kernel: Pair::new(10, 4),
        first_stride: Pair::new(2, 1),
        second_stride: Pair::new(2, 2),
        blocks: 5,
    };

    /// Of 49 windows of 10 coefficients; padding as TensorFlow's SAME.
    pub fn network(&self, name: &str, classes: u64) -> Network {
        let mut sketch = Sketch::new(name, &[1, 49, 10]);
        let mut size = Pair::new(49, 10);
        let mut same = |sketch: &mut Sketch, name: &str, layer: Conv2d| size = add_same(sketch, name, layer, size);
        let first = Conv2d { kernel_size: self.first_kernel, stride: self.first_stride, ..conv(self.channels, 1) };
        same(&mut sketch, "conv", first);
        sketch.add("bn", BatchNorm2d::default());
        sketch.add("relu", ReLU::default());
        for block in 1..=self.blocks {
            let stride = if block == 1 { self.second_stride } else { Pair::square(1) };
            same(&mut sketch, &format!("depthwise{block}"), Conv2d { stride, ..depthwise(3) });
            sketch.add(&format!("depthwise_bn{block}"), BatchNorm2d::default());
            sketch.add(&format!("depthwise_relu{block}"), ReLU::default());
            sketch.add(&format!("pointwise{block}"), conv(self.channels, 1));
            sketch.add(&format!("pointwise_bn{block}"), BatchNorm2d::default());
            sketch.add(&format!("pointwise_relu{block}"), ReLU::default());
        }
        sketch.add("pool", adaptive_average_pool(1));
        sketch.flatten();
        sketch.add("dropout", dropout(0.4));
        sketch.add("fc", linear(classes));
        sketch.add("softmax", Softmax { dim: Some(1) });
        sketch.finish()
    }
}

/// Adds a convolution with TensorFlow's SAME padding, whose odd pixel stands at the bottom and right, to a map of
/// this size; gives the size of its output.
fn add_same(sketch: &mut Sketch, name: &str, mut layer: Conv2d, size: Pair) -> Pair {
    let output = |size: i64, stride: i64| (size + stride - 1) / stride;
    let total = |kernel: i64, stride: i64, size: i64| ((output(size, stride) - 1) * stride + kernel - size).max(0);
    let height = total(layer.kernel_size.height, layer.stride.height, size.height);
    let width = total(layer.kernel_size.width, layer.stride.width, size.width);
    let (top, left) = (height / 2, width / 2);
    if height % 2 == 0 && width % 2 == 0 {
        layer.padding = Padding::Explicit(Pair::new(top, left));
    } else {
        let padding = Sides { left, right: width - left, top, bottom: height - top };
        sketch.add(&format!("{name}_pad"), ZeroPad2d { padding });
    }
    let size = Pair::new(output(size.height, layer.stride.height), output(size.width, layer.stride.width));
    sketch.add(name, layer);
    size
}

/// One second of sound at 8 kHz. 26,915 parameters, as the tutorial prints.
pub(super) fn m5(scale: Scale) -> Network {
    let mut sketch = Sketch::new("M5", &[1, 8000]);
    for (block, channels, kernel_size, stride) in [(1, 32, 80, 16), (2, 32, 3, 1), (3, 64, 3, 1), (4, 64, 3, 1)] {
        let conv = Conv1d { out_channels: Channels::Count(channels), kernel_size, stride, ..Conv1d::default() };
        sketch.add(&format!("conv{block}"), conv);
        sketch.add(&format!("bn{block}"), BatchNorm1d::default());
        sketch.call(&format!("relu{block}"), ReLU::default());
        sketch.add(&format!("pool{block}"), MaxPool1d { kernel_size: 4, ..MaxPool1d::default() });
    }
    sketch.call("avg_pool1d", AdaptiveAvgPool1d { output_size: 1 });
    sketch.call("permute", Permute { dims: vec![0, 2, 1] });
    sketch.add("fc1", linear(scale.classes));
    sketch.call("log_softmax", LogSoftmax { dim: Some(2) });
    sketch.finish()
}

/// MLPerf Tiny's anomaly detection: 640 numbers through a bottleneck of 8 and back.
pub(super) fn autoencoder() -> Network {
    let mut sketch = Sketch::new("Deep autoencoder", &[640]);
    for (index, features) in [128, 128, 128, 128, 8, 128, 128, 128, 128].into_iter().enumerate() {
        sketch.add(&format!("fc{}", index + 1), linear(features));
        sketch.add(&format!("bn{}", index + 1), BatchNorm1d::default());
        sketch.add(&format!("relu{}", index + 1), ReLU::default());
    }
    sketch.add("fc10", linear(640));
    sketch.finish()
}
