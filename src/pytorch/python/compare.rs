//! Comparisons.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::{Comparison, Expr};
use super::{Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    #[inline(never)]
    pub(crate) fn comparisons(&mut self, left: &Expr, rest: &[(Comparison, Expr)]) -> Run<Value<H>> {
        let mut left = self.eval(left)?;
        for (comparison, right) in rest {
            let right = self.eval(right)?;
            if let (Some(name), 1) = (tensor_comparison(*comparison), rest.len())
                && (left.as_tensor().is_some() || right.as_tensor().is_some())
                && let Some(value) = H::compared(self, &left, name, &right)?
            {
                return Ok(value);
            }
            match self.compare(&left, *comparison, &right)? {
                Some(true) => {}
                Some(false) => return Ok(Value::Bool(false)),
                None => return Ok(Value::unknown("a comparison")),
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn compare(&mut self, left: &Value<H>, comparison: Comparison, right: &Value<H>) -> Run<Option<bool>> {
        let unknown = |value: &Value<H>| matches!(value, Value::Unknown(_)) || self.is_foreign(value);
        let vague = |value: &Value<H>| unknown(value) || matches!(value, Value::Tensor(tensor) if !H::is_known(tensor));
        Ok(match comparison {
            Comparison::Is | Comparison::IsNot => {
                let same = match (left, right) {
                    // Something unknown is something: `if x is not None`.
                    (a, Value::None) | (Value::None, a) => matches!(a, Value::None),
                    (Value::Library(a), Value::Library(b)) if a == b => true,
                    (a, b) if unknown(a) || unknown(b) => return Ok(None),
                    (Value::List(a), Value::List(b)) | (Value::Dict(a), Value::Dict(b)) => a == b,
                    (Value::Tensor(a), Value::Tensor(b)) => std::rc::Rc::ptr_eq(a, b),
                    (Value::Bool(a), Value::Bool(b)) => a == b,
                    (Value::Bool(_), _) | (_, Value::Bool(_)) => false,
                    (a, b) => self.equal(a, b)?,
                };
                Some(same == (comparison == Comparison::Is))
            }
            Comparison::In | Comparison::NotIn => {
                self.contains(right, left)?.map(|inside| inside == (comparison == Comparison::In))
            }
            Comparison::Equal | Comparison::NotEqual => {
                let none = matches!(left, Value::None) || matches!(right, Value::None);
                let same = matches!((left, right), (Value::Library(left), Value::Library(right)) if left == right);
                if !none && !same && (vague(left) || vague(right)) {
                    return Ok(None);
                }
                Some(self.equal(left, right)? == (comparison == Comparison::Equal))
            }
            Comparison::Less | Comparison::LessEqual | Comparison::Greater | Comparison::GreaterEqual => {
                if vague(left) || vague(right) {
                    return Ok(None);
                }
                let Some(order) = self.order(left, right)? else {
                    let (a, b) = (self.type_of(left), self.type_of(right));
                    let message = format!("this comparison is not supported between instances of '{a}' and '{b}'");
                    self.error(ProblemKind::Raised, "TypeError", message)?;
                    return Ok(None);
                };
                Some(match comparison {
                    Comparison::Less => order.is_lt(),
                    Comparison::LessEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        })
    }

    /// Something of a library that is not known: it may be any value.
    pub(crate) fn is_foreign(&self, value: &Value<H>) -> bool {
        let Value::Library(path) = value else { return false };
        path.contains('.') && !H::is_known_root(path) && !H::is_base(path)
    }

    fn contains(&mut self, container: &Value<H>, item: &Value<H>) -> Run<Option<bool>> {
        Ok(match container {
            Value::Unknown(_) => None,
            Value::Text(text) => match item {
                Value::Text(part) => Some(text.contains(&**part)),
                _ => None,
            },
            _ if self.is_foreign(container) => None,
            _ if matches!(item, Value::Unknown(_)) || self.is_foreign(item) => None,
            Value::Dict(id) | Value::Set(id) => Some(self.heap.dicts[*id].get(item).is_some()),
            Value::Range(range) => {
                let Some(int) = item.as_int() else { return Ok(Some(false)) };
                let [start, stop, step] = **range;
                let inside = if step > 0 { (start..stop).contains(&int) } else { int <= start && int > stop };
                Some(inside && step != 0 && (int - start) % step == 0)
            }
            Value::Instance(id) => Some(H::contains(self, *id, item)),
            _ => {
                let mut certain = true;
                for other in self.items(container)? {
                    if self.equal(&other, item)? {
                        return Ok(Some(true));
                    }
                    certain &= !matches!(other, Value::Unknown(_));
                }
                certain.then_some(false)
            }
        })
    }
}

/// The function that compares values of the host element by element.
fn tensor_comparison(comparison: Comparison) -> Option<&'static str> {
    match comparison {
        Comparison::Equal => Some("eq"),
        Comparison::NotEqual => Some("ne"),
        Comparison::Less => Some("lt"),
        Comparison::LessEqual => Some("le"),
        Comparison::Greater => Some("gt"),
        Comparison::GreaterEqual => Some("ge"),
        _ => None,
    }
}
