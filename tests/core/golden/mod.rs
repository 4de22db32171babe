//! PyTorch's truth as data: the folder, its files, and how its layers and graphs become the model's.
//!
//! The folder is `tests/fixtures/golden`, or `GOLDEN_DIR` where that is set; its README describes the schema.

mod functions;
mod graph;

use std::path::{Path, PathBuf};

use convscope::model::{Kind, Layer, Value};
use serde_json::Value as Json;

pub use graph::{Graph, graph};

/// The folder of the reference data.
pub fn folder() -> PathBuf {
    std::env::var_os("GOLDEN_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden"), PathBuf::from)
}

/// A file of the folder. Panics where it is not there: a test without its data says nothing.
pub fn read(name: &str) -> Json {
    read_file(&folder().join(name))
}

fn read_file(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of the folder and of `tests/fixtures/counted`, which has the same schema; layers also of `sequences.json`.
pub fn read_all(name: &str) -> Vec<Json> {
    let counted = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/counted").join(name);
    let mut files = vec![read(name), read_file(&counted)];
    if name == "layers.json" {
        files.push(read("sequences.json"));
    }
    files
}

/// A list of whole numbers.
pub fn sizes(json: &Json) -> Vec<u64> {
    json.as_array().expect("a list").iter().map(|size| size.as_u64().expect("a whole number")).collect()
}

/// A list of f32 values.
#[allow(dead_code)]
pub fn floats(json: &Json) -> Vec<f32> {
    json.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number") as f32).collect()
}

/// An argument as JSON gives it.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().expect("a number")), Value::Int)
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(_) => panic!("an object is no argument: {json}"),
    }
}

/// A `torch.nn` module from its class and arguments, and what it declares of its input (`in_channels` ...).
pub fn module(class: &str, arguments: &Json) -> (Layer, Vec<u64>) {
    let kind = Kind::from_class(class).unwrap_or_else(|| panic!("no layer kind for {class}"));
    let mut layer = kind.layer();
    let mut declared = Vec::new();
    let inferred = kind.inferred_argument().map(|argument| argument.name);
    for (name, argument) in arguments.as_object().into_iter().flatten() {
        if Some(name.as_str()) == inferred {
            declared = if argument.is_array() { sizes(argument) } else { vec![argument.as_u64().expect("a size")] };
            if let Layer::LayerNorm(norm) = &mut layer {
                norm.normalized_dims = declared.len() as i64;
            }
            continue;
        }
        layer.set_argument(name, &value(argument)).unwrap_or_else(|error| panic!("{class}: {error}"));
    }
    (layer, declared)
}

/// All failures at once: what is wrong, by case.
#[derive(Default)]
pub struct Failures(Vec<String>);

impl Failures {
    pub fn check(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.0.push(message());
        }
    }

    pub fn equal<T: PartialEq + std::fmt::Debug>(&mut self, place: &str, found: T, expected: T) {
        self.check(found == expected, || format!("{place}: {found:?}, PyTorch {expected:?}"));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn finish(self) {
        assert!(self.0.is_empty(), "{} differences:\n{}", self.0.len(), self.0.join("\n"));
    }
}
