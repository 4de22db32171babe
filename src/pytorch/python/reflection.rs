//! What Python asks of itself: types of values, texts that are code.

use super::host::Host;
use super::{Interpreter, Run, Value};

/// Longer texts are not evaluated.
const LONGEST_EXPRESSION: usize = 200;

impl<H: Host> Interpreter<H> {
    /// `eval('BasicBlock')`, `eval("[3, 2 * c]")`.
    pub(crate) fn eval_text(&mut self, text: &str) -> Run<Value<H>> {
        let depth = text.chars().fold((0_i32, 0), |(depth, most), letter| {
            let depth = depth + i32::from("([{".contains(letter)) - i32::from(")]}".contains(letter));
            (depth, most.max(depth))
        });
        if text.len() > LONGEST_EXPRESSION || depth.1 > 20 {
            return Ok(self.not_understood("eval()"));
        }
        let tree = super::parse::parse_unplaced(text.trim());
        match tree.body.first().map(|statement| &statement.kind) {
            Some(super::tree::StatementKind::Expression(expr)) if tree.errors.is_empty() && tree.body.len() == 1 => {
                self.eval(expr)
            }
            _ => self.name_by_text(text),
        }
    }

    fn name_by_text(&mut self, text: &str) -> Run<Value<H>> {
        let mut parts = text.split('.');
        let first = parts.next().unwrap_or_default();
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !text.split('.').all(is_name) {
            return Ok(self.not_understood("eval()"));
        }
        let mut value = self.name(&first.into())?;
        for part in parts {
            value = self.attribute(&value, &part.into())?;
        }
        Ok(value)
    }

    /// Whether a value is of a class or one of several; `None`: not known.
    pub(crate) fn is_instance(&mut self, value: &Value<H>, classes: &Value<H>) -> Run<Option<bool>> {
        if let Value::Tuple(_) | Value::List(_) = classes {
            let mut known = true;
            // One after another: a list may hold itself.
            let mut open = vec![classes.clone()];
            while let Some(class) = open.pop() {
                self.step()?;
                if let Value::Tuple(_) | Value::List(_) = class {
                    open.extend(self.items(&class)?);
                    self.work(open.len() / 8)?;
                    continue;
                }
                match self.is_instance(value, &class)? {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => known = false,
                }
            }
            return Ok(known.then_some(false));
        }
        if matches!(value, Value::Unknown(_)) {
            return Ok(None);
        }
        Ok(match classes {
            Value::Class(class) => Some(match value {
                Value::Instance(id) => {
                    self.heap.instances[*id].class.is_some_and(|own| self.heap.classes[own].order.contains(class))
                }
                _ => false,
            }),
            Value::Library(path) => {
                let short = path.rsplit('.').next().unwrap_or(path);
                Some(match value {
                    Value::Instance(_) | Value::Tensor(_) => H::is_instance(self, value, short),
                    Value::Int(_) => matches!(short, "int" | "Number" | "Integral" | "integer"),
                    Value::Bool(_) => matches!(short, "bool" | "int"),
                    Value::Float(_) => matches!(short, "float" | "Number"),
                    Value::Text(_) => short == "str",
                    Value::List(_) => matches!(short, "list" | "Iterable" | "Sequence" | "List" | "abc"),
                    Value::Tuple(_) => matches!(short, "tuple" | "Iterable" | "Sequence" | "Tuple" | "Size" | "abc"),
                    Value::Dict(_) => matches!(short, "dict" | "OrderedDict" | "Mapping" | "Iterable"),
                    Value::Set(_) => matches!(short, "set" | "frozenset" | "Iterable"),
                    Value::Range(_) => matches!(short, "range" | "Iterable"),
                    Value::None => short == "NoneType",
                    Value::Function(_) => matches!(short, "FunctionType" | "LambdaType" | "Callable"),
                    Value::Method(_) => matches!(short, "MethodType" | "Callable"),
                    Value::Class(_) => matches!(short, "type" | "Callable"),
                    Value::Partial(_) => matches!(short, "partial" | "Callable"),
                    _ => false,
                })
            }
            _ => None,
        })
    }
}
