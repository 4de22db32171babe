//! Assignments: to names, attributes, items and several at once.

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::{BinaryOperator, Expr, ExprKind, Name};
use super::{Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn assign(&mut self, target: &Expr, value: Value<H>) -> Run<()> {
        match &target.kind {
            ExprKind::Name(name) => self.set_variable(name, value),
            ExprKind::Attribute { value: object, name } => {
                let line = self.line;
                let object = self.eval(object)?;
                self.line = line;
                if let Value::Instance(id) = object {
                    H::before_set(self, id, &value, &target.range)?;
                }
                let name = self.mangled(name);
                self.set_attribute(&object, &name, value)
            }
            ExprKind::Subscript { value: object, index } => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.set_item(&object, index, value)
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.unpack(targets, &value),
            ExprKind::Starred(target) => self.assign(target, value),
            _ => Ok(()),
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value<H>) -> Run<()> {
        if let Value::Unknown(what) = value {
            for target in targets {
                self.assign(target, Value::Unknown(what.clone()))?;
            }
            return Ok(());
        }
        let items = match value {
            Value::Tensor(_) => H::items(self, value)?,
            value => Some(self.items(value)?),
        };
        let Some(items) = items else {
            for target in targets {
                self.assign(target, Value::unknown("an item of something unknown"))?;
            }
            return Ok(());
        };
        let starred = targets.iter().position(|target| matches!(target.kind, ExprKind::Starred(_)));
        match starred {
            Some(at) if items.len() + 1 >= targets.len() => {
                let behind = targets.len() - at - 1;
                let end = items.len() - behind;
                for (target, item) in targets[..at].iter().zip(&items) {
                    self.assign(target, item.clone())?;
                }
                let middle = self.new_list(items[at..end].to_vec())?;
                self.assign(&targets[at], middle)?;
                for (target, item) in targets[at + 1..].iter().zip(&items[end..]) {
                    self.assign(target, item.clone())?;
                }
                Ok(())
            }
            None if items.len() == targets.len() => {
                for (target, item) in targets.iter().zip(items) {
                    let item = match item {
                        Value::Tensor(tensor) if !is_blank(target) => Value::Tensor(H::taken(self, &tensor)?),
                        item => item,
                    };
                    self.assign(target, item)?;
                }
                Ok(())
            }
            _ if items.len() < targets.len() && items.iter().any(|item| matches!(item, Value::Unknown(_))) => {
                self.unpack(targets, &Value::unknown("an item of something unknown"))
            }
            _ => {
                let (expected, found) = (targets.len(), items.len());
                let message = if found < expected {
                    format!("not enough values to unpack (expected {expected}, got {found})")
                } else {
                    format!("too many values to unpack (expected {expected})")
                };
                let unknown = self.error(ProblemKind::Raised, "ValueError", message)?;
                for target in targets {
                    self.assign(target, unknown.clone())?;
                }
                Ok(())
            }
        }
    }

    pub(crate) fn annotated(&mut self, target: &Expr, value: Option<&Expr>) -> Run<()> {
        match value {
            Some(value) => {
                let line = self.line;
                let value = self.eval(value)?;
                self.line = line;
                self.assign(target, value)
            }
            None => Ok(()),
        }
    }

    pub(crate) fn augmented(&mut self, target: &Expr, operator: BinaryOperator, value: &Expr) -> Run<()> {
        let line = self.line;
        let before = self.eval(target)?;
        let value = self.eval(value)?;
        self.line = line;
        // A list grows in place, also for others that hold it.
        if let (Value::List(id), BinaryOperator::Add) = (&before, operator) {
            let items = self.items(&value)?;
            self.allocate(items.len())?;
            self.heap.lists[*id].extend(items);
            return Ok(());
        }
        if let (Value::Instance(_), BinaryOperator::Add) = (&before, operator)
            && H::extend(self, &before, &value)?
        {
            return Ok(());
        }
        let sign = format!("{}=", super::operators::sign(operator));
        let either = before.as_tensor().is_some() || value.as_tensor().is_some();
        let sides = if either { H::operands(self, &before, &sign, &value)? } else { Some((before, value)) };
        let after = match sides {
            Some((before, value)) => self.binary(&before, operator, &value)?,
            None => Value::of_error(),
        };
        self.assign(target, after)
    }

    pub(crate) fn delete(&mut self, target: &Expr) -> Run<()> {
        match &target.kind {
            ExprKind::Name(name) => {
                let scope = self.scope();
                self.heap.scopes[scope].variables.remove(name);
            }
            ExprKind::Attribute { value, name } => {
                let object = self.eval(value)?;
                let name = self.mangled(name);
                self.delete_attribute(&object, &name);
            }
            ExprKind::Subscript { value, index } => {
                let object = self.eval(value)?;
                let index = self.eval(index)?;
                self.delete_item(&object, &index)?;
            }
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn delete_attribute(&mut self, object: &Value<H>, name: &str) {
        if let Value::Instance(id) = object {
            let instance = &mut self.heap.instances[*id];
            instance.attributes.remove(name);
            if let Some(module) = &mut instance.module {
                H::delete(module, name);
            }
        }
    }

    /// `self.__cut` within a class `Causal` is `self._Causal__cut`.
    pub(crate) fn mangled(&self, name: &Name) -> Name {
        if !name.starts_with("__") || name.ends_with("__") {
            return name.clone();
        }
        let Some(class) = self.frames.last().and_then(|frame| frame.class) else { return name.clone() };
        let owner = self.heap.classes[class].name.trim_start_matches('_');
        Name::from(format!("_{owner}{name}"))
    }

    pub(crate) fn set_attribute(&mut self, object: &Value<H>, name: &str, value: Value<H>) -> Run<()> {
        match object {
            Value::Instance(id) if self.is_hosted(*id) => H::set(self, object, name, value),
            Value::Instance(id) => {
                self.allocate(3)?;
                self.heap.instances[*id].attributes.insert(name.into(), value);
                Ok(())
            }
            Value::Class(id) => {
                self.heap.classes[*id].attributes.insert(name.into(), value);
                Ok(())
            }
            Value::Super(parts) => {
                let receiver = parts.0.clone();
                self.set_attribute(&receiver, name, value)
            }
            Value::Tensor(_) => H::set(self, object, name, value),
            // The defaults of a named tuple's last fields.
            Value::Bound(bound) if name == "__defaults__" => {
                let Value::Class(id) = bound.0 else { return Ok(()) };
                let values = self.items(&value)?;
                let class = &mut self.heap.classes[id];
                let fields = class.fields.iter().rev().cloned().zip(values.into_iter().rev());
                class.attributes.extend(fields);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// `_`, which nothing uses.
fn is_blank(target: &Expr) -> bool {
    matches!(&target.kind, ExprKind::Name(name) if name.starts_with('_'))
}
