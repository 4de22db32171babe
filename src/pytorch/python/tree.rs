//! The Python that the import understands, as a tree.

use std::ops::Range;
use std::rc::Rc;

/// A name; cheap to copy.
pub(crate) type Name = Rc<str>;

pub(crate) type Block = Rc<[Statement]>;

#[derive(Debug)]
pub(crate) struct Statement {
    /// From 1.
    pub line: u32,
    pub kind: StatementKind,
}

impl Statement {
    /// Whether anything but words to a person hangs on it.
    pub(crate) fn does_something(&self) -> bool {
        match &self.kind {
            StatementKind::Raise(_) | StatementKind::Assert | StatementKind::Pass => false,
            StatementKind::If(branches) => branches.iter().any(|(_, body)| body.iter().any(Self::does_something)),
            StatementKind::Expression(expr) => match &expr.kind {
                ExprKind::Call { function, .. } => match &function.kind {
                    ExprKind::Name(name) => &**name != "print",
                    ExprKind::Attribute { name, .. } => !matches!(&**name, "warn" | "info" | "warning" | "debug"),
                    _ => true,
                },
                ExprKind::Text(_) | ExprKind::Ellipsis => false,
                _ => true,
            },
            _ => true,
        }
    }
}

/// An `except`.
#[derive(Debug)]
pub(crate) struct Handler {
    /// What it catches: a class, or a tuple of classes; `None`: everything.
    pub class: Option<Expr>,
    pub name: Option<Name>,
    pub body: Block,
}

#[derive(Debug)]
pub(crate) enum StatementKind {
    Expression(Expr),
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    /// `x: int = 3`; without a value where there is none.
    Annotated {
        target: Expr,
        value: Option<Expr>,
    },
    Augmented {
        target: Expr,
        operator: BinaryOperator,
        value: Expr,
    },
    Return(Option<Expr>),
    /// Conditions with their blocks; the last one may have no condition.
    If(Vec<(Option<Expr>, Block)>),
    For {
        target: Expr,
        iterable: Expr,
        body: Block,
        otherwise: Block,
    },
    While {
        condition: Expr,
        body: Block,
        otherwise: Block,
    },
    Function(Rc<FunctionDefinition>),
    Class(Rc<ClassDefinition>),
    /// `import torch.nn as nn`.
    Import(Vec<(Name, Option<Name>)>),
    /// `from torch import nn as nn`.
    ImportFrom {
        /// How many dots stand before the module.
        level: u32,
        module: Name,
        names: Vec<(Name, Option<Name>)>,
    },
    With {
        items: Vec<(Expr, Option<Expr>)>,
        body: Block,
    },
    Try {
        body: Block,
        handlers: Vec<Handler>,
        otherwise: Block,
        finally: Block,
    },
    Raise(Option<Expr>),
    Assert,
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Delete(Vec<Expr>),
    Match {
        subject: Expr,
        cases: Vec<(Vec<Expr>, bool, Block)>,
    },
    Pass,
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct Expr {
    /// The line that Python reports for it.
    pub line: u32,
    /// Bytes of the cleaned text.
    pub range: Range<u32>,
    pub kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    None,
    Bool(bool),
    Int(i128),
    /// Too large for the import.
    HugeInt,
    Float(f64),
    Text(Rc<str>),
    Ellipsis,
    Name(Name),
    FormattedText(Vec<TextPart>),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    /// A pair without a key is `**value`.
    Dict(Vec<(Option<Expr>, Expr)>),
    Attribute {
        value: Box<Expr>,
        name: Name,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Call {
        function: Box<Expr>,
        arguments: Vec<Expr>,
        keywords: Vec<(Option<Name>, Expr)>,
    },
    Binary {
        left: Box<Expr>,
        operator: BinaryOperator,
        right: Box<Expr>,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expr>,
    },
    /// All must hold (`and`) or one (`or`).
    Logic {
        all: bool,
        operands: Vec<Expr>,
    },
    Compare {
        left: Box<Expr>,
        rest: Vec<(Comparison, Expr)>,
    },
    Conditional {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Lambda(Rc<FunctionDefinition>),
    Comprehension(Box<Comprehension>),
    Starred(Box<Expr>),
    /// `(name := value)`.
    Named {
        name: Name,
        value: Box<Expr>,
    },
    Yield(Option<Box<Expr>>),
    /// What the import does not know, or what the parser could not read.
    NotUnderstood(&'static str),
}

#[derive(Debug)]
pub(crate) enum TextPart {
    Literal(Rc<str>),
    Value { value: Expr, repr: bool, format: Vec<TextPart> },
}

#[derive(Debug)]
pub(crate) struct Comprehension {
    pub kind: ComprehensionKind,
    /// The key of a dict's pair, else the element.
    pub element: Expr,
    /// The value of a dict's pair.
    pub value: Option<Expr>,
    pub loops: Vec<ComprehensionLoop>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Debug)]
pub(crate) struct ComprehensionLoop {
    pub target: Expr,
    pub iterable: Expr,
    pub conditions: Vec<Expr>,
}

#[derive(Debug)]
pub(crate) struct FunctionDefinition {
    pub name: Name,
    pub line: u32,
    pub parameters: Parameters,
    /// Where the first parameter stands, or `()`.
    pub first_parameter: Option<Range<u32>>,
    pub body: Block,
    /// A lambda's expression.
    pub result: Option<Expr>,
    pub decorators: Vec<Expr>,
    /// Has a `yield` of its own.
    pub is_generator: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub positional: Vec<Parameter>,
    pub rest: Option<Name>,
    pub keyword_only: Vec<Parameter>,
    pub keyword_rest: Option<Name>,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub name: Name,
    pub default: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct ClassDefinition {
    pub name: Name,
    pub line: u32,
    pub last_line: u32,
    pub bases: Vec<Expr>,
    pub body: Block,
    pub decorators: Vec<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOperator {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    MatMul,
    ShiftLeft,
    ShiftRight,
    BitAnd,
    BitOr,
    BitXor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOperator {
    Not,
    Minus,
    Plus,
    Invert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
}
