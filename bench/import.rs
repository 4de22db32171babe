//! How long the import of a pasted text takes: at most 200 ms for 1,000 lines.

use convscope::pytorch::{Options, import};

const SEED: &str = include_str!("../tests/fixtures/seed_question.txt");
const RESNET: &str = include_str!("../tests/fixtures/pytorch_snippets/weight_init.txt");
const CONVNEXT: &str = include_str!("../tests/fixtures/pytorch_snippets/convnext.txt");

fn main() {
    divan::main();
}

#[divan::bench(args = ["seed", "wide_resnet", "convnext", "thousand_lines", "thousand_lines_without_indentation", "ten_thousand_lines"])]
fn read(bencher: divan::Bencher, text: &str) {
    let text = match text {
        "seed" => SEED.to_string(),
        "wide_resnet" => RESNET.to_string(),
        "convnext" => CONVNEXT.to_string(),
        "thousand_lines" => long_class(1_000),
        "thousand_lines_without_indentation" => {
            long_class(1_000).lines().map(|line| line.trim().to_string() + "\n").collect()
        }
        _ => long_class(10_000),
    };
    let lines = divan::counter::ItemsCount::new(text.lines().count());
    bencher.counter(lines).bench(|| import(divan::black_box(&text), &Options::default()));
}

/// A class of so many lines: a third makes convolutions, a third batch norms, a third calls them.
fn long_class(lines: usize) -> String {
    let blocks = (lines - 9) / 3;
    let mut text =
        "import torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            .to_string();
    for index in 0..blocks {
        let channels = if index == 0 { 3 } else { 16 };
        text +=
            &format!("        self.conv{index} = nn.Conv2d({channels}, 16, kernel_size=3, padding=1, bias=False)\n");
        text += &format!("        self.bn{index} = nn.BatchNorm2d(16)\n");
    }
    text += "\n    def forward(self, x):\n";
    for index in 0..blocks {
        text += &format!("        x = F.relu(self.bn{index}(self.conv{index}(x)))\n");
    }
    text + "        return x.mean(dim=(2, 3))\n"
}
