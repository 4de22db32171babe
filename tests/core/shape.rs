//! Output shapes, parameters and errors against PyTorch's.

use convscope::cost::{Settings, analyze};
use convscope::engine::{Plan, PlanOptions, Seeding, WeightSource};
use convscope::model::{Dims, Inputs, Kind, MAX_RANK, Mean, Network, ReLU, Source, View};
use convscope::shape::{self, NodeShape, ShapeError, Stage};
use serde_json::Value as Json;

use crate::golden::{self, Failures, sizes};

#[test]
fn golden_layers_have_pytorchs_shape_or_error() {
    let files = golden::read_all("layers.json");
    let mut failures = Failures::default();
    for case in files.iter().flat_map(|file| file["cases"].as_array().expect("cases")) {
        let id = format!("{} {} {}", case["id"], case["type"], case["args"]);
        let (layer, declared) = golden::module(case["type"].as_str().expect("a class"), &case["args"]);
        let input = Dims::new(&sizes(&case["in"])).expect("a shape");
        let output = shape::check_declared(&layer, &declared, &input).and_then(|()| shape::output(&layer, &[input]));
        match output {
            Ok(output) => {
                failures.check(case["ok"] == true, || format!("{id}: {output}, PyTorch {}", case["error"]));
                if case["ok"] == true {
                    failures.equal(&id, output.sizes().to_vec(), sizes(&case["out"]));
                    let tensors = shape::parameter_tensors(&layer, Some(&input));
                    let count = |buffers: bool| -> u64 {
                        let of_kind = tensors.iter().filter(|tensor| tensor.fill.is_buffer() == buffers);
                        of_kind.map(|tensor| tensor.elements().expect("a count")).sum()
                    };
                    failures.equal(&format!("{id} params"), Some(count(false)), case["params"].as_u64());
                    failures.equal(&format!("{id} buffers"), Some(count(true)), case["buffers"].as_u64());
                }
            }
            Err(error) => check_error(&mut failures, &id, &error, case),
        }
    }
    failures.finish();
}

fn check_error(failures: &mut Failures, id: &str, error: &ShapeError, case: &Json) {
    let stage = match error.stage() {
        Stage::Init => "init",
        Stage::Forward => "forward",
    };
    let found = (stage.to_string(), error.class().to_string(), error.to_string());
    let text = |key: &str| case["error"][key].as_str().unwrap_or("no error").to_string();
    failures.equal(id, found, (text("stage"), text("class"), text("message")));
}

#[test]
fn golden_graphs_have_pytorchs_shapes() {
    let mut failures = Failures::default();
    for (name, nodes) in graphs() {
        let graph = golden::graph(&name, &nodes);
        let shapes = shape::infer(&graph.network, &graph.network.wiring(), graph.batch);
        for (index, shape) in shapes.nodes.iter().enumerate() {
            let place = format!("{name} {}", graph.network.nodes[index].name);
            match shape {
                NodeShape::Known(dims) => {
                    failures.equal(&place, dims.sizes().to_vec(), sizes(&graph.rows[index]["out"]))
                }
                other => failures.check(false, || format!("{place}: {other:?}")),
            }
        }
    }
    failures.finish();
}

/// All graphs of the folder, with a name for messages.
fn graphs() -> Vec<(String, Json)> {
    let mut graphs = Vec::new();
    if let Some(seed) = golden::read("seed.json") {
        for (name, model) in seed["models"].as_object().expect("models") {
            graphs.push((name.clone(), model["layers"].clone()));
        }
    }
    for (file, list, key) in [("forward.json", "cases", "id"), ("zoo.json", "models", "name")] {
        let Some(json) = golden::read(file) else { continue };
        for case in json[list].as_array().expect("cases") {
            graphs.push((case[key].as_str().expect("a name").to_string(), case["nodes"].clone()));
        }
    }
    graphs
}

/// PyTorch lets a transposed convolution give out nothing; what is behind it must not divide by that.
#[test]
fn layers_behind_an_output_without_elements_have_a_shape_or_an_error() {
    let empty = [[0, 2, 1, 3], [1, 0, 2, 3], [1, 2, 0, 3], [1, 2, 3, 0]];
    for &kind in Kind::ALL {
        for sizes in empty {
            let input = Dims::new(&sizes).expect("four sizes");
            let inputs = [input, input];
            let arity = if matches!(kind, Kind::Add | Kind::Mul) { 2 } else { 1 };
            if let Ok(output) = shape::output(&kind.layer(), &inputs[..arity]) {
                assert!(output.elements().is_some(), "{}", kind.class());
            }
        }
    }
    let view = |sizes: &[u64], shape: &[i64]| {
        shape::output(&View { shape: shape.to_vec() }.into(), &[Dims::new(sizes).expect("few sizes")])
    };
    assert_eq!(view(&[0, 2, 3], &[1, -1]), Ok(Dims::new(&[1, 0]).expect("two sizes")));
    assert_eq!(view(&[2, 0, 3], &[-1, 4]), Ok(Dims::new(&[0, 4]).expect("two sizes")));
    assert!(view(&[2, 0, 3], &[2, 3]).is_err());
}

/// `x.mean()` has no dimensions at all.
#[test]
fn layers_of_any_rank_have_a_shape_or_an_error() {
    for rank in 0..=MAX_RANK {
        let input = Dims::new(&vec![2; rank]).expect("at most six sizes");
        let network_input = Dims::new(&[2, 2, 2]).expect("three sizes");
        for &kind in Kind::ALL {
            for count in 0..=2 {
                if let Ok(output) = shape::output(&kind.layer(), &vec![input; count]) {
                    assert!(output.rank() <= MAX_RANK, "{} of rank {rank}", kind.class());
                }
            }
            let layers = [Mean { dim: Vec::new(), keepdim: false }.into(), kind.layer()];
            let network = Network::chain_of("case", network_input, layers);
            let report = analyze(&network, &Settings::default());
            let planned = Plan::new(&network, &WeightSource::Seeded(Seeding::default()), &PlanOptions::default());
            if let Ok(mut plan) = planned {
                plan.run();
                assert!(report.shapes.output().is_some(), "{} of a number", kind.class());
            }
        }
    }
    let view = |shape: &[i64]| shape::output(&View { shape: shape.to_vec() }.into(), &[Dims::default()]);
    assert_eq!(view(&[1, -1]), Ok(Dims::new(&[1, 1]).expect("two sizes")));
    assert!(shape::output(&Kind::Linear.layer(), &[Dims::default()]).is_err());
}

#[test]
fn an_input_from_below_is_told_by_its_name() {
    let input = Dims::new(&[4, 8, 8]).expect("three sizes");
    let layers = ["first", "second"].map(|name| (name.to_string(), ReLU::default().into()));
    let mut network = Network::chain("Net", input, layers);
    network.nodes[0].inputs = Inputs::From(vec![Source::Node(network.nodes[1].id)]);
    let shapes = shape::infer(&network, &network.wiring(), 1);
    let NodeShape::Failed(error) = &shapes.nodes[0] else { panic!("{:?}", shapes.nodes[0]) };
    assert_eq!(error.to_string(), "an input is not above: second, where it comes from, stands below or is this layer");
}
