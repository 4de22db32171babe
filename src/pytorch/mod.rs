//! PyTorch source text to networks, and networks back to PyTorch and Keras.
//!
//! [`import()`] never fails as a whole: it gives every network it can make out and a [`Problem`] for whatever it
//! cannot, with the line in the pasted text. It lives behind the feature `python`, as its parser is large.
//! The types of its result, and the export, are always there.

mod joined;
mod problem;
mod result;
mod write;

#[cfg(feature = "python")]
mod find;
#[cfg(feature = "python")]
mod import;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod repair;
#[cfg(feature = "python")]
mod torch;

#[cfg(feature = "python")]
pub use import::import;
pub use joined::{JoinedFile, files_of, join, place};
pub use problem::{Fix, Problem, ProblemKind, Severity};
pub use result::{
    CallKind, ExecutedCall, Import, ImportedModel, InputGuess, InputHint, ModelTotals, Options, RegisteredModule,
};
pub use write::{export_module, export_with_loader};
