//! Single modules and functions: what PyTorch measures of each.

use convscope::cost::{Settings, analyze};
use convscope::model::Dims;
use convscope::pytorch::{Options, Severity, import};
use serde_json::Value as Json;

use crate::golden::{Failures, sizes};

/// `tests/oracle/operations.py` makes it.
fn operations() -> Vec<Json> {
    serde_json::from_str(include_str!("../../fixtures/pytorch_operations.json")).expect("the operations")
}

#[test]
fn operations_have_the_figures_that_pytorch_measures() {
    let mut failures = Failures::default();
    let all = operations();
    assert!(all.len() > 100, "{} operations", all.len());
    for operation in all {
        let name = operation["name"].as_str().expect("a name");
        let input = Dims::new(&sizes(&operation["input"]));
        let found = import(operation["text"].as_str().expect("a text"), &Options { input });
        let errors: Vec<&str> = found
            .problems
            .iter()
            .filter(|problem| problem.severity != Severity::Note)
            .map(|problem| problem.message.as_str())
            .collect();
        let Some(model) = found.models.last() else {
            failures.check(false, || format!("{name}: nothing, {errors:?}"));
            continue;
        };
        let report = analyze(&model.network, &Settings::default());
        let outputs: Vec<Vec<u64>> = model.outputs.iter().map(|dims| dims.sizes().to_vec()).collect();
        let own = serde_json::json!({
            "params": model.totals.params,
            "buffers": model.totals.buffers,
            "macs": report.totals.figures.macs.0,
            "outputs": outputs,
        });
        for key in ["params", "buffers", "macs", "outputs"] {
            failures.check(own[key] == operation[key], || {
                format!("{name}: {key} {}, not {} {errors:?}", own[key], operation[key])
            });
        }
        failures.check(report.totals.completeness.is_exact(), || {
            format!("{name}: {:?} {errors:?}", report.totals.completeness)
        });
        let rows = report.totals.figures.params().0;
        failures.check(Some(rows) == model.totals.params, || format!("{name}: the rows have {rows} parameters"));
    }
    failures.finish();
}
