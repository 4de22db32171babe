//! What the page asks its workers to do, and what it hears back: the only types that cross the boundary as bytes.
//!
//! Each request has a reply of its own type, and a worker that does it ([`Request`]). Networks cross as the text of a
//! link ([`crate::share_link::encode_design`]).

mod binary;
mod bytes;
mod check;
mod code;
mod control;
mod explore;
mod factors;
mod given;
mod import;
mod maps;
#[cfg(feature = "files")]
mod opened;
mod pace;
mod read;
mod reader;
mod run;
mod sample;
mod script;
mod search;
mod threads;
mod train;
#[cfg(feature = "files")]
mod written;

pub use binary::{Binary, Simd};
pub use bytes::Bytes;
pub use check::{CheckReport, CheckTask, ExactRewrite};
pub use code::{CodeReport, CodeTask};
pub use control::Control;
pub use explore::ExploreTask;
pub use factors::{FactorsReport, FactorsTask, RankCosts, RankReport};
pub use given::{GivenRow, GivenTensor, GivenWeights};
pub use import::{ImportReport, ImportTask, ImportedDesign, ProblemReport};
pub use maps::{Maps, MapsReport, MapsTask};
pub use read::{
    FileBytes, ReadModel, ReadReport, ReadTask, ReadWeights, SizesDiffer, WeightsFit, WeightsOf, WriteTask, WrittenForm,
};
pub use reader::FilesTask;
pub use run::{Int8Report, OUTPUTS_SHOWN, Peak, RunReport, RunTask, RunsReport, RunsTask, StepReport};
pub use script::training_script;
pub use search::{FoundReport, SearchReport, SearchTask, VariedParts};
pub use threads::Threads;
pub use train::{
    DataReport, DataTask, OptimizerName, ScheduleName, TrainReport, TrainSettings, TrainTask, TrainedDesign,
    WeightReport,
};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Something to be done by a worker.
pub trait Request: Clone + Sized + 'static {
    /// What the worker tells of it.
    type Reply: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// What crosses the boundary: all that the worker's binary does.
    type Wire: From<Self> + Serialize + DeserializeOwned;

    /// Which worker does it.
    const BINARY: Binary;

    /// Does it. What it finds on the way is told; the result is returned.
    ///
    /// Every few milliseconds it may be pending, and only so that others can come first: poll it again, or drop it to
    /// stop.
    fn answer(
        &self,
        clock: Clock<'_>,
        tell: &mut dyn FnMut(News<Self::Reply>),
    ) -> impl Future<Output = Result<Self::Reply, String>>;
}

/// One thing to do. `id` comes back with every message about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job<T> {
    /// One that no other job of the worker has.
    pub id: u32,
    /// What is to be done.
    pub task: T,
}

/// A message about a job; without an id the worker itself failed, and all that it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message<R> {
    /// The job's.
    pub id: Option<u32>,
    /// How far it is, or what has come of it.
    pub news: News<R>,
}

/// What is told of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News<R> {
    /// How far it is, 0 to 1.
    Progress(f64),
    /// What it gave; of a search also what it has found so far.
    Told(R),
    /// Why there is no result, in words.
    Failed(String),
}

/// Gives milliseconds.
pub type Clock<'a> = &'a mut dyn FnMut() -> f64;

/// Hears the messages as they come, the result last.
pub type Tell<'a, R> = &'a mut dyn FnMut(Message<R>);

/// Instead of a job: stop what is under way, and do nothing of what waits.
pub const STOP: &[u8] = &[];

/// Anything that the other side of the boundary cannot read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a message could not be read: {0}")]
pub struct UnreadableMessage(String);

impl<T: Request> Job<T> {
    /// Does the job.
    pub async fn execute(&self, clock: Clock<'_>, tell: Tell<'_, T::Reply>) {
        let id = Some(self.id);
        let result = self.task.answer(clock, &mut |news| tell(Message { id, news })).await;
        tell(Message { id, news: result.map_or_else(News::Failed, News::Told) });
    }
}

impl<T: Serialize> Job<T> {
    /// For [`Job::from_bytes`] on the other side.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

impl<T: DeserializeOwned> Job<T> {
    // Not inlined into a worker's own code, which may be compiled for speed: this is to be small.
    /// Fails where a page and a worker of two builds meet.
    #[inline(never)]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnreadableMessage> {
        from_bytes(bytes)
    }
}

impl<R: Serialize> Message<R> {
    /// For [`Message::from_bytes`] on the other side.
    #[inline(never)]
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

impl<R: DeserializeOwned> Message<R> {
    /// Fails where a page and a worker of two builds meet.
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
