//! Files of weights: safetensors and PyTorch's state dicts, matched to a network by PyTorch's names.

mod matching;
mod pickle;
mod pytorch;
mod safetensors;
mod tensor;
mod unpickled;
mod zip;

pub use matching::{Matched, Mismatch, expected_names, match_weights};
pub use pytorch::state_dict;
pub use safetensors::{safetensors, write_safetensors};
pub use tensor::{NamedTensor, NumberKind};
