//! A network with its weights as a file.

use super::bytes::Bytes;
use super::read::{WriteTask, WrittenForm};
use crate::engine::{Seeding, all_tensors};
use crate::files::onnx_write;
use crate::files::weights::{WrittenTensor, write_safetensors, written_tensors};
use crate::share_link;

/// The file's bytes.
///
/// # Errors
/// Names the row that the form has no word for, or that has no shape.
pub(super) fn write(task: &WriteTask) -> Result<Bytes, String> {
    let (network, problems) = share_link::decode_design(&task.network);
    if let Some(problem) = problems.first() {
        return Err(problem.to_string());
    }
    let seeding = Seeding { seed: task.seed, gain: task.gain, ..Seeding::default() };
    let source = task.given.source(&network, seeding)?;
    let weights = all_tensors(&network, &source).map_err(|error| error.to_string())?;
    let bytes = match task.form {
        WrittenForm::Onnx => onnx_write::write(&network, &weights).map_err(|problem| problem.to_string())?,
        WrittenForm::SafeTensors => {
            let tensors: Vec<WrittenTensor> = written_tensors(&network, weights)?;
            write_safetensors(&tensors)
        }
    };
    Ok(Bytes::new(bytes))
}
