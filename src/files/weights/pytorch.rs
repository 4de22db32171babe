//! PyTorch's `.pt` and `.pth` since 1.6: a zip with a pickle, and the numbers of each storage as they are.

use std::collections::HashMap;

use super::super::problem::FileProblem;
use super::pickle::Pickle;
use super::tensor::{NamedTensor, NumberKind};
use super::unpickled::{Id, Unpickled, Values};
use super::zip;

/// Dicts within dicts.
const DEEPEST: usize = 16;
const MOST_TENSORS: usize = 200_000;

/// The tensors of a file; those of dicts within dicts have dotted names.
///
/// # Errors
/// Names the byte and what is refused there.
pub fn state_dict(bytes: &[u8]) -> Result<Vec<NamedTensor<'_>>, FileProblem> {
    let entries = zip::entries(bytes)?;
    let pickle = entries.iter().find(|entry| entry.name.ends_with("/data.pkl") || entry.name == "data.pkl");
    let Some(pickle) = pickle else {
        let rule = match entries.iter().any(|entry| entry.name.ends_with("config.json") || entry.name.ends_with(".h5"))
        {
            true => "there is none: it is a file of Keras, which is not read; export it as .onnx or .tflite",
            false => "there is none: the zip is no file of PyTorch's",
        };
        return Err(FileProblem::of("data.pkl", rule));
    };
    let folder = pickle.name.strip_suffix("data.pkl").unwrap_or_default();
    if entries.iter().any(|entry| entry.name.starts_with(&format!("{folder}code/"))) {
        return Err(FileProblem::of(
            format!("{folder}code"),
            "it is TorchScript, a program; save model.state_dict() in its place",
        ));
    }
    let order = entries.iter().find(|entry| entry.name == format!("{folder}byteorder"));
    if order.is_some_and(|order| order.bytes != b"little") {
        return Err(FileProblem::of("byteorder", "its numbers begin with the high byte, which is not read"));
    }
    let prefix = format!("{folder}data/");
    let storages: HashMap<&str, &[u8]> =
        entries.iter().filter_map(|entry| Some((entry.name.strip_prefix(&prefix)?, entry.bytes))).collect();
    let (values, whole) = Pickle::read(pickle.bytes)?;
    let mut found = Found { values: &values, storages: &storages, tensors: Vec::new() };
    found.collect(whole, String::new(), 0)?;
    if found.tensors.is_empty() {
        return Err(FileProblem::of("data.pkl", "it has no tensor"));
    }
    Ok(found.tensors)
}

struct Found<'v, 'a> {
    values: &'v Values,
    storages: &'v HashMap<&'v str, &'a [u8]>,
    tensors: Vec<NamedTensor<'a>>,
}

impl Found<'_, '_> {
    fn collect(&mut self, id: Id, name: String, depth: usize) -> Result<(), FileProblem> {
        let join = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") };
        if depth > DEEPEST || self.tensors.len() > MOST_TENSORS {
            return Err(FileProblem::of(
                name,
                format!("there are more than {DEEPEST} dicts within dicts, or too many tensors"),
            ));
        }
        match self.values.get(id) {
            Unpickled::Dict(entries) => {
                for (key, value) in entries {
                    match self.values.get(*key) {
                        Unpickled::Text(key) => self.collect(*value, join(key), depth + 1)?,
                        Unpickled::Integer(key) => self.collect(*value, join(&key.to_string()), depth + 1)?,
                        _ => {}
                    }
                }
                Ok(())
            }
            Unpickled::Tensor { storage, offset, dims, strides } => {
                let tensor = self.tensor(name, *storage, (*offset, dims, strides))?;
                self.tensors.push(tensor);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl<'a> Found<'_, 'a> {
    fn tensor(
        &self,
        name: String,
        storage: Id,
        (offset, dims, strides): (u64, &[u64], &[u64]),
    ) -> Result<NamedTensor<'a>, FileProblem> {
        let refuse = |rule: String| FileProblem::of(format!("tensor {name}"), rule);
        let Unpickled::Storage { kind, key } = self.values.get(storage) else {
            return Err(refuse("it has no storage".to_string()));
        };
        let kind = match *kind {
            "DoubleStorage" => NumberKind::F64,
            "HalfStorage" => NumberKind::F16,
            "BFloat16Storage" => NumberKind::Bf16,
            "LongStorage" => NumberKind::I64,
            "IntStorage" => NumberKind::I32,
            "ShortStorage" => NumberKind::I16,
            "CharStorage" => NumberKind::I8,
            "ByteStorage" => NumberKind::U8,
            "BoolStorage" => NumberKind::Bool,
            _ => NumberKind::F32,
        };
        let bytes =
            self.storages.get(key.as_str()).ok_or_else(|| refuse(format!("its storage {key} is not in the file")))?;
        let start = offset.checked_mul(kind.bytes()).and_then(|start| usize::try_from(start).ok());
        let bytes = start
            .and_then(|start| bytes.get(start..))
            .ok_or_else(|| refuse("it begins outside of its storage".to_string()))?;
        let mut plain = 1_u64;
        let mut is_plain = true;
        for (size, stride) in dims.iter().zip(strides).rev() {
            is_plain &= *size <= 1 || *stride == plain;
            plain = plain.saturating_mul(*size);
        }
        let strides = (!is_plain).then(|| strides.to_vec());
        Ok(NamedTensor { name, dims: dims.to_vec(), kind, bytes, strides })
    }
}
