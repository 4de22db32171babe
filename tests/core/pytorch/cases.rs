//! Texts as people bring them: which are read exactly. The list of those that are not may only shrink.

use std::collections::BTreeMap;

use convscope::cost::{Settings, analyze};
use convscope::model::Dims;
use convscope::pytorch::{Import, ImportedModel, Options, Severity, import};
use serde_json::Value as Json;

use crate::golden::sizes;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pytorch_cases");

/// Not yet read as PyTorch reads them. A case here that is right fails the test: it is to be taken out.
const NOT_YET: &[&str] = &["15_people_loop_over_window"];

fn files(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    let named = paths.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a text"))
    });
    named.collect()
}

/// What differs from what is expected; nothing where all is right.
type Verdict = Result<(), String>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what} {found:?}, not {expected:?}")) }
}

fn errors(found: &Import) -> Vec<String> {
    let errors = found.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(|problem| format!("line {:?}: {}", problem.line, problem.message)).collect()
}

/// What is said besides, for whoever looks for the reason.
fn remarks(found: &Import) -> String {
    let remarks = found.problems.iter().take(4);
    remarks.map(|problem| format!("\n        {:?}: {}", problem.line, problem.message)).collect()
}

fn macs(model: &ImportedModel) -> Verdict {
    let completeness = analyze(&model.network, &Settings::default()).totals.completeness;
    if completeness.is_exact() { Ok(()) } else { Err(format!("{completeness:?}")) }
}

/// `params=40 buffers=0 macs=6144 outputs=1x8x16x16`.
fn figures(model: &ImportedModel) -> String {
    let report = analyze(&model.network, &Settings::default());
    let of = |figure: Option<u64>| figure.map_or_else(|| "?".to_string(), |figure| figure.to_string());
    let outputs: Vec<String> = model.outputs.iter().map(ToString::to_string).collect();
    format!(
        "params={} buffers={} macs={} outputs={}",
        of(model.totals.params),
        of(model.totals.buffers),
        report.totals.figures.macs.0,
        outputs.join(" ")
    )
}

/// The rows by themselves sum to what PyTorch counts.
fn rows(model: &ImportedModel) -> Verdict {
    let report = analyze(&model.network, &Settings::default());
    same("the rows' parameters", &Some(report.totals.figures.params().0), &model.totals.params)
}

fn smallest(text: &str) -> Verdict {
    let remark = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(key)).unwrap_or_default();
        line.trim_start_matches(':').trim().to_string()
    };
    let input = remark("input");
    let named = |model: &&ImportedModel| model.variable.as_deref() == Some("model");
    if let Some(rest) = input.strip_prefix('-') {
        let found = import(text, &Options::default());
        same("errors", &errors(&found), &Vec::new())?;
        if let Some(wrong) = rest.trim().strip_prefix("not ") {
            let shown: Vec<String> = found.models.iter().map(|model| model.network.input.to_string()).collect();
            return if shown.iter().any(|shown| shown == wrong) { Err(format!("input {wrong}")) } else { Ok(()) };
        }
        return Ok(());
    }
    let input: Dims = input.parse().map_err(|error| format!("{error}"))?;
    let found = import(text, &Options { input: Some(input) });
    let check = || {
        same("errors", &errors(&found), &Vec::new())?;
        let model = found.models.iter().rfind(named).ok_or("no model of this name")?;
        same("input", &model.network.input, &input)?;
        same("figures", &figures(model), &remark("expected"))?;
        macs(model)?;
        rows(model)
    };
    check().map_err(|error: String| error + &remarks(&found))
}

fn shapes(json: &Json) -> Vec<Vec<u64>> {
    json.as_array().map(|shapes| shapes.iter().map(sizes).collect()).unwrap_or_default()
}

fn check_model(model: &ImportedModel, expected: &Json) -> Verdict {
    same("class", &expected["class"].as_str(), &Some(model.name.as_str()))?;
    same("params", &model.totals.params, &expected["total_params"].as_u64())?;
    same("trainable", &model.totals.trainable, &expected["trainable"].as_u64())?;
    same("buffers", &model.totals.buffers, &expected["buffers"].as_u64())?;
    let outputs: Vec<Vec<u64>> = model.outputs.iter().map(|dims| dims.sizes().to_vec()).collect();
    same("outputs", &outputs, &shapes(&expected["output"]))?;
    let report = analyze(&model.network, &Settings::default());
    same("MACs", &Some(report.totals.figures.macs.0), &expected["macs_flop_counter"].as_u64())?;
    macs(model)
}

fn whole(text: &str, expected: &Json) -> Verdict {
    let found = import(text, &Options::default());
    let check = || {
        if expected["status"] == "foreign" {
            let says = found.problems.iter().any(|problem| problem.message.contains("Keras"));
            return if says || !found.models.is_empty() { Ok(()) } else { Err("does not speak of Keras".to_string()) };
        }
        let wrong = errors(&found);
        if expected["status"] == "error" {
            let error = found.problems.iter().find(|problem| problem.severity == Severity::Error).ok_or("no error")?;
            same("words", &error.original.as_deref(), &expected["message"].as_str())?;
            return same("line", &error.line.map(u64::from), &expected["line"].as_u64());
        }
        same("errors", &wrong, &Vec::new())?;
        let models = expected["models"].as_array().expect("models");
        same("models", &found.models.len(), &models.len())?;
        for (model, expected) in found.models.iter().zip(models) {
            let mut fitting = shapes(&expected["also_fits"]);
            fitting.extend(shapes(&expected["input"]).into_iter().take(1));
            let own = model.network.input.sizes().to_vec();
            if !fitting.contains(&own) {
                return Err(format!("{}: input {own:?}, not of {fitting:?}", model.name));
            }
            let input = Dims::new(&sizes(&expected["input"][0]));
            let again = import(text, &Options { input });
            let again = again.models.iter().find(|other| other.name == model.name).unwrap_or(model);
            check_model(again, expected).map_err(|error| format!("{}: {error}", model.name))?;
        }
        Ok(())
    };
    check().map_err(|error: String| error + &remarks(&found))
}

#[test]
fn texts_as_people_bring_them() {
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let answers = files(FOLDER, "json");
    for (name, text) in files(FOLDER, "txt") {
        let expected: Json = serde_json::from_str(&answers[&name]).expect("an answer");
        verdicts.insert(name, whole(&text, &expected));
    }
    for (name, text) in files(&format!("{FOLDER}/min"), "py") {
        verdicts.insert(format!("min/{name}"), smallest(&text));
    }
    assert!(verdicts.len() >= 73, "{} cases", verdicts.len());
    let mut wrong = Vec::new();
    for (name, verdict) in &verdicts {
        let listed = NOT_YET.contains(&name.as_str());
        match verdict {
            Ok(()) => println!("right  {name}"),
            Err(error) => println!("wrong  {name}: {error}"),
        }
        match verdict {
            Ok(()) if listed => wrong.push(format!("{name} is right: take it out of the list")),
            Err(error) if !listed => wrong.push(format!("{name}: {error}")),
            _ => {}
        }
    }
    for name in NOT_YET {
        assert!(verdicts.contains_key(*name), "{name} is no case");
    }
    let right = verdicts.values().filter(|verdict| verdict.is_ok()).count();
    assert!(wrong.is_empty(), "{right} of {} are right\n{}", verdicts.len(), wrong.join("\n"));
}
