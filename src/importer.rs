//! The worker that reads PyTorch source, built with the Python parser.

use convscope::job::{ImportTask, Job};

mod listener;

fn main() {
    listener::listen(async |job: Job<ImportTask>, clock, tell| {
        job.execute(clock, &mut |message| tell(&message.to_bytes())).await;
    });
}
