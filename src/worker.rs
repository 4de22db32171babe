//! The worker that runs networks.

use convscope::job::{Job, RunsTask};

mod helpers;
mod listener;

fn main() {
    helpers::offer();
    listener::listen(async |job: Job<RunsTask>, clock, tell| {
        job.execute(clock, &mut |message| tell(&message.to_bytes())).await;
    });
}
