//! Values of the Python that runs, and where they are kept.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::torch::module::ModuleState;
use super::super::torch::recurrent::State;
use super::tree::{ClassDefinition, FunctionDefinition, Name};
use crate::model::{Dims, NodeId};

/// A place in one of the heap's lists. Nothing is freed before the import ends.
pub(crate) type Id = usize;

/// Anything a variable can hold.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Ellipsis,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Rc<str>),
    Tuple(Rc<[Value]>),
    Range(Rc<[i128; 3]>),
    Slice(Rc<[Value; 3]>),
    List(Id),
    Dict(Id),
    Set(Id),
    Function(Id),
    Class(Id),
    Instance(Id),
    /// Something of a library, by its full name: `torch.nn.Conv2d`, `range`.
    Library(Name),
    /// A method of a built-in type, taken from its object.
    Bound(Rc<(Value, Name)>),
    /// A function of a class, taken from an instance or the class.
    Method(Rc<(Value, Id)>),
    Partial(Rc<(Value, Arguments)>),
    Super(Rc<(Value, Id)>),
    Tensor(Rc<Tensor>),
    /// What the import cannot know.
    Unknown(Rc<Unknown>),
}

/// A value that is not known.
#[derive(Debug)]
pub(crate) struct Unknown {
    /// What it is: `an item`, `timm.layers.DropPath`.
    pub words: Rc<str>,
    pub why: Why,
}

/// Why a value is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The import does not follow what makes it.
    Foreign,
    /// It is an attribute that nobody has set. That has been said.
    Unset,
    /// An error kept it from being made. That has been said.
    Failed,
    /// The same of the attribute of a module, by whose name it goes.
    NotMade,
    /// It is an exception.
    Exception { class: Name, message: Rc<str> },
}

/// What a call is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    pub positional: Vec<Value>,
    pub keywords: Vec<(Name, Value)>,
}

/// A tensor: its shape, where it comes from, and its numbers where they are few and known.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// `None`: not known.
    pub dims: Option<Dims>,
    pub source: TensorSource,
    pub numbers: Option<Rc<[f64]>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TensorSource {
    /// Made by the code: `torch.zeros(...)`.
    Made,
    Input,
    Node(NodeId),
    /// A parameter or buffer.
    Parameter(Id),
    /// A view that becomes a node when it is used: one part of a chunk.
    Pending(Rc<PendingNode>),
    /// What a recurrent layer gives besides its output.
    State(Rc<State>),
    /// Another tensor's elements, repeated to a larger shape.
    Expanded(Rc<Tensor>),
}

#[derive(Debug)]
pub(crate) struct PendingNode {
    pub layer: crate::model::Layer,
    pub name: &'static str,
    pub input: Rc<Tensor>,
    pub made: std::cell::Cell<Option<NodeId>>,
}

impl PartialEq for PendingNode {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for Tensor {
    fn eq(&self, other: &Self) -> bool {
        self.dims == other.dims && self.source == other.source
    }
}

#[derive(Debug)]
pub(crate) struct Function {
    pub definition: Rc<FunctionDefinition>,
    pub scope: Id,
    /// Evaluated when the function was defined; in the order of all parameters that can have one.
    pub defaults: Vec<(Name, Value)>,
    /// The class whose body it stands in.
    pub class: Option<Id>,
    pub kind: FunctionKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    Plain,
    Static,
    ClassMethod,
    Property,
}

#[derive(Debug)]
pub(crate) struct Class {
    pub name: Name,
    pub definition: Rc<ClassDefinition>,
    /// User classes of the method resolution order, this one first.
    pub order: Vec<Id>,
    /// The first base of a library: `torch.nn.Module`.
    pub library_base: Option<Name>,
    pub attributes: HashMap<Name, Value>,
    pub is_dataclass: bool,
    /// Names with annotations, in order: a dataclass's fields.
    pub fields: Vec<Name>,
}

#[derive(Debug)]
pub(crate) struct Instance {
    /// `None`: a module of the library.
    pub class: Option<Id>,
    pub attributes: HashMap<Name, Value>,
    pub module: Option<Box<ModuleState>>,
    /// The built-in behaviour that a user's class inherits, such as a list's.
    pub inner: Option<Value>,
    /// Where it was made.
    pub line: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub variables: HashMap<Name, Value>,
    pub parent: Option<Id>,
    /// Names that are assigned in another scope: `global`, `nonlocal`.
    pub elsewhere: HashMap<Name, Id>,
    /// Comprehensions see the variables of a class body, functions do not.
    pub is_class: bool,
}

/// A parameter or buffer of a module.
#[derive(Clone, Debug)]
pub(crate) struct ParameterData {
    /// `None`: its size is not known.
    pub dims: Option<Dims>,
    pub trainable: bool,
    pub is_buffer: bool,
}

/// Insertion-ordered pairs with a fast look-up for the keys that are common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dict {
    pub pairs: Vec<(Value, Value)>,
    index: HashMap<Key, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    Int(i128),
    Float(u64),
    Text(Rc<str>),
    Tuple(Vec<Key>),
    Object(u8, usize),
    Library(Name),
}

impl Dict {
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.index.get(&Key::of(key)?).map(|&at| &self.pairs[at].1)
    }

    /// `false` where the key cannot be one.
    pub fn set(&mut self, key: Value, value: Value) -> bool {
        let Some(hashed) = Key::of(&key) else { return false };
        match self.index.get(&hashed) {
            Some(&at) => self.pairs[at].1 = value,
            None => {
                self.index.insert(hashed, self.pairs.len());
                self.pairs.push((key, value));
            }
        }
        true
    }

    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        let at = self.index.remove(&Key::of(key)?)?;
        for other in self.index.values_mut() {
            *other -= usize::from(*other > at);
        }
        Some(self.pairs.remove(at).1)
    }
}

impl Key {
    /// `None`: not hashable, or deeper than keys are.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::None => Self::None,
            Value::Bool(boolean) => Self::Int(i128::from(*boolean)),
            Value::Int(int) => Self::Int(*int),
            Value::Float(float) if float.fract() == 0.0 && float.abs() < 1e15 => Self::Int(*float as i128),
            Value::Float(float) => Self::Float(float.to_bits()),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Tuple(items) if items.len() <= 64 => {
                let simple = items.iter().all(
                    |item| !matches!(item, Value::Tuple(inner) if inner.iter().any(|v| matches!(v, Value::Tuple(_)))),
                );
                if !simple {
                    return None;
                }
                Self::Tuple(items.iter().map(Self::of).collect::<Option<_>>()?)
            }
            Value::Class(id) => Self::Object(0, *id),
            Value::Instance(id) => Self::Object(1, *id),
            Value::Function(id) => Self::Object(2, *id),
            Value::Library(name) => Self::Library(name.clone()),
            _ => return None,
        })
    }
}

/// All objects that can be changed.
#[derive(Default)]
pub(crate) struct Heap {
    pub lists: Vec<Vec<Value>>,
    pub dicts: Vec<Dict>,
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    pub instances: Vec<Instance>,
    pub scopes: Vec<Scope>,
    pub parameters: Vec<ParameterData>,
    /// Values that can hold others of their kind, in the order they were made.
    pub kept: Vec<Value>,
}

impl Drop for Heap {
    /// From the last made to the first: each holds only older ones, so that none drops a long chain by itself.
    fn drop(&mut self) {
        self.lists.clear();
        self.dicts.clear();
        self.scopes.clear();
        self.instances.clear();
        self.functions.clear();
        self.classes.clear();
        while self.kept.pop().is_some() {}
    }
}

impl Unknown {
    /// What the import does not follow, by its name.
    pub fn foreign(words: &str) -> Self {
        Self { words: Rc::from(words), why: Why::Foreign }
    }
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::from(items))
    }

    pub fn unknown(words: &str) -> Self {
        Self::Unknown(Rc::new(Unknown::foreign(words)))
    }

    pub fn lost(words: &str, why: Why) -> Self {
        Self::Unknown(Rc::new(Unknown { words: Rc::from(words), why }))
    }

    /// What stands in for a value that an error kept from being made.
    pub fn of_error() -> Self {
        Self::lost("the result of an error", Why::Failed)
    }

    pub fn exception(class: &str, message: &str) -> Self {
        let why = Why::Exception { class: Rc::from(class), message: Rc::from(message) };
        Self::lost(&format!("{class}: {message}"), why)
    }

    pub fn is_of_error(&self) -> bool {
        matches!(self, Self::Unknown(unknown) if unknown.why == Why::Failed)
    }

    pub fn sizes(sizes: &[u64]) -> Self {
        Self::Tuple(sizes.iter().map(|&size| Self::Int(i128::from(size))).collect())
    }

    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Bool(boolean) => Some(i128::from(*boolean)),
            Self::Tensor(tensor) => match tensor.numbers.as_deref() {
                Some([number]) if number.fract() == 0.0 && number.abs() < 1e18 => Some(*number as i128),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        self.as_int().and_then(|int| i64::try_from(int).ok())
    }

    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(float) => Some(*float),
            Self::Tensor(tensor) => match tensor.numbers.as_deref() {
                Some([number]) => Some(*number),
                _ => None,
            },
            other => other.as_int().map(|int| int as f64),
        }
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Bool(_) | Self::Float(_))
    }

    pub fn as_tensor(&self) -> Option<&Rc<Tensor>> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// Python's name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Tuple(_) => "tuple",
            Self::Range(_) => "range",
            Self::Slice(_) => "slice",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::Function(_) | Self::Method(_) | Self::Bound(_) | Self::Partial(_) => "function",
            Self::Class(_) => "type",
            Self::Library(_) => "module",
            Self::Super(_) => "super",
            Self::Tensor(_) => "Tensor",
            Self::Instance(_) => "object",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Arguments {
    pub fn positional(positional: Vec<Value>) -> Self {
        Self { positional, keywords: Vec::new() }
    }

    /// An argument by its place or its name.
    pub fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional.get(position).or_else(|| self.keyword(name))
    }

    pub fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.iter().find(|(keyword, _)| &**keyword == name).map(|(_, value)| value)
    }

    /// Without the first positional argument.
    pub fn rest(&self) -> Self {
        Self { positional: self.positional.iter().skip(1).cloned().collect(), keywords: self.keywords.clone() }
    }

    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }
}

impl Tensor {
    pub fn made(dims: Option<Dims>) -> Rc<Self> {
        Rc::new(Self { dims, source: TensorSource::Made, numbers: None })
    }

    pub fn number(number: f64) -> Rc<Self> {
        Rc::new(Self { dims: Dims::new(&[]), source: TensorSource::Made, numbers: Some(Rc::from([number])) })
    }

    pub fn numbers(numbers: Vec<f64>) -> Rc<Self> {
        Rc::new(Self {
            dims: Dims::new(&[numbers.len() as u64]),
            source: TensorSource::Made,
            numbers: Some(Rc::from(numbers)),
        })
    }

    /// A single number that the code knows.
    pub fn as_number(&self) -> Option<f64> {
        match self.numbers.as_deref() {
            Some([number]) => Some(*number),
            _ => None,
        }
    }
}
