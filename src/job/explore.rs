//! All that the explorer does.

use serde::{Deserialize, Serialize};

use super::{CheckTask, Clock, FactorsTask, Job, SearchTask};

/// A request to the explorer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExploreTask {
    Search(SearchTask),
    Factors(FactorsTask),
    Check(CheckTask),
}

impl Job<ExploreTask> {
    /// Does the job; each message is told as bytes, as its type is that of the request.
    pub async fn execute_as_bytes(self, clock: Clock<'_>, tell: &mut dyn FnMut(&[u8])) {
        let id = self.id;
        match self.task {
            ExploreTask::Search(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Factors(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            ExploreTask::Check(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
        }
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

impl From<CheckTask> for ExploreTask {
    fn from(task: CheckTask) -> Self {
        Self::Check(task)
    }
}
