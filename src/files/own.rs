//! This program's own JSON: designs as texts among their figures.

use serde_json::Value;

use super::problem::FileProblem;

/// What a file of this program's holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// Designs by themselves.
    Designs(Vec<OwnDesign>),
    /// All that stood on the page, as in a link.
    Workbench(String),
}

/// A design as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDesign {
    /// The design's.
    pub name: String,
    /// As in a link.
    pub text: String,
}

/// A file has at most so many designs.
const MOST_DESIGNS: usize = 10_000;

/// What a JSON text has that this program wrote; `None` where it is another one's.
///
/// # Errors
/// Where it is this program's, and has no design that can be read back.
pub fn own(text: &str) -> Result<Option<Own>, FileProblem> {
    // What is no JSON is not this program's.
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Ok(None) };
    let is_own = value.get("layers").is_some() && value.get("macs").is_some();
    if let Some(fragment) = value.get("workbench").and_then(Value::as_str).filter(|_| is_own) {
        return Ok(Some(Own::Workbench(fragment.to_string())));
    }
    let models: Vec<&Value> = match value.get("models").and_then(Value::as_array) {
        Some(models) if value.get("schema").is_some() => models.iter().collect(),
        _ if is_own => vec![&value],
        _ => return Ok(None),
    };
    let of = |model: &Value| {
        let text = |key| model.get(key).and_then(Value::as_str).map(ToString::to_string);
        Some(OwnDesign { name: text("name").unwrap_or_default(), text: text("design")? })
    };
    let designs: Vec<OwnDesign> = models.into_iter().filter_map(of).take(MOST_DESIGNS).collect();
    if designs.is_empty() {
        return Err(FileProblem::NoDesign);
    }
    Ok(Some(Own::Designs(designs)))
}
