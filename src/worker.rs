//! The worker that runs networks.

mod listener;

fn main() {
    listener::listen(async |job, clock, tell| job.run(clock, tell).await);
}
