//! Expressions.

use std::rc::Rc;

use super::super::problem::ProblemKind;
use super::host::Host;
use super::tree::{Comprehension, ComprehensionKind, Expr, ExprKind, TextPart, UnaryOperator};
use super::value::{Arguments, Dict};
use super::{CallSite, Interpreter, Run, Value};

impl<H: Host> Interpreter<H> {
    pub(crate) fn eval(&mut self, expr: &Expr) -> Run<Value<H>> {
        self.step()?;
        self.deeper()?;
        let value = self.eval_kind(expr);
        self.shallower();
        value
    }

    fn eval_kind(&mut self, expr: &Expr) -> Run<Value<H>> {
        match &expr.kind {
            ExprKind::None => Ok(Value::None),
            ExprKind::Bool(boolean) => Ok(Value::Bool(*boolean)),
            ExprKind::Int(int) => Ok(Value::Int(*int)),
            ExprKind::HugeInt => self.number_too_large(),
            ExprKind::Float(float) => Ok(Value::Float(*float)),
            ExprKind::Text(text) => Ok(Value::Text(text.clone())),
            ExprKind::Ellipsis => Ok(Value::Ellipsis),
            ExprKind::Name(name) => self.name(name),
            ExprKind::FormattedText(parts) => self.formatted_text(parts),
            ExprKind::Tuple(items) => {
                let items = self.eval_items(items)?;
                self.new_tuple(items)
            }
            ExprKind::List(items) => {
                let items = self.eval_items(items)?;
                self.new_list(items)
            }
            ExprKind::Set(items) => {
                let items = self.eval_items(items)?;
                self.new_set(items)
            }
            ExprKind::Dict(pairs) => self.dict_display(pairs),
            ExprKind::Attribute { value, name } => {
                let object = self.eval(value)?;
                self.stand_in(expr.line);
                let name = &self.mangled(name);
                let range = expr.range.end.saturating_sub(name.len() as u32)..expr.range.end;
                match H::meant(self, &object, name, range)? {
                    Some(meant) => self.attribute(&object, &meant.into()),
                    None => self.attribute(&object, name),
                }
            }
            ExprKind::Subscript { value, index } => {
                let object = self.eval(value)?;
                let index = self.eval(index)?;
                self.stand_in(expr.line);
                self.item(&object, &index)
            }
            ExprKind::Slice { lower, upper, step } => {
                let mut part =
                    |part: &Option<Box<Expr>>| part.as_deref().map_or(Ok(Value::None), |part| self.eval(part));
                let parts = [part(lower)?, part(upper)?, part(step)?];
                Ok(self.keep(Value::Slice(Rc::new(parts))))
            }
            ExprKind::Call { .. } => self.eval_call(expr),
            ExprKind::Binary { left, operator, right } => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.stand_in(expr.line);
                self.binary(&left, *operator, &right)
            }
            ExprKind::Unary { operator, operand } => {
                let operand = self.eval(operand)?;
                self.unary(*operator, &operand)
            }
            ExprKind::Logic { all, operands } => self.logic(*all, operands),
            ExprKind::Compare { left, rest } => self.comparisons(left, rest),
            ExprKind::Conditional { condition, then, otherwise } => {
                let condition = self.eval(condition)?;
                if self.condition(&condition)? { self.eval(then) } else { self.eval(otherwise) }
            }
            ExprKind::Lambda(definition) => self.define_function(definition),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension),
            ExprKind::Starred(value) => self.eval(value),
            ExprKind::Named { name, value } => {
                let value = self.eval(value)?;
                self.set_variable(name, value.clone())?;
                Ok(value)
            }
            ExprKind::Yield(value) => {
                let value = value.as_deref().map_or(Ok(Value::None), |value| self.eval(value))?;
                self.allocate(1)?;
                if let Some(yielded) = self.frames.last_mut().and_then(|frame| frame.yielded.as_mut()) {
                    yielded.push(value);
                }
                Ok(Value::None)
            }
            ExprKind::NotUnderstood(what) => Ok(self.not_understood(what)),
        }
    }

    pub(crate) fn number_too_large(&mut self) -> Run<Value<H>> {
        self.error(ProblemKind::TooLong, "OverflowError", "A number here is too large to be computed with.".to_string())
    }

    /// The items of a display or the arguments of a call, with `*items` spread out.
    #[inline(never)]
    fn eval_items(&mut self, items: &[Expr]) -> Run<Vec<Value<H>>> {
        let mut values = Vec::with_capacity(items.len().min(1024));
        for item in items {
            if let ExprKind::Starred(spread) = &item.kind {
                let spread = self.eval(spread)?;
                // It stands for as many as there are.
                if let Some(unknown) = self.uncounted(&spread)? {
                    values.push(unknown);
                    continue;
                }
                let spread = self.items(&spread)?;
                self.allocate(spread.len())?;
                values.extend(spread);
            } else {
                values.push(self.eval(item)?);
            }
        }
        Ok(values)
    }

    #[inline(never)]
    fn dict_display(&mut self, pairs: &[(Option<Expr>, Expr)]) -> Run<Value<H>> {
        let mut dict = Dict::default();
        for (key, value) in pairs {
            match key {
                Some(key) => {
                    let key = self.eval(key)?;
                    let key = self.as_key(key)?;
                    let value = self.eval(value)?;
                    dict.set(key, value);
                }
                None => {
                    let other = self.eval(value)?;
                    if let Value::Dict(id) = other {
                        let pairs = self.heap.dicts[id].pairs.clone();
                        self.work(pairs.len())?;
                        for (key, value) in pairs {
                            dict.set(key, value);
                        }
                    }
                }
            }
        }
        self.new_dict(dict)
    }

    #[inline(never)]
    fn eval_call(&mut self, expr: &Expr) -> Run<Value<H>> {
        let ExprKind::Call { function, arguments, keywords } = &expr.kind else { return Ok(Value::None) };
        if let ExprKind::Name(name) = &function.kind
            && &**name == "super"
        {
            return self.super_call(arguments);
        }
        let callee = function.range.clone();
        let function = self.eval(function)?;
        // Logs and the like: their arguments are looked at by nobody.
        if matches!(&function, Value::Library(name) if matches!(&**name, "print" | "breakpoint")) {
            // At the end of a script they may run a network.
            if !H::runs(&self.host) && self.constructing == 0 {
                self.eval_items(arguments)?;
            }
            // What has no attribute stops PyTorch here, too.
            let is_attribute = |argument: &&Expr| matches!(argument.kind, ExprKind::Attribute { .. });
            for argument in arguments.iter().filter(is_attribute) {
                self.eval(argument)?;
            }
            return Ok(Value::None);
        }
        let positional = self.eval_items(arguments)?;
        let mut named = Vec::with_capacity(keywords.len());
        for (name, value) in keywords {
            let value = self.eval(value)?;
            match name {
                Some(name) => named.push((name.clone(), value)),
                None => {
                    if let Value::Dict(id) = value {
                        let pairs = self.heap.dicts[id].pairs.clone();
                        self.work(pairs.len())?;
                        for (key, value) in pairs {
                            if let Value::Text(name) = key {
                                named.push((name, value));
                            }
                        }
                    }
                }
            }
        }
        self.stand_in(expr.line);
        let is_placed = expr.line > 0 && matches!(function, Value::Library(_) | Value::Instance(_));
        self.call_site = is_placed.then(|| {
            Rc::new(CallSite {
                function: callee.clone(),
                positional: arguments.iter().map(|argument| argument.range.clone()).collect(),
                keywords: keywords
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone()?, value.range.clone())))
                    .collect(),
            })
        });
        let result = self.call(&function, Arguments { positional, keywords: named });
        self.stand_in(expr.line);
        result
    }

    #[inline(never)]
    fn logic(&mut self, all: bool, operands: &[Expr]) -> Run<Value<H>> {
        let mut last = Value::None;
        for operand in operands {
            last = self.eval(operand)?;
            match self.truth(&last)? {
                Some(truth) if truth != all => return Ok(last),
                Some(_) => {}
                // Whether the others hold is still to be seen: `unknown and False` is false.
                None => {}
            }
        }
        Ok(last)
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &Value<H>) -> Run<Value<H>> {
        match operator {
            UnaryOperator::Not => Ok(match self.truth(operand)? {
                Some(truth) => Value::Bool(!truth),
                None => Value::unknown("a condition"),
            }),
            UnaryOperator::Minus => self.negative(operand),
            UnaryOperator::Plus => Ok(operand.clone()),
            UnaryOperator::Invert => Ok(match operand {
                Value::Int(int) => Value::Int(!int),
                _ => Value::unknown("a bitwise inversion"),
            }),
        }
    }

    #[inline(never)]
    fn comprehension(&mut self, comprehension: &Comprehension) -> Run<Value<H>> {
        let scope = self.new_scope(Some(self.scope()))?;
        let (class, receiver) = match self.frames.last() {
            Some(frame) => (frame.class, frame.receiver.clone()),
            None => (None, None),
        };
        // The scope of a class body is seen by its comprehensions: simpler than Python, and never in the way.
        self.frames.push(super::Frame { scope, class, receiver, yielded: None });
        let mut items = Vec::new();
        let mut pairs = Dict::default();
        let unknown = self.comprehension_loop(comprehension, 0, &mut items, &mut pairs);
        self.frames.pop();
        if let Some(unknown) = unknown? {
            return Ok(unknown);
        }
        match comprehension.kind {
            ComprehensionKind::List | ComprehensionKind::Generator => self.new_list(items),
            ComprehensionKind::Set => self.new_set(items),
            ComprehensionKind::Dict => self.new_dict(pairs),
        }
    }

    /// Gives what it cannot run over, where there is such a thing.
    fn comprehension_loop(
        &mut self,
        comprehension: &Comprehension,
        level: usize,
        items: &mut Vec<Value<H>>,
        pairs: &mut Dict<H>,
    ) -> Run<Option<Value<H>>> {
        self.deeper()?;
        let Some(this) = comprehension.loops.get(level) else {
            let element = self.eval(&comprehension.element)?;
            self.allocate(1)?;
            match &comprehension.value {
                Some(value) => {
                    let value = self.eval(value)?;
                    pairs.set(element, value);
                }
                None => items.push(element),
            }
            self.shallower();
            return Ok(None);
        };
        let iterable = self.eval(&this.iterable)?;
        if let Some(unknown) = self.uncounted(&iterable)? {
            self.shallower();
            return Ok(Some(unknown));
        }
        for item in self.items(&iterable)? {
            self.step()?;
            self.assign(&this.target, item)?;
            let mut holds = true;
            for condition in &this.conditions {
                let value = self.eval(condition)?;
                holds = holds && self.condition(&value)?;
            }
            if holds && let Some(unknown) = self.comprehension_loop(comprehension, level + 1, items, pairs)? {
                self.shallower();
                return Ok(Some(unknown));
            }
        }
        self.shallower();
        Ok(None)
    }

    #[inline(never)]
    fn formatted_text(&mut self, parts: &[TextPart]) -> Run<Value<H>> {
        let mut text = String::new();
        for part in parts {
            match part {
                TextPart::Literal(literal) => text.push_str(literal),
                TextPart::Value { value, repr, format } => {
                    let value = self.eval(value)?;
                    let format = match self.formatted_text(format)? {
                        Value::Text(format) => format,
                        _ => Rc::from(""),
                    };
                    let shown = if *repr { self.repr(&value)? } else { self.formatted(&value, &format)? };
                    text.push_str(&shown);
                    self.allocate(shown.len() / 16)?;
                }
            }
        }
        self.new_text(text)
    }
}
