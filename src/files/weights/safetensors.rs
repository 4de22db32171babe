//! Safetensors: eight bytes of length, a header of JSON, then the numbers.
//!
//! Bounds, as those of the format's own library: a header of [`LONGEST_HEADER`] bytes, no holes, no overlaps. That library would
//! bring little more: serde_json reads the header here as there.

use serde_json::{Map, Value, json};

use super::super::problem::FileProblem;
use super::tensor::{NamedTensor, NumberKind};

const LONGEST_HEADER: u64 = 100_000_000;
const MOST_TENSORS: usize = 200_000;

/// The tensors of a file, in the order of their numbers.
///
/// # Errors
/// Names the byte or the tensor, and the rule.
pub fn safetensors(bytes: &[u8]) -> Result<Vec<NamedTensor<'_>>, FileProblem> {
    let header = |rule: String| FileProblem::at(0, "the header's length", rule);
    let length = bytes
        .first_chunk()
        .map(|length| u64::from_le_bytes(*length))
        .ok_or_else(|| header("the file ends within it".to_string()))?;
    if length > LONGEST_HEADER {
        return Err(header(format!("it is {length}, more than {LONGEST_HEADER}")));
    }
    let end = 8 + length as usize;
    let text = bytes.get(8..end).ok_or_else(|| header(format!("it is {length}, longer than the file")))?;
    let numbers = &bytes[end..];
    let entries: Map<String, Value> = serde_json::from_slice(text)
        .map_err(|error| FileProblem::at(8, "the header", format!("its JSON is broken: {error}")))?;
    if entries.len() > MOST_TENSORS {
        return Err(FileProblem::at(8, "the header", format!("it has more than {MOST_TENSORS} tensors")));
    }
    let mut tensors = Vec::new();
    for (name, entry) in entries.iter().filter(|(name, _)| *name != "__metadata__") {
        tensors.push(tensor(name, entry, numbers)?);
    }
    tensors.sort_by_key(|(start, end, _)| (*start, *end));
    let mut next = 0;
    for (start, end, tensor) in &tensors {
        if *start != next {
            let rule =
                format!("its data_offsets begin at {start}, where {next} is next: there are no holes and overlaps");
            return Err(FileProblem::of(format!("tensor {}", tensor.name), rule));
        }
        next = *end;
    }
    if next != numbers.len() {
        return Err(FileProblem::at(end, "the numbers", format!("the tensors have {next} bytes of {}", numbers.len())));
    }
    Ok(tensors.into_iter().map(|(_, _, tensor)| tensor).collect())
}

fn tensor<'a>(name: &str, entry: &Value, numbers: &'a [u8]) -> Result<(usize, usize, NamedTensor<'a>), FileProblem> {
    let refuse = |rule: String| FileProblem::of(format!("tensor {name}"), rule);
    let whole = |key: &str| -> Option<Vec<u64>> { entry.get(key)?.as_array()?.iter().map(Value::as_u64).collect() };
    let kind = entry.get("dtype").and_then(Value::as_str).ok_or_else(|| refuse("it has no dtype".to_string()))?;
    let kind = match kind {
        "F64" => NumberKind::F64,
        "F32" => NumberKind::F32,
        "F16" => NumberKind::F16,
        "BF16" => NumberKind::Bf16,
        "I64" => NumberKind::I64,
        "I32" => NumberKind::I32,
        "I16" => NumberKind::I16,
        "I8" => NumberKind::I8,
        "U8" => NumberKind::U8,
        "BOOL" => NumberKind::Bool,
        "U16" => NumberKind::Other(2),
        "U32" => NumberKind::Other(4),
        "U64" => NumberKind::Other(8),
        "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => NumberKind::Other(1),
        other => return Err(refuse(format!("its dtype {other} is not known here"))),
    };
    let dims = whole("shape")
        .filter(|dims| dims.len() <= 64)
        .ok_or_else(|| refuse("it has no shape of whole numbers".to_string()))?;
    let offsets = whole("data_offsets").unwrap_or_default();
    let &[start, end] = offsets.as_slice() else { return Err(refuse("it has no two data_offsets".to_string())) };
    let place = |offset: u64| usize::try_from(offset).ok();
    let range = place(start).zip(place(end)).filter(|(start, end)| start <= end && *end <= numbers.len());
    let (start, end) = range
        .ok_or_else(|| refuse(format!("its data_offsets [{start}, {end}] lie outside of {} bytes", numbers.len())))?;
    let tensor = NamedTensor { name: name.to_string(), dims, kind, bytes: &numbers[start..end], strides: None };
    let bytes = tensor.elements().and_then(|elements| elements.checked_mul(kind.bytes()));
    if bytes != Some((end - start) as u64) {
        return Err(refuse(format!("its shape does not have the {} bytes of its data_offsets", end - start)));
    }
    Ok((start, end, tensor))
}

/// A tensor to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenTensor {
    /// `layer1.0.conv1.weight`.
    pub name: String,
    /// No sizes at all for a single number.
    pub dims: Vec<u64>,
    /// `None`: a counter of batches, which is 0.
    pub floats: Option<Vec<f32>>,
}

/// A file of tensors as PyTorch loads them.
pub fn write_safetensors(tensors: &[WrittenTensor]) -> Vec<u8> {
    let mut header = Map::new();
    header.insert("__metadata__".to_string(), json!({ "format": "pt" }));
    let mut numbers: Vec<u8> = Vec::new();
    // What is of eight bytes comes first, so that all is aligned.
    let (counters, floats): (Vec<_>, Vec<_>) = tensors.iter().partition(|tensor| tensor.floats.is_none());
    for WrittenTensor { name, dims, floats: values } in counters.into_iter().chain(floats) {
        let start = numbers.len();
        match values {
            Some(values) => values.iter().for_each(|value| numbers.extend(value.to_le_bytes())),
            None => numbers.extend(0_i64.to_le_bytes()),
        }
        let kind = if values.is_some() { "F32" } else { "I64" };
        header.insert(name.clone(), json!({ "dtype": kind, "shape": dims, "data_offsets": [start, numbers.len()] }));
    }
    let mut text = Value::Object(header).to_string();
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.extend(numbers);
    bytes
}
