//! torchvision's table, MLPerf Tiny, ST's model cards, Keras.

use super::subject::Subject;
use super::{List, Unit, published};

const PARAMS: &str = "params";

/// The metadata of torchvision 0.24's weights: parameters, and `_ops`, which is in billions of multiply-accumulates.
pub(super) fn torchvision(list: &mut List) {
    list.source("torchvision, metadata of the weights");
    for (name, id, width, params, macs) in [
        ("AlexNet", "alexnet", None, "61100840", "0.714"),
        ("SqueezeNet 1.1", "squeezenet1_1", None, "1235496", "0.349"),
        ("ShuffleNetV2 x0.5", "shufflenet_v2", Some(0.5), "1366792", "0.040"),
        ("ShuffleNetV2 x1.0", "shufflenet_v2", Some(1.0), "2278604", "0.145"),
        ("ShuffleNetV2 x1.5", "shufflenet_v2", Some(1.5), "3503624", "0.296"),
        ("ShuffleNetV2 x2.0", "shufflenet_v2", Some(2.0), "7393996", "0.583"),
        ("MobileNetV2", "mobilenet_v2", None, "3504872", "0.301"),
        ("MobileNetV3-small", "mobilenet_v3_small", None, "2542856", "0.057"),
        ("EfficientNet-B0", "efficientnet_b0", None, "5288548", "0.386"),
        ("ResNet-18", "resnet18", None, "11689512", "1.814"),
        ("ResNet-50", "resnet50", None, "25557032", "4.089"),
        ("VGG-11", "vgg11", None, "132863336", "7.609"),
        ("VGG-16", "vgg16", None, "138357544", "15.47"),
        ("GoogLeNet", "googlenet", None, "6624904", "1.498"),
        ("DenseNet-121", "densenet121", None, "7978856", "2.834"),
    ] {
        let subject = Subject::scaled(id, |scale| scale.width = width.unwrap_or(scale.width));
        list.check(name, published(PARAMS, params, Unit::Ones), subject.params());
        list.check(name, published("\"GFLOPS\", which are GMACs", macs, Unit::Billions), subject.macs());
    }
}

/// The docstrings of SiliconLabs' MLTK: multiply-accumulates of each model, and parameters with batch norms folded.
pub(super) fn mlperf_tiny(list: &mut List) {
    list.source("SiliconLabs/mltk, models/tinyml");
    for (name, id, macs, params) in [
        ("IC ResNet-8", "mlperf_tiny_ic", "12501632", "77706"),
        ("VWW MobileNetV1 0.25", "mlperf_tiny_vww", "7489664", "208114"),
        ("KWS DS-CNN", "mlperf_tiny_kws", "2656768", "22604"),
        ("AD autoencoder", "mlperf_tiny_ad", "264192", "265864"),
    ] {
        let subject = Subject::preset(id);
        list.check(name, published("MACs", macs, Unit::Ones), subject.macs());
        list.check(name, published("params without batch norms", params, Unit::Ones), subject.params_without_norms());
    }
    let vww = Subject::preset("mlperf_tiny_vww");
    list.check("VWW MobileNetV1 0.25", published(PARAMS, "213586", Unit::Ones), vww.params());
}

/// The column "weights flash" of ST's cards (stm32ai-modelzoo at 6f10965e, SqueezeNet at 7f3764d5): int8 weights and
/// int32 biases, batch norms folded.
pub(super) fn flash(list: &mut List) {
    list.source("STMicroelectronics/stm32ai-modelzoo, image_classification");
    for (name, id, width, resolution, classes, flash) in [
        ("MobileNetV1 0.25, 224, 1000 classes", "mobilenet_v1", 0.25, 224, 1000, "467.33"),
        ("MobileNetV1 0.5, 224, 1000 classes", "mobilenet_v1", 0.5, 224, 1000, "1314"),
        ("MobileNetV1 1.0, 224, 1000 classes", "mobilenet_v1", 1.0, 224, 1000, "4157.09"),
        ("MobileNetV1 0.25, 224, 5 classes", "mobilenet_v1", 0.25, 224, 5, "214.69"),
        ("MobileNetV1 0.25, 96, 5 classes", "mobilenet_v1", 0.25, 96, 5, "214.69"),
        ("MobileNetV2 0.35, 224, 1000 classes", "mobilenet_v2", 0.35, 224, 1000, "1654.5"),
        ("MobileNetV2 1.0, 224, 1000 classes", "mobilenet_v2", 1.0, 224, 1000, "3458.97"),
        ("ResNet-8, 32, 10 classes", "mlperf_tiny_ic", 1.0, 32, 10, "76.9"),
        ("SqueezeNet 1.1, 128, 5 classes", "squeezenet1_1", 1.0, 128, 5, "716.71"),
    ] {
        let subject = Subject::scaled(id, |scale| {
            scale.width = width;
            scale.resolution = resolution;
            scale.classes = classes;
        });
        list.check(name, published("weights in flash, int8", flash, Unit::Kibibytes), subject.int8_flash());
    }
}

/// keras.io/api/applications: running means and variances count as parameters.
pub(super) fn keras(list: &mut List) {
    list.source("keras.io/api/applications");
    for (name, id, params) in [("MobileNet", "mobilenet_v1", "4253864"), ("MobileNetV2", "mobilenet_v2", "3538984")] {
        let subject = Subject::preset(id);
        let quantity = "params with running statistics";
        list.check(name, published(quantity, params, Unit::Ones), subject.params_with_statistics());
    }
}
