//! ResNet and DenseNet as torchvision has them.

use super::Scale;
use super::sketch::{Sketch, adaptive_average_pool, conv, linear, max_pool, relu};
use crate::model::{AvgPool2d, BatchNorm2d, Conv2d, Network, Source};

/// A ResNet of arXiv 1512.03385.
pub struct ResNet {
    /// Blocks in each of the four stages.
    pub blocks: [usize; 4],
    /// 1x1, 3x3, 1x1 with four times the channels behind, instead of two 3x3.
    pub bottleneck: bool,
}

impl ResNet {
    /// With basic blocks.
    pub const RESNET18: Self = Self { blocks: [2, 2, 2, 2], bottleneck: false };
    /// With bottlenecks; their stride is at the 3x3 (v1.5).
    pub const RESNET50: Self = Self { blocks: [3, 4, 6, 3], bottleneck: true };

    /// With torchvision's names: `layer1.0.conv1`.
    pub fn network(&self, name: &str, scale: Scale) -> Network {
        let mut sketch = Sketch::new(name, &[3, scale.resolution, scale.resolution]);
        sketch.add("conv1", conv(64, 7).stride(2).pad(3).without_bias());
        sketch.add("bn1", BatchNorm2d::default());
        sketch.add("relu", relu());
        sketch.add("maxpool", max_pool(3, 2, 1, false));
        let mut channels = 64;
        for (stage, &blocks) in self.blocks.iter().enumerate() {
            let width = 64 << stage;
            let wide = if self.bottleneck { 4 * width } else { width };
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let name = format!("layer{}.{block}", stage + 1);
                let shortcut = (stride != 1 || channels != wide).then(|| conv(wide, 1).stride(stride).without_bias());
                self.block(&mut sketch, &name, width, stride, shortcut);
                channels = wide;
            }
        }
        sketch.add("avgpool", adaptive_average_pool(1));
        sketch.flatten();
        sketch.add("fc", linear(scale.classes));
        sketch.finish()
    }

    fn block(&self, sketch: &mut Sketch, name: &str, width: u64, stride: i64, shortcut: Option<Conv2d>) {
        let top = sketch.last();
        let convs: &[Conv2d] = &if self.bottleneck {
            vec![conv(width, 1), conv(width, 3).stride(stride).pad(1), conv(4 * width, 1)]
        } else {
            vec![conv(width, 3).stride(stride).pad(1), conv(width, 3).pad(1)]
        };
        for (index, layer) in convs.iter().enumerate() {
            let number = index + 1;
            sketch.add(&format!("{name}.conv{number}"), layer.clone().without_bias());
            sketch.add(&format!("{name}.bn{number}"), BatchNorm2d::default());
            if number < convs.len() {
                sketch.add(&format!("{name}.relu"), relu());
            }
        }
        let main = sketch.last();
        let side = match shortcut {
            None => top,
            Some(layer) => {
                sketch.from(top).add(&format!("{name}.downsample.0"), layer);
                sketch.add(&format!("{name}.downsample.1"), BatchNorm2d::default())
            }
        };
        sketch.from(main).sum(side);
        sketch.add(&format!("{name}.relu"), relu());
    }
}

/// arXiv 1608.06993 with growth 32 and blocks of 6, 12, 24, 16.
pub(super) fn densenet121(scale: Scale) -> Network {
    const GROWTH: u64 = 32;
    const BLOCKS: [usize; 4] = [6, 12, 24, 16];
    let mut sketch = Sketch::new("DenseNet-121", &[3, scale.resolution, scale.resolution]);
    sketch.add("features.conv0", conv(64, 7).stride(2).pad(3).without_bias());
    sketch.add("features.norm0", BatchNorm2d::default());
    sketch.add("features.relu0", relu());
    sketch.add("features.pool0", max_pool(3, 2, 1, false));
    let mut channels = 64;
    for (index, layers) in BLOCKS.into_iter().enumerate() {
        let block = index + 1;
        dense_block(&mut sketch, &format!("features.denseblock{block}"), layers, GROWTH);
        channels += GROWTH * layers as u64;
        if block < BLOCKS.len() {
            channels /= 2;
            let name = format!("features.transition{block}");
            sketch.add(&format!("{name}.norm"), BatchNorm2d::default());
            sketch.add(&format!("{name}.relu"), relu());
            sketch.add(&format!("{name}.conv"), conv(channels, 1).without_bias());
            sketch.add(&format!("{name}.pool"), AvgPool2d::default());
        }
    }
    sketch.add("features.norm5", BatchNorm2d::default());
    sketch.call("relu", relu());
    sketch.call("adaptive_avg_pool2d", adaptive_average_pool(1));
    sketch.flatten();
    sketch.add("classifier", linear(scale.classes));
    sketch.finish()
}

/// Each layer takes everything before it in the block.
fn dense_block(sketch: &mut Sketch, block: &str, layers: usize, growth: u64) {
    let mut features: Vec<Source> = vec![sketch.last()];
    for layer in 1..=layers {
        let name = |part: &str| format!("{block}.denselayer{layer}.{part}");
        sketch.concat(&features);
        sketch.add(&name("norm1"), BatchNorm2d::default());
        sketch.add(&name("relu1"), relu());
        sketch.add(&name("conv1"), conv(4 * growth, 1).without_bias());
        sketch.add(&name("norm2"), BatchNorm2d::default());
        sketch.add(&name("relu2"), relu());
        features.push(sketch.add(&name("conv2"), conv(growth, 3).pad(1).without_bias()));
    }
    sketch.concat(&features);
}
