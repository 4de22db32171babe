//! `einops`: shapes by patterns, `"b c (h p) w -> b (p c) h w"`.

use std::rc::Rc;

use super::super::python::Run;
use super::tensor::Tensor;
use super::{Arguments, Machine, Value};
use crate::model::{self, Dims, Layer};

/// One side of a pattern: for each dimension the axes that are one in it.
type Side = Vec<Vec<Axis>>;

#[derive(Clone, Debug, PartialEq)]
enum Axis {
    Named(String),
    /// A number of the pattern itself.
    Number(u64),
    /// One of those that `...` stands for, counted from the first.
    Dots(usize),
}

/// A pattern on a tensor: the axes of both sides, and their sizes.
struct Plan {
    input: Side,
    output: Side,
    sizes: Vec<(Axis, u64)>,
}

impl Machine {
    /// `rearrange`, `reduce` and `repeat`.
    pub(crate) fn einops(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let tensor = match arguments.get(0, "tensor") {
            Some(Value::Tensor(tensor)) => tensor.clone(),
            Some(list @ (Value::List(_) | Value::Tuple(_))) => {
                let stack = Arguments::positional(vec![list.clone(), Value::Int(0)]);
                match self.tensor_function("stack", stack, false)? {
                    Value::Tensor(tensor) => tensor,
                    _ => return Ok(Value::unknown(name)),
                }
            }
            _ => return Ok(Value::unknown(name)),
        };
        let Some(Value::Text(pattern)) = arguments.get(1, "pattern") else { return Ok(Value::unknown(name)) };
        let pattern = pattern.clone();
        let given: Vec<(String, u64)> = arguments
            .keywords
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), u64::try_from(value.as_int()?).ok()?)))
            .collect();
        let plan = tensor.dims.and_then(|dims| Plan::new(&pattern, &dims, &given));
        let Some(plan) = plan else {
            return self.unsupported(name, std::slice::from_ref(&tensor), None);
        };
        let output = plan.shape(&plan.output);
        match name {
            "rearrange" => self.rearranged(&tensor, &plan, &plan.output.concat(), output),
            // It may be seen in the same memory.
            "repeat" => self.figured("broadcast", &[tensor], output, 0),
            _ => {
                let how = arguments.get(2, "reduction").cloned();
                let kept = plan.output.concat();
                let (gone, stays): (Vec<Axis>, Vec<Axis>) =
                    plan.input.concat().into_iter().partition(|axis| !kept.contains(axis));
                let order: Vec<Axis> = stays.iter().chain(&gone).cloned().collect();
                let sizes = plan.shape(&order.iter().map(|axis| vec![axis.clone()]).collect::<Vec<_>>());
                let sorted = self.rearranged(&tensor, &plan, &order, sizes)?;
                let dims: Vec<Value> = (stays.len()..order.len()).map(|dim| Value::Int(dim as i128)).collect();
                let function = match how {
                    Some(Value::Text(how)) if !dims.is_empty() => match &*how {
                        "max" => "amax",
                        "min" => "amin",
                        "mean" => "mean",
                        "sum" => "sum",
                        _ => "prod",
                    },
                    _ => return Ok(sorted),
                };
                let reduced =
                    self.tensor_function(function, Arguments::positional(vec![sorted, Value::tuple(dims)]), false)?;
                match (reduced, output) {
                    (Value::Tensor(tensor), Some(dims)) if tensor.dims != Some(dims) => {
                        self.viewed("view", &tensor, Some(dims))
                    }
                    (value, _) => Ok(value),
                }
            }
        }
    }

    /// `einsum` by names, `pack` and `unpack`.
    pub(crate) fn einops_lists(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        match name {
            "einsum" => {
                let (Some(Value::Text(pattern)), tensors) = (arguments.positional.last(), &arguments.positional) else {
                    return Ok(Value::unknown(name));
                };
                let Some(rule) = letters(pattern) else { return Ok(Value::unknown(name)) };
                let mut all = vec![Value::text(&rule)];
                all.extend(tensors[..tensors.len() - 1].iter().cloned());
                self.einsum(&Arguments::positional(all))
            }
            "pack" => {
                let (Some(list), Some(Value::Text(pattern))) =
                    (arguments.get(0, "tensors").cloned(), arguments.get(1, "pattern"))
                else {
                    return Ok(Value::unknown(name));
                };
                let Some((before, behind)) = around_star(pattern) else { return Ok(Value::unknown(name)) };
                let (mut packed, mut shapes) = (Vec::new(), Vec::new());
                for item in self.items(&list)? {
                    let Value::Tensor(tensor) = item else { return Ok(Value::unknown(name)) };
                    let Some(dims) = tensor.dims.filter(|dims| dims.rank() >= before + behind) else {
                        return Ok(Value::unknown(name));
                    };
                    let (first, rest) = dims.sizes().split_at(before);
                    let (middle, last) = rest.split_at(rest.len() - behind);
                    shapes.push(Value::sizes(middle));
                    let sizes: Vec<u64> =
                        first.iter().copied().chain([middle.iter().product()]).chain(last.iter().copied()).collect();
                    packed.push(match Dims::new(&sizes) {
                        Some(sizes) if sizes == dims => Value::Tensor(tensor),
                        sizes => self.viewed("view", &tensor, sizes)?,
                    });
                }
                let whole = match packed.as_slice() {
                    [one] => one.clone(),
                    _ => {
                        let list = self.new_list(packed)?;
                        let along = Value::Int(before as i128);
                        self.tensor_function("cat", Arguments::positional(vec![list, along]), false)?
                    }
                };
                let shapes = self.new_list(shapes)?;
                self.new_tuple(vec![whole, shapes])
            }
            _ => self.unpacked(arguments),
        }
    }

    fn unpacked(&mut self, arguments: &Arguments) -> Run<Value> {
        let (Some(Value::Tensor(tensor)), Some(shapes), Some(Value::Text(pattern))) =
            (arguments.get(0, "tensor"), arguments.get(1, "packed_shapes").cloned(), arguments.get(2, "pattern"))
        else {
            return Ok(Value::unknown("unpack"));
        };
        let tensor = tensor.clone();
        let (Some((before, _)), Some(dims)) = (around_star(pattern), tensor.dims) else {
            return Ok(Value::unknown("unpack"));
        };
        let Some(&whole) = dims.get(before) else { return Ok(Value::unknown("unpack")) };
        let mut parts = Vec::new();
        let mut start = 0_u64;
        let shapes = self.items(&shapes)?;
        let count = shapes.len();
        for shape in shapes {
            let middle: Option<Vec<u64>> = self
                .items(&shape)?
                .iter()
                .map(|size| size.as_int().and_then(|size| u64::try_from(size).ok()))
                .collect();
            let Some(middle) = middle else { return Ok(Value::unknown("unpack")) };
            let Some(length) = middle.iter().try_fold(1_u64, |a, &b| a.checked_mul(b)) else {
                return Ok(Value::unknown("unpack"));
            };
            let mut part = Value::Tensor(tensor.clone());
            if count > 1 || length != whole {
                let end = start.checked_add(length).and_then(|end| i64::try_from(end).ok());
                let layer = model::Slice { start: i64::try_from(start).unwrap_or(i64::MAX), end, dim: before as i64 };
                part = self.apply("slice", Layer::Slice(layer), std::slice::from_ref(&tensor))?;
            }
            start = start.saturating_add(length);
            let mut sizes = dims.sizes()[..before].to_vec();
            sizes.extend(&middle);
            sizes.extend(&dims.sizes()[before + 1..]);
            if let (Value::Tensor(tensor), Some(sizes)) = (&part, Dims::new(&sizes))
                && tensor.dims != Some(sizes)
            {
                part = self.viewed("view", &tensor.clone(), Some(sizes))?;
            }
            parts.push(part);
        }
        self.new_list(parts)
    }

    /// Dimensions taken apart, in another order, put together.
    fn rearranged(&mut self, tensor: &Rc<Tensor>, plan: &Plan, order: &[Axis], output: Option<Dims>) -> Run<Value> {
        let apart: Vec<Axis> = plan.input.concat();
        let mut value = Value::Tensor(tensor.clone());
        let single = plan.shape(&apart.iter().map(|axis| vec![axis.clone()]).collect::<Vec<_>>());
        if single != tensor.dims {
            value = self.viewed("view", tensor, single)?;
        }
        // A size of one has no place to keep.
        let mut rest: Vec<usize> = (0..apart.len()).collect();
        let mut dims: Vec<i64> = Vec::with_capacity(apart.len());
        for axis in order {
            if let Some(at) = rest.iter().position(|&at| apart[at] == *axis) {
                dims.push(rest.remove(at) as i64);
            }
        }
        dims.extend(rest.iter().map(|&at| at as i64));
        if dims.iter().enumerate().any(|(place, &dim)| place as i64 != dim)
            && let Value::Tensor(tensor) = &value
        {
            value = self.apply("permute", Layer::Permute(model::Permute { dims }), std::slice::from_ref(tensor))?;
        }
        match &value {
            Value::Tensor(tensor) if tensor.dims != output => self.viewed("reshape", &tensor.clone(), output),
            _ => Ok(value),
        }
    }
}

impl Plan {
    fn new(pattern: &str, dims: &Dims, given: &[(String, u64)]) -> Option<Self> {
        let (left, right) = pattern.split_once("->")?;
        let named = side(left, 0)?;
        let dots = left.contains("...").then(|| (dims.rank() + 1).checked_sub(named.len())).flatten();
        let (input, output) = match dots {
            Some(dots) => (side(left, dots)?, side(right, dots)?),
            None => (named, side(right, 0)?),
        };
        if input.len() != dims.rank() {
            return None;
        }
        let mut sizes: Vec<(Axis, u64)> = given.iter().map(|(name, size)| (Axis::Named(name.clone()), *size)).collect();
        for (group, &whole) in input.iter().zip(dims.iter()) {
            let size = |axis: &Axis, sizes: &[(Axis, u64)]| match axis {
                Axis::Number(number) => Some(*number),
                axis => sizes.iter().find(|(other, _)| other == axis).map(|(_, size)| *size),
            };
            let known = group.iter().filter_map(|axis| size(axis, &sizes)).try_fold(1_u64, |a, b| a.checked_mul(b))?;
            let missing: Vec<&Axis> = group.iter().filter(|axis| size(axis, &sizes).is_none()).collect();
            match missing.as_slice() {
                [] if known == whole => {}
                [one] if whole.is_multiple_of(known.max(1)) => sizes.push(((*one).clone(), whole / known.max(1))),
                _ => return None,
            }
        }
        Some(Self { input, output, sizes })
    }

    fn shape(&self, side: &[Vec<Axis>]) -> Option<Dims> {
        let size = |axis: &Axis| match axis {
            Axis::Number(number) => Some(*number),
            axis => self.sizes.iter().find(|(other, _)| other == axis).map(|(_, size)| *size),
        };
        let sizes: Option<Vec<u64>> = side
            .iter()
            .map(|group| group.iter().try_fold(1_u64, |product, axis| product.checked_mul(size(axis)?)))
            .collect();
        Dims::new(&sizes?).filter(|dims| dims.elements().is_some())
    }
}

/// How many dimensions stand before `*` and behind it.
fn around_star(pattern: &str) -> Option<(usize, usize)> {
    let words: Vec<&str> = pattern.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "*")?;
    Some((at, words.len() - at - 1))
}

/// A pattern of names as one of letters: `b i d, b j d -> b i j`.
fn letters(pattern: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut rule = String::new();
    let spaced = pattern.replace(',', " , ").replace("->", " -> ");
    for word in spaced.split_whitespace() {
        if matches!(word, "," | "->" | "...") {
            rule.push_str(word);
            continue;
        }
        let at = names.iter().position(|name| *name == word).unwrap_or_else(|| {
            names.push(word);
            names.len() - 1
        });
        let letter = u8::try_from(at).ok().filter(|&at| at < 26)?;
        rule.push(char::from(b'a' + letter));
    }
    Some(rule)
}

/// `b (h w) ...`; `None`: it cannot be read.
fn side(text: &str, dots: usize) -> Option<Side> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ").replace("...", " ... ");
    let mut groups: Side = Vec::new();
    let mut open: Option<Vec<Axis>> = None;
    for word in spaced.split_whitespace() {
        match word {
            "(" => open = Some(Vec::new()),
            ")" => groups.push(open.take()?),
            "..." => match &mut open {
                Some(group) => group.extend((0..dots).map(Axis::Dots)),
                None if dots == 0 => groups.push(vec![Axis::Dots(0)]),
                None => groups.extend((0..dots).map(|at| vec![Axis::Dots(at)])),
            },
            word => {
                let axis = match word.parse::<u64>() {
                    Ok(number) => Axis::Number(number),
                    Err(_) => Axis::Named(word.to_string()),
                };
                match &mut open {
                    Some(group) => group.push(axis),
                    None => groups.push(vec![axis]),
                }
            }
        }
    }
    open.is_none().then_some(groups)
}
