//! Nothing of a pasted network is dropped without a word, and no count is above PyTorch's.

use std::collections::BTreeMap;

use convscope::cost::{self, RowState, Settings, analyze};
use convscope::model::{Layer, Network};
use convscope::pytorch::{Import, ImportedModel, Options, import};
use convscope::shape;
use serde_json::Value as Json;

use crate::golden::{Failures, sizes};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pytorch_rows");

/// The texts, and what PyTorch measures of their networks.
pub fn networks() -> BTreeMap<String, (String, Json)> {
    let read = |name: &str| std::fs::read_to_string(format!("{FOLDER}/{name}")).expect("a fixture");
    let truth: BTreeMap<String, Json> = serde_json::from_str(&read("truth.json")).expect("the figures");
    truth.into_iter().map(|(name, truth)| (name.clone(), (read(&format!("{name}.txt")), truth))).collect()
}

pub fn imported(text: &str, truth: &Json) -> Import {
    let input = convscope::model::Dims::new(&sizes(&truth["input"]));
    import(text, &Options { input })
}

pub fn is_told(found: &Import, name: &str) -> bool {
    found.problems.iter().any(|problem| {
        problem.module.as_deref() == Some(name)
            || problem.message.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').any(|word| word == name)
    })
}

/// The modules that PyTorch calls, in order, as rows of the shapes that it gives for this batch; what has none is told.
pub fn check_called(name: &str, called: &Json, (network, found): (&Network, &Import), batch: u64) -> Vec<String> {
    let mut failures = Vec::new();
    let shapes = shape::infer(network, &network.wiring(), batch);
    let cost::Report { rows, totals, .. } = analyze(network, &Settings::default());
    let mut at = 0;
    for call in called.as_array().into_iter().flatten() {
        let module = call[0].as_str().expect("a name");
        let place = network.nodes.iter().skip(at).position(|node| node.name == module).map(|place| place + at);
        match place {
            Some(place) => {
                let dims = shapes.nodes[place].dims().map(|dims| dims.sizes().to_vec());
                let unsure = match &network.nodes[place].layer {
                    Layer::Unsupported(_) => totals.completeness.assumed > 0,
                    _ => rows[place].state == RowState::Assumed,
                };
                if !unsure && dims.as_deref() != Some(&sizes(&call[1])) {
                    failures.push(format!("{name}: {module} gives {dims:?} for {batch}, not {}", call[1]));
                }
                at = place + 1;
            }
            None if is_told(found, module) => {}
            None => failures.push(format!("{name}: {module} is no row")),
        }
    }
    failures
}

fn check_counts(name: &str, (model, found_in): (&ImportedModel, &Import), truth: &Json, failures: &mut Failures) {
    let totals = model.totals;
    for (what, found) in [("params", totals.params), ("trainable", totals.trainable), ("buffers", totals.buffers)] {
        failures.check(found == truth[what].as_u64(), || format!("{name}: {what} {found:?}, not {}", truth[what]));
    }
    let sum = analyze(&model.network, &Settings { frozen: model.frozen.clone(), ..Settings::default() }).totals;
    let figures = sum.figures;
    let rows = [
        ("parameters", figures.params().0, totals.params),
        ("parameters", figures.trainable.0, totals.trainable),
        ("elements of buffers", figures.buffers.0, totals.buffers),
    ];
    // Where the rows differ, both figures are told.
    for (what, rows, exact) in rows {
        let exact = exact.unwrap_or_default();
        let told = found_in.problems.iter().any(|problem| {
            let words = &problem.message;
            words.contains(what)
                && words.contains("The rows of")
                && (words.contains(&rows.to_string()) && words.contains(&exact.to_string())
                    || figures.params().0 != totals.params.unwrap_or_default())
        });
        failures.check(told == (rows != exact) || what == "parameters" && told, || {
            format!("{name}: rows of {rows} {what}, PyTorch {exact}, told: {told}")
        });
    }
    let macs = truth["macs"].as_u64().expect("MACs");
    let found = sum.figures.macs.0;
    match sum.completeness.qualifier() {
        "" => failures.check(found == macs, || format!("{name}: {found} MACs, not {macs}")),
        "at least" => failures.check(found <= macs, || format!("{name}: at least {found} MACs, but {macs}")),
        // Said to be neither above nor below.
        _ => {}
    }
}

#[test]
fn golden_networks_lose_no_row_and_count_no_more_than_pytorch() {
    let mut failures = Failures::default();
    for (name, (text, truth)) in networks() {
        let found = imported(&text, &truth);
        let Some(model) = found.models.first() else {
            failures.check(false, || format!("{name}: {:?}", found.problems));
            continue;
        };
        check_counts(&name, (model, &found), &truth, &mut failures);
        for failure in check_called(&name, &truth["called"], (&model.network, &found), 1) {
            failures.check(false, || failure);
        }
        let outputs: Vec<Vec<u64>> = model.outputs.iter().map(|dims| dims.sizes().to_vec()).collect();
        let unsure = analyze(&model.network, &Settings::default()).totals.completeness.assumed > 0;
        let told = found.problems.iter().any(|problem| problem.message.starts_with("forward gives"));
        let same = serde_json::json!(outputs) == truth["outputs"];
        failures.check(same || told || unsure, || format!("{name}: gives {outputs:?}, not {}", truth["outputs"]));
        failures.check(told || outputs.len() <= 1, || format!("{name}: {} outputs, and nothing said", outputs.len()));
    }
    failures.finish();
}

/// A batch of three flows through the network as through PyTorch's.
#[test]
fn golden_networks_take_any_batch() {
    let mut failures = Failures::default();
    let mut tried = 0;
    for (name, (text, truth)) in networks() {
        let found = imported(&text, &truth);
        let Some(model) = found.models.first().filter(|_| truth["called_at_3"].is_array()) else { continue };
        tried += 1;
        for failure in check_called(&name, &truth["called_at_3"], (&model.network, &found), 3) {
            failures.check(false, || failure);
        }
    }
    failures.check(tried > 30, || format!("only {tried} were tried"));
    failures.finish();
}

/// What the text does not hold, as `conv3x3` copied without its function, is a row by the name it was given, and its
/// parameters are not told as none.
#[test]
fn what_could_not_be_made_is_a_row_by_its_name() {
    let text = "
class Block(nn.Module):
    def __init__(self, planes):
        super().__init__()
        self.conv1 = conv3x3(planes, planes)
        self.bn1 = nn.BatchNorm2d(planes)
    def forward(self, x):
        return self.bn1(self.conv1(x)) + x
block = Block(64)
";
    let found = import(text, &Options::default());
    let model = &found.models[0];
    let names: Vec<&str> = model.network.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["conv1", "bn1", "add"]);
    assert!(matches!(&model.network.nodes[0].layer, Layer::Unsupported(layer) if layer.parameters.is_none()));
    assert_eq!(model.totals.params, None);
    assert!(is_told(&found, "conv3x3") && is_told(&found, "conv1"));
}
