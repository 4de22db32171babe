//! Names of modules in Python: below a prefix, as attributes, as classes.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::literal::{is_identifier, string};

/// Names that are taken, as the import would find them when it reads the text again.
#[derive(Default)]
pub(crate) struct Taken {
    /// A module's name, and that of all that holds it.
    pub modules: BTreeSet<String>,
    functions: HashSet<String>,
    /// The number from which on a stem may be free.
    numbers: HashMap<String, usize>,
}

impl Taken {
    /// The name that a function of this stem gets: `add`, `add_1`, `add_2`.
    pub(crate) fn next(&mut self, stem: &str) -> String {
        let mut number = self.numbers.get(stem).copied().unwrap_or(0);
        let mut name = numbered(stem, number);
        while self.contains(&name) {
            number += 1;
            name = numbered(stem, number);
        }
        self.numbers.insert(stem.to_string(), number);
        name
    }

    /// A function has this name.
    pub(crate) fn take(&mut self, name: &str) {
        self.functions.insert(name.to_string());
    }

    fn contains(&self, name: &str) -> bool {
        let below = format!("{name}.");
        let holds = |other: &String| other.starts_with(&below);
        name.is_empty()
            || self.functions.contains(name)
            || self.modules.contains(name)
            || self.modules.range(below.clone()..).next().is_some_and(holds)
    }
}

fn numbered(stem: &str, number: usize) -> String {
    if number == 0 { stem.to_string() } else { format!("{stem}_{number}") }
}

/// A name below a prefix; the whole name where it is not below it.
pub(crate) fn relative<'a>(name: &'a str, prefix: &str) -> &'a str {
    if prefix.is_empty() {
        return name;
    }
    name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

pub(crate) fn under(name: &str, prefix: &str, head: &str) -> bool {
    name.strip_prefix(&join(prefix, head)).is_some_and(|rest| rest.starts_with('.'))
}

pub(crate) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

/// How a module is reached from its class.
pub(crate) fn attribute(path: &str) -> String {
    if path.contains('.') { submodule(path) } else { attribute_of("self", path) }
}

/// How a parameter is reached from its class.
pub(crate) fn parameter(path: &str) -> String {
    match path.rsplit_once('.') {
        Some((parent, name)) => attribute_of(&submodule(parent), name),
        None => attribute_of("self", path),
    }
}

/// The module below the class's own at this path.
fn submodule(path: &str) -> String {
    format!("self.get_submodule({})", string(path))
}

fn attribute_of(object: &str, name: &str) -> String {
    if is_attribute(name) { format!("{object}.{name}") } else { format!("getattr({object}, {})", string(name)) }
}

/// Whether a name stands behind a dot as it is. Python gives names that begin with two underscores another one there.
pub(crate) fn is_attribute(name: &str) -> bool {
    is_identifier(name) && !name.starts_with("__")
}

/// A name that Python takes.
pub(crate) fn identifier(name: &str, fallback: &str) -> String {
    let mut plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if plain.starts_with(|first: char| first.is_ascii_digit()) {
        plain.insert(0, '_');
    }
    if is_attribute(&plain) { plain } else { fallback.to_string() }
}

/// `layer1.0` to `Layer1Block0`.
pub(crate) fn camel(path: &str) -> String {
    let mut name = String::new();
    for part in path.split(['.', '_']) {
        if part.starts_with(|first: char| first.is_ascii_digit()) {
            name.push_str("Block");
        }
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
