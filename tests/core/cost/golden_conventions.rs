//! What every counter prints, for single layers and whole networks.

use convscope::cost::{Convention, Failure, Settings, Site, analyze};
use convscope::model::{Call, Dims, Kind, Network, Value};
use convscope::shape;
use serde_json::Value as Json;

use crate::golden::{Failures, Graph, graph, module, read, read_all, sizes};

/// The key under which the golden data has a tool's number.
const fn key(convention: Convention) -> Option<&'static str> {
    match convention {
        Convention::Plain => None,
        Convention::TorchFlopCounter => Some("flop_counter_flops"),
        Convention::Fvcore => Some("fvcore"),
        Convention::Thop => Some("thop_macs"),
        Convention::PtflopsPytorch => Some("ptflops_macs"),
        Convention::PtflopsAten => Some("ptflops_aten_macs"),
        Convention::Torchinfo => Some("torchinfo_mult_adds"),
        Convention::CalflopsMacs => Some("calflops_macs"),
        Convention::CalflopsFlops => Some("calflops_flops"),
    }
}

/// A number, or that the tool fails.
fn check(failures: &mut Failures, place: &str, counters: &Json, count: impl Fn(Convention) -> Result<u64, Failure>) {
    for &convention in Convention::ALL {
        let Some(expected) = key(convention).and_then(|key| counters.get(key)) else { continue };
        let found = count(convention);
        failures.equal(&format!("{place} {}", convention.id()), found.ok(), expected.as_u64());
    }
}

fn check_network(failures: &mut Failures, graph: &Graph, counters: &Json) {
    let report = analyze(&graph.network, &Settings { batch: graph.batch, ..Settings::default() });
    let name = &graph.network.name;
    check(failures, name, counters, |convention| convention.tally(&graph.network, &report).total);
    for &convention in Convention::ALL {
        let tally = convention.tally(&graph.network, &report);
        let Ok(total) = tally.total else { continue };
        let explained: f64 = tally.differences.iter().map(|difference| difference.amount).sum();
        let difference = total as f64 - tally.plain as f64;
        failures.check((difference - explained).abs() < 1.0, || {
            format!("{name} {}: the reasons add up to {explained}, not {difference}", convention.id())
        });
        let rows: u64 = tally.rows.iter().flatten().sum();
        failures.check(total - rows < 1 + tally.rows.len() as u64, || {
            format!("{name} {}: the rows add up to {rows}, the total is {total}", convention.id())
        });
    }
    if let Some(bytes) = counters["torchinfo_output_bytes"].as_u64() {
        failures.equal(
            &format!("{name} torchinfo's output bytes"),
            report.torchinfo_output_bytes(&graph.network),
            bytes,
        );
    }
}

#[test]
fn golden_layer_counters() {
    let mut failures = Failures::default();
    let files = read_all("layers.json");
    for case in files.iter().flat_map(|file| file["cases"].as_array().expect("cases")) {
        if case["ok"] != true {
            continue;
        }
        let class = case["type"].as_str().expect("a type");
        let place = format!("{} {class} {} of {}", case["id"], case["args"], case["in"]);
        let (layer, _) = module(class, &case["args"]);
        let inputs = [Dims::new(&sizes(&case["in"])).expect("a shape")];
        // One case is an output without elements, which PyTorch lets pass for some batches.
        let Ok(output) = shape::output(&layer, &inputs) else {
            assert!(case["out"].as_array().expect("sizes").iter().any(|size| *size == 0), "{place}");
            continue;
        };
        let site = Site { layer: &layer, inputs: &inputs, output };
        check(&mut failures, &place, &case["counters"], |convention| convention.count_layer(&site, Call::Module));
        // The same as a network of one layer; the first size is its batch.
        let input = inputs[0].without_batch();
        let network = Network::chain("One layer", input, [("layer".to_string(), layer.clone())]);
        let report = analyze(&network, &Settings { batch: inputs[0][0], ..Settings::default() });
        check(&mut failures, &place, &case["counters"], |convention| convention.tally(&network, &report).total);
        if let Some(bytes) = case["counters"]["torchinfo_output_bytes"].as_u64() {
            failures.equal(&place, report.torchinfo_output_bytes(&network), bytes);
        }
    }
    failures.finish();
}

#[test]
fn golden_network_counters() {
    let mut failures = Failures::default();
    let file = read("seed.json");
    for (name, model) in file["models"].as_object().expect("models") {
        check_network(&mut failures, &graph(name, &model["layers"]), &model["totals"]["counters"]);
    }
    for file in read_all("zoo.json") {
        for model in file["models"].as_array().expect("models") {
            let name = model["name"].as_str().expect("a name");
            check_network(&mut failures, &graph(name, &model["nodes"]), &model["totals"]["counters"]);
        }
    }
    failures.finish();
}

#[test]
fn a_layer_alone_counts_nothing_by_the_plain_count_but_products() {
    for &kind in Kind::ALL {
        let layer = kind.layer();
        let inputs = [Dims::new(&[2, 8, 12, 12]).expect("a shape")];
        let Ok(output) = shape::output(&layer, &inputs) else { continue };
        let site = Site { layer: &layer, inputs: &inputs, output };
        let count = Convention::Plain.count_layer(&site, Call::Module).expect("a count");
        let is_product = matches!(kind, Kind::Conv2d | Kind::ConvTranspose2d | Kind::Linear);
        assert_eq!(count > 0, is_product, "{}", kind.class());
    }
}

/// calflops multiplies two sizes, and takes one number for what it is.
#[test]
fn calflops_counts_a_size_by_how_it_is_given() {
    let input = Dims::new(&[1, 3, 5, 7]).expect("four sizes");
    let count = |size: Value| {
        let mut layer = Kind::Upsample.layer();
        layer.set_argument("size", &size).expect("a size");
        layer.set_argument("mode", &Value::Text("bilinear".to_string())).expect("a mode");
        let output = shape::output(&layer, &[input]).expect("a shape");
        Convention::CalflopsFlops.count_layer(&Site { layer: &layer, inputs: &[input], output }, Call::Module).ok()
    };
    assert_eq!(count(Value::List(vec![Value::Int(9), Value::Int(9)])), Some(81));
    assert_eq!(count(Value::Int(9)), Some(9));
}
