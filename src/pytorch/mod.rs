//! PyTorch source text to networks, and networks back to PyTorch and Keras.
//!
//! [`import`] never fails as a whole: it gives every network it can make out and a [`Problem`] for whatever it
//! cannot, with the line in the pasted text. It lives behind the feature `python`, as its parser is large.
//! The types of its result, and the export, are always there.

#[cfg(feature = "python")]
mod ast;
#[cfg(feature = "python")]
mod batch;
#[cfg(feature = "python")]
mod check;
#[cfg(feature = "python")]
mod discover;
mod export;
mod export_call;
mod export_constants;
mod export_group;
mod export_layer;
mod export_name;
mod export_unknown;
#[cfg(feature = "python")]
mod hints;
#[cfg(feature = "python")]
mod import;
#[cfg(feature = "python")]
mod indent;
#[cfg(feature = "python")]
mod input;
mod keras;
#[cfg(feature = "python")]
mod lines;
#[cfg(feature = "python")]
mod machine;
#[cfg(feature = "python")]
mod model_of;
#[cfg(feature = "python")]
mod printed;
mod problem;
#[cfg(feature = "python")]
mod quoted;
mod result;
#[cfg(feature = "python")]
mod solve;
#[cfg(feature = "python")]
mod source;
#[cfg(feature = "python")]
mod syntax;
#[cfg(feature = "python")]
mod text;

pub use export::export_module;
#[cfg(feature = "python")]
pub use import::import;
pub use keras::export_keras;
pub use problem::{Fix, Problem, ProblemKind, Severity};
pub use result::{
    CallKind, ExecutedCall, Import, ImportedModel, InputGuess, InputHint, ModelTotals, Options, RegisteredModule,
};
