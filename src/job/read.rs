//! Reading files: models, weights, this program's own JSON, the source text of notebooks.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::given::GivenWeights;
use super::import::ProblemReport;

/// Read files that were opened together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadTask {
    /// In the order in which they were opened.
    pub files: Vec<FileBytes>,
    /// The designs that weights may be for, as in a link.
    pub designs: Vec<String>,
}

/// A file as it was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileBytes {
    /// Without its folder.
    pub name: String,
    /// All of it.
    pub bytes: Bytes,
}

/// What the files hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadReport {
    /// Networks of model files.
    pub models: Vec<ReadModel>,
    /// Source text by the name of its file: PyTorch code, to be imported.
    pub texts: Vec<(String, String)>,
    /// A whole workbench, as in a link.
    pub workbench: Option<String>,
    /// Weights that fit a design, or a network that was read with them.
    pub weights: Vec<ReadWeights>,
    /// What is wrong with files, or was left out of them.
    pub problems: Vec<ProblemReport>,
}

/// A network of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadModel {
    /// The graph's, or the file's.
    pub name: String,
    /// As in a link.
    pub design: String,
}

/// The weights of a file, and how they fit what they are for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadWeights {
    /// The file's name.
    pub file: String,
    /// What they are for.
    pub of: WeightsOf,
    /// What of them is used.
    pub fit: WeightsFit,
    /// The numbers.
    pub given: GivenWeights,
}

/// Whose weights they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightsOf {
    /// Of a network that was read with them.
    Model(u32),
    /// Of a design of the task.
    Design(u32),
}

/// Which names of a file are a network's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightsFit {
    /// Names that both have, with the same sizes.
    pub matched: Vec<String>,
    /// What the network has and the file has not.
    pub missing: Vec<String>,
    /// What the file has and the network has not.
    pub unexpected: Vec<String>,
    /// Names that both have, with other sizes.
    pub mismatched: Vec<SizesDiffer>,
}

/// A name that both have, with different sizes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizesDiffer {
    /// PyTorch's: `conv1.weight`.
    pub name: String,
    /// Sizes in the network.
    pub network: Vec<u64>,
    /// Sizes in the file.
    pub file: Vec<u64>,
}

/// Write a network with its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteTask {
    /// As in a link.
    pub network: String,
    /// Of the weights that no file gave.
    pub seed: u64,
    /// Those are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// Weights of files, in place of the seeded ones.
    pub given: GivenWeights,
    /// What it becomes.
    pub form: WrittenForm,
}

/// What a network with weights is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WrittenForm {
    /// One file of opset 18, weights inside.
    Onnx,
    /// Weights by PyTorch's names.
    SafeTensors,
}
