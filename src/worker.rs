//! The worker that runs networks.

use convscope::job::{Job, RunsTask};

mod listener;

fn main() {
    listener::listen(async |job: Job<RunsTask>, clock, tell| {
        job.execute(clock, &mut |message| tell(&message.to_bytes())).await;
    });
}
