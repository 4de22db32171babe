//! MobileNetV1's tables, MobileNetV2's list, and what is known to be wrong.

use super::subject::{Part, Subject};
use super::{List, Unit, published};
use crate::model::presets::{conv, depthwise};
use crate::model::{Dims, Layer, Network};

const MULT_ADDS: &str = "mult-adds";
const PARAMS: &str = "params";

/// arXiv 1704.04861. It leaves batch norms out of its parameters.
pub(super) fn mobilenet_v1(list: &mut List) {
    let millions = |quantity, text| published(quantity, text, Unit::Millions);
    let percent = |quantity, text| published(quantity, text, Unit::Percent);

    list.source("arXiv 1704.04861, table 2");
    let whole = Subject::preset("mobilenet_v1");
    for (subject, part, macs, params) in [
        ("Conv 1x1", Part::Pointwise, "94.86", "74.59"),
        ("Conv DW 3x3", Part::Depthwise, "3.06", "1.06"),
        ("Fully connected", Part::Product, "0.18", "24.33"),
    ] {
        list.check(subject, percent("share of mult-adds", macs), whole.share_of_macs(part));
        list.check(subject, percent("share of params", params), whole.share_of_weights(part));
    }
    let share = whole.share_of_weights(Part::Convolution);
    list.check("Conv 3x3", percent("share of params", "0.02"), share);

    list.source("arXiv 1704.04861, table 3");
    for (subject, channels, size, separable, macs, params) in [
        ("Convolution 3x3, 512 to 512, 14 x 14", 512, 14, false, "462", "2.36"),
        ("Depthwise separable", 512, 14, true, "52.3", "0.27"),
        ("Width 0.75", 384, 14, true, "29.6", "0.15"),
        ("Resolution 0.714", 384, 10, true, "15.1", "0.15"),
    ] {
        let block = block(channels, size, separable);
        list.check(subject, millions(MULT_ADDS, macs), block.macs());
        list.check(subject, millions(PARAMS, params), block.params());
    }

    list.source("arXiv 1704.04861, table 4");
    let full = Subject::preset("mobilenet_v1_conv");
    list.check("Conv MobileNet, without its last layer", millions(MULT_ADDS, "4866"), full.macs_without_product());
    list.check("Conv MobileNet", millions(PARAMS, "29.3"), full.params_without_norms());
    list.check("MobileNet", millions(MULT_ADDS, "569"), whole.macs());
    list.check("MobileNet", millions(PARAMS, "4.2"), whole.params_without_norms());

    list.source("arXiv 1704.04861, table 5");
    let shallow = Subject::preset("mobilenet_v1_shallow");
    list.check("Shallow MobileNet", millions(MULT_ADDS, "307"), shallow.macs());
    list.check("Shallow MobileNet", millions(PARAMS, "2.9"), shallow.params_without_norms());

    for (source, rows) in [
        (
            "arXiv 1704.04861, table 6",
            &[(1.0, 224, "569", "4.2"), (0.75, 224, "325", "2.6"), (0.5, 224, "149", "1.3"), (0.25, 224, "41", "0.5")]
                [..],
        ),
        (
            "arXiv 1704.04861, table 7",
            &[(1.0, 224, "569", "4.2"), (1.0, 192, "418", "4.2"), (1.0, 160, "290", "4.2"), (1.0, 128, "186", "4.2")],
        ),
        ("arXiv 1704.04861, table 9", &[(0.5, 160, "76", "1.32")]),
    ] {
        list.source(source);
        for &(width, resolution, macs, params) in rows {
            let subject = Subject::scaled("mobilenet_v1", |scale| {
                scale.width = width;
                scale.resolution = resolution;
            });
            let name = format!("MobileNet {width}, {resolution} x {resolution}");
            list.check(&name, millions(MULT_ADDS, macs), subject.macs());
            list.check(&name, millions(PARAMS, params), subject.params_without_norms());
        }
    }

    list.source("github.com/osmr/imgclsmob, table of models");
    for (width, params) in [(0.25, "470072"), (0.5, "1331592"), (0.75, "2585560"), (1.0, "4231976")] {
        let subject = Subject::scaled("mobilenet_v1", |scale| scale.width = width);
        list.check(&format!("MobileNet x{width}"), published(PARAMS, params, Unit::Ones), subject.params());
    }
}

fn block(channels: u64, size: u64, separable: bool) -> Subject {
    let layers: Vec<Layer> = if separable {
        vec![depthwise(3).pad(1).without_bias().into(), conv(channels, 1).without_bias().into()]
    } else {
        vec![conv(channels, 3).pad(1).without_bias().into()]
    };
    let input = Dims::new(&[channels, size, size]).unwrap_or_default();
    Subject::new(Network::chain_of("block", input, layers))
}

/// github.com/tensorflow/models, research/slim/nets/mobilenet/README.md. It leaves batch norms out.
pub(super) fn mobilenet_v2(list: &mut List) {
    list.source("tensorflow/models, slim/nets/mobilenet/README.md");
    for (width, resolution, macs, params) in [
        (1.4, 224, "582", "6.06"),
        (1.3, 224, "509", "5.34"),
        (1.0, 224, "300", "3.47"),
        (1.0, 192, "221", "3.47"),
        (1.0, 160, "154", "3.47"),
        (1.0, 128, "99", "3.47"),
        (1.0, 96, "56", "3.47"),
        (0.75, 224, "209", "2.61"),
        (0.5, 224, "97", "1.95"),
        (0.35, 224, "59", "1.66"),
    ] {
        let subject = Subject::scaled("mobilenet_v2", |scale| {
            scale.width = width;
            scale.resolution = resolution;
        });
        let name = format!("MobileNetV2 {width}, {resolution} x {resolution}");
        list.check(&name, published(MULT_ADDS, macs, Unit::Millions), subject.macs());
        list.check(&name, published(PARAMS, params, Unit::Millions), subject.params_without_norms());
    }
}

/// Published figures that a right count does not meet.
pub(super) fn errata(list: &mut List) {
    let millions = |text| published(MULT_ADDS, text, Unit::Millions);
    let whole = Subject::preset("mobilenet_v1");
    list.source("arXiv 1704.04861, table 2");
    let share = whole.share_of_macs(Part::Convolution);
    let reason = "a slip: with 1.91 the column adds up to 100";
    list.erratum("Conv 3x3", published("share of mult-adds", "1.19", Unit::Percent), share, reason);
    list.source("arXiv 1704.04861, table 4");
    let full = Subject::preset("mobilenet_v1_conv");
    list.erratum("Conv MobileNet", millions("4866"), full.macs(), "without the last layer, which the other rows count");
    list.source("tensorflow/models, slim/nets/mobilenet_v1.md");
    let mobilenet = |width: f64, resolution: u64| {
        Subject::scaled("mobilenet_v1", |scale| {
            scale.width = width;
            scale.resolution = resolution;
        })
    };
    let reason = "the paper itself has 325";
    list.erratum("MobileNet 0.75, 224 x 224", millions("317"), mobilenet(0.75, 224).macs(), reason);
    let reason = "does not follow from the resolution: 41 at 224";
    list.erratum("MobileNet 0.25, 192 x 192", millions("34"), mobilenet(0.25, 192).macs(), reason);
    list.source("Keras, docstring of MobileNet");
    list.erratum(
        "MobileNet",
        millions("529"),
        whole.macs(),
        "the paper has 569; the docstring repeats 529 for all sizes",
    );
}
