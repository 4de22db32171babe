//! Runs the Python of a pasted text.
//!
//! What it does not know becomes [`Value::Unknown`] and flows on, so that the rest is kept. Steps, memory and
//! depth are bounded: no text can hang it. Of libraries it knows nothing: a [`Host`] does.

pub(crate) mod argparse;
pub(crate) mod assign;
pub(crate) mod budget;
pub(crate) mod builtin_numbers;
pub(crate) mod builtins;
pub(crate) mod call;
pub(crate) mod class;
pub(crate) mod compare;
pub(crate) mod containers;
pub(crate) mod exceptions;
pub(crate) mod expression;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod host;
pub(crate) mod host_types;
pub(crate) mod interpreter;
pub(crate) mod methods;
pub(crate) mod notes;
pub(crate) mod objects;
pub(crate) mod operators;
pub(crate) mod parse;
pub(crate) mod reflection;
pub(crate) mod scope;
pub(crate) mod statement;
pub(crate) mod stop;
pub(crate) mod text_methods;
pub(crate) mod tree;
pub(crate) mod value;

pub(crate) use budget::DEEPEST_CALLS;
pub(crate) use host::Host;
pub(crate) use host_types::{HostTypes, Id};
pub(crate) use interpreter::{CallSite, Frame, Interpreter};
pub(crate) use notes::FixWish;
pub(crate) use stop::{Raised, Run, Spent, Stop};
pub(crate) use value::Value;

#[cfg(test)]
mod tests;
