//! Networks whose figures are published, as their papers describe them.

use convscope::model::{
    AdaptiveAvgPool2d, Add, BatchNorm1d, BatchNorm2d, Call, Cat, Channels, Conv2d, Dims, Flatten, Groups, Inputs,
    Layer, Linear, MaxPool2d, Network, Node, NodeId, Padding, Pair, ReLU, Source,
};

/// Puts nodes one after another; remembers the last.
struct Builder {
    network: Network,
}

impl Builder {
    fn new(name: &str, input: [u64; 3]) -> Self {
        let input = Dims::new(&input).expect("three sizes");
        Self { network: Network { name: name.to_string(), input, nodes: Vec::new(), uncalled: Vec::new() } }
    }

    fn push(&mut self, layer: Layer, inputs: Inputs) -> NodeId {
        let id = NodeId(self.network.nodes.len() as u32);
        let name = format!("{}{}", layer.kind().class().to_lowercase(), id.0);
        self.network.nodes.push(Node { id, name, layer, inputs, call: Call::Module });
        id
    }

    fn next(&mut self, layer: impl Into<Layer>) -> NodeId {
        self.push(layer.into(), Inputs::Above)
    }

    fn last(&self) -> Source {
        self.network.nodes.last().map_or(Source::Input, |node| Source::Node(node.id))
    }

    /// Convolution without a bias, batch norm, ReLU where asked for.
    fn conv(&mut self, conv: Conv2d, relu: bool) -> NodeId {
        self.next(Conv2d { bias: false, ..conv });
        let norm = self.next(BatchNorm2d::default());
        if relu { self.next(ReLU::default()) } else { norm }
    }

    fn head(mut self, classes: i64) -> Network {
        self.next(AdaptiveAvgPool2d::default());
        self.next(Flatten::default());
        self.next(Linear { out_features: classes, bias: true });
        self.network
    }
}

fn square(out_channels: i64, kernel: i64, stride: i64) -> Conv2d {
    Conv2d {
        out_channels: Channels::Count(out_channels),
        kernel_size: Pair::square(kernel),
        stride: Pair::square(stride),
        padding: Padding::Explicit(Pair::square(kernel / 2)),
        ..Conv2d::default()
    }
}

fn depthwise(stride: i64) -> Conv2d {
    Conv2d { out_channels: Channels::TimesInput(1), groups: Groups::InputChannels, ..square(1, 3, stride) }
}

/// arXiv 1704.04861, table 1.
pub fn mobilenet_v1(width: f64, side: u64, classes: i64) -> Network {
    let mut builder = Builder::new("MobileNetV1", [3, side, side]);
    let channels = |count: i64| (count as f64 * width) as i64;
    builder.conv(square(channels(32), 3, 2), true);
    let blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)];
    let tail = [(512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1)];
    for (count, stride) in blocks.into_iter().chain(tail) {
        builder.conv(depthwise(stride), true);
        builder.conv(square(channels(count), 1, 1), true);
    }
    builder.head(classes)
}

/// arXiv 1801.04381, table 2; channels rounded to multiples of 8 as in the reference code.
pub fn mobilenet_v2(width: f64, side: u64, classes: i64) -> Network {
    let channels = |count: i64| {
        let wanted = count as f64 * width;
        let rounded = (((wanted + 4.0) / 8.0) as i64 * 8).max(8);
        if (rounded as f64) < 0.9 * wanted { rounded + 8 } else { rounded }
    };
    let mut builder = Builder::new("MobileNetV2", [3, side, side]);
    let mut input = channels(32);
    builder.conv(square(input, 3, 2), true);
    let blocks =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];
    for (expansion, count, repeats, first_stride) in blocks {
        let output = channels(count);
        for repeat in 0..repeats {
            let (above, stride) = (builder.last(), if repeat == 0 { first_stride } else { 1 });
            if expansion > 1 {
                builder.conv(square(input * expansion, 1, 1), true);
            }
            builder.conv(depthwise(stride), true);
            let projected = builder.conv(square(output, 1, 1), false);
            if stride == 1 && input == output {
                builder.push(Add::default().into(), Inputs::From(vec![above, Source::Node(projected)]));
            }
            input = output;
        }
    }
    builder.conv(square(if width > 1.0 { channels(1280) } else { 1280 }, 1, 1), true);
    builder.head(classes)
}

/// ResNet-8 of MLPerf Tiny, for CIFAR-10; the convolutions have biases, as in its reference code.
pub fn resnet8() -> Network {
    let mut builder = Builder::new("ResNet-8", [3, 32, 32]);
    let conv = |builder: &mut Builder, conv: Conv2d, inputs: Inputs, relu: bool| {
        builder.push(conv.into(), inputs);
        let norm = builder.next(BatchNorm2d::default());
        if relu { builder.next(ReLU::default()) } else { norm }
    };
    let mut above = conv(&mut builder, square(16, 3, 1), Inputs::Above, true);
    for (channels, stride) in [(16, 1), (32, 2), (64, 2)] {
        conv(&mut builder, square(channels, 3, stride), Inputs::Above, true);
        let body = conv(&mut builder, square(channels, 3, 1), Inputs::Above, false);
        let around = if stride == 1 {
            above
        } else {
            builder.push(square(channels, 1, stride).into(), Inputs::From(vec![Source::Node(above)]))
        };
        builder.push(Add::default().into(), Inputs::From(vec![Source::Node(around), Source::Node(body)]));
        above = builder.next(ReLU::default());
    }
    builder.head(10)
}

/// arXiv 1602.07360, version 1.1; the first convolution padded, the pools not.
pub fn squeezenet(side: u64, classes: i64) -> Network {
    let mut builder = Builder::new("SqueezeNet1.1", [3, side, side]);
    let pool = || MaxPool2d { kernel_size: Pair::square(3), stride: Some(Pair::square(2)), ..MaxPool2d::default() };
    builder.next(square(64, 3, 2));
    builder.next(ReLU::default());
    let fires = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)];
    for (number, (squeeze, expand)) in fires.into_iter().enumerate() {
        if matches!(number, 0 | 2 | 4) {
            builder.next(pool());
        }
        builder.next(square(squeeze, 1, 1));
        let squeezed = Source::Node(builder.next(ReLU::default()));
        builder.push(square(expand, 1, 1).into(), Inputs::From(vec![squeezed]));
        let one = Source::Node(builder.next(ReLU::default()));
        builder.push(square(expand, 3, 1).into(), Inputs::From(vec![squeezed]));
        let three = Source::Node(builder.next(ReLU::default()));
        builder.push(Cat::default().into(), Inputs::From(vec![one, three]));
    }
    builder.next(square(classes, 1, 1));
    builder.next(ReLU::default());
    builder.next(AdaptiveAvgPool2d::default());
    builder.next(Flatten::default());
    builder.network
}

/// DS-CNN S, the keyword spotting network of MLPerf Tiny: 49 x 10.
pub fn ds_cnn() -> Network {
    let mut builder = Builder::new("DS-CNN", [1, 49, 10]);
    let first = Conv2d {
        kernel_size: Pair::new(10, 4),
        stride: Pair::square(2),
        padding: Padding::Explicit(Pair::new(5, 1)),
        ..square(64, 1, 1)
    };
    builder.conv(first, true);
    for _ in 0..4 {
        builder.conv(depthwise(1), true);
        builder.conv(square(64, 1, 1), true);
    }
    builder.head(12)
}

/// The autoencoder of MLPerf Tiny for anomaly detection.
pub fn autoencoder() -> Network {
    let input = Dims::new(&[640]).expect("one size");
    let network = Network { name: "Autoencoder".to_string(), input, nodes: Vec::new(), uncalled: Vec::new() };
    let mut builder = Builder { network };
    for features in [128, 128, 128, 128, 8, 128, 128, 128, 128] {
        builder.next(Linear { out_features: features, bias: true });
        builder.next(BatchNorm1d::default());
        builder.next(ReLU::default());
    }
    builder.next(Linear { out_features: 640, bias: true });
    builder.network
}

/// The CIFAR network of TinyMaix (tools/h5/cifar10.h5).
pub fn tinymaix_cifar() -> Network {
    let mut builder = Builder::new("cifar", [3, 32, 32]);
    for channels in [32, 32, 64] {
        builder.conv(square(channels, 5, 2), true);
    }
    builder.next(Flatten::default());
    builder.next(Linear { out_features: 10, bias: true });
    builder.network
}
