//! The worker that reads PyTorch source, built with the Python parser.

mod listener;

fn main() {
    listener::listen(convscope::job::Job::import);
}
