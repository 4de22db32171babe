//! Products of matrices: `@`, `bmm`, `einsum`, attention. Multiply-accumulates as PyTorch's own counter has them.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::tensor::Tensor;
use super::{Arguments, Machine, Value};
use crate::model::Dims;

/// A tensor of a sum of products: its dimensions by their letters.
type Operand = Vec<(char, u64)>;

/// The output of a product, and its multiply-accumulates.
type Product = (Dims, u64);

impl Machine {
    pub(crate) fn matrix_product(&mut self, name: &str, one: &Rc<Tensor>, other: &Rc<Tensor>) -> Run<Value> {
        let inputs = [one.clone(), other.clone()];
        let (Some(a), Some(b)) = (one.dims, other.dims) else { return self.unsupported(name, &inputs, None) };
        match matmul(&a, &b) {
            // Where a matrix lies in order, its product with a vector is none of matrices to PyTorch's counter.
            Some((dims, _)) if b.rank() == 1 && (a.rank() < 3 || self.lies_in_order(one)) => {
                self.figured(name, &inputs, Some(dims), 0)
            }
            Some((dims, macs)) => self.figured(name, &inputs, Some(dims), macs),
            None => self.product_error(name, &a, &b),
        }
    }

    fn product_error(&mut self, name: &str, a: &Dims, b: &Dims) -> Run<Value> {
        let columns = |dims: &Dims| dims.rank().checked_sub(1).map_or(1, |last| dims[last]);
        let rows = |dims: &Dims| dims.rank().checked_sub(2).map_or(1, |row| dims[row]);
        let message = match (a.rank(), b.rank()) {
            (0, _) | (_, 0) => {
                let (a, b) = (a.rank(), b.rank());
                format!("both arguments to matmul need to be at least 1D, but they are {a}D and {b}D")
            }
            (1, 1) => format!(
                "inconsistent tensor size, expected tensor [{}] and src [{}] to have the same number of elements, but got {} and {} elements respectively",
                a[0], b[0], a[0], b[0]
            ),
            (_, 2) => {
                let folded = a.elements().unwrap_or(0).checked_div(columns(a)).unwrap_or(0);
                format!(
                    "mat1 and mat2 shapes cannot be multiplied ({folded}x{} and {}x{})",
                    columns(a),
                    rows(b),
                    columns(b)
                )
            }
            _ if columns(a) != rows(b) => {
                let leading = |dims: &Dims| {
                    dims.sizes()[..dims.rank().saturating_sub(2)].iter().fold(1_u64, |a, &b| a.saturating_mul(b))
                };
                let batch = leading(a).max(leading(b));
                format!(
                    "Expected size for first two dimensions of batch2 tensor to be: [{batch}, {}] but got: [{batch}, {}].",
                    columns(a),
                    rows(b)
                )
            }
            _ => return self.unsupported(name, &[], None),
        };
        self.error(ProblemKind::Shape, "RuntimeError", message)
    }

    /// `torch.einsum("bhid,bhjd->bhij", q, k)`.
    pub(crate) fn einsum(&mut self, arguments: &Arguments) -> Run<Value> {
        let Some(Value::Text(rule)) = arguments.positional.first().cloned() else {
            return Ok(Value::unknown("einsum"));
        };
        let given = match arguments.positional.get(1) {
            Some(list @ (Value::List(_) | Value::Tuple(_))) => self.items(&list.clone())?,
            _ => arguments.positional.iter().skip(1).cloned().collect(),
        };
        let tensors: Vec<Rc<Tensor>> = given.iter().filter_map(Value::as_tensor).cloned().collect();
        if tensors.is_empty() || tensors.len() < given.len() {
            return Ok(Value::unknown("einsum"));
        }
        self.host.written = Some(("einsum".into(), format!("'{rule}'")));
        let dims: Option<Vec<Dims>> = tensors.iter().map(|tensor| tensor.dims).collect();
        let product = dims.and_then(|dims| einsum(&rule, &dims));
        match product {
            Some((dims, macs)) => self.figured("einsum", &tensors, Some(dims), macs),
            None => self.unsupported("einsum", &tensors, None),
        }
    }

    /// `F.scaled_dot_product_attention(q, k, v)`.
    pub(crate) fn attention(&mut self, arguments: &Arguments) -> Run<Value> {
        let name = "scaled_dot_product_attention";
        let parts = [(0, "query"), (1, "key"), (2, "value")];
        let tensors: Vec<Rc<Tensor>> =
            parts.iter().filter_map(|&(place, name)| arguments.get(place, name)?.as_tensor()).cloned().collect();
        let [query, key, value] = tensors.as_slice() else { return Ok(Value::unknown(name)) };
        let product = query.dims.zip(key.dims).zip(value.dims).and_then(|((query, key), value)| {
            let (scores, one) = matmul(&query, &swapped(&key)?)?;
            let (output, other) = matmul(&scores, &value)?;
            Some((output, one.checked_add(other)?))
        });
        match product {
            Some((dims, macs)) => self.figured(name, &tensors, Some(dims), macs),
            None => self.unsupported(name, &tensors, None),
        }
    }
}

fn swapped(dims: &Dims) -> Option<Dims> {
    let rank = dims.rank();
    let mut swapped = *dims;
    swapped.sizes_mut().swap(rank.checked_sub(2)?, rank - 1);
    Some(swapped)
}

/// `[.., n, k] x [.., k, m]`, broadcast; without its first or last dimension where that is missing. `None`: it cannot be.
pub(crate) fn matmul(one: &Dims, other: &Dims) -> Option<Product> {
    let (a, b) = (one.sizes(), other.sizes());
    let (rows, k, leading) = match a {
        [] => return None,
        [k] => (None, *k, &a[..0]),
        [leading @ .., n, k] => (Some(*n), *k, leading),
    };
    let (columns, other_k, other_leading) = match b {
        [] => return None,
        [k] => (None, *k, &b[..0]),
        [leading @ .., k, m] => (Some(*m), *k, leading),
    };
    if k != other_k {
        return None;
    }
    let rank = leading.len().max(other_leading.len());
    let mut sizes = Vec::with_capacity(rank + 2);
    for axis in 0..rank {
        let size = |sizes: &[u64]| (axis + sizes.len()).checked_sub(rank).map_or(1, |at| sizes[at]);
        sizes.push(match (size(leading), size(other_leading)) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => return None,
        });
    }
    sizes.extend(rows);
    sizes.extend(columns);
    let dims = Dims::new(&sizes)?;
    Some((dims, dims.elements()?.checked_mul(k)?))
}

/// What a rule makes of tensors, two after two as PyTorch does: a product without anything summed is none of matrices.
fn einsum(rule: &str, tensors: &[Dims]) -> Option<Product> {
    let rule: String = rule.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (inputs, output) = match rule.split_once("->") {
        Some((inputs, output)) => (inputs.to_string(), Some(output.to_string())),
        None => (rule, None),
    };
    let mut sizes: Vec<(char, u64)> = Vec::new();
    let mut operands: Vec<Operand> = Vec::new();
    let parts: Vec<&str> = inputs.split(',').collect();
    if parts.len() != tensors.len() {
        return None;
    }
    let mut dots = 0;
    for (part, dims) in parts.iter().zip(tensors) {
        let letters = part.replace("...", "").chars().count();
        let more = if part.contains("...") { dims.rank().checked_sub(letters)? } else { 0 };
        dots = dots.max(more);
        let labels = labels(part, more);
        if labels.len() != dims.rank() {
            return None;
        }
        for (&label, &size) in labels.iter().zip(dims.iter()) {
            match sizes.iter_mut().find(|(other, _)| *other == label) {
                Some((_, known)) if *known == 1 => *known = size,
                Some((_, known)) if *known != size && size != 1 => return None,
                Some(_) => {}
                None => sizes.push((label, size)),
            }
        }
        operands.push(labels.into_iter().zip(dims.iter().copied()).collect());
    }
    let size = |label: &char| sizes.iter().find(|(other, _)| other == label).map(|(_, size)| *size);
    let letters = |operand: &Operand| operand.iter().map(|(label, _)| *label).collect::<Vec<char>>();
    let output = match output {
        Some(output) => labels(&output, if output.contains("...") { dots } else { 0 }),
        None => implicit(&operands.iter().map(letters).collect::<Vec<_>>()),
    };
    let mut macs = 0_u64;
    let mut operands = operands.into_iter();
    let mut left = operands.next()?;
    let rest: Vec<Operand> = operands.collect();
    for (index, right) in rest.iter().enumerate() {
        let later = &rest[index + 1..];
        let has = |operand: &Operand, label: char| operand.iter().any(|(other, _)| *other == label);
        let needed = |label: char| output.contains(&label) || later.iter().any(|other| has(other, label));
        // What is in one of them alone and not needed, or has one element there, is summed before.
        let summed: Vec<u64> = left
            .iter()
            .filter(|(label, size)| !needed(*label) && *size != 1)
            .filter(|(label, _)| right.iter().any(|(other, size)| other == label && *size != 1))
            .map(|(_, size)| *size)
            .collect();
        let mut kept: Operand = Vec::new();
        for (label, _) in left.iter().chain(right).filter(|(label, _)| needed(*label)) {
            if !has(&kept, *label) {
                kept.push((*label, size(label)?));
            }
        }
        if !summed.is_empty() {
            let all = summed.iter().copied().chain(kept.iter().map(|(_, size)| *size));
            let product = all.into_iter().try_fold(1_u64, |product, size| product.checked_mul(size))?;
            macs = macs.checked_add(product)?;
        }
        left = kept;
    }
    let sizes: Option<Vec<u64>> = output.iter().map(size).collect();
    Some((Dims::new(&sizes?)?, macs))
}

/// One letter for each dimension; those of `...` are digits, counted from the last.
fn labels(part: &str, more: usize) -> Vec<char> {
    let mut labels = Vec::new();
    let mut rest = part;
    while let Some(letter) = rest.chars().next() {
        match rest.strip_prefix("...") {
            Some(behind) => {
                labels.extend((0..more).rev().filter_map(|at| char::from_digit(at as u32, 36)));
                rest = behind;
            }
            None => {
                labels.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    labels
}

/// Without `->`: the letters that stand once, in the order of the alphabet.
fn implicit(operands: &[Vec<char>]) -> Vec<char> {
    let all: Vec<char> = operands.iter().flatten().copied().collect();
    let mut once: Vec<char> = all
        .iter()
        .filter(|label| label.is_ascii_digit() || all.iter().filter(|other| other == label).count() == 1)
        .copied()
        .collect();
    once.sort_by_key(|label| (!label.is_ascii_digit(), *label));
    once.dedup();
    once
}
