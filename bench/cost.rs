//! How long the whole analysis takes: shapes, all figures, memory with its plan.

use convscope::cost::{Settings, analyze};
use convscope::lifetime::arena::{self, Interval};
use convscope::model::presets;
use convscope::model::{
    Add, BatchNorm2d, Call, Conv2d, Dims, Inputs, Layer, Network, Node, NodeId, Padding, ReLU, Source,
};

fn main() {
    divan::main();
}

#[divan::bench(args = ["seed_standard", "seed_separable", "mobilenet_v1", "resnet50", "densenet121"])]
fn analysis(bencher: divan::Bencher, id: &str) {
    let network = presets::find(id).expect("a preset").network();
    let settings = Settings::default();
    bencher.bench(|| analyze(divan::black_box(&network), &settings));
}

/// Time for each row: 10,000 rows take 100 times as long as 100.
#[divan::bench(args = [100, 1_000, 10_000])]
fn chain(bencher: divan::Bencher, rows: usize) {
    let network = residual_chain(rows);
    let settings = Settings::default();
    bencher.counter(divan::counter::ItemsCount::new(rows)).bench(|| analyze(divan::black_box(&network), &settings));
}

/// The arena of tensors that live long and short.
#[divan::bench(args = [100, 1_000, 10_000])]
fn plan(bencher: divan::Bencher, tensors: u32) {
    let intervals: Vec<Interval> = (0..tensors)
        .map(|index| Interval { size: u64::from(index * 7919 % 1009 + 1) * 16, first: index, last: index + index % 5 })
        .collect();
    let count = divan::counter::ItemsCount::new(tensors);
    bencher.counter(count).bench(|| arena::plan(divan::black_box(&intervals), 16));
}

/// Convolution, batch norm and ReLU, with a sum over every fourth node.
fn residual_chain(rows: usize) -> Network {
    let conv = Conv2d { padding: Padding::Same, ..Conv2d::default() };
    let layers: [Layer; 3] = [conv.into(), BatchNorm2d::default().into(), ReLU::default().into()];
    let node = |index: usize| {
        let id = NodeId(index as u32);
        let (layer, inputs) = if index % 4 == 3 && index > 4 {
            let source = |index: usize| Source::Node(NodeId(index as u32));
            (Add::default().into(), Inputs::From(vec![source(index - 1), source(index - 4)]))
        } else {
            (layers[index % 4 % 3].clone(), Inputs::Above)
        };
        Node { id, name: format!("block{}.{}", index / 4, index % 4), layer, inputs, call: Call::Module }
    };
    let input = Dims::new(&[8, 32, 32]).expect("three sizes");
    Network { name: "Chain".to_string(), input, nodes: (0..rows).map(node).collect(), uncalled: Vec::new() }
}
