//! The worker that reads PyTorch source, built with the Python parser.

mod listener;

fn main() {
    listener::listen(async |job, clock, tell| job.import(clock, tell));
}
