//! Statements.

use std::rc::Rc;

use super::super::problem::{Problem, ProblemKind, Severity};
use super::host::Host;
use super::host_types::HostTypes;
use super::tree::{Block, Expr, Name, Statement, StatementKind};
use super::{Interpreter, Run, Value};

/// How a statement ends.
pub(crate) enum Flow<H: HostTypes> {
    Next,
    Break,
    Continue,
    Return(Value<H>),
}

impl<H: Host> Interpreter<H> {
    pub(crate) fn block(&mut self, block: &Block) -> Run<Flow<H>> {
        for statement in block.iter() {
            match self.statement(statement)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    pub(crate) fn statement(&mut self, statement: &Statement) -> Run<Flow<H>> {
        self.step()?;
        self.deeper()?;
        self.stand_in(statement.line);
        let flow = self.run_statement(statement);
        self.shallower();
        flow
    }

    fn run_statement(&mut self, statement: &Statement) -> Run<Flow<H>> {
        match &statement.kind {
            StatementKind::Expression(expr) => {
                let value = self.eval(expr)?;
                self.last_expression = Some((expr.range.start, value));
            }
            StatementKind::Assign { targets, value } => {
                let value = self.eval(value)?;
                // Python reports a failing assignment at its target.
                self.stand_in(statement.line);
                for target in targets {
                    self.assign(target, value.clone())?;
                }
            }
            StatementKind::Annotated { target, value } => self.annotated(target, value.as_ref())?,
            StatementKind::Augmented { target, operator, value } => {
                self.augmented(target, *operator, value)?;
            }
            StatementKind::Return(value) => {
                let value = value.as_ref().map_or(Ok(Value::None), |value| self.eval(value))?;
                return Ok(Flow::Return(value));
            }
            StatementKind::If(branches) => return self.branches(branches),
            StatementKind::For { target, iterable, body, otherwise } => {
                return self.for_loop(target, iterable, body, otherwise);
            }
            StatementKind::While { condition, body, otherwise } => {
                return self.while_loop(condition, body, otherwise);
            }
            StatementKind::Function(definition) => {
                let function = self.define_function(definition)?;
                let function = self.decorate(function, &definition.decorators)?;
                self.set_variable(&definition.name, function)?;
            }
            StatementKind::Class(definition) => {
                let class = self.define_class(definition)?;
                let class = self.decorate(class, &definition.decorators)?;
                self.set_variable(&definition.name, class)?;
            }
            StatementKind::Import(names) => self.import(names)?,
            StatementKind::ImportFrom { level, module, names } => {
                if !self.import_from_file(*level, module, names)? {
                    self.import_from(module, names)?;
                }
            }
            StatementKind::With { items, body } => {
                for (context, target) in items {
                    let value = self.eval(context)?;
                    if let Some(target) = target {
                        self.assign(target, value)?;
                    }
                }
                return self.block(body);
            }
            StatementKind::Try { body, handlers, otherwise, finally } => {
                return self.attempt(body, handlers, otherwise, finally);
            }
            StatementKind::Raise(exception) => return self.raise(exception.as_ref(), statement.line),
            // What an assertion checks holds, or PyTorch would say more about it.
            StatementKind::Assert | StatementKind::Pass => {}
            StatementKind::Global(names) => {
                let (scope, globals) = (self.scope(), self.file_scope());
                for name in names {
                    self.heap.scopes[scope].elsewhere.insert(name.clone(), globals);
                }
            }
            StatementKind::Nonlocal(names) => self.nonlocal(names),
            StatementKind::Delete(targets) => {
                for target in targets {
                    self.delete(target)?;
                }
            }
            StatementKind::Match { subject, cases } => {
                let subject = self.eval(subject)?;
                for (values, anything, body) in cases {
                    let mut fits = *anything;
                    for value in values {
                        let value = self.eval(value)?;
                        fits = fits || self.equal(&subject, &value)?;
                    }
                    if fits {
                        return self.block(body);
                    }
                }
            }
            StatementKind::Break => return Ok(Flow::Break),
            StatementKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn branches(&mut self, branches: &[(Option<Expr>, Block)]) -> Run<Flow<H>> {
        let mut in_doubt = false;
        for (condition, body) in branches {
            let holds = match condition {
                None => true,
                Some(condition) => {
                    let value = self.eval(condition)?;
                    let known = self.truth(&value)?;
                    if known.is_none() {
                        self.note_in_doubt();
                        in_doubt = true;
                    }
                    known == Some(true)
                }
            };
            if holds {
                self.doubts += u32::from(in_doubt);
                let flow = self.block(body);
                // An exception that is caught further out is not sure until there.
                if flow.is_ok() {
                    self.doubts -= u32::from(in_doubt);
                }
                if in_doubt {
                    self.leave_out(branches);
                }
                return flow;
            }
        }
        if in_doubt {
            self.leave_out(branches);
        }
        Ok(Flow::Next)
    }

    /// Of these branches the wrong one may have been taken.
    fn leave_out(&mut self, branches: &[(Option<Expr>, Block)]) {
        if self.minding > 0 && branches.iter().any(|(_, body)| body.iter().any(Statement::does_something)) {
            H::left_out(self);
        }
    }

    /// Whether a condition holds; what cannot be known does not.
    pub(crate) fn condition(&mut self, value: &Value<H>) -> Run<bool> {
        if let Some(truth) = self.truth(value)? {
            return Ok(truth);
        }
        self.note_in_doubt();
        if self.minding > 0 {
            H::left_out(self);
        }
        Ok(false)
    }

    fn note_in_doubt(&mut self) {
        if self.minding > 0 && self.notes.quiet == 0 {
            let message = "It cannot be known whether this condition holds; it is taken not to.".to_string();
            let problem = Problem::new(Severity::Note, ProblemKind::NotUnderstood, message);
            self.note(problem);
        }
    }

    fn for_loop(&mut self, target: &Expr, iterable: &Expr, body: &Block, otherwise: &Block) -> Run<Flow<H>> {
        let iterable = self.eval(iterable)?;
        if let Value::Range(range) = &iterable {
            // A range is not written out, so that a huge one costs only the steps it takes.
            let [start, stop, step] = **range;
            let mut at = start;
            while (step > 0 && at < stop) || (step < 0 && at > stop) {
                self.step()?;
                self.assign(target, Value::Int(at))?;
                match self.block(body)? {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return Ok(Flow::Next),
                    returned @ Flow::Return(_) => return Ok(returned),
                }
                at += step;
            }
            return self.block(otherwise);
        }
        if self.uncounted(&iterable)?.is_some() {
            // Data loaders and the like: nothing of a network is made there.
            self.not_understood("What this loop runs over");
            H::left_out(self);
            return Ok(Flow::Next);
        }
        let items = self.items(&iterable)?;
        for item in items {
            self.step()?;
            self.assign(target, item)?;
            match self.block(body)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                returned @ Flow::Return(_) => return Ok(returned),
            }
        }
        self.block(otherwise)
    }

    fn while_loop(&mut self, condition: &Expr, body: &Block, otherwise: &Block) -> Run<Flow<H>> {
        loop {
            self.step()?;
            let value = self.eval(condition)?;
            if !self.condition(&value)? {
                return self.block(otherwise);
            }
            match self.block(body)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                returned @ Flow::Return(_) => return Ok(returned),
            }
        }
    }

    fn nonlocal(&mut self, names: &[Name]) {
        let scope = self.scope();
        for name in names {
            let mut parent = self.heap.scopes[scope].parent;
            while let Some(at) = parent {
                if self.heap.scopes[at].variables.contains_key(name) {
                    self.heap.scopes[scope].elsewhere.insert(name.clone(), at);
                    break;
                }
                parent = self.heap.scopes[at].parent;
            }
        }
    }

    fn import(&mut self, names: &[(Name, Option<Name>)]) -> Run<()> {
        for (path, alias) in names {
            let (name, path) = match alias {
                Some(alias) => (alias.clone(), path.clone()),
                None => {
                    let first: Name = Rc::from(path.split('.').next().unwrap_or_default());
                    (first.clone(), first)
                }
            };
            self.set_variable(&name, Value::Library(path))?;
        }
        Ok(())
    }

    fn import_from(&mut self, module: &Name, names: &[(Name, Option<Name>)]) -> Run<()> {
        for (name, alias) in names {
            if &**name == "*" {
                if !self.star_imports.contains(module) {
                    self.star_imports.push(module.clone());
                }
                continue;
            }
            let value = H::member(self, module, name)?;
            // A text that is several files in one imports from itself.
            let bound = alias.as_ref().unwrap_or(name);
            let own = !H::is_known_root(module) && self.variable(name).is_some();
            if own {
                let value = self.variable(name).unwrap_or(value);
                self.set_variable(bound, value)?;
            } else {
                self.set_variable(bound, value)?;
            }
        }
        Ok(())
    }
}
