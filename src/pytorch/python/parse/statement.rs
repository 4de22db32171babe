//! Statements.

use std::rc::Rc;

use ruff_python_ast as ruff;
use ruff_text_size::{Ranged, TextRange};

use super::super::tree::{
    Block, ClassDefinition, Expr, ExprKind, FunctionDefinition, Handler, Name, Parameter, Parameters, Statement,
    StatementKind,
};
use super::expression::{binary, bytes};
use super::{Reader, name};

impl Reader {
    pub(super) fn statement(&self, statement: &ruff::Stmt) -> Statement {
        let line = self.line(statement.range());
        let kind = match statement {
            ruff::Stmt::Expr(statement) => StatementKind::Expression(self.expr(&statement.value)),
            ruff::Stmt::Assign(statement) => {
                StatementKind::Assign { targets: self.exprs(&statement.targets), value: self.expr(&statement.value) }
            }
            ruff::Stmt::AnnAssign(statement) => StatementKind::Annotated {
                target: self.expr(&statement.target),
                value: statement.value.as_deref().map(|value| self.expr(value)),
            },
            ruff::Stmt::AugAssign(statement) => StatementKind::Augmented {
                target: self.expr(&statement.target),
                operator: binary(statement.op),
                value: self.expr(&statement.value),
            },
            ruff::Stmt::Return(statement) => {
                StatementKind::Return(statement.value.as_deref().map(|value| self.expr(value)))
            }
            ruff::Stmt::If(statement) => {
                let mut branches = vec![(Some(self.expr(&statement.test)), self.block(&statement.body))];
                branches.extend(
                    statement
                        .elif_else_clauses
                        .iter()
                        .map(|clause| (clause.test.as_ref().map(|test| self.expr(test)), self.block(&clause.body))),
                );
                StatementKind::If(branches)
            }
            ruff::Stmt::For(statement) => StatementKind::For {
                target: self.expr(&statement.target),
                iterable: self.expr(&statement.iter),
                body: self.block(&statement.body),
                otherwise: self.block(&statement.orelse),
            },
            ruff::Stmt::While(statement) => StatementKind::While {
                condition: self.expr(&statement.test),
                body: self.block(&statement.body),
                otherwise: self.block(&statement.orelse),
            },
            ruff::Stmt::FunctionDef(statement) => StatementKind::Function(Rc::new(FunctionDefinition {
                name: name(&statement.name),
                line: self.line(statement.name.range),
                parameters: self.parameters(&statement.parameters),
                first_parameter: Some(bytes(first_parameter(&statement.parameters))),
                body: self.block(&statement.body),
                result: None,
                decorators: statement.decorator_list.iter().map(|decorator| self.expr(&decorator.expression)).collect(),
                is_generator: has_yield(&statement.body),
            })),
            ruff::Stmt::ClassDef(statement) => {
                let arguments = statement.arguments.as_deref();
                StatementKind::Class(Rc::new(ClassDefinition {
                    name: name(&statement.name),
                    line: self.line(statement.name.range),
                    last_line: self.line_at(u32::from(statement.range.end()).saturating_sub(1)),
                    bases: arguments.map(|arguments| self.exprs(&arguments.args)).unwrap_or_default(),
                    body: self.block(&statement.body),
                    decorators: statement
                        .decorator_list
                        .iter()
                        .map(|decorator| self.expr(&decorator.expression))
                        .collect(),
                }))
            }
            ruff::Stmt::Import(statement) => StatementKind::Import(self.aliases(&statement.names)),
            ruff::Stmt::ImportFrom(statement) => StatementKind::ImportFrom {
                level: statement.level,
                module: statement.module.as_ref().map_or_else(|| Rc::from(""), name),
                names: self.aliases(&statement.names),
            },
            ruff::Stmt::With(statement) => StatementKind::With {
                items: statement
                    .items
                    .iter()
                    .map(|item| {
                        (self.expr(&item.context_expr), item.optional_vars.as_deref().map(|target| self.expr(target)))
                    })
                    .collect(),
                body: self.block(&statement.body),
            },
            ruff::Stmt::Try(statement) => StatementKind::Try {
                body: self.block(&statement.body),
                handlers: statement
                    .handlers
                    .iter()
                    .map(|handler| {
                        let ruff::ExceptHandler::ExceptHandler(handler) = handler;
                        Handler {
                            class: handler.type_.as_deref().map(|class| self.expr(class)),
                            name: handler.name.as_ref().map(name),
                            body: self.block(&handler.body),
                        }
                    })
                    .collect(),
                otherwise: self.block(&statement.orelse),
                finally: self.block(&statement.finalbody),
            },
            ruff::Stmt::Raise(statement) => {
                StatementKind::Raise(statement.exc.as_deref().map(|exception| self.expr(exception)))
            }
            ruff::Stmt::Assert(_) => StatementKind::Assert,
            ruff::Stmt::Global(statement) => StatementKind::Global(statement.names.iter().map(name).collect()),
            ruff::Stmt::Nonlocal(statement) => StatementKind::Nonlocal(statement.names.iter().map(name).collect()),
            ruff::Stmt::Delete(statement) => StatementKind::Delete(self.exprs(&statement.targets)),
            ruff::Stmt::Match(statement) => StatementKind::Match {
                subject: self.expr(&statement.subject),
                cases: statement.cases.iter().map(|case| self.case(case)).collect(),
            },
            ruff::Stmt::Break(_) => StatementKind::Break,
            ruff::Stmt::Continue(_) => StatementKind::Continue,
            ruff::Stmt::Pass(_) | ruff::Stmt::TypeAlias(_) | ruff::Stmt::IpyEscapeCommand(_) => StatementKind::Pass,
        };
        Statement { line, kind }
    }

    /// The values that a case stands for, and whether it takes anything.
    fn case(&self, case: &ruff::MatchCase) -> (Vec<Expr>, bool, Block) {
        let mut values = Vec::new();
        let mut anything = false;
        let patterns = match &case.pattern {
            ruff::Pattern::MatchOr(pattern) => pattern.patterns.as_slice(),
            one => std::slice::from_ref(one),
        };
        for pattern in patterns {
            match pattern {
                ruff::Pattern::MatchValue(pattern) => values.push(self.expr(&pattern.value)),
                ruff::Pattern::MatchSingleton(pattern) => {
                    let kind = match pattern.value {
                        ruff::Singleton::None => ExprKind::None,
                        ruff::Singleton::True => ExprKind::Bool(true),
                        ruff::Singleton::False => ExprKind::Bool(false),
                    };
                    values.push(self.made(pattern.range, kind));
                }
                ruff::Pattern::MatchAs(pattern) => anything |= pattern.pattern.is_none(),
                _ => {}
            }
        }
        (values, anything, self.block(&case.body))
    }

    fn aliases(&self, aliases: &[ruff::Alias]) -> Vec<(Name, Option<Name>)> {
        aliases.iter().map(|alias| (name(&alias.name), alias.asname.as_ref().map(name))).collect()
    }

    pub(super) fn parameters(&self, parameters: &ruff::Parameters) -> Parameters {
        let one = |parameter: &ruff::ParameterWithDefault| Parameter {
            name: name(&parameter.parameter.name),
            default: parameter.default.as_deref().map(|default| self.expr(default)),
        };
        Parameters {
            positional: parameters.posonlyargs.iter().chain(parameters.args.iter()).map(one).collect(),
            rest: parameters.vararg.as_deref().map(|parameter| name(&parameter.name)),
            keyword_only: parameters.kwonlyargs.iter().map(one).collect(),
            keyword_rest: parameters.kwarg.as_deref().map(|parameter| name(&parameter.name)),
        }
    }
}

/// Where the first parameter stands; the parentheses where there is none.
fn first_parameter(parameters: &ruff::Parameters) -> TextRange {
    let first = parameters.posonlyargs.iter().chain(parameters.args.iter()).next();
    first.map_or(parameters.range, |first| first.parameter.name.range)
}

/// Whether a function's own statements yield, nested functions aside.
fn has_yield(body: &[ruff::Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        ruff::Stmt::Expr(statement) => matches!(&*statement.value, ruff::Expr::Yield(_) | ruff::Expr::YieldFrom(_)),
        ruff::Stmt::For(statement) => has_yield(&statement.body),
        ruff::Stmt::While(statement) => has_yield(&statement.body),
        ruff::Stmt::If(statement) => {
            has_yield(&statement.body) || statement.elif_else_clauses.iter().any(|clause| has_yield(&clause.body))
        }
        ruff::Stmt::With(statement) => has_yield(&statement.body),
        _ => false,
    })
}
