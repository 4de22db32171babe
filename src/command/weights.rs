//! `convscope weights MODEL FILE`: which tensors of a file are which parameters of a model. And the weights of a run.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::arguments::{Call, Format};
use super::figures::SCHEMA;
use super::open::{Model, open_one};
use super::text::{Column, Table};
use super::{Outcome, Stopped};
use crate::engine::{Seeding, WeightSource, all_tensors};
use crate::files::weights::{self, Matched, NodeWeights, WrittenTensor, match_weights, written_tensors};
use crate::model::Network;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: &'static str,
    name: &'a str,
    file: String,
    matched: &'a [String],
    missing: &'a [String],
    unexpected: &'a [String],
    mismatched: Vec<Mismatched<'a>>,
    /// What stands before the names in the file.
    prefix: &'a str,
}

#[derive(Debug, Serialize)]
struct Mismatched<'a> {
    name: &'a str,
    model: &'a [u64],
    file: &'a [u64],
}

pub(super) fn answer(call: &Call) -> Result<(String, Outcome), Stopped> {
    let [model, file] = call.models.as_slice() else {
        return Err("weights wants a model and a file of weights".to_string());
    };
    let model = open_one(&call.with_models(vec![model.clone()]))?;
    let (matched, _) = read(Path::new(file), &model.network)?;
    let outcome = if matched.is_whole() { Outcome::Fine } else { Outcome::No };
    if call.format == Format::Json {
        let answer = Answer {
            schema: SCHEMA,
            name: &model.name,
            file: file.to_string_lossy().into_owned(),
            matched: &matched.matched,
            missing: &matched.missing,
            unexpected: &matched.unexpected,
            mismatched: matched
                .mismatched
                .iter()
                .map(|one| Mismatched { name: &one.name, model: &one.network, file: &one.file })
                .collect(),
            prefix: &matched.prefix,
        };
        return Ok((serde_json::to_string(&answer).map_err(|error| error.to_string())? + "\n", outcome));
    }
    let mut table = Table::new(&["state", "name", "model", "file"].map(Column::left));
    let mut push = |state: &str, name: &str, sizes: [String; 2]| {
        let [model, file] = sizes;
        table.push(vec![state.to_string(), name.to_string(), model, file]);
    };
    for one in &matched.mismatched {
        push("mismatched", &one.name, [&one.network, &one.file].map(|sizes| format!("{sizes:?}")));
    }
    for (state, names) in
        [("missing", &matched.missing), ("unexpected", &matched.unexpected), ("matched", &matched.matched)]
    {
        names.iter().for_each(|name| push(state, name, [String::new(), String::new()]));
    }
    let text = table.write(call.format);
    Ok((if call.format == Format::Csv { text } else { format!("{}\n\n{text}", summary(&matched)) }, outcome))
}

/// The weights that a call runs a model with: of a file, of the model's own file, or seeded.
pub(super) fn weights_of(call: &Call, model: &Model) -> Result<WeightSource, Stopped> {
    if let Some(path) = &call.weights {
        let (matched, weights) = read(path, &model.network)?;
        if !matched.missing.is_empty() || !matched.mismatched.is_empty() {
            let names = || matched.missing.iter().chain(matched.mismatched.iter().map(|one| &one.name));
            let names: Vec<&str> = names().take(4).map(String::as_str).collect();
            let shown = path.display();
            return Err(format!(
                "{shown}: {}: {} ...; convscope weights lists them",
                summary(&matched),
                names.join(", ")
            ));
        }
        return Ok(WeightSource::Given(weights));
    }
    match &model.weights {
        Some(given) => Ok(WeightSource::Given(given.clone().map_err(|words| format!("{}: {words}", model.name))?)),
        None => Ok(WeightSource::Seeded(Seeding { seed: call.seed, gain: call.gain, ..Seeding::default() })),
    }
}

/// Every tensor of a network by PyTorch's name, for a file.
pub(super) fn tensors(network: &Network, weights: &WeightSource) -> Result<Vec<WrittenTensor>, Stopped> {
    let numbers = all_tensors(network, weights).map_err(|error| error.to_string())?;
    written_tensors(network, numbers)
}

fn read(path: &Path, network: &Network) -> Result<(Matched, NodeWeights), Stopped> {
    let told = |words: String| format!("{}: {words}", path.display());
    let bytes = fs::read(path).map_err(|error| told(error.to_string()))?;
    let tensors = weights::tensors(&bytes).map_err(|problem| told(problem.to_string()))?;
    match_weights(network, &tensors).map_err(|problem| told(problem.to_string()))
}

fn summary(matched: &Matched) -> String {
    format!(
        "{} matched, {} missing, {} unexpected, {} of another shape",
        matched.matched.len(),
        matched.missing.len(),
        matched.unexpected.len(),
        matched.mismatched.len()
    )
}

impl Call {
    /// The same call of other models.
    fn with_models(&self, models: Vec<OsString>) -> Self {
        Self { models, form: self.form.clone(), output: None, weights: None, values: None, save: None, ..*self }
    }
}
