//! What a module is: its class, children, parameters and buffers in order of registration.

use std::ops::Range;
use std::rc::Rc;

use crate::model::{self, Layer};
use crate::pytorch::python::Id;
use crate::pytorch::python::tree::Name;

/// What makes an object a module.
#[derive(Debug)]
pub(crate) struct ModuleState {
    /// `Module.__init__` has run.
    pub initialised: bool,
    /// It was not, and PyTorch stops there.
    pub stops_init: bool,
    pub class: Name,
    pub kind: ModuleKind,
    /// A child can be `None`.
    pub children: Vec<(Name, Option<Id>)>,
    pub parameters: Vec<(Name, Id)>,
    pub buffers: Vec<(Name, Id)>,
    pub has_parent: bool,
}

#[derive(Debug)]
pub(crate) enum ModuleKind {
    /// A class of the text.
    User,
    Sequential,
    List,
    Dict,
    ParameterList,
    Leaf(Box<Leaf>),
}

/// A module of the library without modules of its own.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// `None`: its cost is not known.
    pub layer: Option<Layer>,
    /// The inferred argument as written: `in_channels`, `normalized_shape`.
    pub declared: Vec<u64>,
    /// In PyTorch's order, those not given by default.
    pub arguments: Vec<(String, model::Value)>,
    /// Its parameters and buffers are known.
    pub known: bool,
    /// Where the inferred argument stands in the text.
    pub declared_at: Option<Range<u32>>,
    /// Where its class's name stands in the text.
    pub called_at: Option<Range<u32>>,
}

impl ModuleState {
    pub(crate) fn new(class: Name, kind: ModuleKind) -> Self {
        Self {
            initialised: !matches!(kind, ModuleKind::User),
            stops_init: false,
            class,
            kind,
            children: Vec::new(),
            parameters: Vec::new(),
            buffers: Vec::new(),
            has_parent: false,
        }
    }

    pub(crate) fn child(&self, name: &str) -> Option<Option<Id>> {
        self.children.iter().find(|(child, _)| &**child == name).map(|(_, child)| *child)
    }

    pub(crate) fn leaf(&self) -> Option<&Leaf> {
        match &self.kind {
            ModuleKind::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }

    pub(crate) fn set<T>(entries: &mut Vec<(Name, T)>, name: &str, value: T) {
        match entries.iter_mut().find(|(other, _)| &**other == name) {
            Some((_, old)) => *old = value,
            None => entries.push((Rc::from(name), value)),
        }
    }
}

/// A `LazyConv2d` is a `Conv2d` once it has been called.
pub(crate) fn settled_class(class: &str) -> String {
    class.trim_start_matches("Lazy").to_string()
}

/// The value of an argument of a leaf.
pub(crate) fn plain_argument<'a>(leaf: &'a Leaf, name: &str) -> Option<&'a model::Value> {
    leaf.arguments.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}
