//! What PyTorch keeps while a text runs.

use std::collections::{HashMap, HashSet};

use super::no_tensor::Meant;
use super::tensor::ParameterData;
use super::trace::Trace;
use crate::model::Dims;
use crate::pytorch::python::Id;
use crate::pytorch::python::tree::Name;

#[derive(Default)]
pub(crate) struct State {
    /// The run of `forward` that is written down.
    pub trace: Option<Trace>,
    /// Parameters and buffers of all modules.
    pub parameters: Vec<ParameterData>,
    /// Modules that were made outside of other modules, in order.
    pub made: Vec<Id>,
    /// Input shapes that modules were called with outside of a trace, with the batch and the line.
    pub called_with: Vec<(Id, Vec<Dims>, u32)>,
    /// Shapes that a constructor was given and made a tensor of.
    pub made_inputs: Vec<(Dims, u32)>,
    /// Modules that a function gave back that was called to see what it makes.
    pub returned: HashSet<Id>,
    /// Names given to nodes by a comment, by line.
    pub name_comments: HashMap<u32, String>,
    /// A comment says that functions are numbered over the whole network.
    pub counted_functions: bool,
    /// How often a leaf was made at a place in the text.
    pub made_at: HashMap<u32, u32>,
    /// Modules in whose constructor something was left out.
    pub left_out: HashSet<Id>,
    /// Modules that others were copied from.
    pub templates: HashSet<Id>,
    /// What follows from arguments that were only guessed is no mistake of the text.
    pub guessing: bool,
    /// Modules whose further inputs are one number for each sample.
    pub one_each: HashMap<Id, bool>,
    /// The scopes of the texts that stand in for libraries, by where those lie.
    pub blocks: HashMap<usize, Id>,
    /// Modules that were made of the tensor they should have been called with.
    pub uncalled: HashMap<Id, Meant>,
    /// What the last function without `return` made.
    pub nothing: Option<Meant>,
    /// The function that runs, and its arguments besides its tensor as Python writes them.
    pub written: Option<(Name, String)>,
    /// Where fixes of values that are no tensors start.
    pub told: HashSet<u32>,
}
