//! Networks that are known by name, as short builders.
//!
//! Names of layers are torchvision's where it has the network, so that they can be laid beside it row by row.

mod classic;
mod mobile;
mod residual;
mod sketch;
mod tiny;

pub use mobile::MobileNetV1;
pub use residual::ResNet;
pub use sketch::{Sketch, conv, depthwise, divisible_by_8, linear, max_pool};
pub use tiny::{DsCnn, seed_separable, seed_standard};

use super::Network;

/// A network known by name.
pub struct Preset {
    /// Stable, for links: `mobilenet_v1`.
    pub id: &'static str,
    /// As its paper or library writes it.
    pub title: &'static str,
    /// One line: what it is for.
    pub description: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// In lists.
    pub group: Group,
    /// Multipliers of the channels that were published, the default first; empty where it has none.
    pub widths: &'static [f64],
    /// Sizes of the square input that were published, the default first; empty where it is fixed.
    pub resolutions: &'static [u64],
    /// Outputs as published; 0 where they are no classes.
    pub classes: u64,
    build: fn(Scale) -> Network,
}

/// Under which heading a preset stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Group {
    Seed,
    Tiny,
    Mobile,
    Classic,
}

/// The size of a preset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Multiplies the channels.
    pub width: f64,
    /// Height and width of the input.
    pub resolution: u64,
    /// Outputs of the last layer; without meaning where a preset has no classes.
    pub classes: u64,
}

impl Preset {
    /// As it was published.
    pub fn scale(&self) -> Scale {
        Scale {
            width: self.widths.first().copied().unwrap_or(1.0),
            resolution: self.resolutions.first().copied().unwrap_or(1),
            classes: self.classes,
        }
    }

    /// The network at a size; what the preset does not scale by is left as it was published.
    pub fn build(&self, scale: Scale) -> Network {
        let own = self.scale();
        let width = if self.widths.is_empty() { own.width } else { scale.width };
        let resolution = if self.resolutions.is_empty() { own.resolution } else { scale.resolution };
        (self.build)(Scale { width, resolution, classes: scale.classes })
    }

    /// The network as it was published.
    pub fn network(&self) -> Network {
        self.build(self.scale())
    }
}

impl Group {
    /// In the order of lists.
    pub const ALL: &'static [Self] = &[Self::Seed, Self::Tiny, Self::Mobile, Self::Classic];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Seed => "The question's pair",
            Self::Tiny => "For microcontrollers",
            Self::Mobile => "For phones",
            Self::Classic => "Classics",
        }
    }
}

/// All presets, in the order of a menu.
pub fn all() -> &'static [Preset] {
    PRESETS
}

/// The preset of an id.
pub fn find(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

const ONE: &[f64] = &[];
const IMAGENET: u64 = 1000;

const PRESETS: &[Preset] = &[
    Preset {
        id: "seed_standard",
        title: "Seed, standard",
        description: "Three convolutions and two matrix products: the net of the question",
        source: "discuss.pytorch.org/t/65649",
        group: Group::Seed,
        widths: ONE,
        resolutions: &[],
        classes: 3,
        build: |_| seed_standard(),
    },
    Preset {
        id: "seed_separable",
        title: "Seed, separable",
        description: "The same with depthwise separable convolutions",
        source: "discuss.pytorch.org/t/65649",
        group: Group::Seed,
        widths: ONE,
        resolutions: &[],
        classes: 3,
        build: |_| seed_separable(),
    },
    Preset {
        id: "lenet5",
        title: "LeNet-5",
        description: "Reads handwritten digits; the first of its kind",
        source: "LeCun et al., Gradient-based learning applied to document recognition, 1998",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[32],
        classes: 10,
        build: tiny::lenet5,
    },
    Preset {
        id: "mlperf_tiny_ic",
        title: "ResNet-8",
        description: "MLPerf Tiny: image classification on CIFAR-10",
        source: "github.com/mlcommons/tiny",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[32],
        classes: 10,
        build: tiny::resnet8,
    },
    Preset {
        id: "mlperf_tiny_vww",
        title: "MobileNetV1 0.25, 96 x 96",
        description: "MLPerf Tiny: visual wake words, is a person in the picture",
        source: "github.com/mlcommons/tiny",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[96],
        classes: 2,
        build: |scale| MobileNetV1::Separable.network("VWW", Scale { width: 0.25, ..scale }),
    },
    Preset {
        id: "mlperf_tiny_kws",
        title: "DS-CNN S",
        description: "MLPerf Tiny: keyword spotting; the small one of Hello Edge",
        source: "arXiv 1711.07128; github.com/mlcommons/tiny",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[],
        classes: 12,
        build: |scale| DsCnn::SMALL.network("DS-CNN S", scale.classes),
    },
    Preset {
        id: "ds_cnn_m",
        title: "DS-CNN M",
        description: "Keyword spotting, the medium one of Hello Edge",
        source: "arXiv 1711.07128",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[],
        classes: 12,
        build: |scale| DsCnn::MEDIUM.network("DS-CNN M", scale.classes),
    },
    Preset {
        id: "ds_cnn_l",
        title: "DS-CNN L",
        description: "Keyword spotting, the large one of Hello Edge",
        source: "arXiv 1711.07128",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[],
        classes: 12,
        build: |scale| DsCnn::LARGE.network("DS-CNN L", scale.classes),
    },
    Preset {
        id: "m5",
        title: "M5",
        description: "Keyword spotting on the waveform itself: convolutions over one dimension",
        source: "arXiv 1610.00087, as PyTorch's tutorial on speech commands builds it",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[],
        classes: 35,
        build: tiny::m5,
    },
    Preset {
        id: "mlperf_tiny_ad",
        title: "Deep autoencoder",
        description: "MLPerf Tiny: hears when a machine is about to fail",
        source: "github.com/mlcommons/tiny",
        group: Group::Tiny,
        widths: ONE,
        resolutions: &[],
        classes: 0,
        build: |_| tiny::autoencoder(),
    },
    Preset {
        id: "mobilenet_v1",
        title: "MobileNetV1",
        description: "Depthwise separable all the way, with two dials: width and resolution",
        source: "arXiv 1704.04861",
        group: Group::Mobile,
        widths: &[1.0, 0.75, 0.5, 0.25],
        resolutions: &[224, 192, 160, 128],
        classes: IMAGENET,
        build: |scale| MobileNetV1::Separable.network("MobileNetV1", scale),
    },
    Preset {
        id: "mobilenet_v1_conv",
        title: "Conv-MobileNet",
        description: "MobileNetV1 with full convolutions instead of separable ones (table 4)",
        source: "arXiv 1704.04861",
        group: Group::Mobile,
        widths: &[1.0, 0.75, 0.5, 0.25],
        resolutions: &[224, 192, 160, 128],
        classes: IMAGENET,
        build: |scale| MobileNetV1::Conv.network("Conv-MobileNet", scale),
    },
    Preset {
        id: "mobilenet_v1_shallow",
        title: "Shallow MobileNet",
        description: "MobileNetV1 without five of its blocks (table 5)",
        source: "arXiv 1704.04861",
        group: Group::Mobile,
        widths: &[1.0, 0.75, 0.5, 0.25],
        resolutions: &[224, 192, 160, 128],
        classes: IMAGENET,
        build: |scale| MobileNetV1::Shallow.network("Shallow MobileNet", scale),
    },
    Preset {
        id: "mobilenet_v2",
        title: "MobileNetV2",
        description: "Inverted residuals: wide inside, narrow between",
        source: "arXiv 1801.04381; torchvision",
        group: Group::Mobile,
        widths: &[1.0, 1.4, 1.3, 0.75, 0.5, 0.35],
        resolutions: &[224, 192, 160, 128, 96],
        classes: IMAGENET,
        build: mobile::mobilenet_v2,
    },
    Preset {
        id: "mobilenet_v3_small",
        title: "MobileNetV3-small",
        description: "Found by search, with squeeze-and-excite and Hardswish",
        source: "arXiv 1905.02244; torchvision",
        group: Group::Mobile,
        widths: &[1.0, 0.75],
        resolutions: &[224],
        classes: IMAGENET,
        build: mobile::mobilenet_v3_small,
    },
    Preset {
        id: "efficientnet_b0",
        title: "EfficientNet-B0",
        description: "The base that depth, width and resolution are scaled from together",
        source: "arXiv 1905.11946; torchvision",
        group: Group::Mobile,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: mobile::efficientnet_b0,
    },
    Preset {
        id: "shufflenet_v2",
        title: "ShuffleNetV2",
        description: "Splits, filters and shuffles channels: built for speed, not for few MACs",
        source: "arXiv 1807.11164; torchvision",
        group: Group::Mobile,
        widths: &[1.0, 0.5, 1.5, 2.0],
        resolutions: &[224],
        classes: IMAGENET,
        build: mobile::shufflenet_v2,
    },
    Preset {
        id: "squeezenet1_1",
        title: "SqueezeNet 1.1",
        description: "AlexNet's accuracy with 50 times fewer parameters",
        source: "arXiv 1602.07360; torchvision",
        group: Group::Mobile,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: classic::squeezenet1_1,
    },
    Preset {
        id: "alexnet",
        title: "AlexNet",
        description: "96 % of its parameters are in three matrix products",
        source: "arXiv 1404.5997; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: classic::alexnet,
    },
    Preset {
        id: "vgg11",
        title: "VGG-11",
        description: "Nothing but 3x3 convolutions and pools",
        source: "arXiv 1409.1556; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| classic::vgg("VGG-11", classic::VGG11, false, scale),
    },
    Preset {
        id: "vgg11_bn",
        title: "VGG-11 with batch norm",
        description: "VGG-11 with a batch norm behind each convolution",
        source: "arXiv 1409.1556; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| classic::vgg("VGG-11 BN", classic::VGG11, true, scale),
    },
    Preset {
        id: "vgg16",
        title: "VGG-16",
        description: "138 million parameters, 15 billion multiply-accumulates",
        source: "arXiv 1409.1556; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| classic::vgg("VGG-16", classic::VGG16, false, scale),
    },
    Preset {
        id: "vgg16_bn",
        title: "VGG-16 with batch norm",
        description: "VGG-16 with a batch norm behind each convolution",
        source: "arXiv 1409.1556; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| classic::vgg("VGG-16 BN", classic::VGG16, true, scale),
    },
    Preset {
        id: "googlenet",
        title: "GoogLeNet",
        description: "Inception: four branches side by side (without the auxiliary classifiers)",
        source: "arXiv 1409.4842; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: classic::googlenet,
    },
    Preset {
        id: "resnet18",
        title: "ResNet-18",
        description: "Residual blocks of two 3x3 convolutions",
        source: "arXiv 1512.03385; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| ResNet::RESNET18.network("ResNet-18", scale),
    },
    Preset {
        id: "resnet50",
        title: "ResNet-50",
        description: "Residual blocks with a bottleneck",
        source: "arXiv 1512.03385; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: |scale| ResNet::RESNET50.network("ResNet-50", scale),
    },
    Preset {
        id: "densenet121",
        title: "DenseNet-121",
        description: "Every layer takes all that came before in its block",
        source: "arXiv 1608.06993; torchvision",
        group: Group::Classic,
        widths: ONE,
        resolutions: &[224],
        classes: IMAGENET,
        build: residual::densenet121,
    },
];
