//! A network as C: it is run for the ranges of its tensors, and for what its self-test compares with.

use serde::{Deserialize, Serialize};

use super::given::GivenWeights;
use crate::c_code;
use crate::cost::{Settings, analyze};
use crate::engine::{Numbers, Seeding};
use crate::share_link;

/// Write a network as C.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeTask {
    /// As in a link.
    pub network: String,
    /// Of weights and inputs.
    pub seed: u64,
    /// Weights are uniform in ±sqrt(gain / fan-in).
    pub gain: f64,
    /// Weights of files, in place of the seeded ones.
    pub given: GivenWeights,
    /// In 8 bits; else in floats.
    pub int8: bool,
}

/// The C code, and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeReport {
    /// The header and the code in one file.
    pub text: String,
    /// Bytes of the static arena.
    pub arena: u64,
    /// Bytes of flash on a Cortex-M4 at -Os, as predicted.
    pub flash: u64,
}

/// No microcontroller takes more, and its text would be tens of megabytes.
const MOST_PARAMS: u64 = 5_000_000;
const MOST_MACS: u64 = 500_000_000;

impl CodeTask {
    pub(super) fn code(&self) -> Result<CodeReport, String> {
        let (network, problems) = share_link::decode_design(&self.network);
        if let Some(problem) = problems.first() {
            return Err(problem.to_string());
        }
        let figures = analyze(&network, &Settings::default()).totals.figures;
        if figures.params().0 > MOST_PARAMS || figures.macs.0 > MOST_MACS {
            return Err(format!(
                "C is written for networks of at most {MOST_PARAMS} parameters and {MOST_MACS} MACs; this one has {} and {}.",
                figures.params().0,
                figures.macs.0
            ));
        }
        let numbers = if self.int8 { Numbers::Int8 } else { Numbers::F32 };
        let seeding = Seeding { seed: self.seed, gain: self.gain, streams: Default::default() };
        let weights = self.given.source(&network, seeding)?;
        let code = c_code::export(&network, &weights, numbers).map_err(|problem| problem.to_string())?;
        Ok(CodeReport { text: code.whole(), arena: code.arena, flash: code.flash })
    }
}
