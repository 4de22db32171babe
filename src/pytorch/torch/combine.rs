//! Several tensors: sums, products, concatenations.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::super::python::tree::BinaryOperator;
use super::fold::Dialect;
use super::tensor::{Tensor, TensorSource};
use super::{Arguments, Machine, Value, no_tensor};
use crate::model::{self, Dims, Layer, ScalarOperation};

impl Machine {
    pub(crate) fn tensor_binary(&mut self, left: &Value, operator: BinaryOperator, right: &Value) -> Run<Value> {
        let name = match operator {
            BinaryOperator::Add => "add",
            BinaryOperator::Sub => "sub",
            BinaryOperator::Mul => "mul",
            BinaryOperator::Div => "div",
            BinaryOperator::FloorDiv => "floor_divide",
            BinaryOperator::Mod => "remainder",
            BinaryOperator::Pow => "pow",
            BinaryOperator::MatMul => "matmul",
            BinaryOperator::BitAnd => "bitwise_and",
            BinaryOperator::BitOr => "bitwise_or",
            _ => "bitwise",
        };
        match self.tensor_operands(left, super::super::python::operators::sign(operator), right)? {
            Some((left, right)) => self.arithmetic(name, &left, &right),
            None => Ok(Value::unknown(name)),
        }
    }

    /// The sides of an operator, one of them a tensor; what was meant where one is no tensor, `None` where that is
    /// not known.
    pub(crate) fn tensor_operands(&mut self, left: &Value, sign: &str, right: &Value) -> Run<Option<(Value, Value)>> {
        let (mut left, mut right) = (left.clone(), right.clone());
        let (side, words): (_, no_tensor::Words) = match (&left, &right) {
            (Value::Tensor(_), other) if self.is_no_tensor(other) => (&mut right, no_tensor::right_operand),
            (other, Value::Tensor(_)) if self.is_no_tensor(other) => (&mut left, no_tensor::left_operand),
            _ => return Ok(Some((left, right))),
        };
        let Some(tensor) = self.meant_tensor(&side.clone(), words, sign)? else { return Ok(None) };
        *side = Value::Tensor(tensor);
        Ok(Some((left, right)))
    }

    /// Arithmetic of two tensors, or of one with a number.
    pub(crate) fn arithmetic(&mut self, name: &str, left: &Value, right: &Value) -> Run<Value> {
        let number = |value: &Value| match value {
            Value::Tensor(tensor) if Self::flows(tensor) || tensor.dims != Some(Dims::default()) => None,
            value => value.as_float(),
        };
        let sides = Arguments::positional(vec![left.clone(), right.clone()]);
        if let Some(value) = self.folded(name, &sides, Dialect::Torch)? {
            return Ok(value);
        }
        match (left, right, number(left), number(right)) {
            (_, _, Some(_), Some(_)) => Ok(Value::unknown(name)),
            (Value::Tensor(tensor), _, _, Some(number)) => self.with_number(name, tensor, number),
            (_, Value::Tensor(tensor), Some(number), _) => self.number_with(name, number, tensor),
            (Value::Tensor(one), Value::Tensor(other), ..) => self.two_tensors(name, one, other),
            // A tensor and something that the import does not know: most likely of the same shape.
            (Value::Tensor(tensor), other, ..) | (other, Value::Tensor(tensor), ..) => match other {
                Value::Unknown(_) if self.host.trace.is_some() && Self::flows(tensor) => {
                    self.shape_is_assumed();
                    self.unsupported(name, std::slice::from_ref(tensor), tensor.dims)
                }
                Value::Unknown(_) => Ok(Value::unknown(name)),
                other => {
                    let found = self.type_of(other);
                    let message = format!("unsupported operand type(s) for {name}: 'Tensor' and '{found}'");
                    self.error(ProblemKind::Raised, "TypeError", message)
                }
            },
            _ => Ok(Value::unknown(name)),
        }
    }

    /// `x > 0`: single numbers are compared as Python's, unknown ones not at all.
    pub(crate) fn compared_tensors(&mut self, left: &Value, name: &str, right: &Value) -> Run<Option<Value>> {
        let number = |value: &Value| match value {
            Value::Tensor(tensor) => tensor.as_number().is_some() && !Self::flows(tensor),
            value => value.is_number(),
        };
        let other = |value: &Value| matches!(value, Value::None | Value::Text(_) | Value::Unknown(_));
        if (number(left) && number(right)) || other(left) || other(right) {
            return Ok(None);
        }
        let sides = Arguments::positional(vec![left.clone(), right.clone()]);
        if let Some(value) = self.folded(name, &sides, Dialect::Torch)? {
            return Ok(Some(value));
        }
        self.tensor_function(name, sides, false).map(Some)
    }

    fn with_number(&mut self, name: &str, tensor: &Rc<Tensor>, number: f64) -> Run<Value> {
        let operation = match name {
            "add" => ScalarOperation::Add,
            "sub" => ScalarOperation::Sub,
            "mul" => ScalarOperation::Mul,
            "div" => ScalarOperation::Div,
            _ => {
                self.host.written = Some((name.into(), crate::model::Value::Float(number).to_string()));
                return self.figured(name, std::slice::from_ref(tensor), tensor.dims, 0);
            }
        };
        if !number.is_finite() {
            return self.figured(name, std::slice::from_ref(tensor), tensor.dims, 0);
        }
        self.apply(name, Layer::Scalar(model::Scalar { operation, value: number }), std::slice::from_ref(tensor))
    }

    fn number_with(&mut self, name: &str, number: f64, tensor: &Rc<Tensor>) -> Run<Value> {
        match name {
            "add" | "mul" => self.with_number(name, tensor, number),
            // number - x = x * -1 + number
            "sub" if number.is_finite() => {
                let negated = Layer::Scalar(model::Scalar { operation: ScalarOperation::Mul, value: -1.0 });
                let shifted = Layer::Scalar(model::Scalar { operation: ScalarOperation::Add, value: number });
                let negated = self.silently("neg", negated, std::slice::from_ref(tensor))?;
                let shifted = self.silently("rsub", shifted, &[negated])?;
                self.record_made("rsub", std::slice::from_ref(tensor), &shifted);
                Ok(Value::Tensor(shifted))
            }
            _ => {
                self.host.written = Some((name.into(), format!("other={}", crate::model::Value::Float(number))));
                self.figured(name, std::slice::from_ref(tensor), tensor.dims, 0)
            }
        }
    }

    fn two_tensors(&mut self, name: &str, one: &Rc<Tensor>, other: &Rc<Tensor>) -> Run<Value> {
        let inputs = [one.clone(), other.clone()];
        if name == "matmul" {
            return self.matrix_product(name, one, other);
        }
        let dims = self.output_dims(&Layer::Add(model::Add {}), &inputs, None)?;
        if self.host.trace.is_none() || !inputs.iter().any(|tensor| Self::flows(tensor)) {
            return Ok(Value::Tensor(Tensor::made(dims)));
        }
        match name {
            "add" | "mul" => {
                let layer = if name == "add" { Layer::Add(model::Add {}) } else { Layer::Mul(model::Mul {}) };
                // Broadcasting repeats the elements as `expand` would have.
                let wired: Vec<Rc<Tensor>> = inputs.iter().map(|tensor| self.unexpanded(tensor, dims)).collect();
                let node = self.node(name, layer, &wired)?;
                self.record(name, &inputs, dims, Some(node));
                Ok(Value::Tensor(self.row(node, dims)))
            }
            // a - b = a + b * -1
            "sub" => {
                let negated = Layer::Scalar(model::Scalar { operation: ScalarOperation::Mul, value: -1.0 });
                let negated = self.silently("neg", negated, std::slice::from_ref(other))?;
                let sum = self.silently("sub", Layer::Add(model::Add {}), &[one.clone(), negated])?;
                self.record_made("sub", &inputs, &sum);
                Ok(Value::Tensor(sum))
            }
            _ => self.figured(name, &inputs, dims, 0),
        }
    }

    /// The tensor that was expanded, where the product's shape is the same with it.
    fn unexpanded(&self, tensor: &Rc<Tensor>, dims: Option<Dims>) -> Rc<Tensor> {
        match &tensor.source {
            TensorSource::Expanded(original) if original.dims.is_some() && tensor.dims == dims => original.clone(),
            _ => tensor.clone(),
        }
    }

    /// A node without a call of its own.
    pub(crate) fn silently(&mut self, name: &str, layer: Layer, inputs: &[Rc<Tensor>]) -> Run<Rc<Tensor>> {
        let dims = self.output_dims(&layer, inputs, None)?;
        if self.host.trace.is_none() || !inputs.iter().any(|input| Self::flows(input)) {
            return Ok(Tensor::made(dims));
        }
        let node = self.node(name, layer, inputs)?;
        Ok(self.row(node, dims))
    }

    fn record_made(&mut self, name: &str, inputs: &[Rc<Tensor>], made: &Tensor) {
        if let TensorSource::Node(node) = made.source {
            self.record(name, inputs, made.dims, Some(node));
        }
    }

    /// The tensors of a list, and what was meant by those that are none.
    fn listed_tensors(&mut self, list: &Value) -> Run<Vec<Rc<Tensor>>> {
        let mut tensors = Vec::new();
        for (place, item) in self.items(list)?.iter().enumerate() {
            match item {
                Value::Tensor(tensor) => tensors.push(tensor.clone()),
                other if self.is_no_tensor(other) => {
                    tensors.extend(self.meant_tensor(other, no_tensor::element, &place.to_string())?);
                }
                _ => {}
            }
        }
        Ok(tensors)
    }

    /// Functions whose arguments are several tensors.
    pub(crate) fn combination(&mut self, name: &str, arguments: &Arguments) -> Run<Option<Value>> {
        Ok(Some(match name {
            "cat" | "concat" | "concatenate" | "hstack" | "vstack" => {
                let tensors = arguments.get(0, "tensors").cloned().unwrap_or(Value::None);
                let dim = arguments.get(1, "dim").or_else(|| arguments.keyword("axis")).and_then(Value::as_i64);
                let dim = dim.unwrap_or(i64::from(name == "hstack"));
                let tensors = self.listed_tensors(&tensors)?;
                if tensors.is_empty() {
                    return Ok(Some(Value::unknown("a concatenation")));
                }
                self.apply(name, Layer::Cat(model::Cat { dim }), &tensors)?
            }
            "stack" => {
                let tensors = arguments.get(0, "tensors").cloned().unwrap_or(Value::None);
                let dim = arguments.get(1, "dim").and_then(Value::as_i64).unwrap_or(0);
                let tensors = self.listed_tensors(&tensors)?;
                let Some(first) = tensors.first() else { return Ok(Some(Value::unknown("a stack"))) };
                let dims = first.dims.and_then(|dims| {
                    let at = usize::try_from(if dim < 0 { dim + dims.rank() as i64 + 1 } else { dim }).ok()?;
                    let mut sizes = dims.sizes().to_vec();
                    (at <= sizes.len()).then(|| sizes.insert(at, tensors.len() as u64))?;
                    Dims::new(&sizes)
                });
                self.host.written = Some((name.into(), format!("dim={dim}")));
                self.figured(name, &tensors, dims, 0)?
            }
            "add" | "sub" | "subtract" | "mul" | "multiply" | "div" | "divide" | "true_divide" | "matmul" | "mm"
            | "bmm" | "mv" | "dot" | "rsub" => {
                let (Some(one), Some(other)) = (arguments.get(0, "input").cloned(), arguments.get(1, "other").cloned())
                else {
                    return Ok(Some(Value::unknown(name)));
                };
                let plain = match name {
                    "subtract" => "sub",
                    "multiply" => "mul",
                    "divide" | "true_divide" => "div",
                    "mm" | "bmm" | "mv" | "dot" => "matmul",
                    name => name,
                };
                self.arithmetic(plain, &one, &other)?
            }
            "pow" if arguments.positional.len() >= 2 => {
                let (one, other) = (arguments.positional[0].clone(), arguments.positional[1].clone());
                self.arithmetic("pow", &one, &other)?
            }
            "max" | "maximum" | "minimum" | "min"
                if arguments.get(1, "other").is_some_and(|other| other.as_tensor().is_some()) =>
            {
                let tensors: Vec<Rc<Tensor>> = arguments.all().filter_map(Value::as_tensor).cloned().collect();
                let dims = match tensors.as_slice() {
                    [one, other] => {
                        self.output_dims(&Layer::Add(model::Add {}), &[one.clone(), other.clone()], None)?
                    }
                    _ => None,
                };
                self.figured(name, &tensors, dims, 0)?
            }
            "neg" | "negative" => match arguments.positional.first() {
                Some(Value::Tensor(tensor)) => {
                    let tensor = tensor.clone();
                    let layer = Layer::Scalar(model::Scalar { operation: ScalarOperation::Mul, value: -1.0 });
                    self.apply("neg", layer, std::slice::from_ref(&tensor))?
                }
                _ => Value::unknown(name),
            },
            "einsum" => self.einsum(arguments)?,
            "addmm" | "baddbmm" | "addbmm" => {
                let (Some(one), Some(other)) = (arguments.get(1, "mat1").cloned(), arguments.get(2, "mat2").cloned())
                else {
                    return Ok(Some(Value::unknown(name)));
                };
                let product = self.arithmetic("matmul", &one, &other)?;
                let first = arguments.get(0, "input").cloned().unwrap_or(Value::None);
                self.arithmetic("add", &product, &first)?
            }
            _ => return Ok(None),
        }))
    }
}
