//! Values of the Python that runs, and where they are kept.

use std::collections::HashMap;
use std::rc::Rc;

use super::host_types::{HostTypes, Id};
use super::tree::{ClassDefinition, FunctionDefinition, Name};

/// Anything a variable can hold.
#[derive(Clone, Debug)]
pub(crate) enum Value<H: HostTypes> {
    None,
    Ellipsis,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Rc<str>),
    Tuple(Rc<[Value<H>]>),
    Range(Rc<[i128; 3]>),
    Slice(Rc<[Value<H>; 3]>),
    List(Id),
    Dict(Id),
    Set(Id),
    Function(Id),
    Class(Id),
    Instance(Id),
    /// Something of a library, by its full name: `torch.nn.Conv2d`, `range`.
    Library(Name),
    /// A method of a built-in type, taken from its object.
    Bound(Rc<(Value<H>, Name)>),
    /// A function of a class, taken from an instance or the class.
    Method(Rc<(Value<H>, Id)>),
    Partial(Rc<(Value<H>, Arguments<H>)>),
    Super(Rc<(Value<H>, Id)>),
    /// A value of the host.
    Tensor(Rc<H::Tensor>),
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
pub(crate) struct Arguments<H: HostTypes> {
    pub positional: Vec<Value<H>>,
    pub keywords: Vec<(Name, Value<H>)>,
}

#[derive(Debug)]
pub(crate) struct Function<H: HostTypes> {
    pub definition: Rc<FunctionDefinition>,
    pub scope: Id,
    /// Evaluated when the function was defined; in the order of all parameters that can have one.
    pub defaults: Vec<(Name, Value<H>)>,
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
pub(crate) struct Class<H: HostTypes> {
    pub name: Name,
    pub definition: Rc<ClassDefinition>,
    /// User classes of the method resolution order, this one first.
    pub order: Vec<Id>,
    /// The first base of a library: `torch.nn.Module`.
    pub library_base: Option<Name>,
    pub attributes: HashMap<Name, Value<H>>,
    pub is_dataclass: bool,
    /// Names with annotations, in order: a dataclass's fields.
    pub fields: Vec<Name>,
}

#[derive(Debug)]
pub(crate) struct Instance<H: HostTypes> {
    /// `None`: a module of the library.
    pub class: Option<Id>,
    pub attributes: HashMap<Name, Value<H>>,
    /// What it is to the host.
    pub module: Option<Box<H::Module>>,
    /// The built-in behaviour that a user's class inherits, such as a list's.
    pub inner: Option<Value<H>>,
    /// Where it was made.
    pub line: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Scope<H: HostTypes> {
    pub variables: HashMap<Name, Value<H>>,
    pub parent: Option<Id>,
    /// Names that are assigned in another scope: `global`, `nonlocal`.
    pub elsewhere: HashMap<Name, Id>,
    /// Comprehensions see the variables of a class body, functions do not.
    pub is_class: bool,
}

/// What the handlers of a `try` catch.
#[derive(Debug)]
pub(crate) struct Catching<H: HostTypes> {
    /// For each handler its classes; `None`: everything.
    pub classes: Vec<Option<Vec<Value<H>>>>,
}

/// Insertion-ordered pairs with a fast look-up for the keys that are common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dict<H: HostTypes> {
    pub pairs: Vec<(Value<H>, Value<H>)>,
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

impl<H: HostTypes> Dict<H> {
    pub(crate) fn get(&self, key: &Value<H>) -> Option<&Value<H>> {
        self.index.get(&Key::of(key)?).map(|&at| &self.pairs[at].1)
    }

    /// `false` where the key cannot be one.
    pub(crate) fn set(&mut self, key: Value<H>, value: Value<H>) -> bool {
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

    pub(crate) fn remove(&mut self, key: &Value<H>) -> Option<Value<H>> {
        let at = self.index.remove(&Key::of(key)?)?;
        for other in self.index.values_mut() {
            *other -= usize::from(*other > at);
        }
        Some(self.pairs.remove(at).1)
    }
}

impl Key {
    /// `None`: not hashable, or deeper than keys are.
    pub(crate) fn of<H: HostTypes>(value: &Value<H>) -> Option<Self> {
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
pub(crate) struct Heap<H: HostTypes> {
    pub lists: Vec<Vec<Value<H>>>,
    pub dicts: Vec<Dict<H>>,
    pub functions: Vec<Function<H>>,
    pub classes: Vec<Class<H>>,
    pub instances: Vec<Instance<H>>,
    pub scopes: Vec<Scope<H>>,
    /// What exceptions are, by their places.
    pub raised: Vec<Value<H>>,
    /// Values that can hold others of their kind, in the order they were made.
    pub kept: Vec<Value<H>>,
}

impl<H: HostTypes> Drop for Heap<H> {
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
    pub(crate) fn foreign(words: &str) -> Self {
        Self { words: Rc::from(words), why: Why::Foreign }
    }
}

impl<H: HostTypes> Value<H> {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    pub(crate) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::from(items))
    }

    pub(crate) fn unknown(words: &str) -> Self {
        Self::Unknown(Rc::new(Unknown::foreign(words)))
    }

    pub(crate) fn lost(words: &str, why: Why) -> Self {
        Self::Unknown(Rc::new(Unknown { words: Rc::from(words), why }))
    }

    /// What stands in for a value that an error kept from being made.
    pub(crate) fn of_error() -> Self {
        Self::lost("the result of an error", Why::Failed)
    }

    pub(crate) fn exception(class: &str, message: &str) -> Self {
        let why = Why::Exception { class: Rc::from(class), message: Rc::from(message) };
        Self::lost(&format!("{class}: {message}"), why)
    }

    pub(crate) fn is_of_error(&self) -> bool {
        matches!(self, Self::Unknown(unknown) if unknown.why == Why::Failed)
    }

    pub(crate) fn sizes(sizes: &[u64]) -> Self {
        Self::Tuple(sizes.iter().map(|&size| Self::Int(i128::from(size))).collect())
    }

    pub(crate) fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Bool(boolean) => Some(i128::from(*boolean)),
            Self::Tensor(tensor) => {
                H::number(tensor).filter(|number| number.fract() == 0.0 && number.abs() < 1e18).map(|n| n as i128)
            }
            _ => None,
        }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        self.as_int().and_then(|int| i64::try_from(int).ok())
    }

    pub(crate) fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(float) => Some(*float),
            Self::Tensor(tensor) => H::number(tensor),
            other => other.as_int().map(|int| int as f64),
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Bool(_) | Self::Float(_))
    }

    pub(crate) fn as_tensor(&self) -> Option<&Rc<H::Tensor>> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// Python's name of its type.
    pub(crate) fn type_name(&self) -> &'static str {
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

impl<H: HostTypes> Arguments<H> {
    pub(crate) fn positional(positional: Vec<Value<H>>) -> Self {
        Self { positional, keywords: Vec::new() }
    }

    /// An argument by its place or its name.
    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&Value<H>> {
        self.positional.get(position).or_else(|| self.keyword(name))
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<&Value<H>> {
        self.keywords.iter().find(|(keyword, _)| &**keyword == name).map(|(_, value)| value)
    }

    /// Without the first positional argument.
    pub(crate) fn rest(&self) -> Self {
        Self { positional: self.positional.iter().skip(1).cloned().collect(), keywords: self.keywords.clone() }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Value<H>> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }
}
