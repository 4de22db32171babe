//! The worker that reads and writes model files.

use convscope::job::{FilesTask, Job};

mod listener;

fn main() {
    listener::listen(async |job: Job<FilesTask>, clock, tell| job.execute_as_bytes(clock, tell).await);
}
