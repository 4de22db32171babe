//! The tensors of a file, whatever kind of weights it is.

use super::super::kind::{Kind, kind};
use super::super::problem::FileProblem;
use super::pytorch::state_dict;
use super::safetensors::safetensors;
use super::tensor::NamedTensor;

/// The tensors of a safetensors file or of a state dict of PyTorch's.
///
/// # Errors
/// Names the byte or the tensor, and the rule; and where the file is neither.
pub fn tensors(bytes: &[u8]) -> Result<Vec<NamedTensor<'_>>, FileProblem> {
    match kind(bytes) {
        Kind::SafeTensors => safetensors(bytes),
        Kind::Zip => state_dict(bytes),
        Kind::OldPyTorch => {
            let rule = "it is of before PyTorch 1.6, or without its zip; save it again with torch.save";
            Err(FileProblem::at(0, "the file", rule))
        }
        _ => Err(FileProblem::at(0, "the file", "it is no file of weights: .safetensors, .pt and .pth are")),
    }
}
