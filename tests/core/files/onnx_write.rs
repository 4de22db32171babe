//! Networks written as ONNX: read back they are the same, and run to the same outputs. tests/oracle/onnx_written.py asks
//! onnxruntime.

use convscope::cost::{Settings, analyze};
use convscope::engine::{Plan, PlanOptions, Seeding, WeightSource, all_tensors, seeded_input};
use convscope::files::onnx::{NetworkOptions, read};
use convscope::files::onnx_write::write;
use convscope::files::weights::NodeWeights;
use convscope::model::{Network, presets};
use convscope::share_link;

/// Every kind of layer that is written.
const DESIGNS: &[&str] = &[
    "2x9x8.c3k2.c4k3x2s2p1x0.ctk3s2p1.relu6.max3s2p1.avg2.gap.flat.fc3.softmax",
    "4x8x6.c8k3p1g4.c6k3g2d2p2.bn.gn2.silu.gelu.mish.hswish.hsigm.elu.selu.celu.lrelu.prelu.tanh.sigm.logsoftmax",
    "8x6x6.shuffle2.pshuffle2.punshuffle2.htanh.ssign.splus.logsigm.in.ln2d.ln.lrn.pad.rpad.epad.cpad.view",
    "2x20.conv1d4k3s2p1.bn1d.relu.maxpool1d.deconv1d3k3s2.avgpool1d.in1d.gap1d.flat.fc2",
    "4x6x6.c4k3p1.relu.add~1~IN.chunk2.cat~1~2.mul~1~1.num.mean.drop",
];

fn outputs(network: &Network, weights: WeightSource) -> Vec<f32> {
    let mut plan = Plan::new(network, &weights, &PlanOptions::default()).unwrap();
    let length = plan.input_mut().len();
    plan.set_input(&seeded_input(0, 0, length, 1.0)).unwrap();
    plan.run();
    plan.output().to_vec()
}

fn weights(network: &Network) -> NodeWeights {
    all_tensors(network, &WeightSource::Seeded(Seeding::default())).unwrap()
}

fn check(network: &Network, name: &str) {
    let weights = weights(network);
    let bytes = write(network, &weights).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let onnx = read(&bytes, &|_| None, &NetworkOptions::default()).unwrap();
    let (before, after) = (analyze(network, &Settings::default()), analyze(&onnx.network, &Settings::default()));
    assert_eq!(before.totals.figures.macs, after.totals.figures.macs, "{name}: {:?}", onnx.remarks);
    assert_eq!(before.totals.figures.params(), after.totals.figures.params(), "{name}");
    let given = WeightSource::Given(onnx.weights(&|_| None).unwrap());
    let (expected, found) = (outputs(network, WeightSource::Given(weights)), outputs(&onnx.network, given));
    let largest = expected.iter().fold(1e-6_f32, |largest, value| largest.max(value.abs()));
    let error = expected.iter().zip(&found).fold(0.0_f32, |most, (one, other)| most.max((one - other).abs()));
    assert!(expected.len() == found.len() && error <= 1e-5 * largest, "{name}: off by {error} of {largest}");
}

#[test]
fn presets_are_read_back() {
    let mut checked = 0;
    for preset in presets::all() {
        let network = preset.network();
        if analyze(&network, &Settings::default()).totals.figures.macs.0 < 100_000_000 {
            check(&network, preset.id);
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} presets");
}

#[test]
fn layers_are_read_back() {
    for design in DESIGNS {
        let (network, problems) = share_link::decode_design(design);
        assert!(problems.is_empty(), "{design}: {problems:?}");
        check(&network, design);
    }
}

#[test]
fn what_is_not_written_names_its_row() {
    let (network, _) = share_link::decode_design("3x8x8.c4k3_first.zzz");
    let problem = write(&network, &weights(&network)).unwrap_err().to_string();
    assert!(problem.starts_with("unsupported1 (unsupported) is not written as ONNX"), "{problem}");
}
