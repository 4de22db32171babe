//! The worker that looks for better networks.

mod listener;

fn main() {
    listener::listen(async |job, clock, tell| job.explore(clock, tell));
}
