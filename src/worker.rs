//! The worker that runs networks.

use convscope::job::{Job, RunTask};

mod listener;

fn main() {
    listener::listen(async |job: Job<RunTask>, clock, tell| {
        job.execute(clock, &mut |message| tell(&message.to_bytes())).await;
    });
}
