//! AlexNet, VGG, SqueezeNet and GoogLeNet as torchvision has them.

use super::Scale;
use super::sketch::{Sketch, adaptive_average_pool, conv, dropout, linear, max_pool, relu};
use crate::model::{BatchNorm2d, Network, Source};

/// The single-column form of arXiv 1404.5997.
pub(super) fn alexnet(scale: Scale) -> Network {
    let mut sketch = Sketch::new("AlexNet", &[3, scale.resolution, scale.resolution]);
    sketch.add("features.0", conv(64, 11).stride(4).pad(2));
    sketch.add("features.1", relu());
    sketch.add("features.2", max_pool(3, 2, 0, false));
    sketch.add("features.3", conv(192, 5).pad(2));
    sketch.add("features.4", relu());
    sketch.add("features.5", max_pool(3, 2, 0, false));
    for (index, channels) in [(6, 384), (8, 256), (10, 256)] {
        sketch.add(&format!("features.{index}"), conv(channels, 3).pad(1));
        sketch.add(&format!("features.{}", index + 1), relu());
    }
    sketch.add("features.12", max_pool(3, 2, 0, false));
    sketch.add("avgpool", adaptive_average_pool(6));
    sketch.flatten();
    sketch.add("classifier.0", dropout(0.5));
    sketch.add("classifier.1", linear(4096));
    sketch.add("classifier.2", relu());
    sketch.add("classifier.3", dropout(0.5));
    sketch.add("classifier.4", linear(4096));
    sketch.add("classifier.5", relu());
    sketch.add("classifier.6", linear(scale.classes));
    sketch.finish()
}

/// arXiv 1409.1556: convolutions between pools, each list one stage.
pub(super) fn vgg(name: &str, stages: &[&[u64]], batch_norm: bool, scale: Scale) -> Network {
    let mut sketch = Sketch::new(name, &[3, scale.resolution, scale.resolution]);
    let mut index = 0;
    let mut next = || {
        index += 1;
        format!("features.{}", index - 1)
    };
    for stage in stages {
        for &channels in *stage {
            sketch.add(&next(), conv(channels, 3).pad(1));
            if batch_norm {
                sketch.add(&next(), BatchNorm2d::default());
            }
            sketch.add(&next(), relu());
        }
        sketch.add(&next(), max_pool(2, 2, 0, false));
    }
    sketch.add("avgpool", adaptive_average_pool(7));
    sketch.flatten();
    sketch.add("classifier.0", linear(4096));
    sketch.add("classifier.1", relu());
    sketch.add("classifier.2", dropout(0.5));
    sketch.add("classifier.3", linear(4096));
    sketch.add("classifier.4", relu());
    sketch.add("classifier.5", dropout(0.5));
    sketch.add("classifier.6", linear(scale.classes));
    sketch.finish()
}

pub(super) const VGG11: &[&[u64]] = &[&[64], &[128], &[256, 256], &[512, 512], &[512, 512]];
pub(super) const VGG16: &[&[u64]] = &[&[64, 64], &[128, 128], &[256, 256, 256], &[512, 512, 512], &[512, 512, 512]];

/// arXiv 1602.07360, version 1.1 (github.com/forresti/SqueezeNet).
pub(super) fn squeezenet1_1(scale: Scale) -> Network {
    let mut sketch = Sketch::new("SqueezeNet 1.1", &[3, scale.resolution, scale.resolution]);
    sketch.add("features.0", conv(64, 3).stride(2));
    sketch.add("features.1", relu());
    sketch.add("features.2", max_pool(3, 2, 0, true));
    fire(&mut sketch, "features.3", 16, 64);
    fire(&mut sketch, "features.4", 16, 64);
    sketch.add("features.5", max_pool(3, 2, 0, true));
    fire(&mut sketch, "features.6", 32, 128);
    fire(&mut sketch, "features.7", 32, 128);
    sketch.add("features.8", max_pool(3, 2, 0, true));
    fire(&mut sketch, "features.9", 48, 192);
    fire(&mut sketch, "features.10", 48, 192);
    fire(&mut sketch, "features.11", 64, 256);
    fire(&mut sketch, "features.12", 64, 256);
    sketch.add("classifier.0", dropout(0.5));
    sketch.add("classifier.1", conv(scale.classes, 1));
    sketch.add("classifier.2", relu());
    sketch.add("classifier.3", adaptive_average_pool(1));
    sketch.flatten();
    sketch.finish()
}

fn fire(sketch: &mut Sketch, name: &str, squeeze: u64, expand: u64) {
    sketch.add(&format!("{name}.squeeze"), conv(squeeze, 1));
    let squeezed = sketch.add(&format!("{name}.squeeze_activation"), relu());
    sketch.add(&format!("{name}.expand1x1"), conv(expand, 1));
    let narrow = sketch.add(&format!("{name}.expand1x1_activation"), relu());
    sketch.from(squeezed).add(&format!("{name}.expand3x3"), conv(expand, 3).pad(1));
    let wide = sketch.add(&format!("{name}.expand3x3_activation"), relu());
    sketch.concat(&[narrow, wide]);
}

/// The outputs of an inception's branches: 1x1; 1x1 then 3x3; 1x1 then 3x3 (the paper's 5x5); pool then 1x1.
struct Inception(u64, [u64; 2], [u64; 2], u64);

/// arXiv 1409.4842 with batch norm, and 3x3 where the paper has 5x5; without the auxiliary classifiers.
pub(super) fn googlenet(scale: Scale) -> Network {
    let mut sketch = Sketch::new("GoogLeNet", &[3, scale.resolution, scale.resolution]);
    let mut relus = 0;
    basic(&mut sketch, "conv1", conv(64, 7).stride(2).pad(3), &mut relus);
    sketch.add("maxpool1", max_pool(3, 2, 0, true));
    basic(&mut sketch, "conv2", conv(64, 1), &mut relus);
    basic(&mut sketch, "conv3", conv(192, 3).pad(1), &mut relus);
    sketch.add("maxpool2", max_pool(3, 2, 0, true));
    let blocks = [
        ("3a", Inception(64, [96, 128], [16, 32], 32)),
        ("3b", Inception(128, [128, 192], [32, 96], 64)),
        ("4a", Inception(192, [96, 208], [16, 48], 64)),
        ("4b", Inception(160, [112, 224], [24, 64], 64)),
        ("4c", Inception(128, [128, 256], [24, 64], 64)),
        ("4d", Inception(112, [144, 288], [32, 64], 64)),
        ("4e", Inception(256, [160, 320], [32, 128], 128)),
        ("5a", Inception(256, [160, 320], [32, 128], 128)),
        ("5b", Inception(384, [192, 384], [48, 128], 128)),
    ];
    for (name, block) in &blocks {
        inception(&mut sketch, &format!("inception{name}"), block, &mut relus);
        match *name {
            "3b" => _ = sketch.add("maxpool3", max_pool(3, 2, 0, true)),
            "4e" => _ = sketch.add("maxpool4", max_pool(2, 2, 0, true)),
            _ => {}
        }
    }
    sketch.add("avgpool", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("dropout", dropout(0.2));
    sketch.add("fc", linear(scale.classes));
    sketch.finish()
}

fn inception(sketch: &mut Sketch, name: &str, block: &Inception, relus: &mut u32) {
    let Inception(one, three, five, pooled) = block;
    let input = sketch.last();
    let first = basic(sketch, &format!("{name}.branch1"), conv(*one, 1), relus);
    let mut two_steps = |sketch: &mut Sketch, branch: &str, [reduce, wide]: [u64; 2]| {
        sketch.from(input);
        basic(sketch, &format!("{name}.{branch}.0"), conv(reduce, 1), relus);
        basic(sketch, &format!("{name}.{branch}.1"), conv(wide, 3).pad(1), relus)
    };
    let second = two_steps(sketch, "branch2", *three);
    let third = two_steps(sketch, "branch3", *five);
    sketch.from(input).add(&format!("{name}.branch4.0"), max_pool(3, 1, 1, true));
    let fourth = basic(sketch, &format!("{name}.branch4.1"), conv(*pooled, 1), relus);
    sketch.concat(&[first, second, third, fourth]);
}

/// Convolution without bias, batch norm, and ReLU as a function.
fn basic(sketch: &mut Sketch, name: &str, layer: crate::model::Conv2d, relus: &mut u32) -> Source {
    sketch.add(&format!("{name}.conv"), layer.without_bias());
    sketch.add(&format!("{name}.bn"), BatchNorm2d { eps: 0.001, ..BatchNorm2d::default() });
    let relu_name = if *relus == 0 { "relu".to_string() } else { format!("relu_{relus}") };
    *relus += 1;
    sketch.call(&relu_name, relu())
}
