//! The worker that trains networks.

use convscope::job::{Job, TrainTask};

mod listener;

fn main() {
    listener::listen(async |job: Job<TrainTask>, clock, tell| {
        job.execute(clock, &mut |message| tell(&message.to_bytes())).await;
    });
}
