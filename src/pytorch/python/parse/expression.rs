//! Expressions.

use std::ops::Range;
use std::rc::Rc;

use ruff_python_ast as ruff;
use ruff_text_size::{Ranged, TextRange};

use super::super::tree::{
    BinaryOperator, Block, Comparison, Comprehension, ComprehensionKind, ComprehensionLoop, Expr, ExprKind,
    FunctionDefinition, TextPart, UnaryOperator,
};
use super::{Reader, name};

impl Reader {
    pub(super) fn exprs(&self, exprs: &[ruff::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn boxed(&self, expr: &ruff::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    pub(super) fn made(&self, range: TextRange, kind: ExprKind) -> Expr {
        Expr { line: self.line(range), range: bytes(range), kind }
    }

    pub(super) fn expr(&self, expr: &ruff::Expr) -> Expr {
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

pub(super) fn bytes(range: TextRange) -> Range<u32> {
    u32::from(range.start())..u32::from(range.end())
}

pub(super) fn binary(operator: ruff::Operator) -> BinaryOperator {
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
