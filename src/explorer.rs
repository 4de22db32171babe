//! The worker that looks for better networks.

mod listener;

fn main() {
    listener::listen(convscope::job::Job::explore);
}
