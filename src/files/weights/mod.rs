//! Files of weights: safetensors and PyTorch's state dicts, matched to a network by PyTorch's names.

mod matching;
mod pickle;
mod pytorch;
mod read;
mod safetensors;
mod tensor;
mod unpickled;
mod written;
mod zip;

pub use matching::{Expected, Matched, Mismatch, NodeWeights, expected, match_weights};
pub use pytorch::state_dict;
pub use read::tensors;
pub use safetensors::{WrittenTensor, safetensors, write_safetensors};
pub use tensor::{NamedTensor, NumberKind};
pub use written::written_tensors;
