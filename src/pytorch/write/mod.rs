//! A network as code: PyTorch's `nn.Module`.

pub(crate) mod call;
pub(crate) mod class;
pub(crate) mod constants;
pub(crate) mod exporter;
pub(crate) mod group;
pub(crate) mod layer;
pub(crate) mod module;
pub(crate) mod name;
pub(crate) mod unknown;

pub use module::{export_module, export_with_loader};
