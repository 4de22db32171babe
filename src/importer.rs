//! The worker that reads PyTorch source: the other worker's loop, built with the Python parser.

#[path = "worker.rs"]
mod worker;

fn main() {
    worker::main();
}
