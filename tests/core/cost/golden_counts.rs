//! Params, buffers, MACs and activation memory of layers.json, seed.json, forward.json and zoo.json.

use convscope::cost::{Figures, NumberType, Report, RowState, Settings, Site, analyze};
use convscope::model::Dims;
use convscope::shape;
use serde_json::Value as Json;

use crate::golden::{Failures, Graph, graph, module, read, read_all, sizes};

/// The cost of a golden graph at its batch.
fn report(graph: &Graph) -> Report {
    analyze(&graph.network, &Settings { batch: graph.batch, ..Settings::default() })
}

fn check_rows(failures: &mut Failures, graph: &Graph, report: &Report) {
    for (index, row) in graph.rows.iter().enumerate() {
        let place = format!("{} {}", graph.network.name, graph.network.nodes[index].name);
        let (found, figures) = (&report.rows[index], &report.rows[index].figures);
        failures.equal(&place, found.state.clone(), RowState::Exact);
        let again = found.shared_with.is_some();
        if let (Some(params), false) = (row["params"].as_u64(), again) {
            failures.equal(&format!("{place} params"), figures.params().0, params);
        }
        if let (Some(buffers), false) = (row["buffers"].as_u64(), again) {
            failures.equal(&format!("{place} buffers"), figures.buffers.0, buffers);
        }
        if let Some(macs) = row["macs"].as_u64() {
            failures.equal(&format!("{place} macs"), figures.macs.0, macs);
        }
    }
}

fn check_totals(failures: &mut Failures, graph: &Graph, report: &Report, totals: &Json) {
    let name = &graph.network.name;
    let figures = &report.totals.figures;
    failures.check(report.totals.completeness.is_exact(), || format!("{name}: not exact"));
    // Classifiers that do not run are no nodes of the graph.
    let params = totals.get("params_executed").unwrap_or(&totals["params"]);
    failures.equal(&format!("{name} params"), Some(figures.trainable.0), params.as_u64());
    let buffers = totals["buffers"].as_u64().filter(|_| *params == totals["params"]);
    failures.equal(&format!("{name} buffers"), figures.buffers.0, buffers.unwrap_or(figures.buffers.0));
    failures.equal(&format!("{name} macs"), Some(figures.macs.0), totals["macs"].as_u64());
    failures.equal(&format!("{name} flops"), Some(figures.flops.0), totals["macs"].as_u64().map(|macs| 2 * macs));
    let Some(activations) = totals.get("activations") else { return };
    let memory = report.memory.as_ref().expect("memory");
    let node = |at: Option<u32>| at.map(|at| graph.network.nodes[at as usize].name.as_str());
    for (key, found) in [
        ("sum_outputs", memory.sum_of_outputs.0),
        ("sum_conv_linear_outputs", memory.sum_of_products.0),
        ("peak_out_of_place", memory.peak_out_of_place.elements),
        ("measured_out_of_place_peak", memory.peak_out_of_place.elements),
        ("peak_inplace_unary", memory.peak_in_place.elements),
    ] {
        if let Some(expected) = activations[key].as_u64() {
            failures.equal(&format!("{name} {key}"), found, expected);
        }
    }
    for (key, found) in [
        ("peak_out_of_place_at", node(memory.peak_out_of_place.at)),
        ("peak_inplace_unary_at", node(memory.peak_in_place.at)),
    ] {
        if let Some(expected) = activations[key].as_str() {
            failures.equal(&format!("{name} {key}"), found, Some(expected));
        }
    }
    failures.check(memory.arena.total >= memory.bytes(memory.peak_in_place.elements).0, || {
        format!("{name}: the arena of {} bytes is smaller than what lives in it", memory.arena.total)
    });
}

#[test]
fn golden_layers() {
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
        let figures = Figures::of_layer(&site, NumberType::F32).expect("figures");
        failures.equal(&format!("{place} params"), Some(figures.params().0), case["params"].as_u64());
        failures.equal(&format!("{place} buffers"), Some(figures.buffers.0), case["buffers"].as_u64());
        failures.equal(&format!("{place} macs"), Some(figures.macs.0), case["macs"].as_u64());
    }
    failures.finish();
}

#[test]
fn golden_seed() {
    let file = read("seed.json");
    let mut failures = Failures::default();
    for (name, model) in file["models"].as_object().expect("models") {
        let graph = graph(name, &model["layers"]);
        let report = report(&graph);
        check_rows(&mut failures, &graph, &report);
        check_totals(&mut failures, &graph, &report, &model["totals"]);
    }
    failures.finish();
}

#[test]
fn golden_forward_graphs() {
    let file = read("forward.json");
    let mut failures = Failures::default();
    for case in file["cases"].as_array().expect("cases") {
        let graph = graph(case["id"].as_str().expect("an id"), &case["nodes"]);
        let report = report(&graph);
        check_rows(&mut failures, &graph, &report);
        check_totals(&mut failures, &graph, &report, case);
    }
    failures.finish();
}

#[test]
fn golden_zoo() {
    let mut failures = Failures::default();
    let files = read_all("zoo.json");
    for model in files.iter().flat_map(|file| file["models"].as_array().expect("models")) {
        let graph = graph(model["name"].as_str().expect("a name"), &model["nodes"]);
        let report = report(&graph);
        check_rows(&mut failures, &graph, &report);
        check_totals(&mut failures, &graph, &report, &model["totals"]);
    }
    failures.finish();
}
