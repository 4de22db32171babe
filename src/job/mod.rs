//! What the page asks its worker to do, and what it hears back: the only types that cross the boundary as bytes.
//!
//! Networks cross as the text of a link ([`crate::share_link::encode_design`]).

mod check;
mod factors;
mod import;
mod pace;
mod run;
mod search;

pub use check::{CheckReport, CheckTask, ExactRewrite};
pub use factors::{FactorsReport, FactorsTask, RankCosts, RankReport};
pub use import::{ImportReport, ImportTask, ImportedDesign, ProblemReport};
pub use run::{Int8Report, OUTPUTS_SHOWN, Peak, RunReport, RunTask, StepReport};
pub use search::{FoundReport, SearchReport, SearchTask, VariedParts};

use std::task::{Context, Poll, Waker};

use serde::{Deserialize, Serialize};

use pace::Pace;

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

/// Gives milliseconds.
pub type Clock<'a> = &'a mut dyn FnMut() -> f64;

/// Hears the news as they come, the result last.
pub type Tell<'a> = &'a mut dyn FnMut(Message);

/// Instead of a job: stop what is under way, and do nothing of what waits.
pub const STOP: &[u8] = &[];

/// The words of a job that came to the wrong worker.
const OTHER_WORKER: &str = "another worker does this";

/// Anything that the other side of the boundary cannot read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a message could not be read: {0}")]
pub struct UnreadableMessage(String);

impl Job {
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    // Not inlined into a worker's own code, which may be compiled for speed: this is to be small.
    #[inline(never)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableMessage> {
        from_bytes(bytes)
    }

    /// Does the job, of whatever kind, without a pause.
    pub fn execute(&self, clock: Clock<'_>, tell: Tell<'_>) {
        match &self.task {
            Task::Run(_) => {
                let mut run = std::pin::pin!(self.run(clock, tell));
                while run.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Pending {}
            }
            Task::Import(_) => self.import(clock, tell),
            Task::Search(_) | Task::Factors(_) | Task::Check(_) => self.explore(clock, tell),
        }
    }

    /// Runs a network; other tasks fail. Each binary links what it calls: the engine stays small without the rest.
    ///
    /// Every few milliseconds it is pending, and only so that others can come first: poll it again, or drop it to stop.
    #[inline(never)]
    pub async fn run(&self, clock: Clock<'_>, tell: Tell<'_>) {
        let mut tell = |news| tell(Message { id: self.id, news });
        let result = match &self.task {
            Task::Run(task) => task.run(&mut Pace::new(clock), &mut |done| tell(News::Progress(done))).await,
            Task::Import(_) | Task::Search(_) | Task::Factors(_) | Task::Check(_) => Err(OTHER_WORKER.to_string()),
        };
        tell(result.map_or_else(News::Failed, |report| News::Ran(report.into())));
    }

    /// Reads source text; other tasks fail.
    pub fn import(&self, _: Clock<'_>, tell: Tell<'_>) {
        self.tell_result(tell, |_| match &self.task {
            Task::Import(task) => task.import().map(|report| News::Imported(report.into())),
            Task::Run(_) | Task::Search(_) | Task::Factors(_) | Task::Check(_) => Err(OTHER_WORKER.to_string()),
        });
    }

    /// Counts anew and looks for better networks; other tasks fail.
    pub fn explore(&self, clock: Clock<'_>, tell: Tell<'_>) {
        self.tell_result(tell, |tell| match &self.task {
            Task::Check(task) => task.check().map(|report| News::Checked(report.into())),
            Task::Factors(task) => task.factors().map(|report| News::Factored(report.into())),
            Task::Search(task) => task
                .search(clock, &mut |report| tell(News::Found(report.into())))
                .map(|report| News::Found(report.into())),
            Task::Run(_) | Task::Import(_) => Err(OTHER_WORKER.to_string()),
        });
    }

    fn tell_result(&self, tell: Tell<'_>, task: impl FnOnce(&mut dyn FnMut(News)) -> Result<News, String>) {
        let mut tell = |news| tell(Message { id: self.id, news });
        let result = task(&mut tell);
        tell(result.unwrap_or_else(News::Failed));
    }
}

impl Message {
    #[inline(never)]
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
