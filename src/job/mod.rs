//! What the page asks its worker to do, and what it hears back: the only types that cross the boundary as bytes.
//!
//! Networks cross as the text of a link ([`crate::share_link::encode_design`]).

mod check;
mod factors;
mod import;
mod run;
mod search;

pub use check::{CheckReport, CheckTask, ExactRewrite};
pub use factors::{FactorsReport, FactorsTask, RankCosts, RankReport};
pub use import::{ImportReport, ImportTask, ImportedDesign, ProblemReport};
pub use run::{OUTPUTS_SHOWN, RunReport, RunTask, StepReport};
pub use search::{FoundReport, SearchReport, SearchTask, VariedParts};

use serde::{Deserialize, Serialize};

/// One thing to do. `id` comes back with every message about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: u32,
    pub task: Task,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Task {
    Run(RunTask),
    Import(ImportTask),
    Search(SearchTask),
    Factors(FactorsTask),
    Check(CheckTask),
}

/// A message about a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: u32,
    pub news: News,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    /// How far it is, 0 to 1.
    Progress(f64),
    Ran(Box<RunReport>),
    Imported(Box<ImportReport>),
    /// What a search has found so far; the last one says that nothing is left.
    Found(Box<SearchReport>),
    Factored(Box<FactorsReport>),
    Checked(Box<CheckReport>),
    /// Why there is no result, in words.
    Failed(String),
}

/// Anything that the other side of the boundary cannot read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a message could not be read: {0}")]
pub struct UnreadableMessage(String);

impl Job {
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableMessage> {
        from_bytes(bytes)
    }

    /// Does the job. `clock` gives milliseconds; `tell` hears the news as they come, the result last.
    pub fn execute(&self, clock: &mut dyn FnMut() -> f64, tell: &mut dyn FnMut(Message)) {
        let mut tell = |news| tell(Message { id: self.id, news });
        match &self.task {
            Task::Run(task) => {
                let result = task.run(clock, &mut |done| tell(News::Progress(done)));
                tell(match result {
                    Ok(report) => News::Ran(Box::new(report)),
                    Err(words) => News::Failed(words),
                });
            }
            Task::Import(task) => tell(match task.import() {
                Ok(report) => News::Imported(Box::new(report)),
                Err(words) => News::Failed(words),
            }),
            Task::Check(task) => tell(match task.check() {
                Ok(report) => News::Checked(Box::new(report)),
                Err(words) => News::Failed(words),
            }),
            Task::Factors(task) => tell(match task.factors() {
                Ok(report) => News::Factored(Box::new(report)),
                Err(words) => News::Failed(words),
            }),
            Task::Search(task) => {
                let result = task.search(clock, &mut |report| tell(News::Found(Box::new(report))));
                tell(match result {
                    Ok(report) => News::Found(Box::new(report)),
                    Err(words) => News::Failed(words),
                });
            }
        }
    }
}

impl Message {
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableMessage> {
        from_bytes(bytes)
    }
}

fn to_bytes(value: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data with known lengths always serialises")
}

fn from_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, UnreadableMessage> {
    postcard::from_bytes(bytes).map_err(|error| UnreadableMessage(error.to_string()))
}
