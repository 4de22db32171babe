//! All that the explorer does: five requests that cross the boundary as one type.

use serde::{Deserialize, Serialize};

use super::check::{CheckReport, CheckTask};
use super::code::{CodeReport, CodeTask};
use super::factors::{FactorsReport, FactorsTask};
use super::maps::{MapsReport, MapsTask};
use super::search::{SearchReport, SearchTask};
use super::{Binary, Clock, Job, News, Request};

/// A request to the explorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the tasks say it")]
pub enum ExploreTask {
    Search(SearchTask),
    Factors(FactorsTask),
    Check(CheckTask),
    Code(CodeTask),
    Maps(MapsTask),
}

impl Job<ExploreTask> {
    /// Does the job; each message is told as bytes, as its type is that of the request.
    pub async fn execute_as_bytes(self, clock: Clock<'_>, tell: &mut dyn FnMut(&[u8])) {
        let id = self.id;
        match self.task {
            ExploreTask::Search(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Factors(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Check(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Code(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Maps(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
        }
    }
}

impl Request for CheckTask {
    type Reply = CheckReport;
    type Wire = ExploreTask;
    const BINARY: Binary = Binary::Explorer;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<CheckReport>)) -> Result<CheckReport, String> {
        self.check()
    }
}

impl Request for CodeTask {
    type Reply = CodeReport;
    type Wire = ExploreTask;
    const BINARY: Binary = Binary::Explorer;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<CodeReport>)) -> Result<CodeReport, String> {
        self.code()
    }
}

impl Request for MapsTask {
    type Reply = MapsReport;
    type Wire = ExploreTask;
    const BINARY: Binary = Binary::Explorer;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<MapsReport>)) -> Result<MapsReport, String> {
        self.maps()
    }
}

impl Request for FactorsTask {
    type Reply = FactorsReport;
    type Wire = ExploreTask;
    const BINARY: Binary = Binary::Explorer;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<FactorsReport>)) -> Result<FactorsReport, String> {
        self.factors()
    }
}

impl Request for SearchTask {
    type Reply = SearchReport;
    type Wire = ExploreTask;
    const BINARY: Binary = Binary::Explorer;

    async fn answer(&self, clock: Clock<'_>, tell: &mut dyn FnMut(News<SearchReport>)) -> Result<SearchReport, String> {
        self.search(clock, &mut |report| tell(News::Told(report)))
    }
}

impl From<SearchTask> for ExploreTask {
    fn from(task: SearchTask) -> Self {
        Self::Search(task)
    }
}

impl From<FactorsTask> for ExploreTask {
    fn from(task: FactorsTask) -> Self {
        Self::Factors(task)
    }
}

impl From<CodeTask> for ExploreTask {
    fn from(task: CodeTask) -> Self {
        Self::Code(task)
    }
}

impl From<MapsTask> for ExploreTask {
    fn from(task: MapsTask) -> Self {
        Self::Maps(task)
    }
}

impl From<CheckTask> for ExploreTask {
    fn from(task: CheckTask) -> Self {
        Self::Check(task)
    }
}
