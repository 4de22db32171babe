//! Tensors that are known before a run, and the arithmetic on shapes that exporters leave in a graph.

use std::collections::HashMap;

use super::super::problem::FileProblem;
use super::message::{Node, Tensor, as_written};

/// Constants of more numbers are not computed with.
const MOST_NUMBERS: u64 = 1 << 14;

/// Gives the bytes of a file beside the model's, by the name that the model has for it.
pub(super) type Beside<'r, 'a> = &'r dyn Fn(&str) -> Option<&'a [u8]>;

/// Numbers of a small constant.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::files) enum Numbers {
    Integers(Vec<i64>),
    Floats(Vec<f32>),
}

/// A tensor that no input changes.
#[derive(Clone, Debug)]
pub(in crate::files) struct Constant<'a> {
    /// Of the initialiser, else empty.
    pub name: String,
    pub dims: Vec<u64>,
    /// `None`: too many, or in a file beside.
    pub numbers: Option<Numbers>,
    /// Where its numbers are.
    pub tensor: Option<Stored<'a>>,
}

/// Numbers in the file, and what is done with them before they are a layer's.
#[derive(Clone, Debug)]
pub(in crate::files) struct Stored<'a> {
    pub tensor: Tensor<'a>,
    pub change: Change,
    /// The tensor's dimensions in the parameter's order, where that is another one.
    pub order: Option<Vec<usize>>,
}

/// What a graph does to a tensor before a layer takes it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::files) enum Change {
    None,
    /// `[a, b]` becomes `[b, a]`.
    Transposed,
    /// 8-bit numbers: `(number - zero) * scale`, by one of each along an axis, or one for all.
    Dequantised {
        scales: Vec<f32>,
        zeros: Vec<i64>,
        axis: usize,
    },
}

impl<'a> Constant<'a> {
    pub(super) fn of(tensor: &Tensor<'a>) -> Self {
        Self::with(tensor, &|_| None)
    }

    /// Small ones are also read from the files beside.
    pub(super) fn with(tensor: &Tensor<'a>, beside: Beside<'_, 'a>) -> Self {
        Self {
            name: tensor.name.clone(),
            dims: tensor.dims.clone(),
            numbers: small_numbers(tensor, beside),
            tensor: Some(Stored { tensor: tensor.clone(), change: Change::None, order: None }),
        }
    }

    pub(in crate::files) fn integers_of(dims: Vec<u64>, integers: Vec<i64>) -> Self {
        Self { name: String::new(), dims, numbers: Some(Numbers::Integers(integers)), tensor: None }
    }

    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        match self.numbers.as_ref()? {
            Numbers::Integers(integers) => Some(integers.clone()),
            // Sizes that were computed with floats.
            Numbers::Floats(floats) => {
                floats.iter().map(|float| (float.fract() == 0.0).then_some(*float as i64)).collect()
            }
        }
    }

    pub(super) fn floats(&self) -> Option<Vec<f64>> {
        Some(match self.numbers.as_ref()? {
            Numbers::Integers(integers) => integers.iter().map(|&integer| integer as f64).collect(),
            Numbers::Floats(floats) => floats.iter().map(|&float| as_written(float)).collect(),
        })
    }

    /// Its only number, or the number that all of them are.
    pub(super) fn number(&self) -> Option<f64> {
        let floats = self.floats()?;
        let first = *floats.first()?;
        floats.iter().all(|float| *float == first).then_some(first)
    }

    pub(super) fn elements(&self) -> u64 {
        self.dims.iter().product()
    }
}

/// The numbers of a small tensor that is whole in its file.
pub(in crate::files) fn small_numbers_of(tensor: &Tensor<'_>) -> Option<Numbers> {
    small_numbers(tensor, &|_| None)
}

fn small_numbers<'a>(tensor: &Tensor<'a>, beside: Beside<'_, 'a>) -> Option<Numbers> {
    let count = tensor.elements();
    if count > MOST_NUMBERS {
        return None;
    }
    numbers(tensor, beside).ok().filter(|numbers| match numbers {
        Numbers::Integers(integers) => integers.len() as u64 == count,
        Numbers::Floats(floats) => floats.len() as u64 == count,
    })
}

/// The numbers of a tensor; `beside` gives the bytes of a file by its name.
///
/// # Errors
/// Where the file is not there, is too short, or the type is none that is computed with.
pub(super) fn numbers<'a>(tensor: &Tensor<'a>, beside: Beside<'_, 'a>) -> Result<Numbers, FileProblem> {
    let refuse = |rule: String| FileProblem::of(format!("tensor {}", tensor.name), rule);
    let raw: Option<&[u8]> = match &tensor.external {
        None => tensor.raw.map(|raw| raw.bytes),
        Some(external) => {
            let file = beside(&external.location).ok_or_else(|| {
                refuse(format!("its numbers are in the file {}, which is not here", external.location))
            })?;
            let start = usize::try_from(external.offset).unwrap_or(usize::MAX);
            let rest = file
                .get(start..)
                .ok_or_else(|| refuse(format!("it begins behind the end of {}", external.location)))?;
            Some(match external.length {
                None => rest,
                Some(length) => usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(..length))
                    .ok_or_else(|| refuse(format!("it ends behind the end of {}", external.location)))?,
            })
        }
    };
    let Some(raw) = raw else {
        return Ok(match tensor.kind {
            // Half floats stand in int32_data by their bits.
            10 => Numbers::Floats(tensor.integers.iter().map(|&bits| half(bits as u16)).collect()),
            1 | 11 => Numbers::Floats(tensor.floats.clone()),
            _ => Numbers::Integers(tensor.integers.clone()),
        });
    };
    let floats = |floats: Vec<f32>| Ok(Numbers::Floats(floats));
    let integers = |integers: Vec<i64>| Ok(Numbers::Integers(integers));
    match tensor.kind {
        1 => floats(chunks(raw, f32::from_le_bytes)),
        11 => floats(chunks(raw, |bytes| f64::from_le_bytes(bytes) as f32)),
        10 => floats(chunks(raw, |bytes| half(u16::from_le_bytes(bytes)))),
        16 => floats(chunks(raw, |bytes: [u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16))),
        2 | 9 => integers(raw.iter().map(|&byte| i64::from(byte)).collect()),
        3 => integers(raw.iter().map(|&byte| i64::from(byte as i8)).collect()),
        4 => integers(chunks(raw, |bytes| i64::from(u16::from_le_bytes(bytes)))),
        5 => integers(chunks(raw, |bytes| i64::from(i16::from_le_bytes(bytes)))),
        6 => integers(chunks(raw, |bytes| i64::from(i32::from_le_bytes(bytes)))),
        7 => integers(chunks(raw, i64::from_le_bytes)),
        12 => integers(chunks(raw, |bytes| i64::from(u32::from_le_bytes(bytes)))),
        kind => Err(refuse(format!("numbers of type {kind} are not read"))),
    }
}

fn chunks<T, const LENGTH: usize>(raw: &[u8], of: impl Fn([u8; LENGTH]) -> T) -> Vec<T> {
    raw.chunks_exact(LENGTH).filter_map(|bytes| bytes.first_chunk().copied()).map(of).collect()
}

/// The float of 16 bits.
pub fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

/// The result of an operator on constants; `None` where it is not one of those that exporters compute shapes with.
pub(super) fn fold<'a>(node: &Node, inputs: &[Option<&Constant<'a>>], opset: i64) -> Option<Constant<'a>> {
    let first = || inputs.first().copied().flatten();
    let second = || inputs.get(1).copied().flatten();
    match node.operator.as_str() {
        "Identity" | "Cast" => first().cloned(),
        "Squeeze" | "Unsqueeze" | "Reshape" | "Flatten" => {
            let constant = first()?;
            let dims = new_dims(node, constant, second(), opset)?;
            Some(Constant { dims, ..constant.clone() })
        }
        "Transpose" if first()?.dims.len() == 2 && matches!(node.integers("perm"), [] | [1, 0]) => transposed(first()?),
        "Gather" if node.integer("axis").unwrap_or(0) == 0 => {
            let (values, at) = (first()?.integers()?, second()?);
            let taken = at.integers()?.into_iter().map(|index| {
                let index = if index < 0 { index + values.len() as i64 } else { index };
                values.get(usize::try_from(index).ok()?).copied()
            });
            Some(Constant::integers_of(at.dims.clone(), taken.collect::<Option<_>>()?))
        }
        "Concat" => {
            let parts: Option<Vec<Vec<i64>>> = inputs.iter().map(|input| (*input)?.integers()).collect();
            let all = parts?.concat();
            Some(Constant::integers_of(vec![all.len() as u64], all))
        }
        "Slice" => slice(node, inputs),
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(&node.operator, first()?, second()?),
        "ConstantOfShape" => {
            let shape = first()?.integers()?;
            let dims: Option<Vec<u64>> = shape.iter().map(|&size| u64::try_from(size).ok()).collect();
            let dims = dims?;
            let count = dims.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))?;
            let count = usize::try_from(count).ok().filter(|&count| count as u64 <= MOST_NUMBERS)?;
            let value = node.attribute("value").and_then(|value| value.tensor.as_ref()).map(Constant::of);
            let numbers = match value.and_then(|value| value.numbers) {
                Some(Numbers::Integers(one)) => Numbers::Integers(vec![*one.first()?; count]),
                Some(Numbers::Floats(one)) => Numbers::Floats(vec![*one.first()?; count]),
                None => Numbers::Floats(vec![0.0; count]),
            };
            Some(Constant { name: String::new(), dims, numbers: Some(numbers), tensor: None })
        }
        "DequantizeLinear" => dequantised(node, first()?, second()?, inputs.get(2).copied().flatten()),
        _ => None,
    }
}

/// `[a, b]` becomes `[b, a]`.
fn transposed<'a>(constant: &Constant<'a>) -> Option<Constant<'a>> {
    let dims = vec![constant.dims[1], constant.dims[0]];
    let numbers = constant.numbers.as_ref().map(|numbers| match numbers {
        Numbers::Integers(integers) => Numbers::Integers(columns(integers, constant.dims[1])),
        Numbers::Floats(floats) => Numbers::Floats(columns(floats, constant.dims[1])),
    });
    let plain = constant.tensor.clone().filter(|stored| stored.change == Change::None);
    let tensor = plain.map(|stored| Stored { change: Change::Transposed, ..stored });
    (numbers.is_some() || tensor.is_some()).then(|| Constant { dims, numbers, tensor, name: constant.name.clone() })
}

/// The numbers of rows of this width, column by column.
pub(super) fn columns<T: Copy>(numbers: &[T], width: u64) -> Vec<T> {
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    (0..width.min(numbers.len())).flat_map(|column| numbers.iter().skip(column).step_by(width).copied()).collect()
}

/// Along the first dimension.
fn slice<'a>(node: &Node, inputs: &[Option<&Constant<'a>>]) -> Option<Constant<'a>> {
    let constant = inputs.first().copied().flatten()?;
    let values = constant.integers()?;
    let of = |place: usize, name: &str| match inputs.get(place).copied().flatten() {
        Some(constant) => constant.integers()?.first().copied(),
        None => node.integers(name).first().copied(),
    };
    let rank = constant.dims.len() as i64;
    if !matches!(of(3, "axes"), None | Some(0)) && of(3, "axes") != Some(-rank) {
        return None;
    }
    let count = i64::try_from(*constant.dims.first()?).ok()?;
    let inner = usize::try_from(constant.dims[1..].iter().product::<u64>()).ok().filter(|inner| *inner > 0)?;
    let step = of(4, "steps").unwrap_or(1);
    // Backwards an end of -1 is before the first.
    let (low, high) = if step < 0 { (-1, count - 1) } else { (0, count) };
    let clamp = |at: i64| (if at < 0 { at.saturating_add(count) } else { at }).clamp(low, high);
    let (mut at, end) = (clamp(of(1, "starts")?), clamp(of(2, "ends")?));
    let mut taken = Vec::new();
    let mut rows = 0;
    while step != 0 && if step < 0 { at > end } else { at < end } {
        let start = usize::try_from(at).ok()?.checked_mul(inner)?;
        taken.extend_from_slice(values.get(start..start + inner)?);
        rows += 1;
        at = at.saturating_add(step);
    }
    let dims = std::iter::once(rows).chain(constant.dims[1..].iter().copied()).collect();
    Some(Constant::integers_of(dims, taken))
}

fn arithmetic<'a>(operator: &str, one: &Constant, other: &Constant) -> Option<Constant<'a>> {
    let (a, b) = (one.integers()?, other.integers()?);
    let count = a.len().max(b.len());
    if (a.len() != count && a.len() != 1) || (b.len() != count && b.len() != 1) {
        return None;
    }
    let of = |index: usize| {
        let (a, b) = (a[index.min(a.len() - 1)], b[index.min(b.len() - 1)]);
        match operator {
            "Add" => a.checked_add(b),
            "Sub" => a.checked_sub(b),
            "Mul" => a.checked_mul(b),
            // Towards zero, as ONNX divides whole numbers.
            _ => a.checked_div(b),
        }
    };
    let dims = if one.dims.len() >= other.dims.len() && a.len() == count { &one.dims } else { &other.dims };
    Some(Constant::integers_of(dims.clone(), (0..count).map(of).collect::<Option<_>>()?))
}

/// Sizes of a constant behind an operator that keeps the order of its numbers.
fn new_dims(node: &Node, constant: &Constant, second: Option<&Constant>, opset: i64) -> Option<Vec<u64>> {
    let axes = || match second {
        Some(axes) if opset >= 13 || node.integers("axes").is_empty() => axes.integers(),
        _ => Some(node.integers("axes").to_vec()),
    };
    super::shape::reshaped(node, &constant.dims, second.and_then(Constant::integers), axes())
}

fn dequantised<'a>(
    node: &Node,
    constant: &Constant<'a>,
    scale: &Constant,
    zero: Option<&Constant>,
) -> Option<Constant<'a>> {
    let scales = scale.floats().map(|scales| scales.into_iter().map(|scale| scale as f32).collect::<Vec<f32>>());
    let axis = node.integer("axis").unwrap_or(1);
    let axis = if axis < 0 { axis + constant.dims.len() as i64 } else { axis };
    let axis = usize::try_from(axis).ok()?;
    let zeros = zero.and_then(Constant::integers).unwrap_or_default();
    let change = scales.map(|scales| Change::Dequantised { scales, zeros, axis });
    let stored = constant.tensor.clone().zip(change).map(|(stored, change)| Stored { change, ..stored });
    Some(Constant { numbers: None, tensor: stored, ..constant.clone() })
}

/// Looks constants up by the names of values.
pub(in crate::files) type Constants<'a> = HashMap<String, Constant<'a>>;
