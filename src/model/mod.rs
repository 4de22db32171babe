//! What a network is: plain data. Knows no shape rule, no cost, no wire format, no browser.

mod argument;
mod dims;
mod edit;
mod layer;
mod naming;
mod network;
mod value;

pub mod literal;
pub mod presets;

pub use argument::*;
pub use dims::*;
pub use layer::*;
pub use naming::{MAX_NAME, NameError, Naming, check_name, check_path, is_within, stem};
pub use network::*;
pub use value::Value;
