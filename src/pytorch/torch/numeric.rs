//! Numbers of `math` and `numpy`, and the small functions of Python's libraries.

use super::super::problem::ProblemKind;
use super::super::python::Run;
use super::fold::Dialect;
use super::functional::number_value;
use super::{Arguments, Machine, Value};

impl Machine {
    pub(crate) fn call_numeric(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        let Some(first) = arguments.positional.first().cloned() else { return Ok(Value::unknown(name)) };
        if matches!(name, "prod" | "sum" | "max" | "min" | "mean" | "cumsum" | "array" | "asarray") {
            let plain = matches!(first, Value::Tuple(_) | Value::List(_) | Value::Range(_));
            let flat = plain && self.items(&first)?.iter().all(Value::is_number);
            if !flat || arguments.positional.len() + arguments.keywords.len() > 1 {
                return self.numpy(name, arguments);
            }
            let items = self.items(&first)?;
            return match name {
                "prod" => {
                    let mut product = Value::Int(1);
                    for item in items {
                        product = self.binary(&product, crate::pytorch::python::tree::BinaryOperator::Mul, &item)?;
                    }
                    Ok(product)
                }
                "array" | "asarray" => self.listed_tensor(Some(&first)),
                "cumsum" => {
                    let mut sums = Vec::new();
                    let mut total = Value::Int(0);
                    for item in items {
                        total = self.binary(&total, crate::pytorch::python::tree::BinaryOperator::Add, &item)?;
                        sums.push(total.clone());
                    }
                    self.new_list(sums)
                }
                "mean" => {
                    let numbers: Vec<f64> = items.iter().filter_map(Value::as_float).collect();
                    Ok(Value::Float(numbers.iter().sum::<f64>() / numbers.len().max(1) as f64))
                }
                _ => self.call_builtin(name, Arguments::positional(vec![first])),
            };
        }
        if name == "linspace" || name == "arange" {
            return self.counted_tensor(name, arguments);
        }
        if name == "zeros" || name == "ones" {
            return self.made_tensor(name, arguments);
        }
        let many = arguments.all().any(|value| matches!(value, Value::Tensor(_) | Value::List(_) | Value::Tuple(_)));
        let both = arguments.positional.len() > 1 && super::array::binary(name).is_some() && name != "pow";
        if many || both {
            return self.numpy(name, arguments);
        }
        let Some(x) = first.as_float() else { return Ok(Value::unknown(name)) };
        let y = arguments.positional.get(1).and_then(Value::as_float);
        let result = match name {
            "floor" | "ceil" | "trunc" | "isqrt" => {
                let result = match name {
                    "floor" => x.floor(),
                    "ceil" => x.ceil(),
                    "trunc" => x.trunc(),
                    _ => x.sqrt().floor(),
                };
                return self.whole(result);
            }
            "sqrt" => x.sqrt(),
            "exp" => x.exp(),
            "log" => match y {
                Some(base) => x.log(base),
                None => x.ln(),
            },
            "log2" => x.log2(),
            "log10" => x.log10(),
            "pow" | "power" => x.powf(y.unwrap_or(1.0)),
            "cos" => x.cos(),
            "sin" => x.sin(),
            "tan" => x.tan(),
            "fabs" | "abs" => x.abs(),
            "int64" | "int32" | "int" => return self.whole(x.trunc()),
            "float32" | "float64" => x,
            "gcd" => {
                let (mut a, mut b) = (x.abs() as u64, y.unwrap_or(0.0).abs() as u64);
                while b > 0 {
                    (a, b) = (b, a % b);
                }
                return Ok(number_value(a as f64));
            }
            "round" => return self.call_builtin("round", arguments.clone()),
            _ => return Ok(Value::unknown(name)),
        };
        if result.is_nan() {
            return self.error(ProblemKind::Raised, "ValueError", "math domain error".to_string());
        }
        Ok(Value::Float(result))
    }

    /// A function of NumPy of arrays, lists and numbers.
    fn numpy(&mut self, name: &str, arguments: &Arguments) -> Run<Value> {
        if let Some(value) = self.folded(name, arguments, Dialect::Numpy)? {
            return Ok(value);
        }
        let first = arguments.positional.first();
        if let (Some(one), Some(other)) = (first, arguments.positional.get(1))
            && let Some(function) = super::array::binary(name)
            && let (Some(one), Some(other)) = (self.array_of(one)?, self.array_of(other)?)
        {
            let whole = one.whole && other.whole && super::array::keeps_whole(name);
            if let Some(array) = one.zip(&other, whole, function) {
                return self.constant(array);
            }
        }
        match first {
            Some(Value::Tensor(tensor)) if matches!(name, "array" | "asarray") => Ok(Value::Tensor(tensor.clone())),
            Some(list) if matches!(name, "array" | "asarray") => self.listed_tensor(Some(&list.clone())),
            Some(Value::Tensor(_)) => self.tensor_function(name, arguments.clone(), false),
            _ => Ok(Value::unknown(name)),
        }
    }

    pub(crate) fn call_ordered_dict(&mut self, name: &str, arguments: Arguments) -> Run<Value> {
        if name == "defaultdict" {
            return self.dict_of(&Arguments::default());
        }
        self.dict_of(&arguments)
    }

    pub(crate) fn reduce(&mut self, arguments: &Arguments) -> Run<Value> {
        let (Some(function), Some(items)) =
            (arguments.positional.first().cloned(), arguments.positional.get(1).cloned())
        else {
            return Ok(Value::unknown("functools.reduce"));
        };
        let mut items = self.items(&items)?.into_iter();
        let Some(mut total) = arguments.positional.get(2).cloned().or_else(|| items.next()) else {
            return Ok(Value::None);
        };
        for item in items {
            total = self.call(&function, Arguments::positional(vec![total, item]))?;
        }
        Ok(total)
    }

    pub(crate) fn product(&mut self, arguments: &Arguments) -> Run<Value> {
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for value in &arguments.positional {
            let items = self.items(value)?;
            self.allocate(rows.len().saturating_mul(items.len()).saturating_mul(arguments.positional.len()))?;
            rows = rows
                .iter()
                .flat_map(|row| items.iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect()))
                .collect();
        }
        let rows = rows.into_iter().map(|row| self.keep(Value::tuple(row))).collect();
        self.new_list(rows)
    }
}
