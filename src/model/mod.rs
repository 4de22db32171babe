//! What a network is: plain data. Knows no shape rule, no cost, no wire format, no browser.

mod argument;
mod dims;
mod layer;
mod network;

pub use argument::*;
pub use dims::*;
pub use layer::*;
pub use network::*;
