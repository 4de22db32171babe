//! Reading PyTorch source.

use serde::{Deserialize, Serialize};

use super::{Binary, Clock, News, Request};

/// Read a pasted text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportTask {
    /// PyTorch source or a printed model.
    pub text: String,
    /// The input of one sample, where the person chose it: `1x1x150`.
    pub input: Option<String>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// In the order of the text.
    pub designs: Vec<ImportedDesign>,
    /// Of the whole text.
    pub problems: Vec<ProblemReport>,
}

/// One network of the text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportedDesign {
    /// The class, or what the text calls it.
    pub name: String,
    /// As in a link.
    pub design: String,
    /// `None`: some module's are not known.
    pub params: Option<u64>,
    /// How its input shape was come by, in words.
    pub input: String,
    /// Input shapes that the text allows; more than one where the person may choose.
    pub candidates: Vec<String>,
    /// How many shapes the text allows; `candidates` may not be all of them.
    pub candidate_count: u64,
    /// Modules that do not learn.
    pub frozen: Vec<String>,
}

/// What is wrong with the text, or not understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProblemReport {
    /// A stable name: `channel_mismatch`.
    pub kind: String,
    /// PyTorch itself would stop here.
    pub is_error: bool,
    /// From 1.
    pub line: Option<u32>,
    /// In plain words, with the numbers.
    pub message: String,
    /// PyTorch's or Python's own words.
    pub original: Option<String>,
    /// What the button says, and the whole text with the fix made.
    pub fix: Option<(String, String)>,
}

impl Request for ImportTask {
    type Reply = ImportReport;
    type Wire = Self;
    const BINARY: Binary = Binary::Importer;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<ImportReport>)) -> Result<ImportReport, String> {
        self.import()
    }
}

impl ImportTask {
    #[cfg(not(feature = "python"))]
    fn import(&self) -> Result<ImportReport, String> {
        Err("This worker does not read Python; the importer does.".to_string())
    }

    #[cfg(feature = "python")]
    fn import(&self) -> Result<ImportReport, String> {
        use crate::pytorch::{Options, import};

        let input = match &self.input {
            Some(text) => Some(text.parse().map_err(|error: crate::model::DimsError| error.to_string())?),
            None => None,
        };
        let import = import(&self.text, &Options { input });
        Ok(ImportReport {
            designs: import.models.iter().map(reading::design).collect(),
            problems: import.problems.iter().map(|problem| reading::problem(problem, &self.text)).collect(),
        })
    }
}

#[cfg(feature = "python")]
mod reading {
    use crate::pytorch::{ImportedModel, InputHint, Problem, Severity};
    use crate::share_link;

    use super::{ImportedDesign, ProblemReport};

    /// Candidates that are handed on.
    const MOST_CANDIDATES: usize = 256;

    pub(super) fn design(model: &ImportedModel) -> ImportedDesign {
        let shape = model.network.input;
        let input = match &model.input.hint {
            InputHint::Chosen => format!("{shape}, as you chose"),
            InputHint::Declared { line } => format!("{shape}, from line {line}"),
            InputHint::Solved { layer, features } => {
                format!("{shape}, worked out from the {features} features that {layer} expects")
            }
            InputHint::Default => format!("{shape}, a guess: nothing in the text says it"),
        };
        ImportedDesign {
            name: model.variable.clone().unwrap_or_else(|| model.name.clone()),
            design: share_link::encode_design(&model.network),
            params: model.totals.params,
            input,
            candidates: model.input.candidates.iter().take(MOST_CANDIDATES).map(ToString::to_string).collect(),
            frozen: model.frozen.clone(),
            candidate_count: model.input.candidate_count.max(model.input.candidates.len()) as u64,
        }
    }

    pub(super) fn problem(problem: &Problem, text: &str) -> ProblemReport {
        let original = problem.original.as_ref().map(|words| match &problem.exception {
            Some(exception) => format!("{exception}: {words}"),
            None => words.clone(),
        });
        ProblemReport {
            kind: problem.kind.name().to_string(),
            is_error: problem.severity == Severity::Error,
            line: problem.line,
            message: problem.message.clone(),
            original,
            fix: problem.fix.as_ref().map(|fix| (fix.label.clone(), fix.apply(text))),
        }
    }
}
