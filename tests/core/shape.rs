//! Output shapes, parameters and errors against PyTorch's.

use convscope::cost::{Settings, analyze};
use convscope::engine::{Plan, PlanOptions, Seeding, WeightSource};
use convscope::model::{Arity, ConvTranspose2d, Dims, Inputs, Kind, MAX_RANK, Mean, Network, Pair, ReLU, Source, View};
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
            // PyTorch 2.9.1 gives a transposed convolution's output without elements for some batches and groups, and
            // an error for others: here it is an error.
            Err(ShapeError::TransposedOutputTooSmall { .. }) if case["ok"] == true => {
                failures.check(sizes(&case["out"]).contains(&0), || format!("{id}: PyTorch gives {}", case["out"]));
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
    let seed = golden::read("seed.json");
    for (name, model) in seed["models"].as_object().expect("models") {
        graphs.push((name.clone(), model["layers"].clone()));
    }
    for (file, list, key) in [("forward.json", "cases", "id"), ("zoo.json", "models", "name")] {
        let json = golden::read(file);
        for case in json[list].as_array().expect("cases") {
            graphs.push((case[key].as_str().expect("a name").to_string(), case["nodes"].clone()));
        }
    }
    graphs
}

/// A tensor without elements costs nothing, which would hide what is behind it.
#[test]
fn an_input_without_elements_is_refused() {
    let empty = [[0, 2, 1, 3], [1, 0, 2, 3], [1, 2, 0, 3], [1, 2, 3, 0]];
    for &kind in Kind::ALL.iter().filter(|&&kind| kind != Kind::Parameter) {
        for sizes in empty {
            let input = Dims::new(&sizes).expect("four sizes");
            let count = if kind.arity() == Arity::Two { 2 } else { 1 };
            let error = shape::output(&kind.layer(), &[input; 2][..count]).expect_err(kind.class());
            assert_eq!(error.to_string(), "each size of the input must be at least 1, but is 0", "{}", kind.class());
        }
    }
}

/// Between batches and groups PyTorch 2.9.1 differs on these; an output without elements is of no use in any.
#[test]
fn a_transposed_convolution_gives_out_at_least_one_pixel() {
    let layer = |padding: i64| ConvTranspose2d { padding: Pair::square(padding), ..ConvTranspose2d::default() };
    let output = |padding: i64, sizes: &[u64]| {
        let output = shape::output(&layer(padding).into(), &[Dims::new(sizes).expect("few sizes")]);
        output.map(|dims| dims.sizes().to_vec()).map_err(|error| error.to_string())
    };
    assert_eq!(output(1, &[1, 3, 2, 2]), Ok(vec![1, 8, 1, 1]));
    let words =
        "Given input size per channel: (1 x 1). Calculated output size per channel: (0 x 0). Output size is too small";
    assert_eq!(output(1, &[1, 3, 1, 1]), Err(words.to_string()));
    assert_eq!(output(1, &[3, 1, 1]), Err(words.to_string()));
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
