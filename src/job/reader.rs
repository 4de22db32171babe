//! All that the worker for files does: two requests that cross the boundary as one type.

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use super::read::{ReadReport, ReadTask, WriteTask};
use super::{Binary, Clock, Job, News, Request};

/// A request to the worker for files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FilesTask {
    /// Read files.
    Read(ReadTask),
    /// Write one.
    Write(WriteTask),
}

impl Job<FilesTask> {
    /// Does the job; each message is told as bytes, as its type is that of the request.
    pub async fn execute_as_bytes(self, clock: Clock<'_>, tell: &mut dyn FnMut(&[u8])) {
        let id = self.id;
        match self.task {
            FilesTask::Read(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
            FilesTask::Write(task) => Job { id, task }.execute(clock, &mut |told| tell(&told.to_bytes())).await,
        }
    }
}

impl Request for ReadTask {
    type Reply = ReadReport;
    type Wire = FilesTask;
    const BINARY: Binary = Binary::Files;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<ReadReport>)) -> Result<ReadReport, String> {
        #[cfg(feature = "files")]
        return Ok(super::opened::read(self));
        #[cfg(not(feature = "files"))]
        Err(NOT_HERE.to_string())
    }
}

impl Request for WriteTask {
    /// The file's bytes.
    type Reply = Bytes;
    type Wire = FilesTask;
    const BINARY: Binary = Binary::Files;

    async fn answer(&self, _: Clock<'_>, _: &mut dyn FnMut(News<Bytes>)) -> Result<Bytes, String> {
        #[cfg(feature = "files")]
        return super::written::write(self);
        #[cfg(not(feature = "files"))]
        Err(NOT_HERE.to_string())
    }
}

#[cfg(not(feature = "files"))]
const NOT_HERE: &str = "This worker reads no files; the one for files does.";

impl From<ReadTask> for FilesTask {
    fn from(task: ReadTask) -> Self {
        Self::Read(task)
    }
}

impl From<WriteTask> for FilesTask {
    fn from(task: WriteTask) -> Self {
        Self::Write(task)
    }
}
