//! Operators, truth, equality and order.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::BinaryOperator;
use super::value::{Arguments, Dict};
use super::{Interpreter, Run, Value};

/// Whole numbers beyond this are not computed with.
const LARGEST: i128 = 1 << 100;

impl<H: Host> Interpreter<H> {
    pub(crate) fn binary(&mut self, left: &Value<H>, operator: BinaryOperator, right: &Value<H>) -> Run<Value<H>> {
        // A whole number of the host's repeats a list as one of Python's does.
        let repeats = |value: &Value<H>, other: &Value<H>| match other {
            Value::List(_) | Value::Tuple(_) | Value::Text(_) if operator == BinaryOperator::Mul => match value {
                Value::Tensor(_) => value.as_int(),
                _ => None,
            },
            _ => None,
        };
        if let Some(times) = repeats(right, left) {
            return self.binary(left, operator, &Value::Int(times));
        }
        if let Some(times) = repeats(left, right) {
            return self.binary(&Value::Int(times), operator, right);
        }
        if matches!(left, Value::Tensor(_)) || matches!(right, Value::Tensor(_)) {
            return Ok(H::operator(self, left, operator, right)?.unwrap_or_else(|| Value::unknown("a computation")));
        }
        if matches!(left, Value::Unknown(_)) || matches!(right, Value::Unknown(_)) {
            return Ok(Value::unknown("a computation with something unknown"));
        }
        if let (Some(a), Some(b)) = (left.as_int(), right.as_int())
            && left.is_number()
            && right.is_number()
        {
            return self.integers(a, operator, b);
        }
        if let (Some(a), Some(b)) = (left.as_float(), right.as_float()) {
            return self.floats(a, operator, b);
        }
        match (left, operator, right) {
            (Value::Text(a), BinaryOperator::Add, Value::Text(b)) => {
                self.work((a.len() + b.len()) / 64)?;
                self.new_text(format!("{a}{b}"))
            }
            (Value::Text(text), BinaryOperator::Mod, values) => {
                let values = match values {
                    Value::Tuple(items) => items.to_vec(),
                    one => vec![one.clone()],
                };
                self.percent_format(text, &values)
            }
            (Value::Text(text), BinaryOperator::Mul, Value::Int(times))
            | (Value::Int(times), BinaryOperator::Mul, Value::Text(text)) => {
                let times = usize::try_from((*times).max(0)).unwrap_or(usize::MAX);
                self.allocate(text.len().saturating_mul(times) / 16)?;
                self.new_text(text.repeat(times))
            }
            (Value::List(_) | Value::Tuple(_), BinaryOperator::Mul, Value::Int(times))
            | (Value::Int(times), BinaryOperator::Mul, Value::List(_) | Value::Tuple(_)) => {
                let sequence = if matches!(left, Value::Int(_)) { right } else { left };
                let items = self.items(sequence)?;
                let times = usize::try_from((*times).max(0)).unwrap_or(usize::MAX);
                self.allocate(items.len().saturating_mul(times))?;
                let length = items.len().saturating_mul(times);
                let items: Vec<Value<H>> = items.into_iter().cycle().take(length).collect();
                if matches!(sequence, Value::List(_)) { self.new_list(items) } else { self.new_tuple(items) }
            }
            (Value::List(_), BinaryOperator::Add, Value::List(_)) => {
                let mut items = self.items(left)?;
                items.extend(self.items(right)?);
                self.new_list(items)
            }
            (Value::Tuple(_), BinaryOperator::Add, Value::Tuple(_)) => {
                let mut items = self.items(left)?;
                items.extend(self.items(right)?);
                self.new_tuple(items)
            }
            (Value::Set(a), _, Value::Set(b)) if set_method(operator).is_some() => {
                let other = Arguments::positional(vec![Value::Set(*b)]);
                self.call_bound(&Value::Set(*a), set_method(operator).unwrap_or_default(), other)
            }
            (Value::Dict(a), BinaryOperator::BitOr, Value::Dict(b)) => {
                let mut dict = self.heap.dicts[*a].clone();
                let pairs = self.heap.dicts[*b].pairs.clone();
                self.work(pairs.len() + dict.pairs.len())?;
                for (key, value) in pairs {
                    dict.set(key, value);
                }
                self.new_dict(dict)
            }
            // Types: `int | None`.
            (Value::Class(_) | Value::Library(_) | Value::None, BinaryOperator::BitOr, _) => Ok(left.clone()),
            (Value::Instance(_), ..) | (_, _, Value::Instance(_)) => self.instance_binary(left, operator, right),
            _ => {
                let (a, b) = (self.type_of(left), self.type_of(right));
                let sign = sign(operator);
                self.error(
                    ProblemKind::Raised,
                    "TypeError",
                    format!("unsupported operand type(s) for {sign}: '{a}' and '{b}'"),
                )
            }
        }
    }

    fn instance_binary(&mut self, left: &Value<H>, operator: BinaryOperator, right: &Value<H>) -> Run<Value<H>> {
        let method = match operator {
            BinaryOperator::Add => "__add__",
            BinaryOperator::Sub => "__sub__",
            BinaryOperator::Mul => "__mul__",
            BinaryOperator::Div => "__truediv__",
            BinaryOperator::FloorDiv => "__floordiv__",
            BinaryOperator::Mod => "__mod__",
            BinaryOperator::Pow => "__pow__",
            BinaryOperator::MatMul => "__matmul__",
            BinaryOperator::BitOr => "__or__",
            BinaryOperator::BitAnd => "__and__",
            BinaryOperator::ShiftRight => "__rshift__",
            BinaryOperator::ShiftLeft => "__lshift__",
            BinaryOperator::BitXor => "__xor__",
        };
        if let Value::Instance(id) = left
            && let Some(function) = self.find_method(*id, method)
        {
            return self.call(&function, Arguments::positional(vec![right.clone()]));
        }
        let inner = |value: &Value<H>| match value {
            Value::Instance(id) if !self.is_hosted(*id) => self.heap.instances[*id].inner.clone(),
            _ => None,
        };
        // Python tries the right side's own method then; what a class inherits of a built-in type computes as that.
        if let Value::Instance(id) = right
            && let Some(function) = self.find_method(*id, &method.replacen("__", "__r", 1))
        {
            return self.call(&function, Arguments::positional(vec![left.clone()]));
        }
        let sides = (inner(left), inner(right));
        if sides.0.is_some() || sides.1.is_some() {
            let (left, right) = (sides.0.unwrap_or(left.clone()), sides.1.unwrap_or(right.clone()));
            return self.binary(&left, operator, &right);
        }
        match H::operator(self, left, operator, right)? {
            Some(value) => Ok(value),
            None => Ok(self.not_understood("This operator")),
        }
    }

    fn integers(&mut self, a: i128, operator: BinaryOperator, b: i128) -> Run<Value<H>> {
        let result = match operator {
            BinaryOperator::Add => a.checked_add(b),
            BinaryOperator::Sub => a.checked_sub(b),
            BinaryOperator::Mul => a.checked_mul(b),
            BinaryOperator::Div | BinaryOperator::FloorDiv | BinaryOperator::Mod if b == 0 => {
                let message = if operator == BinaryOperator::Div {
                    "division by zero"
                } else {
                    "integer division or modulo by zero"
                };
                return self.error(ProblemKind::Raised, "ZeroDivisionError", message.to_string());
            }
            BinaryOperator::Div => return Ok(Value::Float(a as f64 / b as f64)),
            BinaryOperator::FloorDiv => Some(floor_div(a, b)),
            BinaryOperator::Mod => Some(a - floor_div(a, b) * b),
            BinaryOperator::Pow if b < 0 => return self.floats(a as f64, operator, b as f64),
            BinaryOperator::Pow => match (a, u32::try_from(b)) {
                (0 | 1, _) => Some(if b == 0 { 1 } else { a }),
                (-1, _) => Some(if b % 2 == 0 { 1 } else { -1 }),
                (_, Ok(b)) => a.checked_pow(b),
                (_, Err(_)) => None,
            },
            BinaryOperator::ShiftLeft => {
                u32::try_from(b).ok().filter(|&b| b < 100).and_then(|b| a.checked_mul(1_i128 << b))
            }
            BinaryOperator::ShiftRight => Some(if (0..=120).contains(&b) { a >> b } else { 0 }),
            BinaryOperator::BitAnd => Some(a & b),
            BinaryOperator::BitOr => Some(a | b),
            BinaryOperator::BitXor => Some(a ^ b),
            BinaryOperator::MatMul => return Ok(self.not_understood("A matrix product of numbers")),
        };
        match result.filter(|result| (-LARGEST..=LARGEST).contains(result)) {
            Some(result) => Ok(Value::Int(result)),
            None => self.number_too_large(),
        }
    }

    fn floats(&mut self, a: f64, operator: BinaryOperator, b: f64) -> Run<Value<H>> {
        let result = match operator {
            BinaryOperator::Add => a + b,
            BinaryOperator::Sub => a - b,
            BinaryOperator::Mul => a * b,
            BinaryOperator::Div | BinaryOperator::FloorDiv | BinaryOperator::Mod if b == 0.0 => {
                return self.error(ProblemKind::Raised, "ZeroDivisionError", "float division by zero".to_string());
            }
            BinaryOperator::Div => a / b,
            BinaryOperator::FloorDiv => (a / b).floor(),
            BinaryOperator::Mod => a - (a / b).floor() * b,
            BinaryOperator::Pow => a.powf(b),
            _ => return Ok(self.not_understood("This operator between floats")),
        };
        Ok(Value::Float(result))
    }

    pub(crate) fn negative(&mut self, operand: &Value<H>) -> Run<Value<H>> {
        match operand {
            Value::Int(int) => Ok(Value::Int(-int)),
            Value::Bool(boolean) => Ok(Value::Int(-i128::from(*boolean))),
            Value::Float(float) => Ok(Value::Float(-float)),
            Value::Tensor(_) => H::method(self, operand, "neg", Arguments::default()),
            _ => Ok(Value::unknown("a negative of something unknown")),
        }
    }

    /// Whether a value counts as true; `None`: not known.
    pub(crate) fn truth(&mut self, value: &Value<H>) -> Run<Option<bool>> {
        Ok(match value {
            Value::None => Some(false),
            Value::Bool(boolean) => Some(*boolean),
            Value::Int(int) => Some(*int != 0),
            Value::Float(float) => Some(*float != 0.0),
            Value::Text(text) => Some(!text.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Range(range) => Some(range_length(range) > 0),
            Value::List(id) => Some(!self.heap.lists[*id].is_empty()),
            Value::Dict(id) | Value::Set(id) => Some(!self.heap.dicts[*id].pairs.is_empty()),
            Value::Tensor(tensor) => H::number(tensor).map(|number| number != 0.0),
            Value::Unknown(_) => None,
            // A class is something; a setting may be anything.
            Value::Library(path) if self.is_foreign(value) => {
                let name = path.rsplit('.').next().unwrap_or_default();
                let is_class = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
                is_class.then_some(true)
            }
            Value::Instance(id) => {
                if let Some(length) = H::length(self, value)? {
                    return Ok(length.as_int().map(|length| length > 0));
                }
                match self.find_method(*id, "__bool__").or_else(|| self.find_method(*id, "__len__")) {
                    Some(method) => {
                        let result = self.call(&method, Arguments::default())?;
                        if matches!(result, Value::Instance(_)) { Some(true) } else { self.truth(&result)? }
                    }
                    None => Some(true),
                }
            }
            Value::Ellipsis
            | Value::Slice(_)
            | Value::Function(_)
            | Value::Class(_)
            | Value::Library(_)
            | Value::Bound(_)
            | Value::Method(_)
            | Value::Partial(_)
            | Value::Super(_) => Some(true),
        })
    }

    pub(crate) fn equal(&mut self, left: &Value<H>, right: &Value<H>) -> Run<bool> {
        self.step()?;
        Ok(match (left, right) {
            (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Tuple(a), Value::Tuple(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.all_equal(&a, &b)?
            }
            (Value::List(a), Value::List(b)) => {
                if a == b {
                    return Ok(true);
                }
                let (a, b) = (self.heap.lists[*a].clone(), self.heap.lists[*b].clone());
                self.work(a.len() + b.len())?;
                self.all_equal(&a, &b)?
            }
            (Value::Set(a), Value::Set(b)) => {
                self.work(self.heap.dicts[*a].pairs.len())?;
                let (a, b) = (&self.heap.dicts[*a], &self.heap.dicts[*b]);
                a.pairs.len() == b.pairs.len() && a.pairs.iter().all(|(key, _)| b.get(key).is_some())
            }
            (Value::Dict(a), Value::Dict(b)) => {
                if a == b {
                    return Ok(true);
                }
                let (a, b) = (self.heap.dicts[*a].pairs.clone(), self.heap.dicts[*b].clone());
                self.work(a.len())?;
                self.deeper()?;
                let mut equal = a.len() == b.pairs.len();
                for (key, value) in &a {
                    equal = equal
                        && match b.get(key) {
                            Some(other) => self.equal(value, &other.clone())?,
                            None => false,
                        };
                }
                self.shallower();
                equal
            }
            (Value::Range(a), Value::Range(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => a == b,
            (Value::Class(a), Value::Class(b)) | (Value::Instance(a), Value::Instance(b)) => a == b,
            (Value::Library(a), Value::Library(b)) => a == b || H::is_same(a, b),
            (Value::Method(a), Value::Method(b)) => a.1 == b.1,
            _ => match (left.as_float(), right.as_float()) {
                (Some(a), Some(b)) => match (left.as_int(), right.as_int()) {
                    (Some(a), Some(b)) => a == b,
                    _ => a == b,
                },
                _ => false,
            },
        })
    }

    fn all_equal(&mut self, a: &[Value<H>], b: &[Value<H>]) -> Run<bool> {
        self.deeper()?;
        let mut equal = a.len() == b.len();
        for (a, b) in a.iter().zip(b) {
            equal = equal && self.equal(a, b)?;
        }
        self.shallower();
        Ok(equal)
    }

    /// Less, equal or greater; `None` where there is no order.
    pub(crate) fn order(&mut self, left: &Value<H>, right: &Value<H>) -> Run<Option<std::cmp::Ordering>> {
        self.step()?;
        if let (Some(a), Some(b)) = (left.as_int(), right.as_int()) {
            return Ok(Some(a.cmp(&b)));
        }
        if let (Some(a), Some(b)) = (left.as_float(), right.as_float()) {
            return Ok(a.partial_cmp(&b));
        }
        match (left, right) {
            (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
            (Value::Tuple(_) | Value::List(_), Value::Tuple(_) | Value::List(_)) => {
                self.deeper()?;
                let (a, b) = (self.items(left)?, self.items(right)?);
                for (a, b) in a.iter().zip(&b) {
                    match self.order(a, b)? {
                        Some(std::cmp::Ordering::Equal) => {}
                        other => {
                            self.shallower();
                            return Ok(other);
                        }
                    }
                }
                self.shallower();
                Ok(Some(a.len().cmp(&b.len())))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn new_set(&mut self, items: Vec<Value<H>>) -> Run<Value<H>> {
        let mut dict = Dict::default();
        self.allocate(items.len() * 4)?;
        for item in items {
            dict.set(item, Value::None);
        }
        self.heap.dicts.push(dict);
        Ok(Value::Set(self.heap.dicts.len() - 1))
    }
}

/// What an operator between sets does.
fn set_method(operator: BinaryOperator) -> Option<&'static str> {
    match operator {
        BinaryOperator::Sub => Some("difference"),
        BinaryOperator::BitAnd => Some("intersection"),
        BinaryOperator::BitOr => Some("union"),
        BinaryOperator::BitXor => Some("symmetric_difference"),
        _ => None,
    }
}

/// How many numbers a range has.
pub(crate) fn range_length(range: &[i128; 3]) -> i128 {
    let [start, stop, step] = *range;
    if step > 0 && stop > start {
        (stop - start + step - 1) / step
    } else if step < 0 && stop < start {
        (start - stop - step - 1) / -step
    } else {
        0
    }
}

fn floor_div(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

pub(crate) fn sign(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Sub => "-",
        BinaryOperator::Mul => "*",
        BinaryOperator::Div => "/",
        BinaryOperator::FloorDiv => "//",
        BinaryOperator::Mod => "%",
        BinaryOperator::Pow => "** or pow()",
        BinaryOperator::MatMul => "@",
        BinaryOperator::ShiftLeft => "<<",
        BinaryOperator::ShiftRight => ">>",
        BinaryOperator::BitAnd => "&",
        BinaryOperator::BitOr => "|",
        BinaryOperator::BitXor => "^",
    }
}
