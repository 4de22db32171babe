//! The networks of the oracle, one JSON line each: every kind of layer, pairs of the blocks that MobileNet, EfficientNet,
//! ResNet, DS-CNN and U-Net are made of, and small networks of them. Every second one is held out: nothing is tuned on it.
//!
//! ```sh
//! cargo run --example oracle_networks --no-default-features
//! ```

use convscope::keras;
use convscope::model::*;
use convscope::pytorch::export_module;
use convscope::share_link;

/// Always the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

struct Builder {
    network: Network,
}

type At = Source;

impl Builder {
    fn new(input: &[u64]) -> Self {
        let input = Dims::new(input).expect("few sizes");
        Self { network: Network { name: "Net".into(), input, nodes: Vec::new(), uncalled: Vec::new() } }
    }

    fn last(&self) -> At {
        self.network.nodes.last().map_or(Source::Input, |node| Source::Node(node.id))
    }

    fn push(&mut self, layer: impl Into<Layer>, inputs: &[At]) -> At {
        let layer = layer.into();
        let id = self.network.unused_id();
        let name = format!("{}{}", stem(&layer), id.0);
        self.network.nodes.push(Node { id, name, layer, inputs: Inputs::From(inputs.to_vec()), call: Call::Module });
        Source::Node(id)
    }

    fn next(&mut self, layer: impl Into<Layer>) -> At {
        let last = self.last();
        self.push(layer, &[last])
    }

    fn channels(&self) -> i64 {
        let shapes = convscope::shape::infer(&self.network, &self.network.wiring(), 1);
        shapes.output().map_or(1, |dims| dims.get(1).copied().unwrap_or(1) as i64)
    }

    /// Convolution without a bias, batch norm, and what follows.
    fn conv_bn(&mut self, conv: Conv2d, activation: Option<Layer>) -> At {
        self.next(Conv2d { bias: false, ..conv });
        let norm = self.next(BatchNorm2d::default());
        activation.map_or(norm, |activation| self.next(activation))
    }

    fn inverted(&mut self, expansion: i64, out: i64, stride: i64, activation: &Layer, squeeze: bool) {
        let (above, channels) = (self.last(), self.channels());
        if expansion > 1 {
            self.conv_bn(conv(channels * expansion, 1, 1), Some(activation.clone()));
        }
        self.conv_bn(depthwise(3, stride), Some(activation.clone()));
        if squeeze {
            self.squeeze((channels / 2).max(1), activation.clone(), Kind::Sigmoid.layer());
        }
        let projected = self.conv_bn(conv(out, 1, 1), None);
        if stride == 1 && channels == out {
            self.push(Add {}, &[above, projected]);
        }
    }

    fn squeeze(&mut self, middle: i64, activation: Layer, gate: Layer) {
        let (above, channels) = (self.last(), self.channels());
        self.next(AdaptiveAvgPool2d::default());
        self.next(conv(middle, 1, 1));
        self.next(activation);
        self.next(conv(channels, 1, 1));
        let gate = self.next(gate);
        self.push(Mul {}, &[above, gate]);
    }

    fn residual(&mut self, out: i64, stride: i64) {
        let (above, channels) = (self.last(), self.channels());
        self.conv_bn(conv(out, 3, stride), Some(Kind::ReLU.layer()));
        let body = self.conv_bn(conv(out, 3, 1), None);
        let around = if stride == 1 && channels == out {
            above
        } else {
            let short = self.push(Conv2d { bias: false, ..conv(out, 1, stride) }, &[above]);
            self.push(BatchNorm2d::default(), &[short])
        };
        self.push(Add {}, &[body, around]);
        self.next(Kind::ReLU.layer());
    }

    fn bottleneck(&mut self, middle: i64, out: i64) {
        let above = self.last();
        self.conv_bn(conv(middle, 1, 1), Some(Kind::ReLU.layer()));
        self.conv_bn(conv(middle, 3, 1), Some(Kind::ReLU.layer()));
        let body = self.conv_bn(conv(out, 1, 1), None);
        let short = self.push(conv(out, 1, 1), &[above]);
        self.push(Add {}, &[body, short]);
        self.next(Kind::ReLU.layer());
    }

    fn fire(&mut self, squeeze: i64, expand: i64) {
        self.next(conv(squeeze, 1, 1));
        let squeezed = self.next(Kind::ReLU.layer());
        self.push(conv(expand, 1, 1), &[squeezed]);
        let one = self.next(Kind::ReLU.layer());
        self.push(conv(expand, 3, 1), &[squeezed]);
        let three = self.next(Kind::ReLU.layer());
        self.push(Cat::default(), &[one, three]);
    }

    /// Down by a pool and up again, with what was above beside it.
    fn u(&mut self, channels: i64, by_convolution: bool) {
        self.conv_bn(conv(channels, 3, 1), Some(Kind::ReLU.layer()));
        let above = self.last();
        self.next(MaxPool2d::default());
        self.conv_bn(conv(channels * 2, 3, 1), Some(Kind::ReLU.layer()));
        if by_convolution {
            self.next(ConvTranspose2d {
                out_channels: Channels::Count(channels),
                kernel_size: Pair::square(2),
                stride: Pair::square(2),
                ..ConvTranspose2d::default()
            });
        } else {
            self.next(up(UpsampleMode::Nearest));
        }
        let up = self.last();
        self.push(Cat::default(), &[up, above]);
        self.conv_bn(conv(channels, 3, 1), Some(Kind::ReLU.layer()));
    }

    fn pooled_head(&mut self, classes: i64) {
        self.next(AdaptiveAvgPool2d::default());
        self.next(Flatten::default());
        self.next(linear(classes));
    }
}

fn conv(out: i64, kernel: i64, stride: i64) -> Conv2d {
    Conv2d {
        out_channels: Channels::Count(out),
        kernel_size: Pair::square(kernel),
        stride: Pair::square(stride),
        padding: Padding::Explicit(Pair::square(kernel / 2)),
        ..Conv2d::default()
    }
}

fn depthwise(kernel: i64, stride: i64) -> Conv2d {
    Conv2d { out_channels: Channels::TimesInput(1), groups: Groups::InputChannels, ..conv(1, kernel, stride) }
}

fn linear(out_features: i64) -> Linear {
    Linear { out_features, bias: true }
}

fn up(mode: UpsampleMode) -> Upsample {
    Upsample { scale_factor: Some(ScaleFactor { height: 2.0, width: 2.0 }), mode, ..Upsample::default() }
}

fn max(kernel: i64, stride: i64, padding: i64) -> Layer {
    let pool =
        MaxPool2d { kernel_size: Pair::square(kernel), stride: Some(Pair::square(stride)), ..MaxPool2d::default() };
    MaxPool2d { padding: Pair::square(padding), ..pool }.into()
}

fn average(kernel: i64, stride: i64, padding: i64) -> AvgPool2d {
    AvgPool2d {
        kernel_size: Pair::square(kernel),
        stride: Some(Pair::square(stride)),
        padding: Pair::square(padding),
        ..AvgPool2d::default()
    }
}

const ACTIVATIONS: &[Kind] = &[
    Kind::ReLU,
    Kind::ReLU6,
    Kind::LeakyReLU,
    Kind::PReLU,
    Kind::ELU,
    Kind::SELU,
    Kind::CELU,
    Kind::SiLU,
    Kind::GELU,
    Kind::Mish,
    Kind::Hardswish,
    Kind::Hardsigmoid,
    Kind::Hardtanh,
    Kind::Sigmoid,
    Kind::LogSigmoid,
    Kind::Tanh,
    Kind::Softplus,
    Kind::Softsign,
];

/// Layers over maps of 4 or 8 channels, with the arguments that matter.
fn layers() -> Vec<Layer> {
    let sides = |left, right, top, bottom| Sides { left, right, top, bottom };
    let mut all: Vec<Layer> = ACTIVATIONS.iter().map(|kind| kind.layer()).collect();
    for kernel in [1, 2, 3, 5] {
        for stride in [1, 2] {
            all.push(conv(8, kernel, stride).into());
            all.push(depthwise(kernel, stride).into());
        }
    }
    for (mode, kernel) in
        [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular].into_iter().zip([3, 5, 3])
    {
        all.push(Conv2d { padding_mode: mode, ..conv(4, kernel, 1) }.into());
    }
    let dilated = |conv: Conv2d| Conv2d { dilation: Pair::square(2), padding: Padding::Same, ..conv };
    let transposed = |kernel, stride, padding, output_padding| ConvTranspose2d {
        out_channels: Channels::Count(4),
        kernel_size: Pair::square(kernel),
        stride: Pair::square(stride),
        padding: Pair::square(padding),
        output_padding: Pair::square(output_padding),
        ..ConvTranspose2d::default()
    };
    all.extend([
        dilated(conv(8, 3, 1)).into(),
        dilated(depthwise(3, 1)).into(),
        Conv2d { padding: Padding::Valid, ..conv(8, 3, 2) }.into(),
        Conv2d { groups: Groups::Count(2), ..conv(8, 3, 1) }.into(),
        Conv2d { bias: false, ..conv(8, 3, 1) }.into(),
        Conv2d { out_channels: Channels::TimesInput(2), ..depthwise(3, 1) }.into(),
        Conv2d { padding: Padding::Explicit(Pair::square(2)), ..conv(4, 3, 1) }.into(),
        transposed(2, 2, 0, 0).into(),
        transposed(3, 2, 1, 1).into(),
        transposed(4, 2, 1, 0).into(),
        transposed(3, 1, 0, 0).into(),
        transposed(1, 2, 0, 0).into(),
        max(2, 2, 0),
        max(3, 2, 1),
        max(3, 1, 1),
        max(2, 1, 0),
        average(2, 2, 0).into(),
        average(3, 2, 1).into(),
        AvgPool2d { count_include_pad: false, ..average(3, 1, 1) }.into(),
        AvgPool2d { ceil_mode: true, ..average(2, 2, 0) }.into(),
        AvgPool2d { divisor_override: Some(3), ..average(2, 2, 0) }.into(),
        AdaptiveAvgPool2d::default().into(),
        AdaptiveMaxPool2d::default().into(),
        AdaptiveAvgPool2d { output_size: OutputSize { height: Some(2), width: Some(2) } }.into(),
        AdaptiveMaxPool2d { output_size: OutputSize { height: Some(2), width: Some(2) } }.into(),
        Mean { dim: vec![2, 3], keepdim: false }.into(),
        Mean { dim: vec![1], keepdim: true }.into(),
        BatchNorm2d::default().into(),
        BatchNorm2d { affine: false, ..BatchNorm2d::default() }.into(),
        GroupNorm { num_groups: 2, ..GroupNorm::default() }.into(),
        LayerNorm { normalized_dims: 3, ..LayerNorm::default() }.into(),
        LayerNorm2d::default().into(),
        InstanceNorm2d::default().into(),
        InstanceNorm2d { affine: true, ..InstanceNorm2d::default() }.into(),
        PReLU { num_parameters: Channels::TimesInput(1) }.into(),
        LeakyReLU { negative_slope: 0.2, ..LeakyReLU::default() }.into(),
        Hardtanh { min_val: 0.0, max_val: 4.0, inplace: false }.into(),
        Hardtanh { min_val: -2.0, max_val: 3.0, inplace: false }.into(),
        Softmax { dim: Some(1) }.into(),
        LogSoftmax { dim: Some(1) }.into(),
        Dropout::default().into(),
        Flatten::default().into(),
        View { shape: vec![-1, 4, 16, 4] }.into(),
        Permute { dims: vec![0, 2, 3, 1] }.into(),
        Transpose { dim0: 2, dim1: 3 }.into(),
        Chunk { chunks: 2, index: 1, dim: 1 }.into(),
        Slice { start: 1, end: Some(3), dim: 2 }.into(),
        ChannelShuffle { groups: 2 }.into(),
        PixelShuffle { upscale_factor: 2 }.into(),
        PixelUnshuffle { downscale_factor: 2 }.into(),
        up(UpsampleMode::Nearest).into(),
        up(UpsampleMode::Bilinear).into(),
        Upsample { size: Some(MapSize { height: 7, width: 9, single: false }), ..Upsample::default() }.into(),
        Upsample {
            size: Some(MapSize { height: 7, width: 9, single: false }),
            mode: UpsampleMode::Bilinear,
            ..Upsample::default()
        }
        .into(),
        ZeroPad2d::default().into(),
        ZeroPad2d { padding: sides(-1, 2, 0, 1) }.into(),
        ConstantPad2d { padding: sides(1, 1, 1, 1), value: 0.5 }.into(),
        ReflectionPad2d::default().into(),
        ReplicationPad2d { padding: sides(1, 2, 0, 1) }.into(),
        Scalar { operation: ScalarOperation::Add, value: 0.5 }.into(),
        Scalar { operation: ScalarOperation::Sub, value: 0.5 }.into(),
        Scalar { operation: ScalarOperation::Mul, value: 2.5 }.into(),
        Scalar { operation: ScalarOperation::Div, value: 3.0 }.into(),
        Linear { out_features: 6, bias: true }.into(),
    ]);
    all
}

/// Pieces that a map goes through, and comes out as one.
const PIECES: usize = 33;

fn piece(builder: &mut Builder, which: usize) {
    let relu6 = Kind::ReLU6.layer();
    match which {
        0 => drop(builder.conv_bn(conv(8, 3, 1), Some(Kind::ReLU.layer()))),
        1 => drop(builder.conv_bn(conv(6, 3, 2), Some(Kind::ReLU.layer()))),
        2 => {
            builder.conv_bn(depthwise(3, 1), Some(Kind::ReLU.layer()));
            builder.conv_bn(conv(8, 1, 1), Some(Kind::ReLU.layer()));
        }
        3 => {
            builder.conv_bn(depthwise(3, 2), Some(Kind::ReLU.layer()));
            builder.conv_bn(conv(8, 1, 1), Some(Kind::ReLU.layer()));
        }
        4 => builder.inverted(3, builder.channels(), 1, &relu6, false),
        5 => builder.inverted(3, 6, 2, &relu6, false),
        6 => builder.inverted(4, 8, 1, &Kind::SiLU.layer(), true),
        7 => builder.inverted(2, 6, 2, &Kind::Hardswish.layer(), true),
        8 => builder.residual(builder.channels(), 1),
        9 => builder.residual(8, 2),
        10 => builder.bottleneck(4, 12),
        11 => builder.fire(4, 6),
        12 => drop(builder.next(max(2, 2, 0))),
        13 => drop(builder.next(max(3, 2, 1))),
        14 => drop(builder.next(average(2, 2, 0))),
        15 => builder.u(6, true),
        16 => builder.u(6, false),
        17 => drop(builder.next(Conv2d { bias: true, ..conv(8, 3, 1) })),
        18 => drop(builder.next(conv(4, 1, 1))),
        19 => {
            let half = builder.channels() / 2;
            let above = builder.last();
            let one = builder.push(Slice { start: 0, end: Some(half), dim: 1 }, &[above]);
            let other = builder.push(Slice { start: half, end: None, dim: 1 }, &[above]);
            builder.push(conv(half, 3, 1), &[other]);
            let other = builder.next(Kind::ReLU.layer());
            builder.push(Cat::default(), &[one, other]);
            builder.next(ChannelShuffle { groups: 2 });
        }
        20 => drop(builder.next(BatchNorm2d::default())),
        21 => drop(builder.next(Kind::ReLU.layer())),
        22 => drop(builder.next(Kind::Hardswish.layer())),
        23 => drop(builder.next(Kind::SiLU.layer())),
        24 => drop(builder.next(Kind::Sigmoid.layer())),
        25 => drop(builder.next(up(UpsampleMode::Nearest))),
        26 => drop(builder.next(up(UpsampleMode::Bilinear))),
        27 => {
            builder.next(ConvTranspose2d {
                out_channels: Channels::Count(4),
                kernel_size: Pair::square(3),
                stride: Pair::square(2),
                padding: Pair::square(1),
                output_padding: Pair::square(1),
                ..ConvTranspose2d::default()
            });
        }
        28 => builder.squeeze(2, Kind::ReLU.layer(), Kind::Hardsigmoid.layer()),
        29 => drop(builder.next(PReLU { num_parameters: Channels::TimesInput(1) })),
        30 => drop(builder.next(Kind::LeakyReLU.layer())),
        31 => {
            let above = builder.last();
            builder.next(conv(builder.channels(), 3, 1));
            let body = builder.last();
            builder.push(Add {}, &[body, above]);
        }
        _ => {
            let above = builder.last();
            builder.conv_bn(conv(6, 3, 1), Some(Kind::ReLU.layer()));
            let body = builder.last();
            builder.push(Cat::default(), &[above, body]);
        }
    }
}

const HEADS: usize = 6;

fn head(builder: &mut Builder, which: usize) {
    match which {
        0 => {}
        1 => builder.pooled_head(10),
        2 => {
            builder.next(Flatten::default());
            builder.next(linear(10));
        }
        3 => {
            builder.next(Flatten::default());
            builder.next(linear(12));
            builder.next(Kind::ReLU.layer());
            builder.next(Dropout::default());
            builder.next(linear(5));
            builder.next(Softmax { dim: Some(1) });
        }
        4 => {
            builder.next(Mean { dim: vec![2, 3], keepdim: false });
            builder.next(linear(7));
            builder.next(Kind::Sigmoid.layer());
        }
        _ => {
            builder.next(conv(5, 1, 1));
            builder.next(AdaptiveAvgPool2d::default());
            builder.next(Flatten::default());
        }
    }
}

fn lines() -> Vec<Network> {
    let conv1 = |out, kernel_size, stride, padding| Conv1d {
        out_channels: Channels::Count(out),
        kernel_size,
        stride,
        padding: LinePadding::Explicit(padding),
        ..Conv1d::default()
    };
    let of = |layers: Vec<Layer>| {
        let mut builder = Builder::new(&[3, 32]);
        for layer in layers {
            builder.next(layer);
        }
        builder.network
    };
    let relu = || Kind::ReLU.layer();
    let norm = || BatchNorm1d::default().into();
    vec![
        of(vec![conv1(8, 3, 1, 1).into()]),
        of(vec![conv1(8, 3, 2, 1).into(), relu()]),
        of(vec![conv1(8, 5, 1, 2).into(), norm(), relu(), MaxPool1d::default().into(), conv1(4, 3, 1, 1).into()]),
        of(vec![
            conv1(8, 3, 1, 1).into(),
            relu(),
            AdaptiveAvgPool1d::default().into(),
            Flatten::default().into(),
            linear(4).into(),
        ]),
        of(vec![conv1(8, 3, 1, 0).into(), relu(), Flatten::default().into(), linear(4).into()]),
        of(vec![conv1(4, 3, 1, 1).into(), AvgPool1d::default().into(), Kind::Tanh.layer()]),
        of(vec![conv1(4, 3, 1, 1).into(), AdaptiveMaxPool1d::default().into()]),
        of(vec![
            conv1(4, 3, 1, 1).into(),
            Conv1d { groups: Groups::InputChannels, out_channels: Channels::TimesInput(1), ..conv1(1, 3, 1, 1) }.into(),
            relu(),
        ]),
        of(vec![
            conv1(4, 3, 1, 1).into(),
            ConvTranspose1d {
                out_channels: Channels::Count(4),
                kernel_size: 2,
                stride: 2,
                ..ConvTranspose1d::default()
            }
            .into(),
        ]),
        of(vec![
            conv1(6, 3, 1, 1).into(),
            norm(),
            relu(),
            conv1(6, 3, 1, 1).into(),
            norm(),
            relu(),
            MaxPool1d { kernel_size: 3, stride: Some(2), padding: 1, ..MaxPool1d::default() }.into(),
        ]),
    ]
}

fn features() -> Vec<Network> {
    let of = |layers: Vec<Layer>| {
        let mut builder = Builder::new(&[24]);
        for layer in layers {
            builder.next(layer);
        }
        builder.network
    };
    let mut all = vec![
        of(vec![linear(8).into()]),
        of(vec![linear(16).into(), BatchNorm1d::default().into(), Kind::ReLU.layer(), linear(4).into()]),
        of(vec![linear(16).into(), Kind::ReLU.layer(), linear(16).into(), Kind::ReLU.layer(), linear(24).into()]),
        of(vec![
            Linear { out_features: 8, bias: false }.into(),
            Kind::Tanh.layer(),
            linear(4).into(),
            Softmax { dim: Some(1) }.into(),
        ]),
        of(vec![linear(8).into(), LayerNorm::default().into(), linear(4).into()]),
        of(vec![linear(8).into(), PReLU::default().into()]),
    ];
    for kind in ACTIVATIONS {
        all.push(of(vec![linear(12).into(), kind.layer(), linear(4).into()]));
    }
    all
}

fn networks() -> Vec<(String, Network)> {
    let mut all: Vec<(String, Network)> = Vec::new();
    let mut add = |name: String, network: Network| {
        let shapes = convscope::shape::infer(&network, &network.wiring(), 1);
        if shapes.nodes.iter().all(|shape| shape.dims().is_some()) {
            all.push((name, network));
        }
    };
    for layer in layers() {
        for (where_, side) in [("first", 8_u64), ("behind conv", 16), ("behind relu", 9)] {
            let channels = if where_ == "first" { 8 } else { 3 };
            let mut builder = Builder::new(&[channels, side, side]);
            if where_ != "first" {
                builder.next(conv(8, 3, 1));
            }
            if where_ == "behind relu" {
                builder.next(Kind::ReLU.layer());
            }
            builder.next(layer.clone());
            if where_ == "behind relu" && builder.channels() > 1 {
                builder.next(conv(4, 1, 1));
            }
            add(format!("{} {where_}", layer.kind().class()), builder.network);
        }
    }
    let mut random = Random(20);
    for first in 0..PIECES {
        for second in 0..PIECES {
            // A third of all pairs, each piece before and behind each sort.
            if (first + 2 * second) % 3 != 0 {
                continue;
            }
            let (height, width) = (*random.of(&[8_u64, 9, 12, 16]), *random.of(&[8_u64, 11, 12, 16]));
            let mut builder = Builder::new(&[3, height, width]);
            builder.conv_bn(conv(*random.of(&[4, 6, 8]), 3, 1), Some(Kind::ReLU.layer()));
            piece(&mut builder, first);
            piece(&mut builder, second);
            let which = random.below(HEADS as u64) as usize;
            head(&mut builder, which);
            add(format!("pair {first} {second} head {which}"), builder.network);
        }
    }
    random_networks(&mut random, 200, "network", &mut add);
    for (number, network) in lines().into_iter().enumerate() {
        add(format!("lines {number}"), network);
    }
    for (number, network) in features().into_iter().enumerate() {
        add(format!("features {number}"), network);
    }
    all
}

/// Small networks of pieces.
fn random_networks(random: &mut Random, count: usize, name: &str, add: &mut impl FnMut(String, Network)) {
    for number in 0..count {
        let side = *random.of(&[16_u64, 20, 24, 32, 33]);
        let channels = *random.of(&[1, 3]);
        let mut builder = Builder::new(&[channels, side, side]);
        let stride = *random.of(&[1, 2]);
        builder.conv_bn(conv(*random.of(&[4, 8, 12]), 3, stride), Some(Kind::ReLU.layer()));
        let length = 2 + random.below(5) as usize;
        let mut pieces = Vec::new();
        for _ in 0..length {
            let which = random.below(PIECES as u64) as usize;
            pieces.push(which);
            piece(&mut builder, which);
        }
        let which = 1 + random.below(HEADS as u64 - 1) as usize;
        head(&mut builder, which);
        add(format!("{name} {number} {pieces:?} head {which}"), builder.network);
    }
}

/// Drawn once the rules stood as they are.
fn fresh() -> Vec<(String, Network)> {
    let mut all = Vec::new();
    random_networks(&mut Random(2026), 150, "fresh", &mut |name, network| all.push((name, network)));
    all
}

fn main() {
    let halves = ["tuning", "held out"];
    let named = networks().into_iter().enumerate().map(|(number, named)| (halves[number % 2], named));
    for (half, (name, network)) in named.chain(fresh().into_iter().map(|named| ("fresh", named))) {
        let written = keras::export(&network);
        let line = serde_json::json!({
            "name": name,
            "half": half,
            "network": share_link::encode_design(&network),
            "torch": export_module(&network),
            "keras": written.as_ref().ok(),
            "keras_problem": written.as_ref().err().map(ToString::to_string),
        });
        println!("{line}");
    }
}
