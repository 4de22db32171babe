//! Cleaned text to a tree: the one file that knows the parser.

use std::ops::Range;
use std::rc::Rc;

use ruff_python_ast as ruff;
use ruff_python_parser::{Mode, ParseErrorType, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::ast::{
    BinaryOperator, Block, ClassDefinition, Comparison, Comprehension, ComprehensionKind, ComprehensionLoop, Expr,
    ExprKind, FunctionDefinition, Name, Parameter, Parameters, Statement, StatementKind, TextPart, UnaryOperator,
};

/// A text's tree, and where it is not Python.
pub(super) struct Tree {
    pub body: Block,
    pub errors: Vec<SyntaxError>,
}

pub(super) struct SyntaxError {
    /// From 1.
    pub line: u32,
    pub message: String,
    /// It is about indentation.
    pub indentation: bool,
}

/// Whether a text is Python.
pub(super) fn is_valid(text: &str) -> bool {
    parse_unchecked(text, ParseOptions::from(Mode::Module)).errors().is_empty()
}

/// Reads a text whose nesting has been found to be bounded.
pub(super) fn parse(text: &str) -> Tree {
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module));
    let reader = Reader { line_starts: line_starts(text) };
    let errors = parsed.errors().iter().map(|error| SyntaxError {
        line: reader.line(error.location),
        message: error.error.to_string(),
        indentation: matches!(error.error, ParseErrorType::UnexpectedIndentation)
            || error.error.to_string().to_lowercase().contains("indent"),
    });
    let errors = errors.collect();
    let body = match parsed.syntax() {
        ruff::Mod::Module(module) => reader.block(&module.body),
        ruff::Mod::Expression(_) => Block::from([]),
    };
    Tree { body, errors }
}

struct Reader {
    line_starts: Vec<u32>,
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect()
}

fn name(identifier: &ruff::Identifier) -> Name {
    Rc::from(identifier.as_str())
}

impl Reader {
    fn line(&self, range: TextRange) -> u32 {
        self.line_at(u32::from(range.start()))
    }

    fn line_at(&self, offset: u32) -> u32 {
        self.line_starts.partition_point(|&start| start <= offset) as u32
    }

    fn block(&self, statements: &[ruff::Stmt]) -> Block {
        statements.iter().map(|statement| self.statement(statement)).collect()
    }

    fn statement(&self, statement: &ruff::Stmt) -> Statement {
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
                        (handler.name.as_ref().map(name), self.block(&handler.body))
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

    fn parameters(&self, parameters: &ruff::Parameters) -> Parameters {
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

    fn exprs(&self, exprs: &[ruff::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&self, expr: &ruff::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn made(&self, range: TextRange, kind: ExprKind) -> Expr {
        Expr { line: self.line(range), range: bytes(range), kind }
    }

    fn expr(&self, expr: &ruff::Expr) -> Expr {
        let range = expr.range();
        let kind = match expr {
            ruff::Expr::Call(call) => return self.call(call, range),
            ruff::Expr::Name(name) if name.id.is_empty() => ExprKind::NotUnderstood("a missing expression"),
            ruff::Expr::Name(name) => ExprKind::Name(Rc::from(name.id.as_str())),
            ruff::Expr::Attribute(attribute) => {
                let line = self.line(attribute.attr.range);
                let kind = ExprKind::Attribute { value: self.boxed(&attribute.value), name: name(&attribute.attr) };
                return Expr { line, range: bytes(range), kind };
            }
            ruff::Expr::NumberLiteral(number) => match &number.value {
                ruff::Number::Int(int) => int.as_i64().map_or(ExprKind::HugeInt, |int| ExprKind::Int(i128::from(int))),
                ruff::Number::Float(float) => ExprKind::Float(*float),
                ruff::Number::Complex { .. } => ExprKind::NotUnderstood("a complex number"),
            },
            ruff::Expr::StringLiteral(text) => ExprKind::Text(Rc::from(text.value.to_str())),
            ruff::Expr::FString(text) => ExprKind::FormattedText(self.formatted(text)),
            ruff::Expr::BooleanLiteral(boolean) => ExprKind::Bool(boolean.value),
            ruff::Expr::NoneLiteral(_) => ExprKind::None,
            ruff::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
            ruff::Expr::Tuple(tuple) => ExprKind::Tuple(self.exprs(&tuple.elts)),
            ruff::Expr::List(list) => ExprKind::List(self.exprs(&list.elts)),
            ruff::Expr::Set(set) => ExprKind::Set(self.exprs(&set.elts)),
            ruff::Expr::Dict(dict) => ExprKind::Dict(
                dict.items
                    .iter()
                    .map(|item| (item.key.as_ref().map(|key| self.expr(key)), self.expr(&item.value)))
                    .collect(),
            ),
            ruff::Expr::Subscript(subscript) => {
                ExprKind::Subscript { value: self.boxed(&subscript.value), index: self.boxed(&subscript.slice) }
            }
            ruff::Expr::Slice(slice) => {
                let part = |part: &Option<Box<ruff::Expr>>| part.as_deref().map(|part| self.boxed(part));
                ExprKind::Slice { lower: part(&slice.lower), upper: part(&slice.upper), step: part(&slice.step) }
            }
            ruff::Expr::BinOp(operation) => ExprKind::Binary {
                left: self.boxed(&operation.left),
                operator: binary(operation.op),
                right: self.boxed(&operation.right),
            },
            ruff::Expr::UnaryOp(operation) => ExprKind::Unary {
                operator: match operation.op {
                    ruff::UnaryOp::Not => UnaryOperator::Not,
                    ruff::UnaryOp::USub => UnaryOperator::Minus,
                    ruff::UnaryOp::UAdd => UnaryOperator::Plus,
                    ruff::UnaryOp::Invert => UnaryOperator::Invert,
                },
                operand: self.boxed(&operation.operand),
            },
            ruff::Expr::BoolOp(operation) => ExprKind::Logic {
                all: matches!(operation.op, ruff::BoolOp::And),
                operands: self.exprs(&operation.values),
            },
            ruff::Expr::Compare(compare) => ExprKind::Compare {
                left: self.boxed(&compare.left),
                rest: compare
                    .ops
                    .iter()
                    .zip(compare.comparators.iter())
                    .map(|(operator, other)| (comparison(*operator), self.expr(other)))
                    .collect(),
            },
            ruff::Expr::If(conditional) => ExprKind::Conditional {
                condition: self.boxed(&conditional.test),
                then: self.boxed(&conditional.body),
                otherwise: self.boxed(&conditional.orelse),
            },
            ruff::Expr::Lambda(lambda) => ExprKind::Lambda(Rc::new(FunctionDefinition {
                name: Rc::from("<lambda>"),
                line: self.line(range),
                parameters: lambda
                    .parameters
                    .as_deref()
                    .map(|parameters| self.parameters(parameters))
                    .unwrap_or_default(),
                first_parameter: None,
                body: Block::from([]),
                result: Some(self.expr(&lambda.body)),
                decorators: Vec::new(),
                is_generator: false,
            })),
            ruff::Expr::ListComp(comprehension) => {
                self.comprehension(ComprehensionKind::List, &comprehension.elt, None, &comprehension.generators)
            }
            ruff::Expr::SetComp(comprehension) => {
                self.comprehension(ComprehensionKind::Set, &comprehension.elt, None, &comprehension.generators)
            }
            ruff::Expr::Generator(comprehension) => {
                self.comprehension(ComprehensionKind::Generator, &comprehension.elt, None, &comprehension.generators)
            }
            ruff::Expr::DictComp(comprehension) => match &comprehension.key {
                Some(key) => self.comprehension(
                    ComprehensionKind::Dict,
                    key,
                    Some(&comprehension.value),
                    &comprehension.generators,
                ),
                None => ExprKind::NotUnderstood("a dict unpacked in a comprehension"),
            },
            ruff::Expr::Starred(starred) => ExprKind::Starred(self.boxed(&starred.value)),
            ruff::Expr::Named(named) => match named.target.as_ref() {
                ruff::Expr::Name(target) => {
                    ExprKind::Named { name: Rc::from(target.id.as_str()), value: self.boxed(&named.value) }
                }
                _ => ExprKind::NotUnderstood("an assignment within an expression"),
            },
            ruff::Expr::Await(expr) => return self.expr(&expr.value),
            ruff::Expr::Yield(expr) => ExprKind::Yield(expr.value.as_deref().map(|value| self.boxed(value))),
            ruff::Expr::YieldFrom(_) => ExprKind::NotUnderstood("yield from"),
            ruff::Expr::BytesLiteral(_) => ExprKind::NotUnderstood("bytes"),
            ruff::Expr::TString(_) => ExprKind::NotUnderstood("a template string"),
            ruff::Expr::IpyEscapeCommand(_) => ExprKind::NotUnderstood("a shell command"),
        };
        self.made(range, kind)
    }

    fn call(&self, call: &ruff::ExprCall, range: TextRange) -> Expr {
        let function = self.boxed(&call.func);
        // Python reports a method call over several lines at the line of the method's name.
        let line = match call.func.as_ref() {
            ruff::Expr::Attribute(_) => function.line,
            _ => self.line(range),
        };
        let keywords = call.arguments.keywords.iter();
        let kind = ExprKind::Call {
            function,
            arguments: self.exprs(&call.arguments.args),
            keywords: keywords.map(|keyword| (keyword.arg.as_ref().map(name), self.expr(&keyword.value))).collect(),
        };
        Expr { line, range: bytes(range), kind }
    }

    fn comprehension(
        &self,
        kind: ComprehensionKind,
        element: &ruff::Expr,
        value: Option<&ruff::Expr>,
        generators: &[ruff::Comprehension],
    ) -> ExprKind {
        ExprKind::Comprehension(Box::new(Comprehension {
            kind,
            element: self.expr(element),
            value: value.map(|value| self.expr(value)),
            loops: generators
                .iter()
                .map(|generator| ComprehensionLoop {
                    target: self.expr(&generator.target),
                    iterable: self.expr(&generator.iter),
                    conditions: self.exprs(&generator.ifs),
                })
                .collect(),
        }))
    }

    fn formatted(&self, text: &ruff::ExprFString) -> Vec<TextPart> {
        let mut parts = Vec::new();
        for part in text.value.iter() {
            match part {
                ruff::FStringPart::Literal(literal) => parts.push(TextPart::Literal(Rc::from(&*literal.value))),
                ruff::FStringPart::FString(formatted) => parts.extend(self.text_parts(&formatted.elements)),
            }
        }
        parts
    }

    fn text_parts(&self, elements: &ruff::InterpolatedStringElements) -> Vec<TextPart> {
        let part = |element: &ruff::InterpolatedStringElement| match element {
            ruff::InterpolatedStringElement::Literal(literal) => TextPart::Literal(Rc::from(&*literal.value)),
            ruff::InterpolatedStringElement::Interpolation(value) => TextPart::Value {
                value: self.expr(&value.expression),
                repr: matches!(value.conversion, ruff::ConversionFlag::Repr),
                format: value.format_spec.as_deref().map(|spec| self.text_parts(&spec.elements)).unwrap_or_default(),
            },
        };
        elements.iter().map(part).collect()
    }
}

fn bytes(range: TextRange) -> Range<u32> {
    u32::from(range.start())..u32::from(range.end())
}

fn binary(operator: ruff::Operator) -> BinaryOperator {
    match operator {
        ruff::Operator::Add => BinaryOperator::Add,
        ruff::Operator::Sub => BinaryOperator::Sub,
        ruff::Operator::Mult => BinaryOperator::Mul,
        ruff::Operator::Div => BinaryOperator::Div,
        ruff::Operator::FloorDiv => BinaryOperator::FloorDiv,
        ruff::Operator::Mod => BinaryOperator::Mod,
        ruff::Operator::Pow => BinaryOperator::Pow,
        ruff::Operator::MatMult => BinaryOperator::MatMul,
        ruff::Operator::LShift => BinaryOperator::ShiftLeft,
        ruff::Operator::RShift => BinaryOperator::ShiftRight,
        ruff::Operator::BitAnd => BinaryOperator::BitAnd,
        ruff::Operator::BitOr => BinaryOperator::BitOr,
        ruff::Operator::BitXor => BinaryOperator::BitXor,
    }
}

fn comparison(operator: ruff::CmpOp) -> Comparison {
    match operator {
        ruff::CmpOp::Eq => Comparison::Equal,
        ruff::CmpOp::NotEq => Comparison::NotEqual,
        ruff::CmpOp::Lt => Comparison::Less,
        ruff::CmpOp::LtE => Comparison::LessEqual,
        ruff::CmpOp::Gt => Comparison::Greater,
        ruff::CmpOp::GtE => Comparison::GreaterEqual,
        ruff::CmpOp::Is => Comparison::Is,
        ruff::CmpOp::IsNot => Comparison::IsNot,
        ruff::CmpOp::In => Comparison::In,
        ruff::CmpOp::NotIn => Comparison::NotIn,
    }
}

/// Whether a function's own statements yield, nested functions aside.
/// Where the first parameter stands; the parentheses where there is none.
fn first_parameter(parameters: &ruff::Parameters) -> TextRange {
    let first = parameters.posonlyargs.iter().chain(parameters.args.iter()).next();
    first.map_or(parameters.range, |first| first.parameter.name.range)
}

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
