//! The presets against zoo.json, node by node, and against mobilenet_v1.json.

use convscope::cost::{Report, Settings, analyze};
use convscope::model::presets::{self, Scale};
use convscope::model::{Kind, Network};
use serde_json::Value as Json;

use crate::golden::{Failures, graph, read};

/// The preset that a model of the zoo is; `None` where there is none.
fn preset(name: &str) -> Option<Network> {
    let whole = |id: &str| presets::find(id).map(|preset| preset.network());
    if let Some(rest) = name.strip_prefix("mobilenet_v1_") {
        let parts: Vec<&str> = rest.split('_').collect();
        let (kind, width, resolution) = match parts.as_slice() {
            [width, resolution] => ("mobilenet_v1", width, resolution),
            [kind @ ("conv" | "shallow"), width, resolution] => {
                (if *kind == "conv" { "mobilenet_v1_conv" } else { "mobilenet_v1_shallow" }, width, resolution)
            }
            _ => return None,
        };
        let scale = Scale { width: width.parse().ok()?, resolution: resolution.parse().ok()?, classes: 1000 };
        return Some(presets::find(kind)?.build(scale));
    }
    let shufflenet = |width: f64| {
        let preset = presets::find("shufflenet_v2")?;
        Some(preset.build(Scale { width, ..preset.scale() }))
    };
    match name {
        "shufflenet_v2_x0_5" => shufflenet(0.5),
        "shufflenet_v2_x1_0" => shufflenet(1.0),
        "shufflenet_v2_x1_5" => shufflenet(1.5),
        "shufflenet_v2_x2_0" => shufflenet(2.0),
        name => whole(name),
    }
}

fn report(network: &Network) -> Report {
    analyze(network, &Settings::default())
}

#[test]
fn golden_zoo_models_are_presets() {
    let file = read("zoo.json");
    let mut failures = Failures::default();
    for model in file["models"].as_array().expect("models") {
        let name = model["name"].as_str().expect("a name");
        let Some(network) = preset(name) else { continue };
        let golden = graph(name, &model["nodes"]);
        let (report, theirs) = (report(&network), report(&golden.network));
        // Where auxiliary classifiers do not run, the preset goes without them.
        failures.equal(&format!("{name} totals"), report.totals.figures, theirs.totals.figures);
        if golden.network.nodes.iter().any(|node| node.layer.kind() == Kind::Contiguous) {
            // The shuffle of channels is one layer here, and several in a trace.
            continue;
        }
        failures.equal(&format!("{name} nodes"), network.nodes.len(), golden.network.nodes.len());
        for (index, (ours, node)) in network.nodes.iter().zip(&golden.network.nodes).enumerate() {
            let place = format!("{name} {index}");
            failures.equal(&place, &ours.name, &node.name);
            failures.equal(&place, ours.call, node.call);
            failures.equal(&place, report.wiring.taps(index), theirs.wiring.taps(index));
            failures.equal(&place, &report.shapes.nodes[index], &theirs.shapes.nodes[index]);
            failures.equal(&place, ours.layer.kind(), node.layer.kind());
            failures.equal(&place, report.rows[index].figures, theirs.rows[index].figures);
        }
    }
    failures.finish();
}

#[test]
fn golden_seed_models_are_presets() {
    let file = read("seed.json");
    let mut failures = Failures::default();
    for (name, network) in [("standard", presets::seed_standard()), ("separable", presets::seed_separable())] {
        let golden = graph(name, &file["models"][name]["layers"]);
        // PyTorch's were run on a line; the presets stand on an input of as many features on which kernels of 3 run, too.
        let network = Network { input: golden.network.input, ..network };
        let (report, theirs) = (report(&network), report(&golden.network));
        failures.equal(&format!("{name} totals"), report.totals, theirs.totals);
        for (index, row) in report.rows.iter().enumerate() {
            failures.equal(&format!("{name} {index}"), row, &theirs.rows[index]);
        }
    }
    failures.finish();
}

#[test]
fn golden_mobilenet_v1_tables() {
    let file = read("mobilenet_v1.json");
    let mut failures = Failures::default();
    for model in file["models"].as_array().expect("models") {
        let text = |key: &str| model[key].as_str().unwrap_or_default().to_string();
        let id = match (text("kind").as_str(), text("blocks").as_str()) {
            ("separable", "full") => "mobilenet_v1",
            ("separable", "shallow") => "mobilenet_v1_shallow",
            ("conv", "full") => "mobilenet_v1_conv",
            other => panic!("no preset for {other:?}"),
        };
        let resolution = model["resolution"].as_u64().expect("a resolution");
        let scale = Scale { width: model["width"].as_f64().expect("a width"), resolution, classes: 1000 };
        let network = presets::find(id).expect("a preset").build(scale);
        let report = report(&network);
        let sum = |counts: &dyn Fn(Kind) -> bool, figure: &dyn Fn(usize) -> u64| -> u64 {
            let rows = network.nodes.iter().enumerate().filter(|(_, node)| counts(node.layer.kind()));
            rows.map(|(index, _)| figure(index)).sum()
        };
        let params = |index: usize| report.rows[index].figures.params().0;
        let macs = |index: usize| report.rows[index].figures.macs.0;
        let check = |failures: &mut Failures, key: &str, found: u64| {
            let place = format!("{id} {} {} {key}", scale.width, scale.resolution);
            failures.equal(&place, Some(found), model[key].as_u64());
        };
        check(&mut failures, "params", report.totals.figures.params().0);
        check(&mut failures, "buffers", report.totals.figures.buffers.0);
        check(&mut failures, "macs", report.totals.figures.macs.0);
        check(&mut failures, "params_without_bn", sum(&|kind| kind != Kind::BatchNorm2d, &params));
        check(&mut failures, "params_without_fc", sum(&|kind| kind != Kind::Linear, &params));
        check(&mut failures, "macs_without_fc", sum(&|kind| kind != Kind::Linear, &macs));
        check_by_kind(&mut failures, model, &network, &report);
    }
    failures.finish();
}

fn check_by_kind(failures: &mut Failures, model: &Json, network: &Network, report: &Report) {
    use convscope::model::{Layer, Pair};
    let part = |layer: &Layer| match layer {
        Layer::Conv2d(conv) if conv.is_depthwise() => Some("depthwise"),
        Layer::Conv2d(conv) if conv.kernel_size == Pair::square(1) => Some("pointwise"),
        Layer::Conv2d(_) => Some("conv3x3"),
        Layer::Linear(_) => Some("fc"),
        _ => None,
    };
    for key in ["pointwise", "depthwise", "conv3x3", "fc"] {
        let rows = || network.nodes.iter().zip(&report.rows).filter(|(node, _)| part(&node.layer) == Some(key));
        let macs: u64 = rows().map(|(_, row)| row.figures.macs.0).sum();
        let params: u64 = rows().map(|(_, row)| row.figures.params().0).sum();
        for (list, found) in [("macs_by_kind", macs), ("params_by_kind", params)] {
            if let Some(expected) = model[list][key].as_u64() {
                failures.equal(&format!("{} {list} {key}", network.name), found, expected);
            }
        }
    }
}

#[test]
fn every_preset_is_exact_at_every_published_size() {
    for preset in presets::all() {
        let one = [preset.scale().width];
        let widths = if preset.widths.is_empty() { &one } else { preset.widths };
        let own = [preset.scale().resolution];
        let resolutions = if preset.resolutions.is_empty() { &own } else { preset.resolutions };
        for &width in widths {
            for &resolution in resolutions {
                let report = report(&preset.build(Scale { width, resolution, classes: preset.classes }));
                assert!(report.totals.completeness.is_exact(), "{} {width} {resolution}", preset.id);
                assert!(report.memory.is_some());
            }
        }
    }
}

/// The tutorial prints the parameters; FlopCounterMode of PyTorch 2.9.1 counts twice the multiplications.
#[test]
fn m5_is_what_the_tutorial_prints() {
    let network = presets::find("m5").expect("a preset").network();
    let report = report(&network);
    assert_eq!(report.totals.figures.params().0, 26_915);
    assert_eq!(report.totals.figures.macs.0, 1_880_256);
}
