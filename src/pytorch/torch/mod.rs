//! What PyTorch is to a text that runs: its tensors, modules, functions and errors.

pub(crate) mod array;
pub(crate) mod blocks;
pub(crate) mod combine;
pub(crate) mod einops;
pub(crate) mod figures;
pub(crate) mod fold;
pub(crate) mod function_names;
pub(crate) mod functional;
pub(crate) mod functional_layers;
pub(crate) mod host;
pub(crate) mod instances;
pub(crate) mod known_names;
pub(crate) mod layout;
pub(crate) mod leaf;
pub(crate) mod leaf_costs;
pub(crate) mod leaf_shapes;
pub(crate) mod library;
pub(crate) mod module;
pub(crate) mod module_call;
pub(crate) mod module_items;
pub(crate) mod module_methods;
pub(crate) mod module_state;
pub(crate) mod new_tensor;
pub(crate) mod no_tensor;
pub(crate) mod numeric;
pub(crate) mod printed_library;
pub(crate) mod printed_module;
pub(crate) mod probe;
pub(crate) mod products;
pub(crate) mod recurrent;
pub(crate) mod shape_errors;
pub(crate) mod shape_rules;
pub(crate) mod signature;
pub(crate) mod spelling;
pub(crate) mod state;
pub(crate) mod stdlib;
pub(crate) mod summaries;
pub(crate) mod tensor;
pub(crate) mod tensor_item;
pub(crate) mod tensor_methods;
pub(crate) mod trace;
pub(crate) mod weights;

use super::python::{Interpreter, value};

/// PyTorch as the host of an interpreter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Torch;

/// The interpreter of texts with PyTorch in them.
pub(crate) type Machine = Interpreter<Torch>;
pub(crate) type Value = value::Value<Torch>;
pub(crate) type Arguments = value::Arguments<Torch>;
pub(crate) type Instance = value::Instance<Torch>;
