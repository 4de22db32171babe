//! What a host adds to the values and the state of the interpreter.

use std::fmt::Debug;

use super::tree::Name;

/// A place in one of the heap's lists. Nothing is freed before the import ends.
pub(crate) type Id = usize;

/// The types of a host's own values, instances and state.
#[expect(unused_variables, reason = "the names of parameters say what a verb gets")]
pub(crate) trait HostTypes: Clone + Debug + Default + Sized + 'static {
    /// A value besides Python's own: a tensor.
    type Tensor: Clone + Debug;
    /// What an instance is to the host: a module.
    type Module: Debug;
    /// What it keeps while code runs.
    type State: Default;

    /// The number that a value of the host is; `None`: it is none, or not known.
    fn number(tensor: &Self::Tensor) -> Option<f64>;
    /// Whether comparisons with a value can tell something.
    fn is_known(tensor: &Self::Tensor) -> bool;
    /// The full name of the class that an instance is of.
    fn class_of(module: &Self::Module) -> Name;
    /// The line where an instance was last called outside of what the host runs.
    fn called_at(state: &Self::State, instance: Id) -> Option<u32> {
        None
    }
    /// Whether the host runs something.
    fn runs(state: &Self::State) -> bool {
        false
    }
    /// The code would stop here; whether that is certain.
    fn stops(state: &mut Self::State) -> bool {
        true
    }
}
