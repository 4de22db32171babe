//! The worker that runs networks.

mod listener;

fn main() {
    listener::listen(convscope::job::Job::run);
}
