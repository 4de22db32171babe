//! Assignments: to names, attributes, items and several at once.

use super::super::problem::ProblemKind;
use super::tree::{BinaryOperator, Expr, ExprKind};
use super::value::TensorSource;
use super::{FixWish, Id, Machine, Run, Value};

impl Machine {
    pub(crate) fn assign(&mut self, target: &Expr, value: Value) -> Run<()> {
        match &target.kind {
            ExprKind::Name(name) => self.set_variable(name, value),
            ExprKind::Attribute { value: object, name } => {
                let line = self.line;
                let object = self.eval(object)?;
                self.line = line;
                if let (Value::Instance(id), Value::Instance(child)) = (&object, &value)
                    && self.is_module(*child)
                    && self.heap.instances[*id].module.as_ref().is_some_and(|module| !module.initialised)
                {
                    self.super_not_called(*id, target)?;
                }
                self.set_attribute(&object, name, value)
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

    fn super_not_called(&mut self, id: Id, target: &Expr) -> Run<()> {
        let message = "cannot assign module before Module.__init__() call".to_string();
        if self.catches("AttributeError") {
            return self.error(ProblemKind::SuperInitNotCalled, "AttributeError", message).map(drop);
        }
        let plain = "super().__init__() must be called in __init__ before the first layer is assigned.".to_string();
        if let Some(problem) = self.note_error(ProblemKind::SuperInitNotCalled, "AttributeError", message, Some(plain))
        {
            self.fixes.push(FixWish {
                problem,
                range: target.range.clone(),
                label: "Call super().__init__() first".to_string(),
                replacement: "super().__init__()\n*".to_string(),
                expected: None,
            });
        }
        if let Some(module) = &mut self.heap.instances[id].module {
            module.initialised = true;
            module.stops_init = true;
        }
        Ok(())
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value) -> Run<()> {
        if let Value::Unknown(what) = value {
            for target in targets {
                self.assign(target, Value::Unknown(what.clone()))?;
            }
            return Ok(());
        }
        let items = self.items(value)?;
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
                        Value::Tensor(tensor) if !is_blank(target) => Value::Tensor(self.settled_part(&tensor)?),
                        item => item,
                    };
                    self.assign(target, item)?;
                }
                Ok(())
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
            && self.is_module_value(&before)
        {
            self.extend_module(&before, &value)?;
            return Ok(());
        }
        let sign = format!("{}=", super::operators::sign(operator));
        let either = before.as_tensor().is_some() || value.as_tensor().is_some();
        let sides = if either { self.tensor_operands(&before, &sign, &value)? } else { Some((before, value)) };
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
                if let Value::Instance(id) = object {
                    let instance = &mut self.heap.instances[id];
                    instance.attributes.remove(name);
                    if let Some(module) = &mut instance.module {
                        module.children.retain(|(child, _)| child != name);
                        module.parameters.retain(|(parameter, _)| parameter != name);
                        module.buffers.retain(|(buffer, _)| buffer != name);
                    }
                }
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

    pub(crate) fn set_attribute(&mut self, object: &Value, name: &str, value: Value) -> Run<()> {
        match object {
            Value::Instance(id) if self.is_module(*id) => self.set_module_attribute(*id, name, value),
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
            Value::Tensor(tensor) if name == "requires_grad" => {
                if let TensorSource::Parameter(parameter) = tensor.source {
                    self.heap.parameters[parameter].trainable = self.truth(&value)?.unwrap_or(true);
                }
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
