//! Names that PyTorch does not have, and the one that was meant.

use std::sync::LazyLock;

use super::super::problem::ProblemKind;
use super::super::python::{FixWish, Run};
use super::{Machine, Value};

/// What `dir()` gives in PyTorch 2.9.1, without names that start with an underscore.
static NN: Names = LazyLock::new(|| include_str!("names/nn.txt").split_whitespace().collect());
static FUNCTIONAL: Names = LazyLock::new(|| include_str!("names/functional.txt").split_whitespace().collect());
static TORCH: Names = LazyLock::new(|| include_str!("names/torch.txt").split_whitespace().collect());
static TENSOR: Names = LazyLock::new(|| include_str!("names/tensor.txt").split_whitespace().collect());

/// In the order of their bytes.
type Names = LazyLock<Vec<&'static str>>;

impl Machine {
    /// The attribute that was meant, where the object surely has none by this name, and one that is spelt almost
    /// so. `range` is where the name stands. The mistake is noted.
    pub(crate) fn meant(&mut self, object: &Value, name: &str, range: std::ops::Range<u32>) -> Run<Option<String>> {
        if self.catches("AttributeError") || (self.minding == 0 && !matches!(object, Value::Library(_))) {
            return Ok(None);
        }
        let (owner, names): (_, &Names) = match object {
            Value::Library(path) => match &**path {
                "torch.nn" => ("torch.nn", &NN),
                "torch.nn.functional" => ("torch.nn.functional", &FUNCTIONAL),
                "torch" => ("torch", &TORCH),
                _ => return Ok(None),
            },
            Value::Tensor(_) => ("Tensor", &TENSOR),
            Value::Instance(id) if self.heap.instances[*id].class.is_some() => {
                return self.meant_of_own(object, *id, name, range);
            }
            _ => return Ok(None),
        };
        if name.starts_with('_') || names.binary_search(&name).is_ok() {
            return Ok(None);
        }
        self.work(names.len())?;
        let Some(meant) = nearest(name, names.iter().copied()) else { return Ok(None) };
        let original = match object {
            Value::Tensor(_) => format!("'Tensor' object has no attribute '{name}'"),
            _ => format!("module '{owner}' has no attribute '{name}'"),
        };
        let plain = format!("There is no {name} in {owner}; {meant} was taken.");
        Ok(Some(self.note_meant(original, plain, name, meant, range)))
    }

    fn meant_of_own(
        &mut self,
        object: &Value,
        id: super::super::python::Id,
        name: &str,
        range: std::ops::Range<u32>,
    ) -> Run<Option<String>> {
        if name.starts_with('_') || self.quietly(|machine| machine.find_attribute(object, name))?.is_some() {
            return Ok(None);
        }
        let instance = &self.heap.instances[id];
        let mut names: Vec<&str> = instance.attributes.keys().map(|name| &**name).collect();
        if let Some(module) = &instance.module {
            names.extend(module.children.iter().map(|(name, _)| &**name));
            names.extend(module.parameters.iter().chain(&module.buffers).map(|(name, _)| &**name));
        }
        names.sort_unstable();
        names.truncate(2000);
        let Some(meant) = nearest(name, names.into_iter()) else { return Ok(None) };
        let owner = self.type_of(object);
        let original = format!("'{owner}' object has no attribute '{name}'");
        let plain =
            format!("self.{name} is used here, but __init__ never sets it; it sets self.{meant}, which was taken.");
        Ok(Some(self.note_meant(original, plain, name, meant, range)))
    }

    fn note_meant(
        &mut self,
        original: String,
        plain: String,
        name: &str,
        meant: String,
        range: std::ops::Range<u32>,
    ) -> String {
        let noted = self.note_error(ProblemKind::UnknownAttribute, "AttributeError", original, Some(plain));
        if let Some(problem) = noted {
            let label = format!("Change {name} to {meant}");
            self.notes.fixes.push(FixWish { problem, range, label, replacement: meant.clone(), expected: None });
        }
        meant
    }
}

/// Whether PyTorch's tensors have an attribute of this name.
pub(crate) fn is_of_tensors(name: &str) -> bool {
    name.starts_with('_') || TENSOR.binary_search(&name).is_ok()
}

/// The only name that is as near as one slip of the keyboard, two in long names.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let most = if name.len() > 6 { 2 } else { 1 };
    let mut best: Option<(usize, &str)> = None;
    let mut again = false;
    for other in names {
        let distance = distance(name, other);
        if distance > most || only_other_digits(name, other) {
            continue;
        }
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => again = true,
            Some(_) | None => (best, again) = (Some((distance, other)), false),
        }
    }
    best.filter(|_| !again).map(|(_, name)| name.to_string())
}

/// `conv3` is not a slip for `conv2`.
fn only_other_digits(a: &str, b: &str) -> bool {
    let pairs = || a.chars().zip(b.chars());
    a.len() == b.len() && pairs().all(|(a, b)| a == b || (a.is_ascii_digit() && b.is_ascii_digit()))
}

/// Letters to add, drop or change (Levenshtein's distance); 0 where only the case differs.
fn distance(a: &str, b: &str) -> usize {
    if a.eq_ignore_ascii_case(b) {
        return 0;
    }
    if a.len().abs_diff(b.len()) > 2 || a.len().max(b.len()) > 60 {
        return usize::MAX;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, one) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = corner + usize::from(one != other);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
