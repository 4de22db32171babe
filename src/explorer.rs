//! The worker that looks for better networks.

use convscope::job::{ExploreTask, Job};

mod listener;

fn main() {
    listener::listen(async |job: Job<ExploreTask>, clock, tell| job.execute_as_bytes(clock, tell).await);
}
